"""Chromium without a window, and the windows that tests open in it.

Compiling the scripts of a page takes longer than all else about it, and only a browser with a profile remembers what
it compiled. So the first window of a test belongs to the profile, emptied of all that a page could have left there, and
servers follow each other at the same address (`free_port`). A test that opens more gets them as other people's.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
UNUSED = (
    *("WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup"),  # pages of the address bar: a second each
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("MediaRouter", "OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)
"""Features of Chromium that tests do without; but for the first three Playwright says so too, and the last word counts.
"""
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(UNUSED)}",
    "--force-prefers-reduced-motion",  # what moves for ever is drawn for ever, and a test waits for nothing it shows
]
KEPT = "cookies,local_storage,indexeddb"
PHONE = 500
"""Pixels of width below which a screen is a phone's."""
ARRIVES = 60_000
"""Milliseconds that anything may take on a busy machine before it counts as not coming."""

_ports: list[int] = []


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium with nothing in it, every time anew."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            yield chromium
        finally:
            chromium.close()


class Windows:
    """The windows of one test after another."""

    def __init__(self, profile: BrowserContext) -> None:
        assert profile.browser
        self.profile, self.browser = profile, profile.browser
        self.free = True
        self.others: list[BrowserContext] = []

    def open(self, url: str = "about:blank", *, dark: bool = False, width: int = 1440, **special: Any) -> Page:
        """A window with nobody's cookies. What is special (`has_touch`) only a browser of its own has."""
        viewport: Any = {"width": width, "height": 844 if width < PHONE else 900}
        if self.free and not special:
            self.free = False
            page = self.profile.new_page()
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme="dark" if dark else "light")
        else:
            scheme: Any = "dark" if dark else "light"
            self.others.append(self.browser.new_context(viewport=viewport, color_scheme=scheme, **special))
            page = self.others[-1].new_page()
        page.set_default_timeout(ARRIVES)
        page.goto(url)
        return page

    def close(self) -> None:
        """All of them, and what they left behind."""
        for other in self.others:
            other.close()
        self.others.clear()
        for page in self.profile.pages[1:]:  # a browser whose last window is closed forgets what it compiled
            self._forget(page)
            page.close()
        self.profile.clear_permissions()
        self.free = True

    def _forget(self, page: Page) -> None:
        """What its origin keeps."""
        origin = "/".join(page.url.split("/")[:3])
        if origin.startswith("http"):
            tools = self.profile.new_cdp_session(page)
            tools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": KEPT})
            tools.detach()


@contextmanager
def windows(profile: Path) -> Iterator[Windows]:
    """Chromium with a profile in this folder."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=QUIET)
        try:
            yield Windows(context)
        finally:
            context.close()


def free_port() -> int:
    """The first port of ours that nobody listens at."""
    for port in _ports:
        if _is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        _ports.append(int(probe.getsockname()[1]))
    return _ports[-1]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
