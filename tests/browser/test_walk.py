"""The whole way of a picture in a real browser: from words in Create over an edit of a painted part and a branch to a
link that a client opens, judges, and finds closed."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Drawing
from playwright.sync_api import Page, expect
from sqlmodel import col, select

from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import MASK, Image, Reference
from tests.browser.working import ARRIVES, SCREENSHOTS, Server, serious, started, tiles

PROMPT = "Describe the image you want to create…"
NEXT = "Describe what to change, or what else to make…"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that does its own work, with nothing but the practice provider."""
    yield from started(tmp_path, SKETCH_DELAY="0")


@pytest.fixture
def studio(server: Server) -> Iterator[Studio]:
    opened = open_studio(Settings(data_dir=server.data_dir, free_space_floor_mb=1))
    yield opened
    opened.engine.dispose()


def test_from_words_to_a_link_that_is_gone(server: Server, studio: Studio, open_page: Callable[..., Page]) -> None:
    page = open_page(server.url("").partition("/conversation")[0])
    create(page, "A shop in the rain", "Ink (practice)")
    tiles(page, "succeeded", 2)
    expect(page.get_by_role("button", name="Copy caption")).to_be_visible(timeout=ARRIVES)
    assert serious(page) == []

    paint_the_left_half(page)
    take_further(page, "A green door", turns=2)
    before, after = edited(studio)
    changed = np.abs(before - after).max(-1) > 24
    assert changed[:, : before.shape[1] // 3].mean() > 0.05
    assert changed[:, before.shape[1] * 2 // 3 :].mean() < 0.01

    page.locator(".turn").first.locator(".tile").first.hover()
    page.locator(".turn").first.get_by_role("button", name="Continue from this").first.click()
    expect(page.get_by_text("Starts from turn 1")).to_be_visible(timeout=ARRIVES)
    take_further(page, "The same shop at night", turns=3)
    page.screenshot(path=SCREENSHOTS / "walk-conversation.png", full_page=True)

    page.get_by_role("button", name="Map").click()
    expect(page.get_by_role("treeitem")).to_have_count(3, timeout=ARRIVES)
    levels = [item.get_attribute("aria-level") for item in page.get_by_role("treeitem").all()]
    assert levels == ["1", "2", "2"]
    page.screenshot(path=SCREENSHOTS / "walk-map.png")
    assert serious(page) == []
    page.keyboard.press("Escape")

    link = share(page)
    reader = open_page(link)
    expect(reader.locator("figure")).to_have_count(6)
    reader.locator("figure").nth(2).get_by_role("button", name="Approve").click()
    approved = reader.locator("figure:target").get_by_role("button", name="Approve")
    expect(approved).to_have_attribute("aria-pressed", "true")
    assert serious(reader) == []
    picture = reader.locator("figure img.there").first.evaluate("image => image.currentSrc || image.src")

    page.reload()
    expect(page.get_by_text("What readers said · 1 approved")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Share").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click(timeout=ARRIVES)
    expect(page.get_by_role("dialog").get_by_text("1 earlier link")).to_be_visible(timeout=ARRIVES)

    reader.reload()
    expect(reader.get_by_role("heading")).to_have_text("Nothing to see here")
    assert reader.request.get(picture).status == 404


def create(page: Page, words: str, another: str) -> None:
    """Ask the model that is chosen and another one."""
    box = page.get_by_role("textbox", name=PROMPT)
    box.fill(words, timeout=ARRIVES)
    page.get_by_role("combobox", name="Models").click()
    page.get_by_role("option", name=another).click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("2 images, practice, free")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Generate").click()
    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)


def paint_the_left_half(page: Page) -> None:
    """Of the image that the next turn starts from, with the rectangle."""
    page.get_by_role("button", name="Change only a part…").click(timeout=ARRIVES)
    page.get_by_role("button", name="Rectangle").click()
    box = page.get_by_role("application", name="Painting area").bounding_box()
    assert box
    page.mouse.move(box["x"] + 1, box["y"] + 1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 1, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Only the painted 50 % may change")).to_be_visible(timeout=ARRIVES)


def take_further(page: Page, words: str, turns: int) -> None:
    page.get_by_role("textbox", name=NEXT).fill(words)
    page.get_by_role("button", name="Generate").click()
    expect(page.locator(".turn")).to_have_count(turns, timeout=ARRIVES)
    tiles(page, "succeeded", 2 * turns)


def edited(studio: Studio) -> tuple[np.ndarray, np.ndarray]:
    """The image that was painted on and what came of it, as numbers of the same size."""
    with studio.reading() as db:
        used = db.exec(select(Reference).where(Reference.role == MASK)).one()
        source = select(Image).join(Reference, col(Reference.image_id) == Image.id)
        before = db.exec(source.where(Reference.turn_id == used.turn_id, Reference.role == "source")).one()
        newest = select(Image).where(col(Image.generation_id).is_not(None)).order_by(col(Image.created_at).desc())
        after = db.exec(newest).first()
        assert after
        files = [Drawing.open(BytesIO(studio.store.get(row.key))).convert("RGB") for row in (before, after)]
    first, second = (np.asarray(file.resize(files[0].size)).astype(int) for file in files)
    return first, second


def share(page: Page) -> str:
    """A link that asks its readers for a verdict."""
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Ask readers to approve").click(timeout=ARRIVES)
    dialog.get_by_role("button", name="Make a link").click()
    address = dialog.get_by_role("textbox", name="Link", exact=True).input_value(timeout=ARRIVES)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    return address
