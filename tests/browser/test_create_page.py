"""Create in a real browser: the cursor waits in the prompt, the keyboard asks, one wish is asked once."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image as Drawing
from playwright.sync_api import Page, expect

from core import access, conversations
from core.access import Person
from core.asks import Ask
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import new_id
from tests.browser.app_server import app_server
from tests.browser.seen import looks
from tests.browser.working import ARRIVES, SCREENSHOTS, serious

AWAY = {"BACKGROUND": "elsewhere", "FREE_SPACE_FLOOR_MB": "1", "GEMINI_API_KEY": "never sent"}
PROMPT = "Describe the image you want to create…"

Start = Callable[..., Page]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = open_studio(Settings(data_dir=tmp_path_factory.mktemp("create") / "data", free_space_floor_mb=1))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def address(studio: Studio) -> Iterator[str]:
    """The application on the same folder, which leaves the work undone: these tests are about asking."""
    with app_server(studio.settings.data_dir, **AWAY) as found:
        yield found


@pytest.fixture
def visit(open_page: Start, address: str) -> Start:
    """A fresh window on Create, ready to be used."""

    def go(width: int = 1440, scheme: str = "light", query: str = "") -> Page:
        page = open_page(f"{address}/{query}", dark=scheme == "dark", width=width)
        expect(page.get_by_role("button", name="Generate")).to_be_visible(timeout=ARRIVES)
        expect(page.get_by_role("textbox", name=PROMPT)).to_be_focused(timeout=ARRIVES)
        return page

    return go


@pytest.fixture(scope="module")
def me(studio: Studio) -> Person:
    return access.local_person(studio)


def test_a_phones_menu_closes_once_a_page_is_chosen(visit: Start) -> None:
    page = visit(390)
    page.get_by_test_id("stExpandSidebarButton").click()

    page.get_by_test_id("stSidebarNavLink").filter(has_text="Gallery").click()

    expect(page.get_by_role("heading", name="Gallery")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_test_id("stSidebarNavLink").first).not_to_be_in_viewport()


def test_control_and_enter_ask_once_and_a_card_opens_what_was_asked(visit: Start, studio: Studio, me: Person) -> None:
    page = visit()
    page.keyboard.type("a fox by keyboard")

    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    asked = page.url
    assert titles(studio, me).count("a fox by keyboard") == 1

    page.get_by_role("link", name="Create", exact=True).click()
    page.get_by_role("link", name="a fox by keyboard").click()
    page.wait_for_url(asked, timeout=ARRIVES)


def test_a_double_click_asks_once(visit: Start, studio: Studio, me: Person) -> None:
    page = visit()
    page.keyboard.type("a fox by double click")

    page.get_by_role("button", name="Generate").dblclick()

    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    expect(page.get_by_text("a fox by double click").first).to_be_visible(timeout=ARRIVES)
    assert titles(studio, me).count("a fox by double click") == 1


def test_what_is_typed_survives_another_model_and_looks_at_the_gallery(visit: Start) -> None:
    page = visit()
    expect(page.get_by_text("1 image, practice, free")).to_be_visible(timeout=ARRIVES)
    page.keyboard.type("half a thou")  # the cursor waits in the prompt

    page.get_by_role("combobox", name="Models").click()
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("2 images, practice, free")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_role("textbox", name=PROMPT)).to_have_value("half a thou")

    page.get_by_role("textbox", name=PROMPT).press_sequentially("ght")
    page.get_by_role("link", name="Gallery").click(delay=100)  # a finger is that slow
    page.wait_for_url("**/gallery")
    page.get_by_role("link", name="Create").click()
    expect(page.get_by_role("textbox", name=PROMPT)).to_have_value("half a thought", timeout=ARRIVES)

    page.get_by_role("textbox", name=PROMPT).press_sequentially(", and more")
    page.get_by_role("link", name="Gallery").click()  # a mouse is quick
    page.wait_for_url("**/gallery")
    page.get_by_role("link", name="Create").click()
    expect(page.get_by_role("textbox", name=PROMPT)).to_have_value("half a thought, and more", timeout=ARRIVES)


def test_what_is_no_picture_is_refused_in_a_sentence_and_a_picture_becomes_the_start(
    visit: Start, tmp_path: Path
) -> None:
    page, false, leaf = visit(), tmp_path / "false.png", tmp_path / "leaf.png"
    false.write_bytes(b"not a picture at all")
    Drawing.new("RGB", (80, 60), "#3a7d44").save(leaf)
    page.keyboard.type("a red fox")

    page.locator('input[type="file"]:not([multiple])').set_input_files(false)
    expect(page.get_by_role("alert").filter(has_text=".")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_role("textbox", name=PROMPT)).to_have_value("a red fox")

    page.locator('input[type="file"]:not([multiple])').set_input_files(leaf)
    page.wait_for_url("**/?source=*", timeout=ARRIVES)
    expect(page.get_by_role("img", name="Starts from")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Remove: Starts from").click()
    expect(page.get_by_role("img", name="Starts from")).to_have_count(0, timeout=ARRIVES)
    expect(page.get_by_role("button", name="Start from an image")).to_be_visible(timeout=ARRIVES)


def test_references_are_kept_one_by_one_and_go_with_the_ask(
    visit: Start, studio: Studio, me: Person, tmp_path: Path
) -> None:
    page, files = visit(), [tmp_path / f"{colour}.png" for colour in ("red", "green", "blue")]
    for file in files:
        Drawing.new("RGB", (80, 60), file.stem).save(file)
    page.keyboard.type("a fox in these colours")
    page.get_by_role("button", name=re.compile("^Clear")).first.click()
    page.get_by_role("combobox", name="Models").fill("Nano Banana Pro")
    page.get_by_role("option", name="Nano Banana Pro").click()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Add reference images").click(trial=True)
    page.locator('input[type="file"][multiple]').set_input_files(files)
    page.get_by_role("button", name="Remove: Reference 2").click()
    expect(page.get_by_role("img", name="Reference")).to_have_count(2, timeout=ARRIVES)
    page.get_by_role("button", name="Generate").click()

    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    turn = conversations.opened(studio, me, page.url.partition("id=")[2]).turns[0]
    assert [reference.role for reference in turn.references] == ["reference", "reference"]


def test_a_cold_link_brings_the_frame_with_it(open_page: Start, address: str) -> None:
    page = open_page(f"{address}/gallery")

    expect(page.get_by_role("link", name="Create")).to_be_visible(timeout=ARRIVES)


def test_it_is_readable_for_everybody(visit: Start, studio: Studio, me: Person) -> None:
    conversations.start(studio, me, ask("A conversation that is seen"))
    page = visit()
    page.get_by_text("Advanced").click()

    for look in looks(page):
        expect(page.get_by_text("Seed")).to_be_visible(timeout=ARRIVES)
        found = serious(page)
        page.screenshot(path=SCREENSHOTS / f"create-{look}.png", full_page=True)
        assert found == []


def ask(words: str) -> Ask:
    return Ask(prompt=words, models=("sketch/sketch",), token=new_id())


def titles(studio: Studio, person: Person) -> list[str]:
    cards, _ = conversations.cards(studio, person, limit=100)
    return [card.title for card in cards]
