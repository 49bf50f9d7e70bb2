"""Painting a mask in a real browser: what is kept is what was painted, within one pixel of the image, by any means."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core import access, uploads
from core.access import Person
from core.studio import Studio
from core.tables import Image as Kept
from core.views import ImageView
from pages.parts import mask
from tests.browser.app_server import app_server
from tests.browser.mounted import mounted
from tests.browser.working import ARRIVES, LOOKS, SCREENSHOTS, serious
from tests.serving import Served, picture
from tests.test_masks import covers

Area = NDArray[np.bool_]

SCRIPT, PAGE = "tests/browser/alone_app.py", "mask_page.py"
SIZES = [(1203, 801), (2003, 1336), (333, 1201)]
"""Shown larger than they are, smaller than they are, and tall."""
COLOURS = ("teal", "coral")
OPEN, AGAIN = "Change only a part…", "Paint on…"


@dataclass(frozen=True)
class Painter:
    """The painter on an image of this size, seen through a browser."""

    page: Page
    studio: Studio
    width: int
    height: int

    @property
    def area(self) -> Locator:
        return self.page.get_by_role("application", name="Painting area")

    def open(self, button: str = OPEN) -> None:
        self.page.get_by_role("button", name=button).click()
        expect(self.area).to_be_focused()

    def tool(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def at(self, across: float, down: float) -> tuple[tuple[int, int], tuple[float, float]]:
        """A whole pixel of the screen near this part of the image, and where that is in the image's own pixels."""
        box = self.area.bounding_box()
        assert box
        x, y = round(box["x"] + across * box["width"]), round(box["y"] + down * box["height"])
        in_image = ((x - box["x"]) * self.width / box["width"], (y - box["y"]) * self.height / box["height"])
        return (x, y), in_image

    def drag(self, *places: tuple[float, float]) -> list[tuple[float, float]]:
        """With the mouse, in as few steps as there are places; these places in the image's own pixels."""
        found = [self.at(*place) for place in places]
        self.page.mouse.move(*found[0][0])
        self.page.mouse.down()
        for screen, _ in found[1:]:
            self.page.mouse.move(*screen)
        self.page.mouse.up()
        return [in_image for _, in_image in found]

    @property
    def brush(self) -> float:
        """Pixels across."""
        said = self.page.get_by_role("slider", name="Size").get_attribute("aria-valuetext") or ""
        return float(said.partition(" ")[0].replace(",", ""))

    def done(self) -> Area:
        """Press Done; what the studio keeps now, True where it may change."""
        self.page.get_by_role("button", name="Done").click()
        return self.kept()

    def told(self) -> list[str | None]:
        """The masks that the component told Python about, in their order."""
        told = self.page.evaluate("() => window.told")
        assert all(entry[:2] == ["mask", "mask"] for entry in told)
        return [mask and mask["id"] for _, _, mask in told]

    def kept(self) -> Area:
        """What the studio keeps once the painter is closed; Python gives the component its mask back."""
        expect(self.area).to_have_count(0)
        told = self.told()[-1]
        assert told
        self.page.evaluate("(mask) => window.mounted.mask({ mask })", told)
        return mask_of(self, told)


@dataclass(frozen=True)
class Screen(Painter):
    """The painter on a screen of the studio, below which stands what Python got."""

    def told(self) -> list[str | None]:
        said = self.page.get_by_text(re.compile("^mask: ")).inner_text().removeprefix("mask: ")
        return [None if said == "None" else said]

    def kept(self) -> Area:
        expect(self.page.get_by_text("mask: None")).to_have_count(0, timeout=ARRIVES)
        [told] = self.told()
        assert told
        return mask_of(self, told)


Paint = Callable[..., Painter]


@pytest.fixture
def visit(open_page: Callable[..., Page], served: Served, me: Person) -> Paint:
    """Mounts the painter in a window of its own: `visit((1203, 801))`."""

    def go(size: tuple[int, int] = SIZES[0], **look: Any) -> Painter:
        source = uploads.upload(served.studio, me, picture("PNG", size))
        return Painter(
            mounted(open_page, served, me, {"mask": about(served, me, source)}, **look), served.studio, *size
        )

    return go


@pytest.fixture
def painter(visit: Paint) -> Painter:
    """Open on an image of the first size."""
    opened = visit()
    opened.open()
    return opened


@pytest.fixture(scope="module")
def address(served: Served) -> Iterator[str]:
    with app_server(served.studio.settings.data_dir, SCRIPT, PAGE=PAGE, FREE_SPACE_FLOOR_MB="1") as found:
        yield found


@pytest.fixture
def screen(open_page: Callable[..., Page], address: str, served: Served, me: Person) -> Screen:
    """The painter is open in front of a page of the studio."""
    source, other = (uploads.upload(served.studio, me, picture(size=SIZES[0], colour=colour)).id for colour in COLOURS)
    opened = Screen(open_page(f"{address}/?source={source}&other={other}"), served.studio, *SIZES[0])
    opened.open()
    return opened


@pytest.mark.parametrize("size", SIZES)
def test_a_rectangle_is_kept_within_one_pixel(visit: Paint, size: tuple[int, int]) -> None:
    painter = visit(size)
    painter.open()

    painter.tool("Rectangle")
    corners = painter.drag((0.2, 0.3), (0.5, 0.5), (0.7, 0.85))

    assert covers(painter.done(), box(size, corners[0], corners[2]))


def test_a_rectangle_on_a_sharp_phone_is_kept_within_one_pixel(visit: Paint) -> None:
    painter = visit((2048, 1365), width=390, device_scale_factor=3)
    painter.open()

    painter.tool("Rectangle")
    corners = painter.drag((0.8, 0.9), (0.1, 0.2))

    assert covers(painter.done(), box((2048, 1365), *corners))


@pytest.mark.parametrize("size", SIZES[:2])
def test_a_quick_stroke_has_no_gaps(visit: Paint, size: tuple[int, int]) -> None:
    painter = visit(size)
    painter.open()
    width = painter.brush

    places = painter.drag((0.2, 0.3), (0.8, 0.4), (0.5, 0.8))

    assert covers(painter.done(), stroke(size, places, width))


def test_the_eraser_takes_away_what_it_touches(painter: Painter) -> None:
    size, width = (painter.width, painter.height), painter.brush
    first = painter.drag((0.2, 0.5), (0.8, 0.5))

    painter.page.keyboard.press("e")
    second = painter.drag((0.5, 0.1), (0.5, 0.9))

    assert covers(painter.done(), stroke(size, first, width) & ~stroke(size, second, width))


def test_invert_swaps_what_changes_and_what_stays(painter: Painter) -> None:
    places = painter.drag((0.3, 0.3), (0.6, 0.6))
    width = painter.brush

    painter.tool("Invert")

    assert covers(painter.done(), ~stroke((painter.width, painter.height), places, width))


def test_strokes_are_taken_back_and_brought_again(painter: Painter) -> None:
    page, size, width = painter.page, (painter.width, painter.height), painter.brush
    first = painter.drag((0.2, 0.2), (0.4, 0.2))
    painter.drag((0.2, 0.8), (0.4, 0.8))
    painter.tool("Invert")
    painter.tool("Clear")
    expect(page.get_by_text("Nothing is painted yet")).to_be_visible()

    for _ in range(4):
        page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.keyboard.press("Control+Shift+Z")

    expect(page.get_by_role("button", name="Redo")).to_be_enabled()
    assert covers(painter.done(), stroke(size, first, width))


def test_the_keyboard_alone_paints(visit: Paint) -> None:
    """Steps are a hundredth of the long side, with Shift a tenth; the brush begins in the middle."""
    painter = visit((1000, 600))
    page = painter.page
    page.get_by_role("button", name=OPEN).focus()
    page.keyboard.press("Enter")
    expect(painter.area).to_be_focused()

    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowUp", "ArrowUp", "[", "["):
        page.keyboard.press(key)
    width = painter.brush
    page.keyboard.down("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.up("Space")
    for key in ("r", "Shift+ArrowRight", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")

    line = stroke((1000, 600), [(300, 280), (400, 280), (400, 290)], width)
    assert covers(painter.kept(), line | box((1000, 600), (500, 290), (600, 390)))


def test_keys_in_the_painter_do_nothing_to_the_page_behind(screen: Screen) -> None:
    screen.page.keyboard.press("r")
    screen.page.keyboard.press("Control+Enter")

    expect(screen.page.get_by_role("button", name=OPEN)).to_be_focused()
    expect(screen.page.get_by_text("asked")).to_have_count(0)
    assert screen.told() == [None]


def test_it_says_what_happens(painter: Painter) -> None:
    page = painter.page
    expect(page.get_by_role("status").filter(has_text="Nothing is painted yet")).to_be_visible()

    painter.tool("Rectangle")
    painter.drag((0, 0), (0.5, 0.5))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("b")

    expect(page.get_by_role("status").filter(has_text="25 % of the image is painted")).to_be_visible()
    expect(page.get_by_role("button", name="Brush")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Rectangle")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".said")).to_have_text("Brush")


def test_painting_goes_on_from_what_was_painted(painter: Painter) -> None:
    size, width = (painter.width, painter.height), painter.brush
    first = painter.drag((0.2, 0.2), (0.4, 0.2))
    painter.done()
    expect(painter.page.get_by_text(re.compile(r"Only the painted \d+ % may change"))).to_be_visible()

    painter.open(AGAIN)
    second = painter.drag((0.6, 0.8), (0.8, 0.8))

    assert covers(painter.done(), stroke(size, first, width) | stroke(size, second, width))


def test_what_was_painted_outlasts_another_screen_and_a_reload_and_stays_with_its_image(screen: Screen) -> None:
    page = screen.page
    screen.drag((0.2, 0.2), (0.4, 0.2))
    before, kept = screen.done(), screen.told()
    shown = page.get_by_text("Show the painter")

    shown.click()
    expect(page.get_by_text("mask: None")).to_be_visible(timeout=ARRIVES)
    shown.click()
    screen.open(AGAIN)
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.keyboard.press("Escape")
    assert (screen.kept() == before).all()

    page.reload()
    expect(page.get_by_text(f"mask: {kept[0]}")).to_be_visible(timeout=ARRIVES)

    page.get_by_text("Another source").click()
    expect(page.get_by_text("mask: None")).to_be_visible(timeout=ARRIVES)
    screen.open()
    expect(page.get_by_text("Nothing is painted yet")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_text("Another source").click()
    expect(page.get_by_text(f"mask: {kept[0]}")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Change all of it").click()
    expect(page.get_by_text("mask: None")).to_be_visible(timeout=ARRIVES)


def test_closing_loses_nothing_and_says_that_it_is_not_in_use(painter: Painter) -> None:
    page = painter.page
    painter.drag((0.2, 0.2), (0.4, 0.2))

    page.keyboard.press("Escape")

    expect(page.get_by_text("What you painted is not in use yet")).to_be_visible()
    assert painter.told() == []
    painter.open(AGAIN)
    assert painter.done().any()


def test_the_whole_image_may_change_again(painter: Painter) -> None:
    painter.drag((0.2, 0.2), (0.4, 0.2))
    painter.done()

    painter.page.get_by_role("button", name="Change all of it").click()

    assert painter.told()[1:] == [None]
    painter.open()
    expect(painter.page.get_by_role("button", name="Undo")).to_be_disabled()


def test_erasing_everything_is_as_if_nothing_was_painted(painter: Painter) -> None:
    painter.drag((0.2, 0.2), (0.4, 0.2))
    painter.done()

    painter.open(AGAIN)
    painter.tool("Clear")
    painter.page.get_by_role("button", name="Done").click()

    expect(painter.area).to_have_count(0)
    assert painter.told()[1:] == [None]


def test_a_broken_connection_loses_no_stroke(painter: Painter) -> None:
    page = painter.page
    painter.drag((0.2, 0.2), (0.4, 0.2))
    page.route("**/api/uploads*", lambda route: route.abort())

    page.get_by_role("button", name="Done").click()

    sentence = "What you painted did not reach the studio. It is still here"
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    page.unroute("**/api/uploads*")
    assert painter.done().any()


def test_a_finger_paints_and_the_page_stays_where_it_is(visit: Paint) -> None:
    painter = visit((1203, 801), width=390, has_touch=True, is_mobile=True)
    painter.open()
    width = painter.brush
    screen, in_image = painter.at(0.5, 0.5)

    painter.page.touchscreen.tap(*screen)

    assert painter.area.evaluate("canvas => getComputedStyle(canvas).touchAction") == "none"
    assert covers(painter.done(), stroke((1203, 801), [in_image], width))


@pytest.mark.parametrize(("width", "dark"), LOOKS.values())
def test_it_is_usable_for_everybody(visit: Paint, width: int, dark: bool) -> None:
    painter = visit(width=width, dark=dark)
    page, found = painter.page, []

    def check(name: str) -> None:
        found.extend(serious(page))
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"mask-{name}-{('light', 'dark')[dark]}-{width}.png")

    painter.open()
    check("empty")
    painter.drag((0.2, 0.3), (0.4, 0.5), (0.6, 0.4))
    check("painted")
    painter.done()
    expect(page.get_by_role("img", name="The image with its painted part")).to_be_visible()
    check("kept")

    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def about(served: Served, me: Person, source: ImageView) -> dict[str, Any]:
    """What Python tells the component about an image on which nothing is painted yet."""
    base = f"/m/{access.media_token(served.studio, me)}/{source.id}/"
    known = {name: getattr(source, name) for name in ("id", "width", "height", "placeholder")}
    pictures = {"picture": f"{base}preview", "small": f"{base}256"}
    return {"key": "alone", "source": known, **pictures, "mask": None, "words": mask.words()}


def mask_of(painter: Painter, told: str) -> Area:
    """The file of this mask; it is black and white, and as large as its image."""
    with painter.studio.reading() as db:
        row = access.find(db, Kept, told, access.local_person(painter.studio))
    drawn = np.asarray(Image.open(BytesIO(painter.studio.store.get(row.key))).convert("RGB"))
    assert drawn.shape == (painter.height, painter.width, 3)
    assert set(np.unique(drawn)) <= {0, 255} and (drawn.min(-1) == drawn.max(-1)).all()
    return np.asarray(drawn[..., 0] > 127)


def box(size: tuple[int, int], one: tuple[float, float], other: tuple[float, float]) -> Area:
    """The pixels whose middle lies between these corners."""
    across, down = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    left, right = sorted((one[0], other[0]))
    top, bottom = sorted((one[1], other[1]))
    return ((down > top) & (down < bottom))[:, None] & ((across > left) & (across < right))[None, :]


def stroke(size: tuple[int, int], places: list[tuple[float, float]], width: float) -> Area:
    """The pixels whose middle is at most half the brush from a line through these places."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    near = np.full(x.shape, np.inf)
    for (ax, ay), (bx, by) in zip(places, places[1:] or places, strict=False):
        long = (bx - ax) ** 2 + (by - ay) ** 2
        along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / (long or 1), 0, 1)
        near = np.minimum(near, np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)))
    return np.asarray(near <= width / 2)
