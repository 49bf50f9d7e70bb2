"""The gallery as a person uses it: scroll, look, walk along, share the address, by mouse and by keyboard alone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import access
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from tests import many, serving
from tests.browser.app_server import app_server
from tests.browser.working import LOOKS, serious

expect.set_options(timeout=15_000)  # the machine may be busy with other tests
SHOTS = Path(__file__).parent / "screenshots"
HOW_MANY = 420
"""More than two pages of rows, so that scrolling has something to ask for."""
TILES = "[...document.querySelectorAll('*')].flatMap((node) => [...(node.shadowRoot?.querySelectorAll('.tile') ?? [])])"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("gallery")))
    yield studio
    studio.engine.dispose()


@pytest.fixture(scope="module")
def me(studio: Studio) -> Person:
    return access.local_person(studio)


@pytest.fixture(scope="module")
def images(studio: Studio, me: Person) -> list[str]:
    """Newest first."""
    made = many.images(studio, me, HOW_MANY)
    many.thumbs(studio, me, made)
    return made


@pytest.fixture(scope="module")
def address(studio: Studio, images: list[str]) -> Iterator[str]:
    with app_server(studio.settings.data_dir) as address:
        yield f"{address}/gallery"


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


def visit(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".picture img.there").first).to_be_visible()
    expect(page.locator(".total")).to_have_text(f"{HOW_MANY} images")


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    size = page.viewport_size or {"width": 0}
    page.screenshot(path=SHOTS / f"gallery-{name}-{size['width']}.png")


def focused(page: Page) -> str:
    """Which image has the focus: its address."""
    return str(page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.getAttribute('href') ?? ''"))


def named(page: Page) -> str:
    """What a screen reader calls what has the focus."""
    return str(
        page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.getAttribute('aria-label') ?? ''")
    )


def wheel_to(page: Page, top: int) -> None:
    page.evaluate("(top) => document.querySelector('[data-testid=stMain]').scrollTo({ top, behavior: 'instant' })", top)


def scrolled(page: Page) -> int:
    return int(page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTop"))


def test_only_what_is_in_sight_exists_and_all_can_be_reached(page: Page, address: str, images: list[str]) -> None:
    visit(page, address)
    shot(page, "grid")

    tiles = []
    for top in (0, 3_000, 400, 10_000_000):
        wheel_to(page, top)
        expect(page.locator(".tile:not(.unread) img.there").last).to_be_visible()
        expect(page.locator(".unread")).to_have_count(0)
        tiles.append(page.locator(".tile").count())

    assert max(tiles) <= 120
    expect(page.locator(f"a[href='?view={images[-1]}']")).to_be_visible()


def test_pictures_do_not_move_while_they_load(desk: Page, address: str) -> None:
    desk.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((e) => window.shift += e.value))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    visit(desk, address)
    desk.evaluate("() => { window.shift = 0; }")  # what Streamlit moves while it starts is not ours

    for top in (600, 1_200, 5_000):
        wheel_to(desk, top)
        expect(desk.locator(".unread")).to_have_count(0)

    assert desk.evaluate("() => window.shift") == 0


def test_by_keyboard_alone(page: Page, address: str, images: list[str]) -> None:
    visit(page, address)
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


def test_the_actions_of_every_image_are_a_tab_away(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)
    desk.locator(f"a[href='?view={images[0]}']").focus()

    for image in images[:3]:
        assert focused(desk) == f"?view={image}"
        desk.keyboard.press("Tab")
        assert named(desk) in ("Open", "Use in Create")  # a narrow tile has no room for three: Enter opens it
        while named(desk) != "Download":
            desk.keyboard.press("Tab")
        assert focused(desk).endswith(f"{image}/download")
        desk.keyboard.press("ArrowRight")


def test_only_the_tiles_in_use_carry_actions(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)
    at_rest = desk.locator(".tile button").count()
    desk.locator(f"a[href='?view={images[0]}']").focus()
    for image in (images[4], images[1], images[5]):
        desk.locator(f"a[href='?view={image}']").hover()

    assert at_rest == 0
    for image, there in ((images[0], 1), (images[1], 0), (images[4], 0), (images[5], 1)):
        tile = desk.locator(".tile", has=desk.locator(f"a[href='?view={image}']"))
        expect(tile.locator(".actions")).to_have_count(there)


def test_what_is_drawn_stays_when_the_whole_is_measured(desk: Page, address: str, images: list[str]) -> None:
    desk.route("**/api/gallery/layout", lambda route: route.abort())
    desk.goto(address)
    expect(desk.get_by_role("alert")).to_be_visible()
    desk.evaluate(f"() => {TILES}.forEach((tile) => (tile.drawnBefore = true))")
    desk.unroute("**/api/gallery/layout")

    desk.get_by_role("button", name="Try again").click()
    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY} images")

    assert desk.evaluate(f"() => {TILES}.filter((tile) => !tile.drawnBefore).length") == 0


def test_the_lightbox_tells_all_and_keeps_the_page_behind_still(page: Page, address: str, images: list[str]) -> None:
    visit(page, address)
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


def test_practice_is_free_and_says_so(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)

    desk.locator(f"a[href='?view={images[2]}']").click()

    expect(desk.get_by_role("complementary")).to_contain_text("Practice, free")


def test_what_the_turn_made_besides_is_one_click_away(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)
    desk.locator(f"a[href='?view={images[0]}']").click()

    desk.locator(".strip button:not([aria-current])").click()

    expect(desk.locator(".place")).to_have_text(f"2 of {HOW_MANY}")


def test_a_link_opens_the_image_and_a_refresh_opens_it_again(page: Page, address: str, images: list[str]) -> None:
    page.goto(f"{address}?view={images[300]}")
    expect(page.locator(".place")).to_have_text(f"301 of {HOW_MANY}")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"{address}?view={images[301]}")

    page.reload()

    expect(page.locator(".place")).to_have_text(f"302 of {HOW_MANY}")
    page.keyboard.press("Escape")
    expect(page).to_have_url(address)


def test_back_closes_however_many_images_were_looked_at(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)
    desk.locator(f"a[href='?view={images[0]}']").click()
    for n in range(1, 4):
        desk.keyboard.press("ArrowRight")
        expect(desk).to_have_url(f"{address}?view={images[n]}")

    desk.go_back()

    expect(desk.get_by_role("dialog")).to_be_hidden()
    expect(desk).to_have_url(address)


def test_escape_leaves_no_trace_in_the_history(desk: Page, address: str, images: list[str]) -> None:
    root = address.removesuffix("gallery")
    desk.goto(root)
    desk.get_by_role("link", name="Gallery").click()
    expect(desk.locator(".total")).to_have_text(f"{HOW_MANY} images")
    desk.locator(f"a[href='?view={images[0]}']").click()
    expect(desk).to_have_url(f"{address}?view={images[0]}")
    desk.keyboard.press("Escape")
    expect(desk).to_have_url(address)

    desk.go_back()

    expect(desk).to_have_url(root)


def test_the_same_image_opens_twice(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)

    for _ in range(2):
        desk.locator(f"a[href='?view={images[0]}']").click()
        expect(desk).to_have_url(f"{address}?view={images[0]}")
        desk.keyboard.press("Escape")
        expect(desk).to_have_url(address)

    expect(desk.get_by_role("dialog")).to_be_hidden()


def test_a_link_to_what_is_gone_is_answered_kindly(desk: Page, address: str) -> None:
    desk.goto(f"{address}?view={'0' * 32}")

    expect(desk.get_by_text("not here any more")).to_be_visible()
    expect(desk.get_by_role("dialog")).to_be_hidden()
    expect(desk).to_have_url(address)
    expect(desk.locator(".picture img.there").first).to_be_visible()


def test_an_image_goes_to_create_in_one_click(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)
    tile = desk.locator(".tile", has=desk.locator(f"a[href='?view={images[0]}']"))
    tile.hover()

    tile.get_by_role("button", name="Use in Create").click()

    expect(desk).to_have_url(re.compile(rf"/\?source={images[0]}$"))


def test_an_image_is_downloaded_as_it_was_made(desk: Page, address: str, images: list[str]) -> None:
    visit(desk, address)
    tile = desk.locator(".tile", has=desk.locator(f"a[href='?view={images[0]}']"))
    tile.hover()

    with desk.expect_download() as download:
        tile.get_by_role("link", name="Download").click()

    assert download.value.suggested_filename.endswith(".png")
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_nothing_serious_for_people_with_assistive_technology(page: Page, address: str, images: list[str]) -> None:
    visit(page, address)
    page.wait_for_timeout(400)  # pictures fade in; half-faded ones have no contrast worth measuring
    grid = serious(page)
    page.locator(f"a[href='?view={images[1]}']").click()
    expect(page.locator(".facts")).to_be_visible()
    page.wait_for_timeout(400)

    assert grid == []
    assert serious(page) == []


def test_rows_that_do_not_come_can_be_asked_for_again(desk: Page, address: str) -> None:
    desk.route("**/api/gallery?*", lambda route: route.abort())
    visit(desk, address)
    wheel_to(desk, 4_000)
    expect(desk.get_by_role("alert")).to_contain_text("They are safe")
    shot(desk, "failing")

    desk.unroute("**/api/gallery?*")
    desk.get_by_role("button", name="Try again").click()

    expect(desk.locator(".unread")).to_have_count(0)
    expect(desk.get_by_role("alert")).to_be_hidden()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio without any image."""
    with app_server(tmp_path_factory.mktemp("bare")) as root:
        yield root


def test_without_images_it_leads_to_the_first_one(page: Page, bare: str) -> None:
    page.goto(f"{bare}/gallery")
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    shot(page, "empty")

    page.get_by_role("button", name="Make your first image").click()

    expect(page).to_have_url(f"{bare}/")


def test_a_new_image_slides_in_at_the_top_and_waits_below(open_page: Callable[..., Page], tmp_path: Path) -> None:
    studio = open_studio(Settings(data_dir=tmp_path))
    me = access.local_person(studio)
    many.thumbs(studio, me, many.images(studio, me, 90))
    top, below = open_page(), open_page()
    with app_server(tmp_path) as root:
        for screen in (top, below):
            screen.goto(f"{root}/gallery")
            expect(screen.locator(".total")).to_have_text("90 images")
        wheel_to(below, 1_500)

        fox = serving.image_of(studio, me, serving.picture())

        expect(top.locator(f"a[href='?view={fox}']")).to_be_visible()
        expect(top.locator(".total")).to_have_text("91 images")
        expect(below.get_by_role("button", name="1 new image")).to_be_visible()
        assert scrolled(below) == 1_500
        shot(below, "new")
        below.get_by_role("button", name="1 new image").click()
        expect(below.locator(f"a[href='?view={fox}']")).to_be_visible()
    studio.engine.dispose()
