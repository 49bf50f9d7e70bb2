"""One image large: looked at closely, walked along, starred, thrown away and taken back, by keys, mouse and fingers."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import CDPSession, Locator, Page, Route, expect

from core import access
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Generation, Image, Post
from tests import serving
from tests.branches import Step, grow
from tests.browser.app_server import app_server
from tests.browser.boxed import answer, boxed, enlarge, gone_to, heard, seen, wishes
from tests.browser.seen import still
from tests.browser.working import ARRIVES, LOOKS, SCREENSHOTS, serious
from tests.serving import Served

expect.set_options(timeout=15_000)  # the machine may be busy with other tests
CAPTION = "Autumn light over the old harbour.\n\nThree things we loved:\n" + "\n".join(
    f"• boat number {n}" for n in range(30)
)
LARGE = (2_400, 1_600)
"""More than a preview has."""


@pytest.fixture(scope="module")
def images(served: Served, me: Person) -> list[str]:
    """A first turn with three images of one post, and three changes one after the other."""
    asked = {"resolution": "2K", "negative_prompt": "people"}
    first = Step("A harbour at dusk", models=("openai/gpt-image-2",), count=3, settings=asked)
    grown = grow(served.studio, me, [first, Step("Warmer", 1), Step("At night", 2), Step("Farther", 3)], posts=True)
    with served.studio.transaction() as db:
        db.execute(sa.update(Post).values(caption=CAPTION))
        db.execute(sa.update(Generation).values(left_out=["The model takes no negative prompt."]))
    return [image for step in grown.images for image in step]


@pytest.fixture(scope="module")
def large(served: Served, me: Person) -> str:
    return serving.image_of(served.studio, me, serving.picture(size=LARGE))


@pytest.fixture
def box(open_page: Callable[..., Page], served: Served, me: Person, images: list[str]) -> Iterator[Callable[..., Page]]:
    """The lightbox at one of the images, or at another one: `box(2)`, `box(large)`."""
    errors: list[str] = []

    def go(at: int | str = 0, **look: Any) -> Page:
        order = images if isinstance(at, int) else [at]
        page = boxed(open_page, served, me, order, **look)
        page.on("pageerror", lambda error: errors.append(str(error)))
        enlarge(page, order[at] if isinstance(at, int) else at)
        return page

    yield go
    assert errors == []


def place(page: Page) -> Locator:
    return page.locator(".place")


def shot(page: Page, name: str) -> None:
    width = (page.viewport_size or {"width": 0})["width"]
    page.screenshot(path=SCREENSHOTS / f"lightbox-{name}-{width}.png")


def pressed(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> str:
    """What has the focus, by its class; "" when that is nothing of the lightbox."""
    return str(page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.className ?? ''"))


def alone(page: Page, image: str) -> None:
    """Open an image of which the screen knows no more than its id."""
    page.evaluate("(id) => document.dispatchEvent(new CustomEvent('studio:open', { detail: { item: { id } } }))", image)


def picture(page: Page) -> dict[str, float]:
    still(page)
    found = page.locator(".shown").bounding_box()
    assert found
    return dict(found)


# ---- walking ----


def test_keys_walk_along_all_images(box: Callable[..., Page]) -> None:
    page = box(1)

    for key, shown in (
        ("ArrowRight", 3),
        ("ArrowLeft", 2),
        ("End", 6),
        ("ArrowRight", 6),
        ("Home", 1),
        ("ArrowLeft", 1),
    ):
        page.keyboard.press(key)
        expect(place(page)).to_have_text(f"{shown} of 6")

    expect(page.get_by_role("button", name="Previous image")).to_be_disabled()


def test_digits_show_the_images_of_the_post(box: Callable[..., Page]) -> None:
    page = box(0)

    page.keyboard.press("3")
    expect(place(page)).to_have_text("3 of 6")
    seen(page)
    page.keyboard.press("9")  # there is none
    page.keyboard.press("2")

    expect(place(page)).to_have_text("2 of 6")


def test_every_tool_names_its_key(box: Callable[..., Page]) -> None:
    page = box()

    tools = page.locator(".bar .tool, .arrow")
    titles = [str(tool.get_attribute("title")) for tool in tools.all()]

    assert [re.sub(r".*\((.+)\)$", r"\1", title) for title in titles] == [*"SXDEFI?", "Esc", "←", "→"]


def test_the_keys_are_shown_and_hidden_again(box: Callable[..., Page]) -> None:
    page = box()

    page.keyboard.press("?")
    expect(page.get_by_role("region", name="Keys")).to_contain_text("Move to trash")
    still(page)
    shot(page, "keys")
    page.keyboard.press("Escape")

    expect(page.get_by_role("region", name="Keys")).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_two_ahead_are_fetched_in_the_direction_of_walking(box: Callable[..., Page], images: list[str]) -> None:
    page = box(3)
    page.wait_for_load_state("networkidle")
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))

    with page.expect_request(f"**/{images[0]}/preview"):
        page.keyboard.press("ArrowLeft")
    expect(place(page)).to_have_text("3 of 6")

    assert [n for n, image in enumerate(images) if any(f"{image}/preview" in url for url in fetched)] == [0, 1]


def test_focus_stays_inside_whatever_is_drawn_anew(box: Callable[..., Page]) -> None:
    page = box(0)

    page.locator(".siblings .thumb").nth(1).focus()
    page.keyboard.press("Enter")
    expect(place(page)).to_have_text("2 of 6")
    expect(page.locator(".siblings .thumb").nth(1)).to_be_focused()
    page.locator(".derived .thumb").or_(page.locator(".act").first).first.focus()
    page.keyboard.press("End")
    expect(place(page)).to_have_text("6 of 6")

    seen(page)
    for _ in range(40):  # all the way round
        page.keyboard.press("Tab")
        assert page.evaluate("() => !!document.activeElement.shadowRoot?.activeElement?.closest('dialog')")
    page.locator(".stage").evaluate("(node) => node.closest('dialog').focus()")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("() => !!document.activeElement.shadowRoot?.activeElement?.closest('.panel')")
    page.keyboard.press("Home")
    expect(place(page)).to_have_text("1 of 6")


def test_the_keyboard_goes_on_where_an_arrow_has_nothing_left_to_do(box: Callable[..., Page]) -> None:
    page = box(4)

    page.get_by_role("button", name="Next image").click()
    expect(place(page)).to_have_text("6 of 6")
    expect(page.get_by_role("button", name="Next image")).to_be_disabled()
    page.keyboard.press("ArrowLeft")

    expect(place(page)).to_have_text("5 of 6")


def test_the_keyboard_takes_back_what_a_click_threw_away(box: Callable[..., Page], large: str) -> None:
    page = box(large)

    page.get_by_role("button", name="Move to trash").click()
    expect(page.locator("dialog.gone")).to_be_visible()
    page.keyboard.press("z")

    expect(page.locator("dialog.gone")).to_have_count(0)


# ---- the address ----


def shown_in_address(page: Page, image: str) -> None:
    """Streamlit writes this image into the address and says so."""
    page.evaluate(
        """(view) => {
          history.pushState({}, "", view ? `?view=${view}` : location.pathname);
          window.mounted.lightbox({ view });
        }""",
        image,
    )


def asked(page: Page) -> list[str]:
    """What Streamlit was asked to write there, one after another."""
    return [value for _, what, value in page.evaluate("() => window.told") if what == "view"]


@pytest.fixture
def timed(open_page: Callable[..., Page], served: Served, me: Person, images: list[str]) -> Page:
    """The first image is open on a page whose clock the test moves; Streamlit was asked to write it in the address."""

    def opened(**look: Any) -> Page:
        page = open_page(**look)
        page.clock.install()
        return page

    page = boxed(opened, served, me, images)
    enlarge(page, images[0])
    page.wait_for_function("() => window.told.some(([, what]) => what === 'view')")
    return page


def test_an_answer_that_comes_after_closing_opens_nothing(timed: Page, images: list[str]) -> None:
    timed.keyboard.press("Escape")
    timed.clock.fast_forward(5_000)

    shown_in_address(timed, images[0])

    expect(timed.get_by_role("dialog")).to_be_hidden()
    timed.wait_for_url("**/mounted")
    assert asked(timed) == images[:1]
    timed.evaluate("() => window.mounted.lightbox({ view: '' })")
    expect(timed.get_by_role("dialog")).to_be_hidden()


def test_an_answer_that_comes_after_somebody_went_elsewhere_takes_them_nowhere_else(
    timed: Page, images: list[str]
) -> None:
    """Who pressed E at once was taken back from Create, to the gallery."""
    timed.keyboard.press("e")
    assert [gone["act"] for gone in gone_to(timed)] == ["create"]

    shown_in_address(timed, images[0])
    timed.clock.fast_forward(5_000)

    assert timed.url.endswith(f"?view={images[0]}")
    assert asked(timed) == images[:1]


def test_the_address_follows_when_an_answer_never_comes(timed: Page, images: list[str]) -> None:
    timed.keyboard.press("ArrowRight")
    expect(place(timed)).to_have_text("2 of 6")

    timed.clock.fast_forward(1_000)
    timed.clock.fast_forward(4_000)

    timed.wait_for_function("() => window.told.filter(([, what]) => what === 'view').length === 2")
    assert asked(timed) == images[:2]
    shown_in_address(timed, images[0])
    shown_in_address(timed, images[1])
    expect(place(timed)).to_have_text("2 of 6")


def test_whoever_left_the_page_asks_for_no_address(timed: Page, images: list[str]) -> None:
    timed.keyboard.press("ArrowRight")
    expect(place(timed)).to_have_text("2 of 6")

    timed.evaluate("""() => {
      const leave = window.mounted.lightbox();
      document.querySelector("main > div").remove();
      leave();
    }""")
    timed.clock.fast_forward(1_000)
    timed.clock.fast_forward(4_000)

    assert asked(timed) == images[:1]


# ---- stars ----


def test_a_star_shows_at_once_and_the_tile_behind_hears_of_it(box: Callable[..., Page], images: list[str]) -> None:
    page = box(1)
    star = page.get_by_role("button", name="Star")

    page.keyboard.press("s")
    expect(star).to_have_attribute("aria-pressed", "true")
    answer(page)
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")

    assert [(wish["act"], wish["id"], wish["on"]) for wish in wishes(page)] == [
        ("star", images[1], True),
        ("star", images[1], False),
    ]
    assert heard(page, "marked") == [{"id": images[1], "starred": True}, {"id": images[1], "starred": False}]


def test_a_star_that_is_refused_goes_back_and_says_why(box: Callable[..., Page], images: list[str]) -> None:
    page = box(1)

    page.keyboard.press("s")
    answer(page, "There is no such image, or it is not yours.")

    expect(page.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".notice")).to_have_text("There is no such image, or it is not yours.")
    assert heard(page, "marked")[-1] == {"id": images[1], "starred": False}


def test_stars_are_kept_while_somebody_walks_and_follow_the_screen_behind(
    box: Callable[..., Page], images: list[str]
) -> None:
    page = box(1)
    star = page.get_by_role("button", name="Star")

    pressed(page, "s", "ArrowRight")
    expect(star).to_have_attribute("aria-pressed", "false")
    page.evaluate(
        "(id) => document.dispatchEvent(new CustomEvent('studio:marked', { detail: { id, starred: true } }))", images[2]
    )
    expect(star).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowLeft")

    expect(star).to_have_attribute("aria-pressed", "true")


def test_what_nobody_answers_is_told_again(box: Callable[..., Page]) -> None:
    page = box(0)
    page.keyboard.press("s")
    before = page.evaluate("() => window.told.length")

    page.wait_for_function("(before) => window.told.length > before", arg=before)

    assert len(wishes(page)) == 1


# ---- the trash ----


def test_what_is_thrown_away_is_passed_by_and_can_be_taken_back(box: Callable[..., Page], images: list[str]) -> None:
    page = box(1)

    page.keyboard.press("x")
    expect(place(page)).to_have_text("3 of 6")
    undo = page.get_by_role("status").filter(has_text="The image is in the trash.")
    expect(undo).to_be_visible()
    still(page)
    shot(page, "undo")
    answer(page)
    page.keyboard.press("ArrowLeft")
    expect(place(page)).to_have_text("1 of 6")
    undo.get_by_role("button", name="Undo").click()

    expect(place(page)).to_have_text("2 of 6")
    expect(undo).to_be_hidden()
    answer(page)
    assert [(wish["act"], wish["ids"]) for wish in wishes(page)] == [("trash", [images[1]]), ("restore", [images[1]])]
    assert (heard(page, "trashed"), heard(page, "restored")) == ([{"ids": [images[1]]}], [{"ids": [images[1]]}])


def test_the_screen_behind_hears_of_the_trash_when_it_is_done(box: Callable[..., Page], images: list[str]) -> None:
    page = box(1)

    page.keyboard.press("x")
    expect(place(page)).to_have_text("3 of 6")

    assert heard(page, "trashed") == []
    answer(page)
    assert heard(page, "trashed") == [{"ids": [images[1]]}]


def test_several_are_taken_back_together(box: Callable[..., Page], images: list[str]) -> None:
    page = box(0)

    pressed(page, "x")
    expect(place(page)).to_have_text("2 of 6")
    pressed(page, "x")
    expect(page.get_by_role("status").filter(has_text="2 images are in the trash.")).to_be_visible()
    page.keyboard.press("z")

    expect(place(page)).to_have_text("2 of 6")
    assert wishes(page)[-1]["ids"] == images[:2]


@pytest.mark.parametrize("look", LOOKS)
def test_what_was_derived_may_follow_and_comes_back_with_it(
    box: Callable[..., Page], images: list[str], look: str
) -> None:
    width, dark = LOOKS[look]
    page = box(2, width=width, dark=dark)
    page.keyboard.press("x")
    expect(place(page)).to_have_text("4 of 6")  # one of those that could follow
    expect(page.get_by_text("The image is in the trash. 3 derived images stay.")).to_be_visible()
    seen(page)
    still(page)
    page.screenshot(path=SCREENSHOTS / f"lightbox-derived-{look}.png")
    assert serious(page) == []

    page.get_by_role("button", name="Trash too").click()
    expect(page.get_by_text("4 images are in the trash.", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Trash too")).to_be_hidden()
    expect(place(page)).to_have_text("2 of 6")
    page.keyboard.press("z")

    expect(place(page)).to_have_text("3 of 6")
    first, follow, back = wishes(page)
    assert (first["act"], follow["act"], back["act"]) == ("trash", "trash", "restore")
    assert sorted(follow["ids"]) == sorted(images[3:])
    assert back["ids"] == first["ids"] + follow["ids"]


def test_what_stays_is_said_again_when_it_could_not_follow(box: Callable[..., Page]) -> None:
    page = box(2)
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Trash too")).to_be_visible()
    answer(page)

    page.get_by_role("button", name="Trash too").click()
    answer(page, "There is no such image, or it is not yours.")

    expect(page.get_by_text("The image is in the trash. 3 derived images stay.")).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("There is no such image")


def test_after_the_newest_of_all_comes_the_one_before(box: Callable[..., Page]) -> None:
    page = box(5)

    page.keyboard.press("x")

    expect(place(page)).to_have_text("5 of 6")


def test_the_last_image_stays_until_it_cannot_be_taken_back(box: Callable[..., Page], large: str) -> None:
    page = box(large, seconds=2)

    page.keyboard.press("x")
    expect(page.locator("dialog.gone")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("dialog.gone")).to_have_count(0)
    page.keyboard.press("x")

    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_bar_waits_for_who_points_at_it_and_goes_by_itself(box: Callable[..., Page]) -> None:
    page = box(1, seconds=1)

    page.keyboard.press("x")
    page.locator(".undo").hover()
    page.wait_for_timeout(2_500)
    expect(page.locator(".undo")).to_be_visible()
    page.mouse.move(5, 5)

    expect(page.locator(".undo")).to_have_count(0)


def test_it_can_be_taken_back_when_the_lightbox_is_closed(box: Callable[..., Page], images: list[str]) -> None:
    page = box(1)

    pressed(page, "x", "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    still(page)
    shot(page, "undo-behind")
    page.get_by_role("button", name="Undo").click()

    answer(page)
    assert heard(page, "restored") == [{"ids": [images[1]]}]


def test_what_could_not_be_thrown_away_is_still_there(box: Callable[..., Page]) -> None:
    page = box(1)

    page.keyboard.press("x")
    expect(place(page)).to_have_text("3 of 6")
    answer(page, "There is no such image, or it is not yours.")

    expect(page.locator(".notice")).to_contain_text("There is no such image")
    expect(page.locator(".undo")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(place(page)).to_have_text("2 of 6")
    assert heard(page, "trashed") == []


# ---- looking closely ----


def test_full_size_is_one_pixel_for_one_and_escape_goes_back_step_by_step(box: Callable[..., Page], large: str) -> None:
    page = box(large)
    fits = picture(page)

    page.keyboard.press("f")
    expect(page.locator(".percent")).to_have_text("100 %")
    assert round(picture(page)["width"]) == LARGE[0]
    page.keyboard.press("Escape")
    expect(page.locator(".percent")).to_have_text("")

    assert picture(page) == fits
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_original_is_fetched_only_for_who_looks_closer_than_the_preview(
    box: Callable[..., Page], large: str
) -> None:
    page = box(large)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))

    page.keyboard.press("+")
    page.wait_for_timeout(500)
    before = [url for url in fetched if url.endswith("/full")]
    page.keyboard.press("f")  # back to what fits
    page.keyboard.press("f")
    expect(page.locator(".shown img").nth(2)).to_have_class(re.compile("there"))

    assert before == []
    assert [url.endswith(f"{large}/full") for url in fetched] == [True]


def test_zoom_has_limits_and_the_picture_never_leaves_the_window(box: Callable[..., Page], large: str) -> None:
    page = box(large)
    page.mouse.move(500, 450)

    for _ in range(40):
        page.mouse.wheel(0, -400)
    expect(page.locator(".percent")).to_have_text("800 %")
    expect(page.locator(".stage")).to_have_class(re.compile("crisp"))
    shot(page, "zoomed")
    for to in ((5_000, 5_000), (-50_000, -50_000)):
        page.mouse.move(500, 450)
        page.mouse.down()
        page.mouse.move(500 + to[0], 450 + to[1], steps=4)
        page.mouse.up()
        shown, stage = picture(page), page.locator(".stage").bounding_box()
        assert stage
        assert shown["x"] <= stage["x"] + 1 and shown["x"] + shown["width"] >= stage["x"] + stage["width"] - 1
        assert shown["y"] <= stage["y"] + 1 and shown["y"] + shown["height"] >= stage["y"] + stage["height"] - 1
    page.mouse.move(500, 450)
    for _ in range(60):
        page.mouse.wheel(0, 400)

    expect(page.locator(".percent")).to_have_text("")


def test_the_wheel_zooms_at_the_pointer(box: Callable[..., Page], large: str) -> None:
    page = box(large)
    before = picture(page)
    at = (before["x"] + before["width"] * 0.25, before["y"] + before["height"] * 0.25)

    page.mouse.move(*at)
    page.mouse.wheel(0, -200)
    expect(page.locator(".percent")).not_to_have_text("")

    after = picture(page)
    assert after["width"] > before["width"] * 1.3
    assert abs((at[0] - after["x"]) / after["width"] - 0.25) < 0.01
    assert abs((at[1] - after["y"]) / after["height"] - 0.25) < 0.01


def test_a_double_click_looks_closer_and_the_next_image_fits_again(box: Callable[..., Page]) -> None:
    page = box(0)

    page.locator(".shown").dblclick()
    expect(page.locator(".percent")).not_to_have_text("")
    page.keyboard.press("ArrowRight")

    expect(place(page)).to_have_text("2 of 6")
    expect(page.locator(".percent")).to_have_text("")


def test_keys_zoom_and_move_what_is_zoomed(box: Callable[..., Page], large: str) -> None:
    page = box(large)

    pressed(page, "+", "+", "+")
    before = picture(page)
    pressed(page, "ArrowDown", "Shift+ArrowRight")
    after = picture(page)

    assert (round(before["x"] - after["x"]), round(before["y"] - after["y"])) == (80, 80)
    page.keyboard.press("0")
    expect(page.locator(".percent")).to_have_text("")


def test_full_size_makes_no_small_picture_smaller_and_says_so(box: Callable[..., Page]) -> None:
    page = box(0)
    fits = picture(page)

    page.keyboard.press("f")
    expect(page.locator(".percent")).to_have_text(f"Already shown at {round(fits['width'] / 3)} %")

    assert picture(page) == fits
    expect(page.locator(".percent")).to_have_text("")
    page.locator(".shown").dblclick()  # looks closer all the same
    assert picture(page)["width"] > fits["width"] * 1.5


def test_that_it_is_large_already_covers_no_tool_on_a_phone(box: Callable[..., Page]) -> None:
    page = box(0, width=390)

    page.keyboard.press("f")
    expect(page.locator(".percent")).to_contain_text("Already shown at")

    said, tools = (page.locator(one).bounding_box() or {} for one in (".percent", ".tools"))
    assert said["x"] + said["width"] <= tools["x"] or said["y"] >= tools["y"] + tools["height"]
    shot(page, "already")


def test_a_small_picture_can_be_shown_as_small_as_it_is(box: Callable[..., Page]) -> None:
    page = box(0)

    pressed(page, *["-"] * 8)
    expect(page.locator(".percent")).to_have_text("100 %")

    assert round(picture(page)["width"]) == 300


def test_full_size_is_no_smaller_on_a_fine_screen(box: Callable[..., Page], large: str) -> None:
    page = box(large, device_scale_factor=2)

    page.keyboard.press("f")
    expect(page.locator(".percent")).to_have_text("100 %")

    assert round(picture(page)["width"]) == LARGE[0]


# ---- fingers ----


@pytest.fixture
def phone(box: Callable[..., Page]) -> Callable[..., tuple[Page, CDPSession]]:
    def go(at: int | str = 1) -> tuple[Page, CDPSession]:
        page = box(at, width=390, has_touch=True, is_mobile=True, device_scale_factor=2)
        return page, page.context.new_cdp_session(page)

    return go


def touch(tools: CDPSession, *steps: list[tuple[float, float]]) -> None:
    """Fingers come down, move along these points together, and leave."""
    for n, points in enumerate(steps):
        at = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
        tools.send("Input.dispatchTouchEvent", {"type": "touchMove" if n else "touchStart", "touchPoints": at})
    tools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_fingers_walk_sideways_and_close_downwards(phone: Callable[..., tuple[Page, CDPSession]]) -> None:
    page, tools = phone(1)

    touch(tools, [(300, 200)], [(250, 200)], [(150, 205)])
    expect(place(page)).to_have_text("3 of 6")
    touch(tools, [(100, 200)], [(150, 200)], [(260, 195)])
    expect(place(page)).to_have_text("2 of 6")
    touch(tools, [(200, 200)], [(202, 220)], [(200, 230)])  # not far enough
    expect(page.get_by_role("dialog")).to_be_visible()
    touch(tools, [(200, 120)], [(202, 180)], [(200, 260)])

    expect(page.get_by_role("dialog")).to_be_hidden()


def test_two_fingers_zoom_and_one_moves(phone: Callable[..., tuple[Page, CDPSession]], large: str) -> None:
    page, tools = phone(large)
    before = picture(page)

    touch(tools, [(180, 200), (220, 200)], [(150, 200), (250, 200)], [(100, 200), (300, 200)])
    expect(page.locator(".percent")).not_to_have_text("")
    wide = picture(page)
    touch(tools, [(300, 200)], [(250, 200)], [(200, 200)])

    assert wide["width"] > before["width"] * 3
    assert picture(page)["x"] < wide["x"] - 60
    assert heard(page, "shown") == [{"id": large}]
    touch(tools, [(100, 200), (300, 200)], [(150, 200), (250, 200)], [(190, 200), (210, 200)])
    expect(page.locator(".percent")).to_have_text("")


# ---- what is known of it, and where it leads ----


def test_the_panel_tells_all_of_it(box: Callable[..., Page]) -> None:
    page = box(4)
    panel = page.get_by_role("complementary")

    expect(panel).to_contain_text("Autumn light over the old harbour.\n\nThree things we loved:", use_inner_text=True)
    for told in ("Sketch (practice)", "Practice, free", "8.2 s", "PNG"):
        expect(panel.locator(".facts")).to_contain_text(told)
    expect(panel.locator(".lineage .thumb")).to_have_count(3)
    expect(panel.locator(".derived .thumb")).to_have_count(1)
    expect(panel.locator(".threads")).to_contain_text("A shop")
    panel.locator(".lineage .thumb").first.click()

    expect(place(page)).to_have_text("3 of 6")
    expect(panel.locator(".facts")).to_contain_text("$0.04, reported by the provider")
    expect(panel.locator(".siblings .thumb")).to_have_count(3)


def test_practice_with_a_price_is_free_and_tells_it(box: Callable[..., Page], images: list[str]) -> None:
    """The filters and a download told the amount, and only here was nothing but "free"."""
    page = box(3)

    def priced(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"practice": True, "cost": "0.061"})

    page.route(f"**/api/gallery/{images[4]}*", priced)
    page.keyboard.press("ArrowRight")

    expect(page.locator(".facts")).to_contain_text("Practice, free (would cost $0.06)")


def test_the_prompt_and_its_parameters_stay_open_for_the_next_image(box: Callable[..., Page]) -> None:
    page = box(1)
    expect(page.locator(".parameters")).to_be_hidden()

    page.get_by_text("Prompt and parameters").click()
    for told in ("3:2", "2K", "people", "The model takes no negative prompt."):
        expect(page.locator(".parameters")).to_contain_text(told)
    expect(page.locator(".prompt")).to_contain_text("A harbour at dusk")
    page.keyboard.press("End")

    expect(page.locator(".prompt")).to_contain_text("Farther")


def test_a_long_caption_begins_short(box: Callable[..., Page]) -> None:
    page = box(1)
    said = page.locator(".said")
    short = said.bounding_box()

    page.get_by_role("button", name="Show all").click()

    whole = said.bounding_box()
    assert short and whole and whole["height"] > 2 * short["height"]
    expect(page.get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")


def test_prompt_and_link_can_be_copied(box: Callable[..., Page], images: list[str]) -> None:
    page = box(1)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("() => navigator.clipboard.readText()")
    page.get_by_text("Prompt and parameters").click()
    page.get_by_role("button", name="Copy prompt").click()
    expect(page.get_by_role("button", name="Copied")).to_have_count(2)

    assert link.endswith(f"/gallery?view={images[1]}")
    assert page.evaluate("() => navigator.clipboard.readText()") == "A harbour at dusk"


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("Refine", "refine"),
        ("New conversation", "create"),
        ("Open post", "post"),
        ("Find similar", "similar"),
        ("Edit in a new conversation", "create"),
    ],
)
def test_it_leads_elsewhere(box: Callable[..., Page], images: list[str], name: str, act: str) -> None:
    page = box(1)

    page.get_by_role("button", name=name, exact=True).click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    [told] = gone_to(page)
    assert (told["act"], told["id"]) == (act, images[1])


def test_d_downloads_the_original(box: Callable[..., Page]) -> None:
    page = box(1)

    with page.expect_download() as download:
        page.keyboard.press("d")

    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_the_panel_stays_away_for_who_does_not_want_it(box: Callable[..., Page], images: list[str]) -> None:
    page = box(1)
    panel = page.get_by_role("complementary")
    narrow = picture(page)

    page.keyboard.press("i")
    expect(panel).to_be_hidden()
    shot(page, "alone")
    assert picture(page)["width"] > narrow["width"]
    page.reload()
    page.wait_for_function("() => window.ready")
    page.evaluate(
        "(id) => document.dispatchEvent(new CustomEvent('studio:open', { detail: { item: { id } } }))", images[0]
    )
    expect(page.locator(".main.there")).to_be_visible()
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="Details").click()

    expect(panel).to_be_visible()


# ---- when something fails ----


def test_what_does_not_come_can_be_asked_for_again(
    open_page: Callable[..., Page], served: Served, me: Person, images: list[str]
) -> None:
    page = boxed(open_page, served, me, images)
    page.route(re.compile(r"/preview$|/api/gallery/"), lambda route: route.abort())
    alone(page, images[0])
    picture_failed = page.get_by_role("alert").filter(has_text="This image could not be loaded. It is safe.")
    details_failed = page.get_by_role("alert").filter(has_text="The details could not be loaded.")
    expect(picture_failed).to_be_visible()
    expect(details_failed).to_be_visible()
    shot(page, "failing")
    expect(page.get_by_role("complementary").get_by_role("button", name="New conversation")).to_be_visible()

    page.unroute(re.compile(r"/preview$|/api/gallery/"))
    picture_failed.get_by_role("button", name="Try again").click()
    details_failed.get_by_role("button", name="Try again").click()

    seen(page)
    expect(picture_failed).to_be_hidden()


def test_an_original_that_does_not_come_leaves_the_preview(box: Callable[..., Page], large: str) -> None:
    page = box(large)
    page.route("**/full", lambda route: route.abort())

    page.keyboard.press("f")
    trouble = page.get_by_role("alert").filter(has_text="this is its preview")
    expect(trouble).to_be_visible()
    page.unroute("**/full")
    trouble.get_by_role("button", name="Try again").click()

    expect(page.locator(".shown img").nth(2)).to_have_class(re.compile("there"))
    expect(trouble).to_be_hidden()


def test_where_the_system_chooses_the_colours_the_image_that_is_shown_can_be_told(box: Callable[..., Page]) -> None:
    page = box(0)
    page.emulate_media(forced_colors="active")

    outline = "(node) => getComputedStyle(node).outlineStyle"
    thumbs = page.locator(".siblings .thumb")

    assert [thumb.evaluate(outline) for thumb in thumbs.all()] == ["solid", "none", "none"]


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_serious_for_people_with_assistive_technology(box: Callable[..., Page], look: str) -> None:
    width, dark = LOOKS[look]
    page = box(4, width=width, dark=dark)
    page.get_by_text("Prompt and parameters").click()

    assert serious(page) == []
    shot(page, f"{look}-panel")
    pressed(page, "?", "s", "x")
    expect(page.locator(".undo")).to_be_visible()
    seen(page)

    assert serious(page) == []


# ---- in the application ----


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Studio, list[str]]]:
    """The application with a conversation of three turns; its address, its studio and the images, oldest first."""
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("lightbox")))
    grown = grow(
        studio, access.local_person(studio), [Step("A fox"), Step("Bluer", 1), Step("At night", 2)], posts=True
    )
    with app_server(studio.settings.data_dir) as root:
        yield root, studio, [image for step in grown.images for image in step]
    studio.engine.dispose()


def row(studio: Studio, image: str) -> Image:
    with studio.reading() as db:
        return db.get_one(Image, image)


def until(page: Page, true: Callable[[], bool]) -> None:
    for _ in range(100):
        if true():
            return
        page.wait_for_timeout(150)
    raise AssertionError("it did not come about")


def test_by_keyboard_alone_from_the_tile_and_back(
    home: tuple[str, Studio, list[str]], open_page: Callable[..., Page]
) -> None:
    root, studio, (fox, bluer, night) = home
    page = open_page(f"{root}/gallery")
    page.locator(f"a[href='?view={night}']").focus(timeout=ARRIVES)

    page.keyboard.press("Enter")
    seen(page)
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(f"view={bluer}"))
    seen(page)
    page.keyboard.press("s")
    until(page, lambda: row(studio, bluer).starred)
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile(f"view={fox}"))
    until(page, lambda: row(studio, bluer).deleted_at is not None)
    page.keyboard.press("z")
    until(page, lambda: row(studio, bluer).deleted_at is None)
    expect(page).to_have_url(re.compile(f"view={bluer}"))
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/gallery$"))
    expect(page.locator(f"a[href='?view={bluer}']")).to_be_focused()


def test_the_keyboard_goes_to_an_image_that_comes_back_after_the_large_view_was_closed(
    home: tuple[str, Studio, list[str]], open_page: Callable[..., Page]
) -> None:
    root, studio, (fox, bluer, _) = home
    page = open_page(f"{root}/gallery?view={bluer}")
    seen(page)
    page.keyboard.press("x")
    expect(page.locator(f"a[href='?view={bluer}']")).to_have_count(0)
    page.evaluate("() => { const real = fetch; window.fetch = async (...asked) => (await wait(), real(...asked)); }")
    page.evaluate("() => { window.wait = () => new Promise((done) => setTimeout(done, 1500)); }")

    page.keyboard.press("z")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(f"a[href='?view={fox}']")).to_be_focused()

    expect(page.locator(f"a[href='?view={bluer}']")).to_be_focused()
    assert row(studio, bluer).deleted_at is None


def test_what_somebody_throws_away_in_another_window_says_so_and_can_be_taken_back(
    home: tuple[str, Studio, list[str]], open_page: Callable[..., Page]
) -> None:
    root, studio, (_, bluer, _) = home
    starred = row(studio, bluer).starred
    page, other = open_page(f"{root}/gallery?view={bluer}"), open_page(f"{root}/gallery?view={bluer}")
    for one in (page, other):
        seen(one)
        expect(place(one)).to_have_text("2 of 3")

    other.keyboard.press("x")
    expect(page.get_by_text("The image is in the trash.")).to_be_visible(timeout=ARRIVES)
    page.keyboard.press("s")
    page.keyboard.press("z")

    until(page, lambda: row(studio, bluer).deleted_at is None)
    expect(place(page)).to_have_text("2 of 3")
    assert row(studio, bluer).starred == starred


def test_what_was_purged_meanwhile_cannot_be_starred_and_says_so(
    home: tuple[str, Studio, list[str]], open_page: Callable[..., Page]
) -> None:
    root, studio, _ = home
    me = access.local_person(studio)
    gone = serving.image_of(studio, me, serving.picture(), "A wren")
    page = open_page(f"{root}/gallery?view={gone}")
    expect(page.locator(".facts")).to_be_visible(timeout=ARRIVES)
    with studio.transaction() as db:
        db.execute(sa.delete(Image).where(Image.id == gone))

    page.keyboard.press("s")

    expect(page.locator(".notice")).to_have_text("There is no such image, or it is not yours.")
    expect(page.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "false")


def test_refine_leads_to_its_conversation_at_this_image(
    home: tuple[str, Studio, list[str]], open_page: Callable[..., Page]
) -> None:
    root, _, (fox, _, _) = home
    page = open_page(f"{root}/gallery")
    page.locator(f"a[href='?view={fox}']").click(timeout=ARRIVES)
    seen(page)
    expect(page).to_have_url(re.compile(f"view={fox}"))

    page.get_by_role("button", name="Refine").click()

    expect(page).to_have_url(re.compile(rf"/conversation\?.*source={fox}"), timeout=ARRIVES)
    expect(page.get_by_text("Starts from turn 1")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_conversation_shows_its_images_large_and_hears_of_the_trash(
    home: tuple[str, Studio, list[str]], open_page: Callable[..., Page]
) -> None:
    root, studio, (fox, _, night) = home
    conversation = row(studio, fox).conversation_id
    page = open_page(f"{root}/conversation?id={conversation}")
    page.locator(".tile").first.get_by_role("link", name="Open", exact=True).click(timeout=ARRIVES)
    expect(place(page)).to_have_text("1 of 3")
    page.keyboard.press("End")
    expect(place(page)).to_have_text("3 of 3")

    page.keyboard.press("x")
    until(page, lambda: row(studio, night).deleted_at is not None)
    page.keyboard.press("Escape")

    expect(page.get_by_text("This image is in the trash.")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Undo").click()
    until(page, lambda: row(studio, night).deleted_at is None)
    expect(page.get_by_text("This image is in the trash.")).to_be_hidden(timeout=ARRIVES)
