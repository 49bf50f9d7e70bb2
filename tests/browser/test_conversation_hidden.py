"""A tab that nobody looks at says in its title when the work is done, until somebody looks.

Without windows Chromium tells every tab that it is seen, also behind another one or minimised; so the tests say in its
place whether a tab is seen, with the same property and the same event.
"""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.working import ARRIVES, Outside, Server, tiles

SEEN_OR_NOT = """(hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    const state = hidden ? "hidden" : "visible";
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
FOX = "A red fox · Image Studio"


def test_a_hidden_tab_is_marked_when_all_is_done_until_it_is_looked_at_or_works_again(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    tab = open_page(idle.url(elsewhere.ask("A red fox")))
    tiles(tab, "queued", 2)
    tab.evaluate(SEEN_OR_NOT, True)

    with elsewhere.working():
        tiles(tab, "running", 2)
        tab.evaluate(SEEN_OR_NOT, False)
    tiles(tab, "succeeded", 2)
    expect(tab.get_by_text("2 images · practice, free")).to_be_visible(timeout=ARRIVES)
    expect(tab).to_have_title(FOX)  # it was looked at before the end

    ask(tab, "At night")
    tiles(tab, "queued", 2)
    tab.evaluate(SEEN_OR_NOT, True)
    with elsewhere.working():
        expect(tab).to_have_title(f"(0/2) {FOX}", timeout=ARRIVES)
    expect(tab).to_have_title(f"✓ {FOX}", timeout=ARRIVES)
    expect(tab.get_by_text("4 images · practice, free")).to_be_visible(timeout=ARRIVES)
    expect(tab).to_have_title(f"✓ {FOX}")  # also after Streamlit drew the page anew and wrote its own title

    ask(tab, "By day")
    expect(tab).to_have_title(f"(0/2) {FOX}", timeout=ARRIVES)
    with elsewhere.working():
        tiles(tab, "running", 2)
    expect(tab).to_have_title(f"✓ {FOX}", timeout=ARRIVES)

    tab.evaluate(SEEN_OR_NOT, False)
    assert tab.title() == FOX  # at once; the server, which hears of the look too, need not answer first


def ask(tab: Page, words: str) -> None:
    """The next turn."""
    box = tab.locator("textarea").first
    box.fill(words)
    box.press("Control+Enter")
