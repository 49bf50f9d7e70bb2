"""Images are picked by mouse, finger and keyboard, stay picked while one scrolls, and are acted on together."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, Route, expect

from core import access, marks, projects, trash
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from pages.parts import bulk, find_words
from tests import many, serving
from tests.branches import Step, grow
from tests.browser.app_server import app_server
from tests.browser.mounted import mounted
from tests.browser.seen import still
from tests.browser.test_gallery_page import grid_data, has_held, told
from tests.browser.working import SCREENSHOTS, serious
from tests.serving import Served

expect.set_options(timeout=15_000)  # the machine may be busy with other tests
HOW_MANY = 420
"""More than two pages of rows, so that a range reaches beyond what was read."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("picks")))
    with serving.followed(studio), serving.serving(studio) as served:
        yield served
    studio.engine.dispose()


@pytest.fixture(scope="module")
def me(served: Served) -> Person:
    return access.local_person(served.studio)


@pytest.fixture(scope="module")
def images(served: Served, me: Person) -> list[str]:
    """Newest first."""
    made = many.images(served.studio, me, HOW_MANY)
    many.thumbs(served.studio, me, made[:40])
    return made


@pytest.fixture
def grid(open_page: Callable[..., Page], served: Served, me: Person, images: list[str]) -> Iterator[Page]:
    yield shown(open_page, served, me)


def shown(
    open_page: Callable[..., Page], served: Served, me: Person, *, more: dict[str, Any] | None = None, **special: Any
) -> Page:
    """The grid alone, with `more` data; `special` is what kind of window it is."""
    data = grid_data(served.studio, me) | {"projects": [{"id": "1" * 32, "title": "Autumn"}]} | (more or {})
    page = mounted(open_page, served, me, {"gallery": data}, **special)
    expect(page.locator(".total")).to_have_text(f"{HOW_MANY} images")
    return page


def picture(page: Page, image_id: str) -> Any:
    return page.locator(f"a[href='?view={image_id}']")


def acted(page: Page) -> dict[str, Any]:
    """What Streamlit was asked for last."""
    return dict(told(page, "wishes")[-1][-1])


def refused(page: Page, sentence: str, **more: Any) -> None:
    """Streamlit answers so what was asked for last; with `more` data."""
    answer = {"wish": acted(page)["wish"], "error": sentence}
    page.evaluate("(data) => window.mounted.gallery(data)", {"answers": [answer], **more})


def test_a_click_with_ctrl_picks_and_one_with_shift_picks_all_between(grid: Page, images: list[str]) -> None:
    picture(grid, images[1]).click(modifiers=["Control"])
    picture(grid, images[4]).click(modifiers=["Shift"])
    expect(grid.get_by_role("toolbar")).to_contain_text("4 picked")

    picture(grid, images[2]).click()  # while something is picked, a click picks

    expect(grid.get_by_role("toolbar")).to_contain_text("3 picked")
    expect(grid.locator("[aria-selected=true]")).to_have_count(3)


def test_a_range_from_the_same_beginning_takes_the_place_of_the_one_before(grid: Page, images: list[str]) -> None:
    picture(grid, images[2]).focus()

    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft"):
        grid.keyboard.press(key)
    expect(grid.get_by_role("toolbar")).to_contain_text("2 picked")
    grid.keyboard.press("x")

    assert acted(grid)["ids"] == images[1:3]


def test_what_is_picked_stays_picked_however_far_one_scrolls(grid: Page, images: list[str]) -> None:
    picture(grid, images[0]).focus()
    grid.keyboard.press("Space")

    grid.keyboard.press("End")
    expect(picture(grid, images[-1])).to_be_focused()
    picture(grid, images[-1]).click(modifiers=["Shift"])
    expect(grid.get_by_role("toolbar")).to_contain_text(f"{HOW_MANY} picked")
    grid.get_by_role("button", name="Trash", exact=True).last.click()

    assert acted(grid)["ids"] == images


def test_the_second_click_of_a_double_click_does_nothing_to_what_lies_beneath(grid: Page, images: list[str]) -> None:
    """The bar went away with the first one, and the second opened an image over the offer to take it back."""
    grid.evaluate("() => document.addEventListener('studio:open', () => (window.opened = true))")
    for image in images[:3]:
        picture(grid, image).click(modifiers=["Control"])
    button = grid.get_by_role("toolbar").get_by_role("button", name="Trash", exact=True)
    place = button.bounding_box()
    assert place
    grid.evaluate("(y) => document.scrollingElement.scrollBy(0, y)", 40)

    grid.mouse.dblclick(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)

    assert acted(grid)["ids"] == images[:3]
    expect(grid.get_by_role("toolbar")).to_be_hidden()
    assert not grid.evaluate("() => window.opened")


def test_all_can_be_picked_and_none(grid: Page, images: list[str]) -> None:
    picture(grid, images[0]).focus()

    grid.keyboard.press("Control+a")
    expect(grid.get_by_role("toolbar")).to_contain_text(f"{HOW_MANY} picked")
    grid.keyboard.press("Escape")

    expect(grid.get_by_role("toolbar")).to_be_hidden()
    expect(grid.locator("[aria-selected=true]")).to_have_count(0)


def test_a_star_shows_at_once_and_the_next_press_takes_it(grid: Page, images: list[str]) -> None:
    picture(grid, images[0]).click(modifiers=["Control"])
    picture(grid, images[1]).click(modifiers=["Shift"])

    grid.keyboard.press("s")
    expect(grid.locator(".marks")).to_have_count(2)
    assert acted(grid)["on"] is True
    grid.keyboard.press("s")

    expect(grid.locator(".marks")).to_have_count(0)
    assert (acted(grid)["on"], acted(grid)["ids"]) == (False, images[:2])


def test_what_became_of_a_selection_is_shown(grid: Page, images: list[str]) -> None:
    """Of the images of one post the server selects one, and takes the mark from the one before."""
    picture(grid, images[0]).click(modifiers=["Control"])
    picture(grid, images[1]).click(modifiers=["Shift"])
    grid.get_by_role("toolbar").get_by_role("button", name="Select").click()
    expect(grid.locator(".marks")).to_have_count(2)

    grid.evaluate("(answers) => window.mounted.gallery({ answers })", [{"wish": acted(grid)["wish"]}])

    expect(grid.locator(".marks")).to_have_count(0)
    expect(grid.get_by_role("toolbar")).to_contain_text("2 picked")


def test_what_was_refused_is_shown_as_it_is(grid: Page, images: list[str]) -> None:
    picture(grid, images[0]).focus()
    grid.keyboard.press("s")
    expect(grid.locator(".marks")).to_have_count(1)

    refused(grid, "There is no such image, or it is not yours.")

    expect(grid.locator(".marks")).to_have_count(0)
    expect(grid.get_by_role("alert")).to_contain_text("not yours")


def test_what_was_picked_for_something_refused_is_picked_again(grid: Page, images: list[str]) -> None:
    picture(grid, images[0]).click(modifiers=["Control"])
    picture(grid, images[1]).click(modifiers=["Shift"])
    grid.keyboard.press("x")
    expect(grid.get_by_role("toolbar")).to_be_hidden()

    refused(grid, "They are not yours.")

    expect(grid.get_by_role("toolbar")).to_contain_text("2 picked")
    expect(grid.locator("[aria-selected=true]")).to_have_count(2)
    expect(grid.locator(".leaving")).to_have_count(0)


def test_a_refusal_is_said_though_another_line_came_with_it(grid: Page, images: list[str]) -> None:
    picture(grid, images[0]).focus()
    grid.keyboard.press("s")

    refused(grid, "It is not yours.", q="is:starred", first=EMPTY)

    expect(grid.locator(".total")).to_have_text("0 images")
    expect(grid.get_by_role("alert")).to_contain_text("not yours")


def test_when_even_that_fails_it_can_be_tried_again_and_what_is_drawn_can_be_picked(
    grid: Page, images: list[str]
) -> None:
    grid.route("**/api/gallery/layout*", lambda route: route.abort())
    picture(grid, images[0]).focus()
    grid.keyboard.press("s")
    refused(grid, "It is not yours.")
    expect(grid.get_by_role("alert")).to_contain_text("They are safe")

    picture(grid, images[1]).click(modifiers=["Control"])
    expect(grid.get_by_role("toolbar")).to_contain_text("1 picked")
    grid.unroute("**/api/gallery/layout*")
    grid.get_by_role("button", name="Try again").click()

    expect(grid.get_by_role("alert")).to_contain_text("not yours")


def test_the_keyboard_goes_back_to_the_grid_when_the_bar_is_gone(grid: Page, images: list[str]) -> None:
    picture(grid, images[1]).click(modifiers=["Control"])
    grid.get_by_role("toolbar").get_by_role("button", name="Trash").focus()

    grid.keyboard.press("Enter")

    expect(grid.get_by_role("toolbar")).to_be_hidden()
    expect(picture(grid, images[1])).to_be_focused()


@pytest.mark.parametrize("width", [1440, 390])
def test_what_takes_a_loss_back_does_not_cover_what_can_be_done_with_others(
    open_page: Callable[..., Page], served: Served, me: Person, images: list[str], width: int
) -> None:
    page = shown(open_page, served, me, width=width)
    picture(page, images[0]).focus()
    page.keyboard.press("x")
    page.evaluate("(answer) => window.mounted.gallery({ answers: [answer] })", {"wish": acted(page)["wish"]})
    page.evaluate(UNDO)

    picture(page, images[1]).click(modifiers=["Control"])
    still(page)
    page.screenshot(path=SCREENSHOTS / f"gallery-picked-above-undo-{width}.png")

    bar, undo = page.get_by_role("toolbar").bounding_box(), page.locator(".undo").bounding_box()
    assert bar and undo and bar["y"] + bar["height"] <= undo["y"]


@pytest.mark.parametrize("then", ["nothing", "another", "a range", "another line"])
def test_a_range_that_comes_late_picks_nothing(grid: Page, images: list[str], then: str) -> None:
    held: list[Route] = []
    grid.route("**/api/gallery/ids?*", lambda route: held.append(route))
    picture(grid, images[0]).focus()
    grid.keyboard.press("Control+a")
    has_held(grid, held)

    if then == "nothing":
        grid.keyboard.press("Escape")
    if then == "another":
        picture(grid, images[2]).click(modifiers=["Control"])
    if then == "a range":
        grid.keyboard.press("Shift+ArrowRight")
    if then == "another line":
        grid.evaluate("(first) => window.mounted.gallery({ q: 'is:starred', first })", EMPTY)
    with grid.expect_response("**/api/gallery/ids?*"):
        held[0].continue_()
    grid.wait_for_timeout(200)

    expect(grid.locator(".picked .told")).to_have_text({"another": "1 picked", "a range": "2 picked"}.get(then, ""))


def test_as_many_are_picked_as_can_be_acted_on_and_it_says_so(grid: Page) -> None:
    assert grid.evaluate(TOO_MANY) == {
        "from the top": ["0", "9999"],
        "from the end": ["2000", "11999"],
        "most": [10_000, 10_000],
    }
    assert grid.evaluate(IN_PARTS, EMPTY) == [["c1", 10_000], ["c51", 50], 10_000, "c51+49"]


def test_a_star_for_all_can_be_taken_from_all(grid: Page, images: list[str]) -> None:
    picture(grid, images[0]).focus()
    grid.keyboard.press("Control+a")
    expect(grid.get_by_role("toolbar")).to_contain_text(f"{HOW_MANY} picked")

    grid.keyboard.press("s")
    expect(grid.get_by_role("toolbar").get_by_text("Remove the star")).to_be_visible()
    grid.keyboard.press("s")

    assert (acted(grid)["on"], len(acted(grid)["ids"])) == (False, HOW_MANY)


def test_the_star_of_a_tile_says_whether_it_is_there(grid: Page, images: list[str]) -> None:
    tile = grid.locator(".tile", has=picture(grid, images[0]))
    tile.hover()
    star = tile.get_by_role("button", name="Star")
    expect(star).to_have_attribute("aria-pressed", "false")

    star.click()

    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_have_attribute("title", "Remove the star")


@pytest.mark.parametrize(("wide", "rows"), [(72, 3), (93, 3), (124, 2), (150, 2), (195, 2), (196, 1), (260, 1)])
def test_what_a_tile_offers_stands_clear_of_where_it_is_picked(grid: Page, wide: int, rows: int) -> None:
    tile = grid.locator(".tile").first
    tile.evaluate("(node, wide) => (node.style.width = `${wide}px`)", wide)
    tile.locator(".picture").focus()

    pick, inside = tile.locator(".pick").bounding_box(), tile.bounding_box()
    acts = [box for act in tile.locator(".actions .act").all() if (box := act.bounding_box())]
    assert pick and inside and len(acts) == (4 if wide >= 124 else 3)
    assert len({box["y"] for box in acts}) == rows
    assert all(box["x"] >= inside["x"] + 8 for box in acts)
    for box in acts:
        assert box["x"] >= pick["x"] + pick["width"] + 4 or box["y"] >= pick["y"] + pick["height"] + 4
    assert tile.locator(".said").is_visible() == (rows == 1)  # a second row stands where the words would


def test_focus_and_picks_are_seen_where_colours_are_forced(grid: Page, images: list[str]) -> None:
    grid.emulate_media(forced_colors="active")
    picture(grid, images[0]).focus()
    grid.keyboard.press("Space")
    grid.keyboard.press("ArrowRight")

    assert picture(grid, images[1]).evaluate("(node) => getComputedStyle(node, '::after').outlineStyle") == "solid"
    tick = picture(grid, images[0]).evaluate("(node) => getComputedStyle(node.parentElement, '::after').content")
    assert "\u2713" in tick
    grid.screenshot(path=SCREENSHOTS / "gallery-forced-colours.png")
    grid.emulate_media(forced_colors="none")


def test_a_line_is_told_until_it_is_in_effect_and_before_all_wishes(
    open_page: Callable[..., Page], served: Served, me: Person, images: list[str]
) -> None:
    page = with_line(open_page, served, me)
    field = page.get_by_role("combobox", name="Search and filter")
    field.fill("is:starred")
    field.press("Enter")
    page.wait_for_function("() => window.told.some(([, what]) => what === 'line')")
    picture(page, images[0]).focus()
    page.keyboard.press("s")

    page.clock.fast_forward(5_000)
    page.clock.fast_forward(5_000)
    lines = told(page, "line")
    assert (set(lines), len(lines) >= 3, len(told(page, "wishes"))) == ({"is:starred"}, True, 1)
    page.evaluate("(first) => window.mounted.gallery({ q: 'is:starred', first })", EMPTY)
    page.clock.fast_forward(1_000)

    assert (told(page, "line"), len(told(page, "wishes"))) == (lines, 2)


def test_a_wish_is_told_again_when_nobody_answers_and_not_before(
    open_page: Callable[..., Page], served: Served, me: Person, images: list[str]
) -> None:
    page = with_line(open_page, served, me)
    picture(page, images[0]).focus()

    for _ in range(2):
        page.keyboard.press("s")
        page.clock.fast_forward(2_200)
    assert [len(wishes) for wishes in told(page, "wishes")] == [1, 2]
    page.clock.fast_forward(3_000)

    assert [len(wishes) for wishes in told(page, "wishes")] == [1, 2, 2]


def test_what_is_done_with_a_view_is_told_until_it_is_answered_and_a_refusal_is_said(
    open_page: Callable[..., Page], served: Served, me: Person, images: list[str]
) -> None:
    stars = {"id": "2" * 32, "name": "Stars", "line": "is:starred", "shared": False, "owner": ""}
    page = with_line(open_page, served, me, stars)
    picture(page, images[0]).click(modifiers=["Control"])
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="What to do with “Stars”").click()
    page.get_by_role("button", name="Share with the team").click()

    page.clock.fast_forward(5_000)
    first, again = told(page, "wishes")
    assert [(wish["act"], wish["id"], wish["on"]) for wish in first] == [("view.share", stars["id"], True)]
    assert again == first
    refused(page, "There is no such view.")
    page.clock.fast_forward(5_000)

    expect(
        page.get_by_role("alert").filter(has_text="There is no such view.")
    ).to_be_visible()  # once: where it was wished
    expect(page.get_by_role("dialog", name="Views").get_by_role("alert")).to_have_text("There is no such view.")
    expect(page.get_by_role("toolbar")).to_contain_text("1 picked")
    assert len(told(page, "wishes")) == 2


def with_line(open_page: Callable[..., Page], served: Served, me: Person, *views: dict[str, Any]) -> Page:
    """The grid under the line of what is looked for, with its clock in our hands."""

    def clocked(**look: Any) -> Page:
        page = open_page(**look)
        page.clock.install()
        return page

    words = grid_data(served.studio, me)["words"] | {"find": find_words.words()}
    page = shown(clocked, served, me, more={"views": list(views), "words": words})
    expect(page.locator(".find.asking")).to_have_count(0)
    return page


def test_the_keys_of_the_grid_are_listed_there_and_beside_an_image(grid: Page, images: list[str]) -> None:
    """Only the large view told its own."""
    picture(grid, images[0]).focus()
    grid.keyboard.press("?")
    told = grid.get_by_role("dialog", name="Keys")
    for act in (act for act in bulk.acts() if act.get("key")):
        expect(told).to_contain_text(f"{act['key'].upper()}{act['label']}")
    expect(told).to_contain_text("Pick all")
    assert serious(grid) == []
    grid.keyboard.press("Escape")
    expect(told).to_have_count(0)
    expect(picture(grid, images[0])).to_be_focused()

    keys = grid.evaluate("""() => new Promise((done) => {
      document.addEventListener("studio:order", ({ detail }) => done(detail.keys()), { once: true });
      document.dispatchEvent(new CustomEvent("studio:ready"));
    })""")

    assert [["S"], "Star"] in keys and [["Ctrl A"], "Pick all"] in keys


def test_picked_images_go_into_a_project_by_keyboard(grid: Page, images: list[str]) -> None:
    picture(grid, images[3]).click(modifiers=["Control"])
    grid.get_by_role("button", name="Add to project").focus()

    grid.keyboard.press("Enter")
    expect(grid.get_by_role("button", name="Autumn")).to_be_focused()
    grid.keyboard.press("Escape")
    expect(grid.get_by_role("button", name="Add to project")).to_be_focused()
    grid.keyboard.press("Enter")
    grid.get_by_role("textbox", name="New project").fill("Winter")
    grid.keyboard.press("Enter")

    assert (acted(grid)["act"], acted(grid)["title"], acted(grid)["ids"]) == ("project", "Winter", [images[3]])
    expect(grid.get_by_role("toolbar")).to_contain_text("1 picked")
    expect(grid.get_by_role("textbox", name="New project")).to_have_count(0)
    expect(grid.get_by_role("button", name="Add to project")).to_be_focused()


def test_several_images_are_downloaded_as_one_zip(grid: Page, images: list[str]) -> None:
    picture(grid, images[0]).click(modifiers=["Control"])
    picture(grid, images[2]).click(modifiers=["Shift"])

    with grid.expect_download() as download:
        grid.get_by_role("button", name="Download", exact=True).last.click()

    with ZipFile(download.value.path()) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == 3


def test_a_finger_that_rests_picks_and_a_tap_picks_more(
    open_page: Callable[..., Page], served: Served, me: Person, images: list[str]
) -> None:
    page = shown(open_page, served, me, width=390, has_touch=True, is_mobile=True)
    page.evaluate(HOLD, f"?view={images[0]}")
    expect(page.get_by_role("toolbar")).to_contain_text("1 picked")

    picture(page, images[1]).tap()

    expect(page.get_by_role("toolbar")).to_contain_text("2 picked")


def test_squares_are_remembered(grid: Page, images: list[str]) -> None:
    grid.get_by_role("button", name="Squares").click()
    grid.reload()
    grid.wait_for_function("() => window.ready")

    tile = picture(grid, images[1]).locator("xpath=..").bounding_box()
    assert tile and abs(tile["width"] - tile["height"]) <= 1
    grid.get_by_role("button", name="Whole pictures").click()


def test_squares_are_offered_by_a_browser_that_keeps_nothing(
    open_page: Callable[..., Page], served: Served, me: Person, images: list[str]
) -> None:
    def forgetful(**look: Any) -> Page:
        page = open_page(**look)
        thrown = "() => { throw new DOMException('The operation is insecure.', 'SecurityError'); }"
        page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{ get: {thrown} }})")
        return page

    page = shown(forgetful, served, me)
    page.get_by_role("button", name="Squares").click()

    expect(page.get_by_role("button", name="Whole pictures")).to_be_visible()


def places_asked(page: Page) -> list[str]:
    """The days that the server is asked for from now on, as addresses."""
    asked: list[str] = []
    page.on("request", lambda request: asked.extend([request.url] if "/place" in request.url else []))
    return asked


def test_a_date_can_be_typed(grid: Page, images: list[str]) -> None:
    asked = places_asked(grid)
    field = grid.get_by_label("Go to a date").last
    field.focus()

    grid.keyboard.type("01022020", delay=20)
    expect(field).to_be_focused()
    expect(field).to_have_css("opacity", "1")
    expect(field).to_have_value("2020-01-02")
    assert asked == []
    grid.screenshot(path=SCREENSHOTS / "gallery-date.png")
    grid.keyboard.press("Enter")

    expect(picture(grid, images[-1])).to_be_focused()
    assert len(asked) == 1


def test_a_year_that_is_half_typed_leads_nowhere(grid: Page, images: list[str]) -> None:
    asked = places_asked(grid)
    grid.get_by_label("Go to a date").last.focus()

    grid.keyboard.type("0102202", delay=20)
    grid.keyboard.press("Enter")
    picture(grid, images[0]).focus()
    grid.wait_for_timeout(200)

    assert asked == []


def test_a_date_leads_to_its_newest_image(grid: Page, served: Served, images: list[str]) -> None:
    grid.get_by_label("Go to a date").last.fill("2020-01-01")

    expect(picture(grid, images[-1])).to_be_focused()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_nothing_serious_for_people_with_assistive_technology_while_picking(
    open_page: Callable[..., Page], served: Served, me: Person, images: list[str], width: int, dark: bool
) -> None:
    page = shown(open_page, served, me, width=width, dark=dark)
    picture(page, images[0]).click(modifiers=["Control"])

    page.get_by_role("button", name="Add to project").click()
    still(page)

    assert serious(page) == []


EMPTY: dict[str, Any] = {"id": [], "models": [], "next": None}
UNDO = """async () => {
  const host = document.querySelector("main").appendChild(document.createElement("div"));
  const parentElement = host.attachShadow({ mode: "open" }).appendChild(document.createElement("div"));
  const words = { undo: "Undo", close: "Close", follow: "Trash too" };
  const data = { text: "1 image is in the trash. 1 derived image stays.", seconds: 60, words };
  (await import("/ui/0/undo.bundle.js")).default({ data, parentElement, setTriggerValue() {} });
}"""
TOO_MANY = """async () => {
  const { Hand } = await import("/ui/0/gallery_hand.js"), { Picks } = await import("/ui/0/gallery_picks.js");
  const shelf = {
    total: 12_000, at: (index) => ({ id: `${index}` }), indexOf: (id) => (id === null ? -1 : Number(id)),
    ids: async (from, to) => Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`),
  };
  const picks = new Picks(() => {}), most = [], told = () => [[...picks.ids][0], [...picks.ids].at(-1)];
  const wall = { grid: document.createElement("div"), current: 0 };
  const hand = new Hand(wall, picks, () => ({ acts: [] }), () => shelf, { most: (n) => most.push(n) });
  await hand.obey("all");
  const top = told();
  picks.clear();
  picks.anchor = "11999";
  await hand.range(0);
  return { "from the top": top, "from the end": told(), most };
}"""
IN_PARTS = """async (first) => {
  const { Shelf } = await import("/ui/0/gallery_shelf.js"), real = window.fetch, asked = [];
  const shelf = new Shelf(first, { source: "/api/gallery", q: "" });
  shelf.cursors = Array.from({ length: 60 }, (_, page) => (page ? `c${page}` : null));
  window.fetch = async (address) => {
    const { searchParams: query } = new URL(address), after = query.get("after"), limit = Number(query.get("limit"));
    asked.push([after, limit]);
    return new Response(JSON.stringify(Array.from({ length: limit }, (_, n) => `${after}+${n}`)));
  };
  const ids = await shelf.ids(250, 10_249);
  window.fetch = real;
  return [...asked, ids.length, ids.at(-1)];
}"""
HOLD = """async (href) => {
  const deep = (node) => [node, ...(node.shadowRoot ? inside(node.shadowRoot) : [])];
  const inside = (root) => [...root.querySelectorAll("*")].flatMap(deep);
  const node = inside(document).find((n) => n.getAttribute("href") === href);
  const touch = (type) => node.dispatchEvent(new PointerEvent(type,
    { bubbles: true, composed: true, pointerType: "touch", clientX: 60, clientY: 200 }));
  touch("pointerdown");
  await new Promise((done) => setTimeout(done, 700));
  touch("pointerup");
}"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Studio, Person, list[str]]]:
    """The application itself, with a few images."""
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("app")))
    me = access.local_person(studio)
    made = many.images(studio, me, 30)
    many.thumbs(studio, me, made)
    with app_server(studio.settings.data_dir) as address:
        yield address, studio, me, made
    studio.engine.dispose()


@pytest.mark.parametrize("first", [0, 2])
def test_trashing_two_takes_them_away_and_undo_brings_them_back(
    open_page: Callable[..., Page], root: tuple[str, Studio, Person, list[str]], first: int
) -> None:
    address, _, _, made = root
    page = open_page(width=1440)
    page.goto(f"{address}/gallery")
    expect(page.locator(".total")).to_have_text("30 images")
    picture(page, made[first]).click(modifiers=["Control"])
    picture(page, made[first + 2]).click(modifiers=["Control"])

    page.keyboard.press("x")
    expect(page.locator(".total")).to_have_text("28 images")
    for gone in (first, first + 2):
        expect(picture(page, made[gone])).to_have_count(0)
    expect(picture(page, made[first + 1])).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".total")).to_have_text("30 images")
    for back in (first, first + 1, first + 2):
        expect(picture(page, made[back])).to_be_visible()


def test_what_was_derived_may_follow_into_the_trash_and_comes_back_with_it(
    open_page: Callable[..., Page], root: tuple[str, Studio, Person, list[str]]
) -> None:
    address, studio, me, _ = root
    first, edit = (images[0] for images in grow(studio, me, [Step("a lantern"), Step("a red one", source=1)]).images)
    page = open_page(width=1440)
    page.goto(f"{address}/gallery?q=lantern")
    expect(page.locator(".total")).to_have_text("1 image")
    picture(page, first).click(modifiers=["Control"])
    page.keyboard.press("x")
    expect(page.get_by_role("status").filter(has_text="1 derived image stays.")).to_be_visible()
    still(page)
    page.screenshot(path=SCREENSHOTS / "gallery-derived.png")

    page.get_by_role("button", name="Trash too").click()
    expect(page.get_by_text("2 images are in the trash.")).to_be_visible()
    assert {tile.id for tile in trash.contents(studio, me).tiles} == {first, edit}
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".total")).to_have_text("1 image")
    assert trash.contents(studio, me).tiles == ()


def test_the_address_says_what_is_looked_for(
    open_page: Callable[..., Page], root: tuple[str, Studio, Person, list[str]]
) -> None:
    address, studio, me, made = root
    marks.star(studio, me, made[3:5])
    projects.start(studio, me, "Autumn")
    page = open_page(width=1440)
    page.goto(f"{address}/gallery?q=is:starred")
    expect(page.locator(".total")).to_have_text("2 images")
    picture(page, made[3]).click(modifiers=["Control"])
    page.get_by_role("button", name="Add to project").click()
    page.get_by_role("button", name="Autumn").click()
    expect(page.get_by_text("1 post went to: Autumn")).to_be_visible()
    expect(page.get_by_role("toolbar")).to_contain_text("1 picked")
    still(page)
    page.screenshot(path=SCREENSHOTS / "gallery-project.png")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    page.get_by_role("button", name="Add to project").click()
    page.get_by_role("button", name="Autumn").click()
    expect(page.get_by_text("1 post went to: Autumn")).to_be_visible()
    page.goto(f"{address}/gallery?q=project:Autumn")

    expect(page.locator(".total")).to_have_text(re.compile("^[12] images?$"))
