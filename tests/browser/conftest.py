"""Servers and a browser for tests that look at screens."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from core import access
from core.access import Person
from core.settings import Settings
from core.studio import open_studio
from tests import serving
from tests.browser.windows import Windows, windows
from tests.browser.working import Outside, Server, outside, started
from tests.serving import Served


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """One browser for a file; its profile is that of all files before it."""
    with windows(tmp_path_factory.getbasetemp() / "profile") as opened:
        yield opened


@pytest.fixture
def open_page(chromium: Windows) -> Iterator[Callable[..., Page]]:
    """Opens a window of its own person's browser: `open_page(url, dark=True, width=390)`."""
    yield chromium.open
    chromium.close()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory, ready_sqlite: Path) -> Iterator[Server]:
    """A server that only shows and asks."""
    yield from started(furnished(tmp_path_factory.mktemp("idle"), ready_sqlite), BACKGROUND="elsewhere")


@pytest.fixture
def busy(tmp_path: Path, ready_sqlite: Path) -> Iterator[Server]:
    """A server that works, but gets no answer for two minutes."""
    yield from started(furnished(tmp_path, ready_sqlite), SKETCH_DELAY="120")


def furnished(folder: Path, ready: Path) -> Path:
    """With tables: nobody waits for them to be made."""
    shutil.copy(ready, folder)
    return folder


@pytest.fixture
def elsewhere(idle: Server) -> Iterator[Outside]:
    with outside(idle) as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, ready_sqlite: Path) -> Iterator[Served]:
    """The studio's own addresses without Streamlit, for components alone (`mounted`)."""
    folder = furnished(tmp_path_factory.mktemp("served"), ready_sqlite)
    studio = open_studio(Settings(data_dir=folder, free_space_floor_mb=1))
    with serving.serving(studio) as running:
        yield running
    studio.engine.dispose()


@pytest.fixture(scope="module")
def me(served: Served) -> Person:
    return access.local_person(served.studio)
