"""Wall: 100,000 images of one day in the gallery, in Chromium: opened, scrolled, jumped about in, starred, filtered.

IMAGES=5000 takes another size. Every image has a thumbnail like a photograph's. Frames that were drawn in five seconds,
against the same pictures on a page without any script; the longest that the page did not listen, and what it then
weighs, against a gallery of 200; and how long a star takes until Streamlit says that the script is done, against a tick
on a page of st.grid, st.image and checkboxes.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from statistics import median
from typing import Any

import sqlalchemy as sa
from PIL import Image as Drawing
from playwright.sync_api import Browser, Page
from sqlmodel import col
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core import pictures
from core.studio import Studio
from core.tables import Image
from tests import many
from tests.bench import rows as made
from tests.bench.measure import Row
from tests.bench.photos import photo
from tests.bench.visits import FIRST_PICTURE, INSIDE, MOST_SECONDS, QUIET_SECONDS, Traffic, heap, servers, until
from tests.browser.windows import browser

FEW, MANY = 200, int(os.environ.get("IMAGES", "100000"))
DAY = timedelta(days=1)
ROUNDS = 3
SECONDS, JUMPS = 5, 4
"""How long somebody scrolls, and how often in a second they jump."""
SIDE = 512
"""Of the pictures that the thumbnails are made of."""
UNSCRIPTED_IMAGES = 2_000
"""More than anybody comes by in that time."""
LOOKS = 12
"""Different pictures of each shape."""
STARRED = 7
"""Every so manieth has a star."""
BUSY_MS = 200
"""The longest that a page may not listen."""
WINDOW = {"width": 1440, "height": 900}

# Notes frames, and tasks that kept the page from listening (Chromium tells of those over 50 ms).
FRAMES = """
window.frames_drawn = [];
window.tasks = [];
const frame = (at) => { frames_drawn.push(at); requestAnimationFrame(frame); };
requestAnimationFrame(frame);
new PerformanceObserver((list) => list.getEntries().forEach((task) => tasks.push([task.startTime, task.duration])))
  .observe({ type: "longtask", buffered: true });
"""
SCROLLER = """window.scroller = () => {
  const scrolls = (node) => /auto|scroll/.test(getComputedStyle(node).overflowY);
  let node = inside(document, ".grid")[0];
  while (node && !scrolls(node)) node = node.parentElement ?? node.getRootNode().host;
  return node ?? document.scrollingElement;
};
"""
SEEN = """() => {
  const tiles = inside(document, ".tile").filter((node) => {
    const { top, bottom } = node.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
  const there = (image) => image && image.complete && image.naturalWidth;
  return tiles.length > 8 && tiles.every((tile) => there(tile.querySelector("img")));
}"""
TOTAL = "() => inside(document, '.total')[0]?.textContent.replace(/[^0-9]/g, '')"
ANOTHER = f"(before) => ![before, '', undefined].includes(({TOTAL})())"
IDS = "async (n) => (await fetch(`/api/gallery/ids?limit=${n}`)).json()"
UNSCRIPTED = """(paths) => {
  const image = (path) => `<img src="${path}" width="260" height="230" loading="lazy" decoding="async">`;
  document.body.innerHTML = paths.map(image).join(" ");
}"""
DRAWN = "disabled-by-default-devtools.timeline.frame"
"""What Chromium tells of every frame that comes to the screen, whether or not the page had time for it."""
STARTED = "() => [performance.now(), frames_drawn.length]"
SINCE = """([from, drawn]) => ({
  frames: (frames_drawn.length - drawn) / (performance.now() - from) * 1000,
  busy: Math.max(0, ...tasks.filter(([at]) => at >= from).map(([, lasted]) => lasted)),
})"""
MEASURED = "() => /\\d/.test(inside(document, '.total')[0]?.textContent ?? '')"
Facts = dict[str, float]
"""What was noticed in one window, by name: milliseconds, frames a second, MB."""


def rows() -> Iterator[Row]:
    """About eight minutes, the rows at their end."""
    with servers(FEW, MANY, _fill) as addresses, browser() as chromium:
        walks: dict[str, list[Facts]] = {name: [] for name in LOOKS_AT}
        for number in range(ROUNDS + 1):
            for name, (look, where) in LOOKS_AT.items():
                facts = look(chromium, addresses[where])
                if number:  # the first visit warms the server
                    walks[name].append(facts)
    few, many, bare, grid = ({fact: [walk[fact] for walk in walks[name]] for fact in walks[name][0]} for name in walks)
    less, plain = f"the gallery of {FEW}", "the same pictures without any script"
    busy = [max(walk[f"busy {name}"] for name in (*MOVES, "filtering")) for walk in walks["many"]]
    yield Row(f"first picture of {MANY:,}", median(many["first"]), median(few["first"]), less, 1.1)
    drawn = median(many["drawn scrolling"])
    yield Row("frames drawn while scrolling", drawn, median(bare["drawn scrolling"]), plain, 0.8, True, "/s")
    yield Row("  with rows that the page has just put there", median(many["frames scrolling"]), drawn, "all", unit="/s")
    yield Row("frames drawn while jumping", median(many["drawn jumping"]), JUMPS, "jumps", 2, at_least=True, unit="/s")
    yield Row("longest task once it is open", median(busy), BUSY_MS, "what is allowed", 1.0)
    yield Row("  in the worst of all rounds", max(busy), BUSY_MS, "what is allowed")
    yield Row("longest task while it opens", median(many["busy opening"]), median(few["busy opening"]), less)
    yield Row("from a jump to all pictures in sight", median(many["arrived"]), median(few["arrived"]), less)
    yield Row("elements after all that", median(many["elements"]), median(few["elements"]), less, 1.1, unit="")
    yield Row("JavaScript memory after all that", median(many["heap"]), median(few["heap"]), less, 1.5, unit="MB")
    yield Row("a star, until the script is done", median(many["star"]), median(few["star"]), less, 1.2)
    yield Row("  the same", median(many["star"]), median(grid["tick"]), "a tick in st.grid", 0.5)
    yield Row("a filter, until its first picture", median(many["filter"]), median(few["filter"]), less, 1.2)


def _fill(studio: Studio, count: int) -> None:
    """All of one day."""
    made.kept(studio, count, apart=DAY / count)
    _dress(studio)


def _dress(studio: Studio) -> None:
    """Thumbnails for every image, of a few pictures; and some stars."""
    looks = {size: [_thumbs(size, seed) for seed in range(LOOKS)] for size in many.SIZES}
    sources, files = studio.settings.data_dir / "looks", studio.settings.data_dir / "files"
    sources.mkdir()
    for (width, height), drawn in looks.items():
        for seed, thumbs in enumerate(drawn):
            for edge, thumb in thumbs.items():
                (sources / f"{width}-{height}-{seed}.{edge}").write_bytes(thumb)
    with studio.transaction() as db:
        shown = db.execute(sa.select(col(Image.id), col(Image.key), col(Image.width), col(Image.height))).all()
        starred = [row.id for row in shown[::STARRED]]
        for start in range(0, len(starred), 1000):
            some = col(Image.id).in_(starred[start : start + 1000])
            db.execute(sa.update(Image).where(some).values(starred=True))
    for folder in {(files / row.key).parent for row in shown}:
        folder.mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(shown):
        for edge in (256, 512):
            thumb = files / f"{row.key.rpartition('.')[0]}.{edge}.webp"
            thumb.unlink(missing_ok=True)
            thumb.hardlink_to(sources / f"{row.width}-{row.height}-{number % LOOKS}.{edge}")


def _thumbs(size: tuple[int, int], seed: int) -> Mapping[int, bytes]:
    """Of a picture of this shape, as a provider would send it but smaller."""
    shape = [round(SIDE * edge / max(size)) for edge in size]
    out = BytesIO()
    Drawing.open(BytesIO(photo("PNG", SIDE, seed))).crop((0, 0, *shape)).save(out, "PNG")
    return pictures.keep(out.getvalue()).thumbs


def _walk(chromium: Browser, address: str) -> Facts:
    """Open the gallery as somebody who was never here, look around in it, star, filter."""
    with _window(chromium, address) as window:
        page = window.page
        _until(page, SEEN)
        _until(page, MEASURED)
        window.settle()
        facts = {"first": page.evaluate("window.firstPicture"), "busy opening": _since(page, (0, 0))["busy"]}
        for name, move in MOVES.items():
            noticed = _during(page, move)
            facts |= {f"{fact} {name}": noticed[fact] for fact in ("drawn", "frames", "busy")}
        began = time.monotonic()
        _until(page, SEEN)
        facts["arrived"] = (time.monotonic() - began) * 1000
        facts |= {"elements": page.evaluate("inside(document, '*').length"), "heap": heap(page)}
        page.evaluate("scroller().scrollTo(0, 0)")
        _until(page, SEEN)
        window.settle()
        facts["star"] = _star(window)
        facts |= _filter(window)
        return facts


def _unscripted(chromium: Browser, address: str) -> Facts:
    """The same moves over the same pictures, of which a plain page has as many as it takes."""
    with _window(chromium, address) as window:
        page = window.page
        _until(page, SEEN)
        media = page.evaluate("inside(document, '.tile img')[0].src").rsplit("/", 2)[0]
        paths = [f"{media}/{image_id}/256" for image_id in page.evaluate(IDS, UNSCRIPTED_IMAGES)]
        page.goto(f"{address.rpartition('/')[0]}/_stcore/health")
        page.evaluate(UNSCRIPTED, paths)
        return {f"drawn {name}": _during(page, move)["drawn"] for name, move in MOVES.items()}


def _tick(chromium: Browser, address: str) -> Facts:
    """A tick in the plain page."""
    with _window(chromium, address) as window:
        boxes = window.page.get_by_role("checkbox")
        boxes.first.wait_for(state="attached")
        window.settle()
        boxes.first.focus()
        return {"tick": window.done("Space")}


def _wheel(page: Page) -> None:
    """Downwards at 6,000 pixels a second, or as fast as the browser takes turns of the wheel."""
    page.mouse.move(WINDOW["width"] / 2, WINDOW["height"] / 2)
    before, ends = page.evaluate("scroller().scrollTop"), time.monotonic() + SECONDS
    while time.monotonic() < ends:
        page.mouse.wheel(0, 100)
        page.wait_for_timeout(14)
    if page.evaluate("scroller().scrollTop") <= before:
        raise RuntimeError("Nothing was scrolled.")


def _jump(page: Page) -> None:
    """Anywhere."""
    chance, ends = random.Random(4), time.monotonic() + SECONDS
    while time.monotonic() < ends:
        page.evaluate("(to) => (scroller().scrollTop = to * scroller().scrollHeight)", chance.random())
        page.wait_for_timeout(1000 / JUMPS)
    page.evaluate("(to) => (scroller().scrollTop = to * scroller().scrollHeight)", 0.37)


MOVES = {"scrolling": _wheel, "jumping": _jump}


def _star(window: "_Window") -> float:
    """On the first image, by the keyboard; until Streamlit says that the script is done."""
    starred = "() => inside(document, '.tile')[0].querySelectorAll('.marks').length"
    before = window.page.evaluate(starred)
    window.page.evaluate("inside(document, '.tile a')[0].focus()")
    took = window.done("s")
    if window.page.evaluate(starred) == before:
        raise RuntimeError("The star did not show.")
    return took


def _filter(window: "_Window") -> Facts:
    """By the line; until the first picture of what is found is decoded."""
    page = window.page
    line, total = page.locator("input.line"), page.evaluate(TOTAL)
    line.focus()
    page.evaluate("window.firstPicture = null")
    started = page.evaluate(STARTED)
    line.fill("is:starred")
    page.keyboard.press("Enter")
    _until(page, "() => window.firstPicture")
    first = page.evaluate("window.firstPicture") - started[0]
    _until(page, ANOTHER, total)
    _until(page, SEEN)
    page.wait_for_timeout(300)
    found = int(page.evaluate(TOTAL))
    if not 0 < abs(found - int(total) / STARRED) < 3 + found / 100 and found:
        raise RuntimeError(f"{found} of {total} were found.")
    return {"filter": first, "busy filtering": _since(page, started)["busy"]}


LOOKS_AT = {
    "few": (_walk, "few"),
    "many": (_walk, "many"),
    "unscripted": (_unscripted, "many"),
    "grid": (_tick, "grid"),
}
"""Who looks at what, and at which of the addresses."""


@dataclass
class _Window(Traffic):
    """A page, and when its scripts were done."""

    finished: list[float] = field(default_factory=list)

    def done(self, key: str) -> float:
        """Press it; milliseconds until a script is done."""
        self.finished.clear()
        began = time.monotonic()
        self.page.keyboard.press(key)
        while not self.finished:
            if time.monotonic() > began + MOST_SECONDS:
                raise RuntimeError(f"Nothing came of {key}.")
            self.page.wait_for_timeout(5)
        return (self.finished[0] - began) * 1000

    def arrived(self, frame: bytes | str) -> None:
        """Something came."""
        super().arrived(frame)
        if isinstance(frame, bytes) and ForwardMsg.FromString(frame).WhichOneof("type") == "script_finished":
            self.finished.append(self.last)


@contextmanager
def _window(chromium: Browser, address: str) -> Iterator[_Window]:
    context = chromium.new_context(viewport=WINDOW)
    try:
        window = _Window(context.new_page())
        window.watch()
        window.page.add_init_script(FIRST_PICTURE + INSIDE + FRAMES + SCROLLER)
        window.page.goto(address, wait_until="commit")
        yield window
    finally:
        context.close()
        time.sleep(QUIET_SECONDS)


def _during(page: Page, what: Callable[[Page], object]) -> Facts:
    """Frames a second that were drawn, frames that the page itself had a part in, and how long it did not listen."""
    started, drawn = page.evaluate(STARTED), 0

    def count(told: dict[str, Any]) -> None:
        nonlocal drawn
        drawn += sum(event["name"] == "DrawFrame" for event in told["value"])

    assert page.context.browser
    devtools = page.context.browser.new_browser_cdp_session()
    ended = list[object]()
    devtools.on("Tracing.dataCollected", count)
    devtools.on("Tracing.tracingComplete", lambda told: ended.append(told))
    devtools.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": [DRAWN]}})
    began = time.monotonic()
    what(page)
    seconds = time.monotonic() - began
    noticed = _since(page, started)
    devtools.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(20)
    devtools.detach()
    return noticed | {"drawn": drawn / seconds}


def _since(page: Page, started: Sequence[float]) -> Facts:
    return dict(page.evaluate(SINCE, started))


def _until(page: Page, condition: str, *given: Any) -> None:
    until(page, lambda: page.evaluate(condition, *given))
