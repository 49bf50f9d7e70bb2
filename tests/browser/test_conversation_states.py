"""Every state of a tile has its own words, in light and dark, on a desk and on a phone, for everybody."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlmodel import col, select

from core import generations
from core.tables import CANCELED, FAILED, IMAGE, QUEUED, RUNNING, SUCCEEDED, Generation, Turn
from tests.browser.working import ARRIVES, LOOKS, SCREENSHOTS, Outside, Server, serious
from tests.conftest import unfinished


def test_every_state_has_its_own_words_and_nothing_serious_for_axe(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page(idle.url(every_state(elsewhere)))

    for name, (width, dark) in LOOKS.items():
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": width, "height": 2600})  # Streamlit scrolls inside the page
        expect(page.locator(".stApp")).to_have_css("color-scheme", "dark" if dark else "light", timeout=ARRIVES)
        expect(page.locator(".tile")).to_have_count(10, timeout=ARRIVES)
        expect(page.get_by_text("The provider refused this prompt", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Try again, may cost twice")).to_have_count(1)
        expect(page.get_by_role("progressbar")).to_have_count(2)
        expect(page.get_by_text("Slower than 9 of 10 runs")).to_have_count(1)
        expect(page.get_by_text("Waiting for a free place")).to_have_count(1)
        expect(page.get_by_text("Asking again in")).to_have_count(1)
        expect(page.get_by_role("button", name="Map")).to_be_visible()
        if not page.locator(".settings[open]").count():
            page.locator(".settings summary").click()
        expect(page.locator("img.image.there")).to_have_count(1, timeout=ARRIVES)
        page.screenshot(path=SCREENSHOTS / f"conversation-{name}.png")
        assert serious(page, exclude=["[class*=st-key-next-]"]) == []


HOUR = timedelta(hours=1)
FAILURES = {
    "moderation": "The provider says that this prompt breaks its rules.",
    "account": "The key for this provider is not valid. Ask whoever runs the studio.",
    "unusable": "The provider answered without a picture. It may have been charged; the answer is kept.",
    "unknown": "The call left us and no complete answer came back.",
}


def every_state(elsewhere: Outside) -> str:
    """A conversation with a generation in each state, as the pipeline leaves them."""
    conversation = elsewhere.ask("A paper boat on a pond, seen from above", count=5)
    elsewhere.provider.go.set()
    with ThreadPoolExecutor() as beside_the_browser:
        for work in unfinished(elsewhere.studio)[:3]:  # the caption and two images: enough for a map
            beside_the_browser.submit(asyncio.run, generations.run(elsewhere.studio, *work)).result()
    earlier = [elsewhere.ask("Earlier work", count=5) for _ in range(2)]  # ten runs to compare with
    now = elsewhere.studio.now()
    failed = {"status": FAILED, "started_at": now, "finished_at": now, "practice": False}
    states = [
        {},
        {"status": QUEUED},
        {"status": RUNNING, "started_at": now},
        {"status": RUNNING, "started_at": now - HOUR},
        *(failed | {"error_kind": kind, "error": why} for kind, why in FAILURES.items()),
        {"status": QUEUED, "error_kind": "busy", "error": "The provider is busy.", "next_at": now + HOUR},
        {"status": CANCELED, "finished_at": now},
    ]
    with elsewhere.studio.transaction() as db:
        for row in db.exec(select(Generation)).all():
            row.duration_ms = 600_000  # so that "usually" does not turn into "slower" while a slow machine looks
        for row in db.exec(select(Generation).join(Turn).where(col(Turn.conversation_id).in_(earlier))).all():
            row.status, row.finished_at = SUCCEEDED, now
        of_this = select(Generation).join(Turn).where(Turn.conversation_id == conversation, Generation.kind == IMAGE)
        for row, state in zip(db.exec(of_this.order_by(col(Generation.id))).all(), states, strict=True):
            for name, value in state.items():
                setattr(row, name, value)
    return conversation
