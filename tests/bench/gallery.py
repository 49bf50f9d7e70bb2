"""Gallery: from opening the address to the first picture on screen, in Chromium on a warm server with an empty cache.

The gallery with 48 and with 100,000 images, and a page of st.grid, st.image and buttons with the same 48, all from the
same media route. What the page weighs: bytes and messages of Streamlit's socket, elements, JavaScript memory.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

from playwright.sync_api import Browser

from tests.bench import rows as made
from tests.bench.measure import Row
from tests.bench.visits import FIRST_PICTURE, INSIDE, QUIET_SECONDS, Traffic, heap, servers, until
from tests.browser.windows import browser

ROUNDS = 5
FEW, MANY = 48, 100_000
PARTS = {"few": (20, 0), "many": (20, 0), "grid": (48, 96)}
"""Pictures and buttons that make a first window, at least; the gallery's buttons come with the pointer or the focus."""

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


def rows() -> Iterator[Row]:
    """About two minutes."""
    with servers(FEW, MANY, made.kept) as addresses, browser() as chromium:
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


def _visit(chromium: Browser, address: str, parts: tuple[int, int]) -> Visit:
    """Open the page as somebody who was never here."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        traffic = Traffic(page)
        traffic.watch()
        page.add_init_script(FIRST_PICTURE + INSIDE)
        page.goto(address, wait_until="commit")
        complete = float(until(page, partial(page.evaluate, COMPLETE, parts), every=50))
        traffic.settle()
        return Visit(
            started_ms=page.evaluate(STARTED),
            first_ms=page.evaluate("window.firstPicture"),
            complete_ms=complete,
            bytes=sum(traffic.sizes),
            messages=len(traffic.sizes),
            elements=page.evaluate("inside(document, '*').length"),
            heap=heap(page),
        )
    finally:
        context.close()
        time.sleep(QUIET_SECONDS)


def _both(measured: list[Visit], reference: list[Visit], fact: str) -> tuple[float, float]:
    return median(getattr(v, fact) for v in measured), median(getattr(v, fact) for v in reference)
