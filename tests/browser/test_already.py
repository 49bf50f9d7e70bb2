"""Before paying for what is there: a dialog shows it, free to use; or it is made anyway; Escape keeps every word."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core import access, conversations, marks
from core.access import Person
from core.studio import Studio
from tests.browser.seen import looks, still
from tests.browser.working import ARRIVES, SCREENSHOTS, Outside, Server, serious

PROMPT = "Describe the image you want to create…"
WORDS = "a red fox in the snow"

Start = Callable[..., Page]


@pytest.fixture
def studio(elsewhere: Outside) -> Studio:
    return elsewhere.studio


@pytest.fixture
def me(studio: Studio) -> Person:
    return access.local_person(studio)


@pytest.fixture
def made(elsewhere: Outside) -> str:
    """The conversation in which these words were asked, and answered by two models."""
    asked = elsewhere.ask(WORDS)
    with elsewhere.working():
        pass
    return asked


@pytest.fixture
def visit(open_page: Start, idle: Server) -> Start:
    """Create with these words typed; what the last conversation was asked with is chosen."""

    def go(words: str = "A red fox, in the snow!", dark: bool = False, width: int = 1440) -> Page:
        page = open_page(f"http://127.0.0.1:{idle.port}/", dark=dark, width=width)
        expect(page.get_by_role("textbox", name=PROMPT)).to_be_focused(timeout=ARRIVES)
        page.keyboard.type(words)
        return page

    return go


def asked(page: Page) -> Page:
    """Press the button; the dialog is open."""
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Use this one").first).to_be_visible(timeout=ARRIVES)
    return page


def turns(studio: Studio, me: Person) -> int:
    return sum(card.turns for card in conversations.cards(studio, me, limit=50)[0])


def test_escape_keeps_every_word_and_asks_nothing(visit: Start, made: str, studio: Studio, me: Person) -> None:
    page, before = asked(visit()), turns(studio, me)

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("textbox", name=PROMPT)).to_have_value("A red fox, in the snow!")
    assert turns(studio, me) == before
    asked(page)


def test_what_is_there_is_used_for_nothing(visit: Start, made: str, studio: Studio, me: Person) -> None:
    page, before = asked(visit()), turns(studio, me)

    page.get_by_role("dialog").get_by_role("button", name="Use this one").first.click()

    page.wait_for_url("**view=*", timeout=ARRIVES)
    expect(page.get_by_role("dialog", name="Image")).to_be_visible(timeout=ARRIVES)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("view="), timeout=ARRIVES)
    expect(page.get_by_role("textbox", name=PROMPT)).to_have_value("")
    assert turns(studio, me) == before


def test_it_is_made_anyway_as_it_was_typed_and_once(visit: Start, made: str, studio: Studio, me: Person) -> None:
    page, before = asked(visit()), turns(studio, me)

    page.get_by_role("button", name="Make it anyway").click()

    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    assert turns(studio, me) == before + 1
    [turn] = conversations.opened(studio, me, page.url.rpartition("=")[2]).turns
    assert turn.prompt == "A red fox, in the snow!"


def test_a_conversation_asks_too(
    open_page: Start, idle: Server, elsewhere: Outside, made: str, studio: Studio, me: Person
) -> None:
    page = open_page(f"{idle.url(made)}&source=words")
    box = page.get_by_role("textbox", name="Describe what to change, or what else to make…")
    expect(box).to_be_visible(timeout=ARRIVES)
    box.fill(WORDS)
    asked(page).keyboard.press("Escape")
    expect(box).to_have_value(WORDS)

    asked(page).get_by_role("button", name="Make it anyway").click()

    expect(page.get_by_role("dialog")).to_have_count(0, timeout=ARRIVES)
    expect(box).to_have_value("", timeout=ARRIVES)
    assert len(conversations.opened(studio, me, made).turns) == 2


def test_it_looks_well_everywhere(visit: Start, made: str, studio: Studio, me: Person) -> None:
    images = [image.id for image in conversations.opened(studio, me, made).images]
    marks.star(studio, me, images[:1])
    page = asked(visit())
    still(page)

    assert serious(page, include=["[role=dialog]"]) == []
    for name in looks(page):
        page.screenshot(path=SCREENSHOTS / f"already-{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
