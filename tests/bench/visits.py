"""What visits to a page in Chromium share: two galleries beside a plain page, what is noticed there, and waiting."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, WebSocket

from core.settings import Settings
from core.studio import Studio, open_studio
from tests.bench.apps import PLAIN, STUDIO, running

QUIET_SECONDS = 0.7
"""So long nothing arrives any more when a page is complete."""
MOST_SECONDS = 60

# Calls `watch(node, source)`, which stands before it, of every picture that gets an address, also in a shadow root.
SOURCES = """
const plain = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
Object.defineProperty(HTMLImageElement.prototype, "src", {
  ...plain, set(source) { watch(this, source); plain.set.call(this, source); },
});
const attribute = Element.prototype.setAttribute;
HTMLImageElement.prototype.setAttribute = function (name, value) {
  if (name === "src") watch(this, value);
  attribute.call(this, name, value);
};
"""
# Notes when the first picture from our media route is decoded.
FIRST_PICTURE = (
    """
window.firstPicture = null;
const watch = (node, source) => {
  if (node.watched || !String(source).includes("/m/")) return;
  node.watched = true;
  node.addEventListener("load", async () => {
    await node.decode(); // fails for one that was taken off the page meanwhile; then another is the first
    window.firstPicture ??= performance.now();
  });
};
"""
    + SOURCES
)
INSIDE = """
window.inside = (root, selector) => [...root.querySelectorAll("*")].flatMap((node) =>
  [...(node.matches(selector) ? [node] : []), ...(node.shadowRoot ? inside(node.shadowRoot, selector) : [])]);
"""


@contextmanager
def servers(few: int, many: int, fill: Callable[[Studio, int], object]) -> Iterator[dict[str, str]]:
    """Three addresses: the galleries of `few` and of `many` images, as `fill` makes them, and as `grid` the plain page
    over the smaller one's data."""
    with TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True) as folder:
        small, large = Path(folder) / "few", Path(folder) / "many"
        for home, count in ((small, few), (large, many)):
            studio = open_studio(Settings(data_dir=home))
            fill(studio, count)
            studio.engine.dispose()
        quiet = {"BACKGROUND": "elsewhere"}
        with (
            running(STUDIO, small, **quiet) as a,
            running(STUDIO, large, **quiet) as b,
            running(PLAIN, small, **quiet) as c,
        ):
            yield {"few": f"{a.address}/gallery", "many": f"{b.address}/gallery", "grid": f"{c.address}/grid"}


@dataclass
class Traffic:
    """What comes over the socket of Streamlit on this page, and when the last of it did."""

    page: Page
    sizes: list[int] = field(default_factory=list)
    last: float = field(default_factory=time.monotonic)

    def watch(self) -> None:
        """From now on."""
        self.page.on("websocket", self._opened)

    def settle(self) -> None:
        """Until nothing has come for a while."""
        ends = time.monotonic() + MOST_SECONDS
        while time.monotonic() < min(ends, self.last + QUIET_SECONDS):
            self.page.wait_for_timeout(50)

    def arrived(self, frame: bytes | str) -> None:
        """Something came."""
        self.sizes.append(len(frame))
        self.last = time.monotonic()

    def _opened(self, socket: WebSocket) -> None:
        if "_stcore/stream" in socket.url:
            socket.on("framereceived", self.arrived)


def until(page: Page, found: Callable[[], Any], every: int = 20) -> Any:
    """Asked for again and again, with milliseconds between: Playwright's own waiting needs `eval`, which our pages
    forbid. The first answer that is one."""
    ends = time.monotonic() + MOST_SECONDS
    while not (answer := found()):
        if time.monotonic() > ends:
            raise RuntimeError(f"{page.url} did not get there in {MOST_SECONDS} s.")
        page.wait_for_timeout(every)
    return answer


def heap(page: Page) -> float:
    """JavaScript memory in use after a collection, in MB."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6
