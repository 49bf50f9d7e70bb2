"""A tab that nobody looks at says in its title when the work is done, until somebody looks.

Without windows Chromium tells every tab that it is seen, also behind another one or minimised; so the tests say in its
place whether a tab is seen, with the same property and the same event.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.working import ARRIVES, Outside, Server, tiles

SEEN_OR_NOT = """(hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    const state = hidden ? "hidden" : "visible";
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
FOX = "A red fox · Image Studio"


@pytest.fixture
def tab(idle: Server, elsewhere: Outside, open_page: Callable[..., Page]) -> Page:
    """A conversation with two images to come."""
    page = open_page(idle.url(elsewhere.ask("A red fox")))
    tiles(page, "queued", 2)
    return page


def test_a_hidden_tab_is_marked_when_all_is_done_until_it_is_looked_at(tab: Page, elsewhere: Outside) -> None:
    tab.evaluate(SEEN_OR_NOT, True)

    with elsewhere.working():
        expect(tab).to_have_title(f"(0/2) {FOX}", timeout=ARRIVES)
    expect(tab).to_have_title(f"✓ {FOX}", timeout=ARRIVES)
    expect(tab.get_by_text("2 images · practice, free")).to_be_visible(timeout=ARRIVES)
    expect(tab).to_have_title(f"✓ {FOX}")  # also after Streamlit drew the page anew and wrote its own title

    tab.evaluate(SEEN_OR_NOT, False)
    assert tab.title() == FOX  # at once; the server, which hears of the look too, need not answer first


def test_a_tab_that_is_looked_at_before_the_end_is_not_marked(tab: Page, elsewhere: Outside) -> None:
    tab.evaluate(SEEN_OR_NOT, True)

    with elsewhere.working():
        tiles(tab, "running", 2)
        tab.evaluate(SEEN_OR_NOT, False)
    tiles(tab, "succeeded", 2)

    expect(tab.get_by_text("2 images · practice, free")).to_be_visible(timeout=ARRIVES)
    expect(tab).to_have_title(FOX)


def test_a_mark_gives_way_to_the_next_work(tab: Page, elsewhere: Outside) -> None:
    tab.evaluate(SEEN_OR_NOT, True)
    with elsewhere.working():
        tiles(tab, "running", 2)
    expect(tab).to_have_title(f"✓ {FOX}", timeout=ARRIVES)

    tab.locator("textarea").first.fill("At night")
    tab.locator("textarea").first.press("Control+Enter")

    expect(tab).to_have_title(f"(0/2) {FOX}", timeout=ARRIVES)
