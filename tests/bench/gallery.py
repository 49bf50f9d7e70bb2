"""Gallery: from opening the address to the first picture on screen, in Chromium on a warm server with an empty cache.

The gallery with 48 and with 100,000 images, and a page of st.grid, st.image and buttons with the same 48, all from the
same media route. What the page weighs: bytes and messages of Streamlit's socket, elements, JavaScript memory.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, WebSocket

from core.settings import Settings
from core.studio import open_studio
from tests.bench import rows as made
from tests.bench.apps import PLAIN, STUDIO, running
from tests.bench.measure import Row
from tests.browser.windows import browser

ROUNDS = 5
FEW, MANY = 48, 100_000
PARTS = {"few": (20, 0), "many": (20, 0), "grid": (48, 96)}
"""Pictures and buttons that make a first window, at least; the gallery's buttons come with the pointer or the focus."""
QUIET_SECONDS = 0.7
"""So long nothing arrives any more when a page is complete."""
MOST_SECONDS = 60

# Notes when the first picture from our media route is decoded, however it got its address, also in a shadow root.
FIRST_PICTURE = """
window.firstPicture = null;
const watch = (node, source) => {
  if (node.watched || !String(source).includes("/m/")) return;
  node.watched = true;
  node.addEventListener("load", async () => {
    await node.decode(); // fails for one that was taken off the page meanwhile; then another is the first
    window.firstPicture ??= performance.now();
  });
};
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
INSIDE = """
window.inside = (root, selector) => [...root.querySelectorAll("*")].flatMap((node) =>
  [...(node.matches(selector) ? [node] : []), ...(node.shadowRoot ? inside(node.shadowRoot, selector) : [])]);
"""
# Streamlit asks its server how it is, and with the answer opens its socket: until then a page is Streamlit's alone.
STARTED = """() => Math.max(...performance.getEntriesByType("resource")
  .filter(({ name }) => name.endsWith("_stcore/host-config")).map((entry) => entry.responseEnd))"""
COMPLETE = """([pictures, buttons]) => {
  const shown = inside(document, "img").filter((node) => node.src.includes("/m/"));
  const there = shown.length >= pictures && shown.every((node) => node.complete && node.naturalWidth);
  return there && firstPicture && inside(document, "button").length >= buttons ? performance.now() : null;
}"""


@dataclass(frozen=True)
class Visit:
    """One opening of a page."""

    started_ms: float
    """Streamlit's own start, before which no page of it knows anything of its script."""
    first_ms: float
    complete_ms: float
    """All pictures and buttons of the first window are there."""
    bytes: int
    messages: int
    elements: int
    heap: float
    """JavaScript memory in use after a collection, in MB."""


@dataclass
class Traffic:
    """What came over Streamlit's socket, and when the last of it."""

    sizes: list[int] = field(default_factory=list)
    last: float = field(default_factory=time.monotonic)

    def watch(self, socket: WebSocket) -> None:
        """Count this socket if it is Streamlit's own."""
        if "_stcore/stream" in socket.url:
            socket.on("framereceived", self._arrived)

    def _arrived(self, frame: bytes | str) -> None:
        self.sizes.append(len(frame))
        self.last = time.monotonic()


def rows() -> Iterator[Row]:
    """About two minutes."""
    with _pages() as addresses, browser() as chromium:
        visits: dict[str, list[Visit]] = {name: [] for name in addresses}
        for number in range(ROUNDS + 1):
            # From both ends in turn, and not at once: what a heavy page leaves to be done slows the one after it.
            for name in list(addresses) if number % 2 else reversed(list(addresses)):
                visit = _visit(chromium, addresses[name], PARTS[name])
                if number:  # the first visit warms the server
                    visits[name].append(visit)
    few, many, grid = (visits[name] for name in ("few", "many", "grid"))
    naive = f"{FEW} in st.grid"
    started = median(visit.started_ms for visit in few + grid), median(visit.first_ms for visit in grid)
    yield Row("Streamlit's own start, in both", *started, f"first picture in {naive}")
    yield Row(f"first picture of {FEW}", *_both(few, grid, "first_ms"), naive, 0.5)
    yield Row(f"first picture of {MANY:,}", *_both(many, few, "first_ms"), f"the gallery of {FEW}", 1.1)
    yield Row(f"first window of {MANY:,} complete", *_both(many, grid, "complete_ms"), naive, 0.5)
    yield Row("bytes of Streamlit's socket", *_both(many, grid, "bytes"), naive, 0.55, unit="")
    yield Row("messages of Streamlit's socket", *_both(many, grid, "messages"), naive, 0.05, unit="")
    yield Row("elements on the page", *_both(many, grid, "elements"), naive, 0.1, unit="")
    yield Row("JavaScript memory", *_both(many, grid, "heap"), naive, 0.65, unit="MB")


@contextmanager
def _pages() -> Iterator[dict[str, str]]:
    """Three servers: both galleries, and the plain page over the smaller one's data."""
    with TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True) as folder:
        for count in (FEW, MANY):
            studio = open_studio(Settings(data_dir=Path(folder) / str(count)))
            made.kept(studio, count)
            studio.engine.dispose()
        few, many = Path(folder) / str(FEW), Path(folder) / str(MANY)
        quiet = {"BACKGROUND": "elsewhere"}
        with (
            running(STUDIO, few, **quiet) as a,
            running(STUDIO, many, **quiet) as b,
            running(PLAIN, few, **quiet) as c,
        ):
            galleries = {"few": f"{a.address}/gallery", "many": f"{b.address}/gallery"}
            yield galleries | {"grid": f"{c.address}/grid"}


def _visit(chromium: Browser, address: str, parts: tuple[int, int]) -> Visit:
    """Open the page as somebody who was never here."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    try:
        page, traffic = context.new_page(), Traffic()
        page.on("websocket", traffic.watch)
        page.add_init_script(FIRST_PICTURE + INSIDE)
        page.goto(address, wait_until="commit")
        complete = _complete(page, parts)
        _settle(page, traffic)
        return Visit(
            started_ms=page.evaluate(STARTED),
            first_ms=page.evaluate("window.firstPicture"),
            complete_ms=complete,
            bytes=sum(traffic.sizes),
            messages=len(traffic.sizes),
            elements=page.evaluate("inside(document, '*').length"),
            heap=_heap(page),
        )
    finally:
        context.close()
        time.sleep(QUIET_SECONDS)


def _complete(page: Page, parts: tuple[int, int]) -> float:
    """Asked for again and again: Playwright's own waiting needs `eval`, which our pages forbid."""
    ends = time.monotonic() + MOST_SECONDS
    while time.monotonic() < ends:
        if at := page.evaluate(COMPLETE, parts):
            return float(at)
        page.wait_for_timeout(50)
    raise RuntimeError(f"{page.url} was not complete after {MOST_SECONDS} s.")


def _settle(page: Page, traffic: Traffic) -> None:
    ends = time.monotonic() + MOST_SECONDS
    while time.monotonic() < min(ends, traffic.last + QUIET_SECONDS):
        page.wait_for_timeout(100)


def _heap(page: Page) -> float:
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def _both(measured: list[Visit], reference: list[Visit], fact: str) -> tuple[float, float]:
    return median(getattr(v, fact) for v in measured), median(getattr(v, fact) for v in reference)
