"""What somebody pressed to take something back is told until Streamlit answers, and nothing once the page is left."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.access import Person
from tests.browser.mounted import mounted
from tests.browser.seen import still
from tests.browser.working import SCREENSHOTS
from tests.serving import Served

OFFER = {
    "text": "The image is in the trash.",
    "seconds": 10,
    "words": {"undo": "Undo", "close": "Close", "follow": "Trash too"},
}


@pytest.fixture
def page(open_page: Callable[..., Page], served: Served, me: Person) -> Page:
    """A page on which it is offered."""

    def timed(**look: Any) -> Page:
        page = open_page(**look)
        page.clock.install()
        return page

    return mounted(timed, served, me, {"undo": OFFER})


def told(page: Page) -> list[Any]:
    return [value for _, _, value in page.evaluate("() => window.told")]


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, False), (390, True)])
def test_what_is_offered_takes_two_lines_at_most(
    open_page: Callable[..., Page], served: Served, me: Person, width: int, dark: bool
) -> None:
    text = "128 images are in the trash. 256 derived images stay."
    page = mounted(open_page, served, me, {"undo": OFFER | {"text": text}}, width=width, dark=dark)

    lines = page.get_by_text(text).evaluate(
        "(node) => node.offsetHeight / parseFloat(getComputedStyle(node).lineHeight)"
    )

    assert round(lines) <= 2
    expect(page.get_by_role("button", name="Trash too")).to_be_in_viewport(ratio=1)
    still(page)
    page.screenshot(path=SCREENSHOTS / f"undo-derived-{width}{'-dark' * dark}.png")


@pytest.mark.parametrize(("name", "act"), [("Undo", "undo"), ("Trash too", "follow"), ("Close", "closed")])
def test_what_was_pressed_is_told_again_while_the_bar_is_on_the_page(page: Page, name: str, act: str) -> None:
    page.get_by_role("button", name=name).click()
    page.clock.fast_forward(4_100)

    first, again = told(page)
    assert [wish["act"] for wish in first] == [act]
    assert again == first
    page.evaluate("() => window.mounted.undo()")
    expect(page.locator(".undo")).to_have_count(0)


def test_a_key_takes_back_wherever_on_the_page_but_not_while_somebody_writes(page: Page) -> None:
    page.evaluate("() => document.body.append(document.createElement('input'))")
    page.locator("input").focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("z")
    assert told(page) == []

    page.locator("input").blur()
    page.keyboard.press("z")

    assert [wish["act"] for wish in told(page)[-1]] == ["undo"]


def test_whoever_left_the_page_is_heard_of_no_more(page: Page) -> None:
    page.evaluate("""() => {
      const leave = window.mounted.undo();
      document.querySelector("main > div").remove();
      leave?.();
    }""")

    page.clock.run_for(20_000)

    assert told(page) == []
