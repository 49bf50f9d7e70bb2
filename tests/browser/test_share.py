"""Sharing as people meet it: made in a dialog, read signed out, judged, printed, taken back."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from core import access, conversations, generations, sharing
from core.settings import Settings
from core.sharing import Terms
from core.studio import Studio, open_studio
from tests.browser.app_server import app_server
from tests.browser.seen import looks, still
from tests.browser.working import ARRIVES, LOOKS, SCREENSHOTS, serious
from tests.conftest import unfinished, wish

SCRIPT, PAGE = "tests/browser/alone_app.py", "share_page.py"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("share") / "data"
    opened = open_studio(Settings(data_dir=folder, sketch_delay=0, sketch_detail=0.1, free_space_floor_mb=1))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def address(studio: Studio) -> Iterator[str]:
    with app_server(studio.settings.data_dir, SCRIPT, PAGE=PAGE, FREE_SPACE_FLOOR_MB="1") as found:
        yield found


@pytest.fixture(scope="module")
def thread(studio: Studio) -> str:
    """A conversation with a wide pair, a change of one of them, and a tall one."""
    me = access.local_person(studio)
    pair = wish("A lighthouse at dusk", "sketch/sketch", "sketch/ink", ratio="3:2", caption="auto")
    thread = conversations.start(studio, me, pair).conversation_id
    finish(studio)
    first = conversations.opened(studio, me, thread).images[0].id
    conversations.ask(studio, me, thread, wish("Make it night", source=first, ratio="3:2"))
    conversations.ask(studio, me, thread, wish("A poster of it", ratio="9:16"))
    finish(studio)
    return thread


@pytest.fixture
def link(studio: Studio, address: str, thread: str) -> Callable[..., str]:
    """Makes a link and gives its address."""

    def make(**terms: object) -> str:
        return address + sharing.share(studio, access.local_person(studio), thread, Terms(**terms)).path

    return make


def test_a_link_is_made_opened_judged_and_taken_back(
    open_page: Callable[..., Page], studio: Studio, address: str, thread: str
) -> None:
    page = open_page(f"{address}/?id={thread}")
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("For whom").fill("Acme")
    dialog.get_by_text("Ask readers to approve").click()
    dialog.get_by_role("button", name="Make a link").click()
    path = dialog.get_by_role("textbox", name="Link", exact=True).input_value(timeout=ARRIVES)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog.get_by_role("button", name="Copy link").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == path
    assert path.startswith(f"{address}/s/")
    expect(dialog).to_contain_text("Never opened")
    page.screenshot(path=SCREENSHOTS / "share-made.png")

    reader = open_page(path)
    expect(reader).to_have_title("A lighthouse at dusk · Image Studio")
    figure = reader.locator("figure").nth(1)
    figure.get_by_label("Note on image 2").fill("The one for the cover.")
    figure.get_by_role("button", name="Approve").click()
    figure = reader.locator("figure:target")
    expect(figure.get_by_role("button", name="Approve")).to_have_attribute("aria-pressed", "true")
    expect(figure.get_by_label("Note on image 2")).to_have_value("The one for the cover.")

    page.reload()
    page.get_by_text("What readers said · 1 approved").click(timeout=ARRIVES)
    expect(page.get_by_text("The one for the cover.")).to_be_visible()
    expect(page.get_by_text("Acme · just now")).to_be_visible()
    still(page)
    page.screenshot(path=SCREENSHOTS / "share-verdicts.png")
    page.get_by_role("button", name="Share").click()
    expect(dialog).to_contain_text("Opened once", timeout=ARRIVES)
    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_text("1 earlier link")).to_be_visible(timeout=ARRIVES)

    reader.reload()
    expect(reader.get_by_role("heading")).to_have_text("Nothing to see here")
    assert path.rpartition("/")[2] not in (studio.settings.data_dir / "server.log").read_text()


def test_a_links_terms_are_seen_and_changed_and_stay_when_they_are_refused(
    open_page: Callable[..., Page], studio: Studio, address: str, thread: str
) -> None:
    me = access.local_person(studio)
    sharing.share(studio, me, thread, Terms("Acme, second round", password="correct horse", pinned=True))
    made = sharing.share(studio, me, thread, Terms("Terms", password="correct horse", takes_verdicts=True))
    page = open_page(f"{address}/?id={thread}")
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Shows prompts, models · asks for verdicts").first).to_be_visible(timeout=ARRIVES)
    expect(dialog.get_by_text("Acme, second round").first).to_be_visible()
    for name in looks(page):
        page.screenshot(path=SCREENSHOTS / f"share-dialog-{name}.png")
        assert serious(page, include=["[role=dialog]"]) == []

    dialog.get_by_role("button", name="Change…").first.click()
    expect(dialog.get_by_label("For whom")).to_have_value("Terms", timeout=ARRIVES)
    expect(dialog.get_by_role("combobox", name="Ends")).to_have_value("Unchanged: in 30 days")
    for name in looks(page):
        page.screenshot(path=SCREENSHOTS / f"share-change-{name}.png")
        assert serious(page, include=["[role=dialog]"]) == []
    dialog.get_by_text("Prompts", exact=True).click()
    dialog.get_by_text("Models", exact=True).click()
    dialog.get_by_text("No password any more").click()
    dialog.get_by_role("button", name="Save").click()

    expect(dialog.get_by_text("Shows images and captions alone · asks for verdicts").first).to_be_visible()
    for name in looks(page):
        page.screenshot(path=SCREENSHOTS / f"share-changed-{name}.png")
    [link] = [link for link in sharing.links(studio, me, thread) if link.id == made.id]
    assert (link.has_password, link.shows_prompts, link.shows_models, link.takes_verdicts) == (
        False,
        False,
        False,
        True,
    )

    before = sharing.links(studio, me, thread)
    dialog.get_by_role("button", name="Change…").first.click(timeout=ARRIVES)
    expect(dialog.get_by_label("For whom")).to_have_value("Terms", timeout=ARRIVES)
    dialog.get_by_label("Password", exact=True).fill("short")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("has 6 to 200 characters")).to_be_visible(timeout=ARRIVES)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_text("Links that open it")).to_be_visible(timeout=ARRIVES)
    assert sharing.links(studio, me, thread) == before
    sharing.revoke(studio, me, made.id)


@pytest.mark.parametrize(("width", "dark"), LOOKS.values())
def test_the_page_looks_right_and_nothing_serious_is_wrong_with_it(
    open_page: Callable[..., Page], link: Callable[..., str], width: int, dark: bool
) -> None:
    page = open_page(link(shows_costs=True, takes_verdicts=True), dark=dark, width=width)
    all_seen(page)

    name = f"{width}-{'dark' if dark else 'light'}"
    page.screenshot(path=SCREENSHOTS / f"shared-{name}.png", full_page=True)
    assert serious(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("img.there").evaluate_all("all => all.map(i => i.naturalWidth > 0)") == [True] * 4


def test_the_small_pages_have_nothing_serious_wrong_with_them(
    open_page: Callable[..., Page], link: Callable[..., str], address: str
) -> None:
    page = open_page(link(password="correct horse"), width=390)
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is not the password")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=SCREENSHOTS / f"shared-password-{scheme}.png")
        assert serious(page) == []
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")
    expect(page.locator("figure")).to_have_count(4)

    page.goto(f"{address}/s/nothing")

    expect(page.get_by_text("ask whoever sent it for a new one")).to_be_visible()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == []


def test_the_keyboard_alone_is_enough(open_page: Callable[..., Page], link: Callable[..., str]) -> None:
    page = open_page(link(takes_verdicts=True))

    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "picture"
    page.keyboard.press("Tab")
    page.keyboard.type("Darker")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("figure:target").get_by_role("button", name="Change")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("figure:target textarea")).to_have_value("Darker")


def test_it_prints_with_all_its_pictures_and_without_its_forms(
    open_page: Callable[..., Page], link: Callable[..., str]
) -> None:
    page = open_page(link(takes_verdicts=True), dark=True)

    paper = page.pdf(format="A4")
    page.emulate_media(media="print")

    assert paper.count(b"/Subtype /Image") == 4
    expect(page.locator("form").first).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.set_viewport_size({"width": 720, "height": 1000})
    page.screenshot(path=SCREENSHOTS / "shared-print.png", full_page=True)


def test_pictures_keep_their_place_before_they_are_there(
    open_page: Callable[..., Page], link: Callable[..., str]
) -> None:
    page = open_page("about:blank")
    page.route("**/m/**", lambda route: route.abort())
    page.goto(link())

    boxes = page.locator(".picture").evaluate_all("all => all.map(a => a.offsetWidth / a.offsetHeight)")

    assert [round(box, 1) for box in boxes] == [1.5, 1.5, 1.5, 0.6]


def test_the_page_asks_no_other_site_for_anything(open_page: Callable[..., Page], link: Callable[..., str]) -> None:
    page, asked = open_page("about:blank"), []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("referer"))))
    address = link(takes_verdicts=True)
    page.goto(address)
    all_seen(page)
    page.locator("figure").first.get_by_role("button", name="No").click()
    page.wait_for_url("**#image-*")

    host = address.partition("/s/")[0]
    assert len(asked) > 5
    assert [url for url, _ in asked if not url.startswith((host, "data:"))] == []
    assert not any(referrer for _, referrer in asked)


def finish(studio: Studio) -> None:
    """Do all work that waits; in a thread, because the browser has a loop in this one."""
    with ThreadPoolExecutor(1) as worker:
        for work in unfinished(studio):
            worker.submit(lambda work=work: asyncio.run(_finished(studio, *work))).result()


async def _finished(studio: Studio, generation_id: str, round: int) -> None:
    while await generations.run(studio, generation_id, round) is not None:
        pass


def all_seen(page: Page) -> None:
    """Scroll down once, so that what waits for being seen is fetched."""
    page.evaluate(
        "async () => { for (let y = 0; y < document.body.scrollHeight; y += 400) {"
        " scrollTo(0, y); await new Promise((done) => setTimeout(done, 50)); } scrollTo(0, 0); }"
    )
    page.wait_for_function(
        "() => [...document.querySelectorAll('img.there')].every((image) => image.complete && image.naturalWidth > 0)",
        timeout=ARRIVES,
    )
