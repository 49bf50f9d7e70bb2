"""Conversations in a browser: found, thrown away and taken back; beautiful and usable on a desk and on a phone."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from core import access, conversations, sharing
from core.access import Person
from core.sharing import Terms
from tests.branches import Step, grow
from tests.browser.seen import looks, still
from tests.browser.working import ARRIVES, SCREENSHOTS, Outside, Server, outside, serious, started

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: these tests count what is on the page."""
    yield from started(tmp_path_factory.mktemp("conversations"), BACKGROUND="elsewhere")


@pytest.fixture(scope="module")
def there(server: Server) -> Iterator[Outside]:
    with outside(server) as opened:
        yield opened


@pytest.fixture(scope="module")
def me(there: Outside) -> Person:
    return access.local_person(there.studio)


@pytest.fixture(scope="module")
def filled(there: Outside, me: Person) -> list[str]:
    """Four conversations; the last one started from an image of the first. Their titles, newest first."""
    shop = grow(there.studio, me, [Step("A small shop, seen from the street"), Step("At night", source=1)])
    grow(there.studio, me, [Step("A lighthouse on a cliff at sunset, long exposure, warm sky")], title="Lighthouse")
    grow(there.studio, me, [Step("Uma lua de verão")], title="Lua de verão")
    edit = conversations.Ask("With rain", ("sketch/sketch",), "rain", source=shop.images[0][0], resolution="512")
    conversations.start(there.studio, me, edit)
    with there.working():
        pass
    return ["With rain", "Lua de verão", "Lighthouse", "A shop"]


def test_without_conversations_the_page_leads_to_the_first(server: Server, me: Person, open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.get_by_text("No conversations yet")).to_be_visible(timeout=ARRIVES)
    for name in looks(page):
        expect(page.get_by_text("No conversations yet")).to_be_visible(timeout=ARRIVES)
        look(page, f"conversations-empty-{name}")

    page.get_by_role("button", name="Make your first image").click()
    expect(page.get_by_placeholder("Describe the image you want to create…")).to_be_visible(timeout=ARRIVES)


def test_every_conversation_is_there_with_its_pictures(server: Server, filled: list[str], open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.locator(".card")).to_have_count(4, timeout=ARRIVES)
    for name in looks(page):
        expect(page.locator(".card")).to_have_count(4, timeout=ARRIVES)
        assert page.locator(".card .title").all_inner_texts() == filled
        expect(page.locator(".card .source")).to_have_count(1)
        look(page, f"conversations-{name}")

    page.get_by_role("link", name="Lighthouse").click()
    expect(page.get_by_role("heading", name="Lighthouse")).to_be_visible(timeout=ARRIVES)


def test_words_find_it_and_back_shows_all_again(server: Server, filled: list[str], open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.locator(".card")).to_have_count(4, timeout=ARRIVES)

    page.get_by_label("Search in titles and prompts").fill("VERÃO lua")
    page.get_by_label("Search in titles and prompts").press("Enter")
    expect(page.locator(".card .title")).to_have_text(["Lua de verão"], timeout=ARRIVES)
    page.reload()
    expect(page.locator(".card .title")).to_have_text(["Lua de verão"], timeout=ARRIVES)
    expect(page.get_by_label("Search in titles and prompts")).to_have_value("VERÃO lua")

    page.get_by_label("Search in titles and prompts").fill("owl")
    page.get_by_label("Search in titles and prompts").press("Enter")
    expect(page.get_by_text("Nothing was found")).to_be_visible(timeout=ARRIVES)
    look(page, "conversations-nothing")
    page.get_by_role("button", name="Show all conversations").click()
    expect(page.locator(".card")).to_have_count(4, timeout=ARRIVES)


def test_from_an_image_to_all_conversations_with_it(server: Server, filled: list[str], open_page: Open) -> None:
    page = open_page(f"http://127.0.0.1:{server.port}/conversations?q=shop")
    page.get_by_role("link", name="A shop").click()
    page.locator(".tile").first.get_by_role("link", name="Open", exact=True).click(timeout=ARRIVES)

    page.get_by_role("dialog").get_by_role("button", name="All 2 conversations with it").click(timeout=ARRIVES)

    expect(page.locator(".card .title")).to_have_text(["With rain", "A shop"], timeout=ARRIVES)
    look(page, "conversations-of-image")


def test_what_is_thrown_away_by_keyboard_or_mouse_is_taken_back_at_once_or_later(
    server: Server, filled: list[str], open_page: Open
) -> None:
    page = open_page(address(server))
    card = page.get_by_role("link", name="Lighthouse")
    expect(page.locator(".card")).to_have_count(4, timeout=ARRIVES)

    page.get_by_role("link", name="A shop").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Move to the trash: A shop")).to_be_focused()
    page.keyboard.press("Enter")
    asked = page.get_by_role("dialog", name="What happens to its")
    expect(asked).to_be_visible(timeout=ARRIVES)
    look(page, "conversations-throwing")
    asked.get_by_role("button", name="Keep them").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="A shop")).to_have_count(0, timeout=ARRIVES)
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="A shop")).to_be_visible(timeout=ARRIVES)

    throw(page, "Keep them")
    expect(card).to_have_count(0, timeout=ARRIVES)
    look(page, "conversations-undo")
    page.get_by_role("button", name="Undo").click()
    expect(card).to_be_visible(timeout=ARRIVES)

    throw(page, "Trash them too")
    expect(card).to_have_count(0, timeout=ARRIVES)
    page.get_by_text("In the trash", exact=True).click()
    expect(card).to_contain_text("Gone for good after", timeout=ARRIVES)
    look(page, "conversations-trash")
    card.click()
    expect(page.get_by_text("This conversation is in the trash")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_text("1 image went with it and comes back with it.")).to_be_visible(timeout=ARRIVES)
    look(page, "conversation-trashed")
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".tile.succeeded")).to_have_count(1, timeout=ARRIVES)

    page.get_by_role("button", name="Trash", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Trash them too").click(timeout=ARRIVES)
    expect(page.get_by_role("heading", name="Conversations")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_text("The conversation and its 1 image are in the trash.")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Undo").click()
    expect(card).to_be_visible(timeout=ARRIVES)


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/conversations"


def test_who_throws_away_what_is_shared_is_told_that_its_link_goes_dark(
    server: Server, there: Outside, me: Person, filled: list[str], open_page: Open
) -> None:
    """A client may be looking at it."""
    cards, _more = conversations.cards(there.studio, me)
    shared = next(card for card in cards if card.title == "A shop")
    sharing.share(there.studio, me, shared.id, Terms(days=7))
    page = open_page(address(server))
    page.get_by_role("link", name="A shop").hover(timeout=ARRIVES)

    page.get_by_role("button", name="Move to the trash: A shop").click()

    told = page.get_by_role("dialog").get_by_text("A link to it is open; it shows nothing while")
    expect(told).to_be_visible(timeout=ARRIVES)
    look(page, "conversations-throwing-shared")


def throw(page: Page, images: str) -> None:
    page.get_by_role("link", name="Lighthouse").hover()
    page.get_by_role("button", name="Move to the trash: Lighthouse").click()
    page.get_by_role("dialog").get_by_role("button", name=images).click(timeout=ARRIVES)


def look(page: Page, name: str) -> None:
    """Keep what it looks like, once pictures are there; nothing serious for axe."""
    still(page)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    assert serious(page, exclude=["[data-testid=stToast]"]) == []  # Streamlit's own
