"""Servers and a browser for tests that look at screens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.app_server import browser
from tests.browser.working import ARRIVES, Outside, Server, outside, started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a tab of its own person's browser: `open_page(url, dark=True, width=390)`."""
    contexts = []

    def go(url: str, *, dark: bool = False, width: int = 1440) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900 if width > 600 else 844}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(ARRIVES)
        page.goto(url)
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that only shows and asks."""
    yield from started(tmp_path_factory.mktemp("idle"), BACKGROUND="elsewhere")


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Server]:
    """A server that works, but gets no answer for two minutes."""
    yield from started(tmp_path, SKETCH_DELAY="120")


@pytest.fixture
def elsewhere(idle: Server) -> Iterator[Outside]:
    with outside(idle) as opened:
        yield opened
