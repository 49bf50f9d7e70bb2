"""Conversation: how it opens when it is long, and how soon what was made is on the screen, in Chromium.

A conversation of 500 turns against one of 5, from opening the address until every picture in the window is there. Then
turns are asked of a studio that works: from a caption's answer, and from the moment an image is stored, until somebody
can see it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from PIL import Image as Drawing
from playwright.sync_api import Browser
from sqlmodel import col, select

from core import access, conversations
from core.access import Person
from core.asks import Ask
from core.providers import open_providers, open_writers
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import CAPTION, SUCCEEDED, Attempt, Generation, Image, Post, new_id
from tests.bench.apps import STUDIO, App, running
from tests.bench.measure import Row, p95
from tests.bench.visits import INSIDE, SOURCES, until
from tests.branches import Step, grow
from tests.browser.windows import browser
from tests.vendors import Vendors

ROUNDS, ASKS = 5, 8
MODELS = ("openai/gpt-image-2", "gemini/gemini-3-pro-image")
LONGER = {"openai": 1, "gemini": 2}
"""The caption comes first, then one image after the other."""
SHORT, LONG = 5, 500
SHOWN = {SHORT: 5, LONG: 6}
"""Turns that a page opens with."""
CAPTION_MS, IMAGE_MS = 1_000, 100
"""What is promised."""

# Notes when something is first on the screen: a picture once it is decoded, by its address; a caption by its words.
NOTE = (
    """
window.seen = {};
const note = (name) => requestAnimationFrame(() => (window.seen[name] ??= Date.now()));
const watch = (node, source) => {
  const id = /\\/m\\/[^/]+\\/([0-9a-f]+)\\//.exec(source)?.[1];
  if (id) node.addEventListener("load", () => node.isConnected && node.decode().then(() => note(id), () => {}));
};
setInterval(() => inside(document, ".caption .words").forEach((node) => note(node.textContent)), 100);
"""
    + SOURCES
)
COMPLETE = """(turns) => {
  const seen = inside(document, ".turn .image").filter((node) => {
    const { top, bottom } = node.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
  const there = inside(document, ".turn").length === turns && seen.length;
  return there && seen.every((node) => node.complete && node.naturalWidth) ? performance.now() : null;
}"""


def rows() -> Iterator[Row]:
    """About a minute."""
    with TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True) as folder:
        studio = open_studio(Settings(data_dir=Path(folder)))
        me = access.local_person(studio)
        with browser() as chromium:
            with running(STUDIO, Path(folder), BACKGROUND="elsewhere") as app:
                opening = _opening(chromium, app, studio, me)
            yield Row(f"a conversation of {LONG} turns opens", opening[LONG], opening[SHORT], f"one of {SHORT}", 1.2)
            with Vendors(_photo(), seconds=4, longer=LONGER) as vendors:
                known = {name.upper(): value for name, value in vendors.settings().items()}
                with running(STUDIO, Path(folder), **known) as app:
                    captions, images = _progress(chromium, app, _asking(studio, vendors), me)
        promise = "the promise"
        yield Row("from a caption's answer to the screen, half", median(captions), CAPTION_MS, promise, 1.0)
        yield Row("  nearly all (p95)", p95(captions), CAPTION_MS, promise, 1.0)
        yield Row("from an image stored to the screen, half", median(images), IMAGE_MS, promise, 1.0)
        yield Row("  nearly all (p95)", p95(images), IMAGE_MS, promise, 1.0)
        studio.engine.dispose()


def _opening(chromium: Browser, app: App, studio: Studio, me: Person) -> dict[int, float]:
    """Milliseconds from the address to the last picture, by how many turns there are."""
    ids = {
        turns: grow(studio, me, [Step(f"Turn {n}", n - 1 or None) for n in range(1, turns + 1)]).id for turns in SHOWN
    }
    taken: dict[int, list[float]] = {turns: [] for turns in ids}
    for number in range(ROUNDS + 1):
        for turns in list(ids) if number % 2 else reversed(list(ids)):
            took = _visit(chromium, f"{app.address}/conversation?id={ids[turns]}", SHOWN[turns])
            if number:  # the first visits warm the server
                taken[turns].append(took)
    return {turns: median(times) for turns, times in taken.items()}


def _visit(chromium: Browser, address: str, turns: int) -> float:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        page.add_init_script(INSIDE)
        page.goto(address, wait_until="commit")
        return float(until(page, lambda: page.evaluate(COMPLETE, turns)))
    finally:
        context.close()


def _asking(studio: Studio, vendors: Vendors) -> Studio:
    """The studio as somebody sees it who has keys for the vendors."""
    settings = replace(studio.settings, **vendors.settings())
    return replace(studio, settings=settings, providers=open_providers(settings), writers=open_writers(settings))


def _progress(chromium: Browser, app: App, studio: Studio, me: Person) -> tuple[list[float], list[float]]:
    """Milliseconds until captions and images are seen by somebody who has the conversation open before they come."""
    captions, images = [], []
    for number in range(ASKS + 1):
        ask = Ask(f"A lighthouse, number {number}", MODELS, new_id(), resolution="1K")
        asked = conversations.start(studio, me, ask)
        context = chromium.new_context(viewport={"width": 1440, "height": 1400})
        page = context.new_page()
        page.add_init_script(INSIDE + NOTE)
        page.goto(f"{app.address}/conversation?id={asked.conversation_id}", wait_until="commit")
        stored, answered = until(page, lambda turn=asked.turn_id: _came(studio, turn), every=500)
        page.wait_for_timeout(1_500)
        seen = page.evaluate("window.seen")
        if number:  # the first one warms the server
            images += [seen[image] - at for image, at in stored.items()]
            captions += [seen[words] - at for words, at in answered.items()]
        context.close()
    return captions, images


def _came(studio: Studio, turn: str) -> tuple[dict[str, float], dict[str, float]] | None:
    """When its images were stored and its captions answered, in milliseconds since 1970; None before all are.

    Stored is what the ledger calls so: files are in the store and rows are written, right before the commit.
    """
    with studio.reading() as db:
        answers = db.exec(select(Generation).where(Generation.turn_id == turn)).all()
        if any(answer.status != SUCCEEDED for answer in answers):
            return None
        ids = [answer.id for answer in answers]
        images = db.exec(select(Image).where(col(Image.generation_id).in_(ids))).all()
        attempts = select(Attempt, Post).join(Generation, col(Generation.id) == Attempt.generation_id)
        written = attempts.join(Post, col(Post.id) == Generation.post_id).where(Generation.kind == CAPTION)
        words = db.exec(written.where(col(Generation.id).in_(ids))).all()
    answered = {post.caption: _ms(call.started_at) + (call.duration_ms or 0) for call, post in words}
    stored = {answer.id: _ms(answer.finished_at) for answer in answers if answer.finished_at}
    return {image.id: stored[str(image.generation_id)] for image in images}, answered


def _photo() -> bytes:
    """What the vendors answer with: 0.9 MB, as soft as a photograph."""
    out = BytesIO()
    drawn = Drawing.effect_noise((128, 128), 90).resize((1024, 1024), Drawing.Resampling.BICUBIC)
    drawn.convert("RGB").save(out, "PNG")
    return out.getvalue()


def _ms(moment: datetime) -> float:
    return moment.timestamp() * 1000
