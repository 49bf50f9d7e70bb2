"""The gallery as a person uses it: scroll, look, walk along, share the address, by mouse and by keyboard alone.

What the grid and the lightbox do by themselves is looked at on a page of their own; what Streamlit has a part in
(addresses, history, other screens) on the real one.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from core import access, gallery
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from pages.parts import bulk, gallery_words, viewer
from tests import many, serving
from tests.browser.app_server import app_server
from tests.browser.mounted import mounted
from tests.browser.seen import looks
from tests.browser.working import LOOKS, serious
from tests.serving import Served

expect.set_options(timeout=15_000)  # the machine may be busy with other tests
SHOTS = Path(__file__).parent / "screenshots"
HOW_MANY = 420
"""More than two pages of rows, so that scrolling has something to ask for."""
TILES = "[...document.querySelectorAll('*')].flatMap((node) => [...(node.shadowRoot?.querySelectorAll('.tile') ?? [])])"
SCROLLER = "(document.querySelector('[data-testid=stMain]') ?? document.scrollingElement)"

LEAVE = """() => {
  window.orders = 0;
  document.addEventListener("studio:order", () => (window.orders += 1));
  document.dispatchEvent(new CustomEvent("studio:trashed", { detail: { ids: [] } }));
  const stop = window.mounted.gallery();
  document.querySelector("main > div").remove();
  stop();
}"""
MOVED = """async () => {
  const { Shelf } = await import("/ui/0/gallery_shelf.js"), real = window.fetch;
  const asked = { source: "/api/gallery", q: "" }, first = { id: [], models: [], next: null };
  let n = 0;
  window.fetch = (...request) => ((n += 1), real(...request));
  const reached = async (meanwhile) => {
    const shelf = new Shelf(first, asked);
    await shelf.measure(0, 0);
    n = 0;
    const item = shelf.reach(300);
    meanwhile(shelf);
    return (await item).id;
  };
  const front = await reached((shelf) => shelf.prepend([{ id: "new", width: 1, height: 1 }])), once = n;
  const forgotten = await reached((shelf) => shelf.forget());
  window.fetch = real;
  return { "in front": front, forgotten, asked: once + n };
}"""
ONE_FRAME = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const grid = document.querySelector("main > div").shadowRoot.querySelector(".grid");
  const real = Element.prototype.getBoundingClientRect;
  let measured = 0, changed = 0;
  const watch = new MutationObserver((records) => (changed += records.length));
  watch.observe(grid, { subtree: true, attributeFilter: ["tabindex"] }); // pictures that arrive change others
  Element.prototype.getBoundingClientRect = function () {
    measured += this === grid;
    return real.call(this);
  };
  document.dispatchEvent(new Event("scroll"));
  await frame();
  await frame();
  Element.prototype.getBoundingClientRect = real;
  watch.disconnect();
  return { measured, changed };
}"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("gallery")))
    yield studio
    studio.engine.dispose()


@pytest.fixture(scope="module")
def me(studio: Studio) -> Person:
    return access.local_person(studio)


@pytest.fixture(scope="module")
def root(studio: Studio) -> Iterator[str]:
    """The application, without any image until somebody wants `images`."""
    with app_server(studio.settings.data_dir) as root:
        yield root


@pytest.fixture(scope="module")
def images(studio: Studio, me: Person) -> list[str]:
    """Newest first."""
    made = many.images(studio, me, HOW_MANY)
    many.thumbs(studio, me, made)
    return made


@pytest.fixture(scope="module")
def address(root: str, images: list[str]) -> str:
    return f"{root}/gallery"


@pytest.fixture(scope="module")
def served(studio: Studio) -> Iterator[Served]:
    """Our own addresses without Streamlit, for `alone`."""
    with serving.serving(studio) as served:
        yield served


@pytest.fixture(params=[f"{('light', 'dark')[dark]}-{width}" for width, dark in LOOKS.values()])
def page(open_page: Callable[..., Page], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A desk and a phone, by day and at night."""
    scheme, width = request.param.split("-")
    yield from opened(open_page, scheme == "dark", int(width))


@pytest.fixture
def desk(open_page: Callable[..., Page]) -> Iterator[Page]:
    yield from opened(open_page, dark=False, width=1440)


def opened(open_page: Callable[..., Page], dark: bool, width: int) -> Iterator[Page]:
    page = open_page(dark=dark, width=width)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


@pytest.fixture
def alone(served: Served, me: Person, images: list[str]) -> Callable[..., None]:
    """Shows grid and lightbox alone in this window: `alone(page)`."""

    def go(page: Page) -> None:
        put_alone(page, served, me)
        expect(page.locator(".picture img.there").first).to_be_visible()
        expect(page.locator(".total")).to_have_text(f"{HOW_MANY} images")

    return go


ALERTS = """
window.alerts = [];
const seen = () => {
  const roots = [...document.querySelectorAll("*")].map(({ shadowRoot }) => shadowRoot).filter(Boolean);
  const nodes = roots.flatMap((root) => [...root.querySelectorAll("[role=alert]")]);
  const said = nodes.filter((node) => node.checkVisibility()).map((node) => node.innerText);
  window.alerts.push(...said.filter((text) => !window.alerts.includes(text)));
  requestAnimationFrame(seen);
};
requestAnimationFrame(seen);
"""
"""Keeps what any alert has said, however short."""


def put_alone(page: Page, served: Served, whose: Person) -> None:
    dark = bool(page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches"))
    data = {"gallery": grid_data(served.studio, whose), "lightbox": {"view": "", "words": viewer.words()}}
    mounted(lambda **_: page, served, whose, data, dark=dark)


def grid_data(studio: Studio, whose: Person) -> dict[str, Any]:
    """What the page hands to the grid."""
    return {
        "source": "/api/gallery",
        "q": "",
        "first": gallery.page(studio, whose, limit=48).wire(),
        "revision": gallery.revision(studio, whose),
        "answers": [],
        "acts": bulk.acts(),
        "projects": [],
        "words": gallery_words.words(),
    }


def visit(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".picture img.there").first).to_be_visible()
    expect(page.locator(".total")).to_have_text(f"{HOW_MANY} images")


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    size = page.viewport_size or {"width": 0}
    page.screenshot(path=SHOTS / f"gallery-{name}-{size['width']}.png")


def told(page: Page, name: str) -> list[Any]:
    """What a component that is alone told of this."""
    return [value for _, about, value in page.evaluate("() => window.told") if about == name]


def has_held(page: Page, held: list[Route], n: int = 1) -> None:
    """Wait until so many requests wait for their answers."""
    for _ in range(750):
        if len(held) >= n:
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"{len(held)} of {n} requests came")


def focused(page: Page) -> str:
    """Which image has the focus: its address."""
    return str(page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.getAttribute('href') ?? ''"))


def named(page: Page) -> str:
    """What a screen reader calls what has the focus."""
    return str(
        page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.getAttribute('aria-label') ?? ''")
    )


def wheel_to(page: Page, top: int) -> None:
    page.evaluate(f"(top) => {SCROLLER}.scrollTo({{ top, behavior: 'instant' }})", top)


def scrolled(page: Page) -> int:
    return int(page.evaluate(f"() => {SCROLLER}.scrollTop"))


def test_without_images_it_leads_to_the_first_one(desk: Page, root: str) -> None:
    desk.goto(f"{root}/gallery")
    expect(desk.get_by_role("heading", name="Nothing here yet")).to_be_visible()

    desk.get_by_role("button", name="Make your first image").click()

    expect(desk).to_have_url(f"{root}/")


def test_who_has_no_images_and_sees_those_of_others_is_led_to_them(desk: Page, root: str, studio: Studio) -> None:
    ana = access.person_named(studio, "ana", "Ana")
    many.thumbs(studio, ana, many.images(studio, ana, 3))
    desk.goto(f"{root}/gallery")
    expect(desk.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    expect(desk.get_by_role("combobox", name="Search and filter")).to_be_visible()
    shot(desk, "empty-lead")

    desk.get_by_role("button", name="Look at everybody's images").click()

    expect(desk.locator(".picture img.there")).to_have_count(3)
    expect(desk).to_have_url(re.compile("q=by"))
    desk.locator(".tile").first.hover()
    offered = desk.locator(".actions [data-act]").evaluate_all("(nodes) => nodes.map(({ dataset }) => dataset.act)")
    assert offered == ["create", "download"]
    desk.keyboard.press("x")
    expect(desk.locator(".picture img.there")).to_have_count(3)


def test_without_images_it_says_so_and_how_to_begin(page: Page, served: Served) -> None:
    put_alone(page, served, access.person_named(served.studio, "newcomer", "Newcomer"))
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    shot(page, "empty")

    page.get_by_role("button", name="Make your first image").click()

    assert told(page, "action") == [{"act": "create"}]


def test_only_what_is_in_sight_exists_and_all_can_be_reached(
    page: Page, alone: Callable[..., None], images: list[str]
) -> None:
    alone(page)
    shot(page, "grid")

    tiles = []
    for top in (0, 3_000, 400, 10_000_000):
        wheel_to(page, top)
        expect(page.locator(".tile:not(.unread) img.there").last).to_be_visible()
        expect(page.locator(".unread")).to_have_count(0)
        tiles.append(page.locator(".tile").count())

    assert max(tiles) <= 120
    expect(page.locator(f"a[href='?view={images[-1]}']")).to_be_visible()


def test_pictures_do_not_move_while_they_load(desk: Page, alone: Callable[..., None]) -> None:
    desk.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((e) => window.shift += e.value))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    alone(desk)
    desk.evaluate("() => { window.shift = 0; }")  # what is put on the page first is not there to move

    for top in (600, 1_200, 5_000):
        wheel_to(desk, top)
        expect(desk.locator(".unread")).to_have_count(0)

    assert desk.evaluate("() => window.shift") == 0


def test_by_keyboard_alone(page: Page, alone: Callable[..., None], images: list[str]) -> None:
    alone(page)
    page.locator(f"a[href='?view={images[0]}']").focus()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert focused(page) == f"?view={images[2]}"
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".place")).to_have_text(f"4 of {HOW_MANY}")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert focused(page) == f"?view={images[3]}"


def test_the_keyboard_reaches_the_oldest_image_and_comes_back(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)
    desk.locator(f"a[href='?view={images[0]}']").focus()

    desk.keyboard.press("End")
    expect(desk.locator(f"a[href='?view={images[-1]}']")).to_be_focused()
    desk.keyboard.press("Home")

    expect(desk.locator(f"a[href='?view={images[0]}']")).to_be_focused()
    assert scrolled(desk) == 0


def test_the_actions_of_every_image_are_a_tab_away(desk: Page, alone: Callable[..., None], images: list[str]) -> None:
    alone(desk)
    desk.locator(f"a[href='?view={images[0]}']").focus()

    for image in images[:3]:
        assert focused(desk) == f"?view={image}"
        desk.keyboard.press("Tab")
        assert named(desk) in ("Star", "Trash")  # a narrow tile has no room for all: keys do the others
        while named(desk) != "Download":
            desk.keyboard.press("Tab")
        assert focused(desk).endswith(f"{image}/download")
        desk.keyboard.press("ArrowRight")


def test_only_the_tiles_in_use_carry_actions(desk: Page, alone: Callable[..., None], images: list[str]) -> None:
    alone(desk)
    at_rest = desk.locator(".tile button").count()
    desk.locator(f"a[href='?view={images[0]}']").focus()
    for image in (images[4], images[1], images[5]):
        desk.locator(f"a[href='?view={image}']").hover()

    assert at_rest == 0
    for image, there in ((images[0], 1), (images[1], 0), (images[4], 0), (images[5], 1)):
        tile = desk.locator(".tile", has=desk.locator(f"a[href='?view={image}']"))
        expect(tile.locator(".actions")).to_have_count(there)


def test_what_is_drawn_stays_when_the_whole_is_measured(
    desk: Page, served: Served, me: Person, images: list[str]
) -> None:
    desk.route("**/api/gallery/layout", lambda route: route.abort())
    put_alone(desk, served, me)
    expect(desk.get_by_role("alert")).to_be_visible()
    desk.evaluate(f"() => {TILES}.forEach((tile) => (tile.drawnBefore = true))")
    desk.unroute("**/api/gallery/layout")

    desk.get_by_role("button", name="Try again").click()
    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY} images")

    assert desk.evaluate(f"() => {TILES}.filter((tile) => !tile.drawnBefore).length") == 0


def test_the_lightbox_tells_all_and_keeps_the_page_behind_still(
    page: Page, alone: Callable[..., None], images: list[str]
) -> None:
    alone(page)
    page.locator(f"a[href='?view={images[1]}']").click()

    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("Picture 209 of a harbour at dusk,\nwith red boats in the rain")
    for told in ("$0.04, reported by the provider", "8.2 s", "1.2 MB", "Conversation 209"):
        expect(panel).to_contain_text(told)
    expect(page.locator(".main.there")).to_be_visible()
    page.mouse.move(100, 300)
    page.mouse.wheel(0, 900)
    shot(page, "lightbox")

    assert scrolled(page) == 0
    for _ in range(12):  # all the way round: the focus stays inside
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement === document.body || !!document.activeElement.shadowRoot")
        assert "?view=" not in focused(page)


def test_beside_an_image_the_keys_of_the_grid_are_listed_too(
    desk: Page, alone: Callable[..., None], images: list[str]
) -> None:
    alone(desk)
    desk.locator(f"a[href='?view={images[2]}']").click()
    expect(desk.get_by_role("dialog", name="Image")).to_be_visible()

    desk.keyboard.press("?")

    told = desk.get_by_role("region", name="Keys")
    expect(told).to_contain_text("Move to trash")
    expect(told).to_contain_text("In the grid behind it")
    expect(told).to_contain_text("Pick several in a row")
    shot(desk, "keys")


def test_practice_is_free_and_says_so(desk: Page, alone: Callable[..., None], images: list[str]) -> None:
    alone(desk)

    desk.locator(f"a[href='?view={images[2]}']").click()

    expect(desk.get_by_role("complementary")).to_contain_text("Practice, free")


def test_what_the_turn_made_besides_is_one_click_away(
    desk: Page, alone: Callable[..., None], images: list[str]
) -> None:
    alone(desk)
    desk.locator(f"a[href='?view={images[0]}']").click()

    desk.locator(".strip button:not([aria-current])").click()

    expect(desk.locator(".place")).to_have_text(f"2 of {HOW_MANY}")


def test_a_link_opens_the_image_and_a_refresh_opens_it_again(desk: Page, address: str, images: list[str]) -> None:
    desk.goto(f"{address}?view={images[300]}")
    expect(desk.locator(".place")).to_have_text(f"301 of {HOW_MANY}")
    desk.keyboard.press("ArrowRight")
    expect(desk).to_have_url(f"{address}?view={images[301]}")

    desk.set_viewport_size({"width": 390, "height": 844})  # a phone loads the same
    desk.emulate_media(color_scheme="dark")
    desk.reload()

    expect(desk.locator(".place")).to_have_text(f"302 of {HOW_MANY}")
    desk.keyboard.press("Escape")
    expect(desk).to_have_url(address)


def test_back_closes_however_many_images_were_looked_at_and_the_grid_goes_on(
    desk: Page, address: str, images: list[str]
) -> None:
    visit(desk, address)
    desk.locator(f"a[href='?view={images[0]}']").click()
    for n in range(1, 4):
        desk.keyboard.press("ArrowRight")
        expect(desk).to_have_url(f"{address}?view={images[n]}")

    desk.go_back()
    expect(desk.get_by_role("dialog")).to_be_hidden()
    expect(desk).to_have_url(address)
    tile = desk.locator(".tile", has=desk.locator(f"a[href='?view={images[0]}']"))
    tile.hover()
    tile.get_by_role("button", name="Use in Create").click()

    expect(desk).to_have_url(re.compile(rf"/\?source={images[0]}$"))


@pytest.mark.parametrize("button", ["New conversation", "Refine"])
def test_back_from_another_page_is_one_step_to_the_image_and_its_filter(
    desk: Page, address: str, images: list[str], button: str
) -> None:
    """Streamlit's two steps to a page were two entries, and the one in between was the gallery without its filter."""
    here = f"{address}?q=is%3Afirst&view={images[1]}"
    desk.goto(f"{address}?q=is%3Afirst")
    desk.locator(f"a[href*='view={images[1]}']").click()
    expect(desk).to_have_url(here)
    dialog = desk.get_by_role("dialog")
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(desk).not_to_have_url(re.compile("gallery"))
    expect(dialog).to_be_hidden()

    desk.go_back()

    expect(desk).to_have_url(here)
    expect(desk.locator(".place")).to_have_text(f"2 of {HOW_MANY}")


def test_escape_leaves_no_trace_in_the_history_however_often_the_same_image_was_opened(
    desk: Page, address: str, images: list[str]
) -> None:
    root = address.removesuffix("gallery")
    desk.goto(root)
    desk.get_by_role("link", name="Gallery").click()
    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY} images")
    for _ in range(2):
        desk.locator(f"a[href='?view={images[0]}']").click()
        expect(desk).to_have_url(f"{address}?view={images[0]}")
        desk.keyboard.press("Escape")
        expect(desk).to_have_url(address)
    expect(desk.get_by_role("dialog")).to_be_hidden()

    desk.go_back()

    expect(desk).to_have_url(root)


def test_escape_leaves_no_trace_in_the_history_after_a_reload(desk: Page, address: str, images: list[str]) -> None:
    """Back used to open the image again, as closing left its entry behind."""
    root = address.removesuffix("gallery")
    desk.goto(root)
    desk.get_by_role("link", name="Gallery").click()
    desk.locator(f"a[href='?view={images[0]}']").click()
    expect(desk).to_have_url(f"{address}?view={images[0]}")
    desk.keyboard.press("ArrowRight")
    expect(desk).to_have_url(f"{address}?view={images[1]}")
    desk.wait_for_function("() => history.state?.trail?.length === 2")
    desk.reload()
    expect(desk.locator(".place")).to_have_text(f"2 of {HOW_MANY}")

    desk.keyboard.press("Escape")
    expect(desk).to_have_url(address)
    expect(desk.get_by_role("dialog")).to_be_hidden()
    desk.go_back()

    expect(desk).to_have_url(root)


def test_who_came_by_a_link_is_back_where_they_were_before_it(desk: Page, address: str, images: list[str]) -> None:
    root = address.removesuffix("gallery")
    desk.goto(root)
    desk.goto(f"{address}?view={images[2]}")
    expect(desk.locator(".place")).to_have_text(f"3 of {HOW_MANY}")

    desk.keyboard.press("Escape")
    expect(desk).to_have_url(address)
    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY} images")
    desk.go_back()

    expect(desk).to_have_url(root)
    expect(desk.get_by_role("dialog")).to_be_hidden()


def test_create_takes_the_shape_of_the_image_each_time_it_is_brought_there(
    desk: Page, address: str, images: list[str]
) -> None:
    """Brought there again, it met the ratio that was chosen by hand meanwhile."""
    ratio = desk.get_by_role("combobox", name="Ratio")
    visit(desk, address)

    def bring() -> None:
        desk.locator(f"a[href='?view={images[0]}']").click()
        expect(desk.locator(".place")).to_have_text(f"1 of {HOW_MANY}")
        desk.keyboard.press("e")
        expect(desk).to_have_url(re.compile(rf"/\?source={images[0]}$"))

    bring()
    expect(ratio).not_to_have_value("")
    own = ratio.input_value()
    ratio.click()
    desk.get_by_role("option", name="21:9", exact=True).click()
    expect(ratio).to_have_value("21:9")
    desk.get_by_role("link", name="Gallery").click()
    bring()

    assert own != "21:9"
    expect(ratio).to_have_value(own)


def test_a_link_to_what_is_gone_is_answered_kindly(desk: Page, address: str) -> None:
    desk.goto(f"{address}?view={'0' * 32}")

    expect(desk.get_by_test_id("stToast")).to_contain_text("not here any more")
    expect(desk.get_by_role("dialog")).to_be_hidden()
    expect(desk).to_have_url(address)
    expect(desk.locator(".picture img.there").first).to_be_visible()


def test_a_link_to_what_is_gone_never_says_that_it_is_safe(desk: Page, address: str) -> None:
    """Beside the true sentence stood for a moment that the picture was only not loaded."""
    desk.add_init_script(ALERTS)

    desk.goto(f"{address}?q=is:bogus&view=zzz")

    expect(desk.get_by_test_id("stToast")).to_contain_text("not here any more")
    expect(desk.get_by_role("dialog")).to_be_hidden()
    expect(desk.get_by_role("heading", name="This search cannot be read")).to_be_visible()
    expect(desk).to_have_url(f"{address}?q=is%3Abogus")
    assert [alert for alert in desk.evaluate("() => window.alerts") if "safe" in alert] == []


def test_an_image_is_downloaded_as_it_was_made(desk: Page, alone: Callable[..., None], images: list[str]) -> None:
    alone(desk)
    tile = desk.locator(".tile", has=desk.locator(f"a[href='?view={images[0]}']"))
    tile.hover()

    with desk.expect_download() as download:
        tile.get_by_role("link", name="Download").click()

    assert download.value.suggested_filename.endswith(".png")
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_nothing_serious_for_people_with_assistive_technology_and_nothing_moves_behind(
    desk: Page, address: str, images: list[str]
) -> None:
    visit(desk, address)
    for _ in looks(desk):
        expect(desk.locator(".picture img:not(.there)")).to_have_count(0)
        assert serious(desk) == []

    desk.locator(f"a[href='?view={images[1]}']").click()
    expect(desk.locator(".facts")).to_be_visible()
    for _ in looks(desk):
        assert serious(desk) == []
        desk.mouse.move(100, 300)
        desk.mouse.wheel(0, 900)
        assert scrolled(desk) == 0


def test_rows_that_do_not_come_can_be_asked_for_again(desk: Page, alone: Callable[..., None]) -> None:
    desk.route("**/api/gallery?*", lambda route: route.abort())
    alone(desk)
    wheel_to(desk, 4_000)
    expect(desk.get_by_role("alert")).to_contain_text("They are safe")
    shot(desk, "failing")

    desk.unroute("**/api/gallery?*")
    desk.get_by_role("button", name="Try again").click()

    expect(desk.locator(".unread")).to_have_count(0)
    expect(desk.get_by_role("alert")).to_be_hidden()


def test_one_page_that_comes_does_not_hide_that_another_did_not(
    desk: Page, alone: Callable[..., None], images: list[str]
) -> None:
    refused: list[str] = []

    def answer(route: Route) -> None:
        refused.extend([] if refused else [route.request.url])
        route.abort() if route.request.url in refused else route.continue_()

    desk.route("**/api/gallery?*", answer)
    alone(desk)
    wheel_to(desk, 10_000_000)
    expect(desk.locator(f"a[href='?view={images[-1]}']")).to_be_visible()
    desk.wait_for_timeout(200)
    expect(desk.get_by_role("alert")).to_contain_text("They are safe")

    desk.unroute("**/api/gallery?*")
    desk.get_by_role("button", name="Try again").click()

    expect(desk.locator(".unread")).to_have_count(0)
    expect(desk.get_by_role("alert")).to_be_hidden()


def test_pictures_that_did_not_come_are_there_when_the_network_is_back(
    desk: Page, served: Served, me: Person, images: list[str]
) -> None:
    desk.route("**/m/**", lambda route: route.abort())
    put_alone(desk, served, me)
    expect(desk.locator(".missing").last).to_be_visible()
    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY} images")
    desk.unroute("**/m/**")

    desk.evaluate("() => dispatchEvent(new Event('online'))")

    expect(desk.locator(".missing")).to_have_count(0)
    expect(desk.locator(".picture img:not(.there)")).to_have_count(0)


@pytest.mark.parametrize("good", [True, False])
def test_a_gallery_that_was_left_asks_for_nothing_more_and_offers_no_order(
    desk: Page, alone: Callable[..., None], good: bool
) -> None:
    alone(desk)
    held: list[Route] = []
    desk.route("**/api/gallery/layout*", lambda route: held.append(route))
    desk.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    has_held(desk, held)
    desk.evaluate(LEAVE)

    with desk.expect_response("**/api/gallery/layout*"):
        held[0].continue_() if good else held[0].fulfill(status=503, json={})
    desk.wait_for_timeout(1_500)

    assert (len(held), desk.evaluate("() => window.orders")) == (1, 0)


def test_only_the_latest_measure_of_the_gallery_counts(desk: Page, alone: Callable[..., None]) -> None:
    alone(desk)
    held: list[Route] = []
    desk.route("**/api/gallery/layout*", lambda route: held.append(route))
    for n in (1, 2):
        desk.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        has_held(desk, held, n)

    now = held[1].fetch()
    with desk.expect_response("**/api/gallery/layout*"):
        held[1].fulfill(response=now)
    before = now.json() | {"revision": "before", "ratios": "QEBA"}  # when there were three
    with desk.expect_response("**/api/gallery/layout*"):
        held[0].fulfill(json=before)
    desk.wait_for_timeout(200)

    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY} images")


def test_rows_that_were_asked_for_before_everything_moved_stand_where_they_belong(
    desk: Page, alone: Callable[..., None], images: list[str]
) -> None:
    alone(desk)

    assert desk.evaluate(MOVED) == {"in front": images[300], "forgotten": images[300], "asked": 3}


def test_what_is_new_to_one_line_does_not_come_in_front_of_another(
    desk: Page, served: Served, me: Person, images: list[str]
) -> None:
    sockets: list[WebSocketRoute] = []
    desk.route_web_socket("**/api/live", lambda socket: sockets.append(socket))
    put_alone(desk, served, me)
    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY} images")
    held: list[Route] = []
    desk.route("**/api/gallery?limit=60", lambda route: held.append(route))
    desk.wait_for_timeout(200)
    sockets[0].send('{"type": "image"}')
    has_held(desk, held)
    desk.evaluate(
        "(first) => window.mounted.gallery({ q: 'is:starred', first })", {"id": [], "models": [], "next": None}
    )

    answer = held[0].fetch()
    rows = answer.json()
    with desk.expect_response("**/api/gallery?limit=60"):
        held[0].fulfill(response=answer, json=rows | {"id": ["0" * 32, *rows["id"][1:]]})
    desk.wait_for_timeout(200)

    expect(desk.locator(".tile")).to_have_count(0)


def test_a_frame_of_scrolling_measures_the_page_once_and_leaves_the_tab_order_alone(
    desk: Page, alone: Callable[..., None]
) -> None:
    alone(desk)
    wheel_to(desk, 900)
    expect(desk.locator(".unread")).to_have_count(0)

    frames = []
    while len(frames) < 5 and (not frames or frames[-1]["changed"]):  # rows that came late are drawn in a frame, too
        desk.wait_for_timeout(300)
        frames.append(desk.evaluate(ONE_FRAME))

    assert frames[-1] == {"measured": 1, "changed": 0}


# The last one: all others count what is there.
def test_a_new_image_slides_in_at_the_top_and_waits_below(
    desk: Page, address: str, images: list[str], studio: Studio, me: Person
) -> None:
    visit(desk, address)

    fox = serving.image_of(studio, me, serving.picture())
    expect(desk.locator(f"a[href='?view={fox}']")).to_be_visible()
    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY + 1} images")

    wheel_to(desk, 1_500)
    owl = serving.image_of(studio, me, serving.picture(colour="coral"))
    expect(desk.get_by_role("button", name="1 new image")).to_be_visible()
    assert scrolled(desk) == 1_500
    shot(desk, "new")
    desk.get_by_role("button", name="1 new image").click()
    expect(desk.locator(f"a[href='?view={owl}']")).to_be_visible()
