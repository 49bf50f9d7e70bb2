"""A card says that something ended in its conversation since the person last looked, until they look."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.working import ARRIVES, SCREENSHOTS, Outside, Server, tiles

NEWS = "New since you looked"


def test_news_are_marked_until_the_conversation_is_looked_at_and_what_ends_meanwhile_is_none(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    conversation = elsewhere.ask("A lighthouse")
    with elsewhere.working():
        page = open_page(f"http://127.0.0.1:{idle.port}/")
        card = page.get_by_role("link", name="A lighthouse")
        expect(card).to_contain_text("Working…", timeout=ARRIVES)
    page.reload()
    expect(card).to_contain_text(NEWS, timeout=ARRIVES)
    page.screenshot(path=SCREENSHOTS / "create-news.png")

    with page.expect_response(re.compile(f"/api/conversations/{conversation}/seen")) as told:
        card.click()
    assert told.value.status == 204
    page.goto(f"http://127.0.0.1:{idle.port}/")
    expect(card).to_be_visible(timeout=ARRIVES)
    expect(card).not_to_contain_text(NEWS)

    card.click()
    tiles(page, "succeeded", 2)
    page.locator("textarea").first.fill("At night")
    page.locator("textarea").first.press("Control+Enter")
    tiles(page, "queued", 2)
    with page.expect_response(re.compile("/seen$"), timeout=ARRIVES), elsewhere.working():
        tiles(page, "running", 2)
    tiles(page, "succeeded", 4)
    page.wait_for_timeout(1_000)
    page.goto(f"http://127.0.0.1:{idle.port}/")
    expect(card).to_be_visible(timeout=ARRIVES)
    expect(card).not_to_contain_text(NEWS)
