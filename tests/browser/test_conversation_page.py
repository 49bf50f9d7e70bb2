"""A conversation's tiles always show the truth: while it works, when it fails, after a refresh, after a restart."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.working import ARRIVES, SCREENSHOTS, Outside, Server, outside, tiles


def test_images_replace_their_skeletons_without_a_reload(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page(idle.url(elsewhere.ask("A red fox in *snow*")))
    page.evaluate("() => (window.untouched = true)")
    expect(page.get_by_text("Waiting for a free place")).to_have_count(2, timeout=ARRIVES)

    with elsewhere.working():
        tiles(page, "running", 2)
        expect(page.locator(".badge")).to_have_text("0 of 2")
        expect(page.get_by_text("You can leave this page; it goes on without you.")).to_be_visible()
        expect(page).to_have_title("(0/2) A red fox in *snow* · Image Studio")
        page.screenshot(path=SCREENSHOTS / "conversation-loading.png")
    tiles(page, "succeeded", 2)

    expect(page.locator("img.image.there")).to_have_count(2)
    expect(page.locator(".badge")).to_have_text("2 of 2")
    expect(page.get_by_role("status").filter(has_text="2 of 2 images are ready.")).to_have_count(1)
    expect(page.get_by_text("2 images · practice, free")).to_be_visible(timeout=ARRIVES)
    expect(page).to_have_title("A red fox in *snow* · Image Studio")
    expect(page.locator(".prompt")).to_have_text("A red fox in *snow*")
    assert page.evaluate("() => window.untouched")


def test_the_script_runs_once_when_a_turn_is_done_however_many_images_came(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page("about:blank")
    runs = runs_of_the_script(page)
    page.goto(idle.url(elsewhere.ask("Four chairs", count=2)))
    tiles(page, "queued", 4)
    expect(page.locator("textarea").first).to_be_focused(timeout=ARRIVES)
    page.wait_for_timeout(1_500)
    before = len(runs)

    with elsewhere.working():
        tiles(page, "running", 4)
    tiles(page, "succeeded", 4)
    expect(page.get_by_text("4 images · practice, free")).to_be_visible(timeout=ARRIVES)
    page.wait_for_timeout(1_500)

    assert len(runs) - before == 1


def test_an_open_dialog_outlasts_the_end_of_the_work(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page(idle.url(elsewhere.ask("A lighthouse")))
    page.get_by_role("button", name="Share").click(timeout=ARRIVES)
    dialog = page.get_by_role("dialog", name="Share this conversation")
    expect(dialog).to_be_visible(timeout=ARRIVES)

    with elsewhere.working():
        pass
    tiles(page, "succeeded", 2)
    page.wait_for_timeout(1_500)
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_text("2 images · practice, free")).to_be_visible(timeout=ARRIVES)


def test_news_wait_for_a_person_who_has_just_done_something(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page("about:blank")
    runs = runs_of_the_script(page)
    page.goto(idle.url(elsewhere.ask("A lighthouse")))
    tiles(page, "queued", 2)
    expect(page.locator("textarea").first).to_be_focused(timeout=ARRIVES)
    page.wait_for_timeout(1_500)
    before = len(runs)

    with elsewhere.working():
        tiles(page, "running", 2)
        busy = "setInterval(() => dispatchEvent(new KeyboardEvent('keydown', { key: 'Shift' })), 200)"
        page.evaluate(f"() => void (window.busy = {busy})")
    tiles(page, "succeeded", 2)
    page.wait_for_timeout(1_000)

    assert len(runs) == before
    page.evaluate("() => clearInterval(window.busy)")
    expect(page.get_by_text("2 images · practice, free")).to_be_visible(timeout=ARRIVES)


def test_a_refresh_and_a_second_tab_show_the_same_and_the_next_turn_too(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    first = open_page(idle.url(elsewhere.ask("A lighthouse")))

    with elsewhere.working():
        tiles(first, "running", 2)
        first.reload()
        second = open_page(first.url)
        for page in (first, second):
            tiles(page, "running", 2)
    for page in (first, second):
        tiles(page, "succeeded", 2)

    tile = first.locator(".tile").first
    tile.hover()
    tile.get_by_role("button", name="Continue from this").click()
    expect(tile.get_by_role("button", name="Next turn starts here")).to_be_visible(timeout=ARRIVES)
    expect(first.locator(".st-key-strip")).to_contain_text("Starts from turn 1, Sketch (practice)")
    first.locator("textarea").first.fill("At night")
    first.locator("textarea").first.press("Control+Enter")

    for page in (first, second):
        expect(page.locator(".turn")).to_have_count(2, timeout=ARRIVES)
        expect(page.locator(".references img")).to_have_count(1)
        expect(page.locator(".prompt").last).to_have_text("At night")


def test_an_image_opens_large_goes_to_create_and_is_downloaded(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page(idle.url(elsewhere.ask("A lighthouse")))
    with elsewhere.working():
        pass
    tiles(page, "succeeded", 2)
    tile = page.locator(".tile").first

    tile.get_by_role("link", name="Open", exact=True).click()
    large = page.get_by_role("dialog")
    expect(large).to_contain_text("A lighthouse", timeout=ARRIVES)
    page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("Ink (practice)", timeout=ARRIVES)
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()

    with page.expect_download() as download:
        tile.hover()
        tile.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")

    tile.get_by_role("link", name="Use in Create").click()
    expect(page.get_by_placeholder("Describe the image you want to create…")).to_be_visible(timeout=ARRIVES)
    assert "/?source=" in page.url


def test_a_failed_image_says_why_and_is_retried_alone(
    idle: Server, elsewhere: Outside, open_page: Callable[..., Page]
) -> None:
    page = open_page(idle.url(elsewhere.ask("A market")))
    elsewhere.provider.failures = 1
    with elsewhere.working():
        pass
    failed = page.locator(".tile:is(.failed, .unknown)")
    expect(failed).to_have_count(2, timeout=ARRIVES)
    elsewhere.provider.failures = 0

    page.get_by_role("button", name="Try again").first.click()
    tiles(page, "queued", 1)  # at once, before anybody heard of it
    expect(page.get_by_text("Asked again.")).to_be_visible(timeout=ARRIVES)
    with elsewhere.working():
        tiles(page, "running", 1)

    tiles(page, "succeeded", 1)
    expect(failed).to_have_count(1)


def test_a_canceled_image_stays_canceled_until_asked_again_and_an_open_page_outlives_a_power_cut(
    busy: Server, open_page: Callable[..., Page]
) -> None:
    with outside(busy) as person:
        page = open_page(busy.url(person.ask("A windmill")))
    tiles(page, "running", 2)

    page.get_by_role("button", name="Cancel", exact=True).first.click()
    tiles(page, "canceled", 1)
    page.reload()
    tiles(page, "canceled", 1)
    page.get_by_role("button", name="Ask again").click()
    tiles(page, "running", 2)

    page.evaluate("() => (window.untouched = true)")
    busy.kill()
    expect(page.locator(".line")).to_be_visible(timeout=ARRIVES)
    expect(page.locator(".line")).to_have_text("Reconnecting…")
    busy.start(SKETCH_DELAY="0")

    # What had been sent when the power went is not sent again: nobody knows whether it was charged.
    tiles(page, "unknown", 2)
    expect(page.locator(".line")).to_be_hidden(timeout=ARRIVES)
    page.locator(".tile").get_by_role("button", name="Try again").first.click()
    tiles(page, "succeeded", 1)
    assert page.evaluate("() => window.untouched")


def test_what_is_not_there_says_so_and_leads_back(idle: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(idle.url("0" * 32))

    expect(page.get_by_text("There is no such conversation, or it is not yours.")).to_be_visible(timeout=ARRIVES)
    page.screenshot(path=SCREENSHOTS / "conversation-none.png")
    page.get_by_role("link", name="Back to Create").click()

    expect(page.get_by_placeholder("Describe the image you want to create…")).to_be_visible(timeout=ARRIVES)


def runs_of_the_script(page: Page) -> list[str]:
    """Grows by one whenever Streamlit has run the page's script."""
    runs: list[str] = []

    def received(frame: bytes | str) -> None:
        if isinstance(frame, bytes) and ForwardMsg.FromString(frame).WhichOneof("type") == "script_finished":
            runs.append("run")

    page.on("websocket", lambda line: "_stcore/stream" in line.url and line.on("framereceived", received))
    return runs
