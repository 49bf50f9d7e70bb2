"""The strip shows all images of a conversation, however many: to open, to go on from, by keys too."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.access import Person
from pages.parts import strip, viewer
from tests.branches import Grown, Step, grow
from tests.browser.mounted import mounted
from tests.browser.working import ARRIVES, SCREENSHOTS, serious
from tests.serving import Served

STEPS = 120
BOTH = ("sketch/sketch", "sketch/ink")
WIDEST = 60
"""Images in the page at most, on a desk."""


@pytest.fixture(scope="module")
def grown(served: Served, me: Person) -> Grown:
    """A long conversation, with two images in each step."""
    return grow(served.studio, me, [Step(f"Turn {n}", n - 1 or None, BOTH) for n in range(1, STEPS + 1)])


@pytest.fixture(scope="module")
def images(grown: Grown) -> list[str]:
    return [image for step in grown.images for image in step]


@pytest.fixture
def visit(open_page: Callable[..., Page], served: Served, me: Person, grown: Grown) -> Callable[..., Page]:
    def go(**look: Any) -> Page:
        source = look.pop("source", None)
        data = {
            "strip": {"conversation": grown.id, "source": source, "words": strip.words()},
            "lightbox": {"view": "", "seconds": 10, "words": viewer.words()},
        }
        page = mounted(open_page, served, me, data, **look)
        expect(page.get_by_role("listitem").last).to_be_visible(timeout=ARRIVES)
        return page

    return go


def test_it_begins_at_the_newest_and_keeps_little_in_the_page(visit: Callable[..., Page]) -> None:
    page = visit()
    cells = page.get_by_role("listitem")

    expect(cells.last).to_be_in_viewport()
    expect(cells.last).to_have_attribute("aria-posinset", str(2 * STEPS))
    assert cells.count() < WIDEST

    cells.last.get_by_role("button", name="Turn 120, Ink (practice)", exact=True).focus()
    page.keyboard.press("Home")
    expect(page.locator(".open:focus")).to_have_accessible_name("Turn 1, Sketch (practice)")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".open:focus")).to_have_accessible_name("Turn 1, Ink (practice)")
    expect(page.locator(".open:focus .number")).to_have_count(0)  # a step says its number once
    assert cells.count() < WIDEST
    assert page.locator(".open[tabindex='0']").count() == 1


def test_an_image_opens_large_and_the_strip_follows(visit: Callable[..., Page]) -> None:
    page = visit()

    page.get_by_role("listitem").last.get_by_role("button", name="Turn 120, Ink (practice)", exact=True).click()
    large = page.locator("dialog.box")
    expect(large).to_be_visible()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")

    expect(large).to_be_hidden()
    standing = page.locator(".open[tabindex='0']")
    expect(standing).to_have_accessible_name("Turn 105, Ink (practice)")
    expect(standing).to_be_in_viewport()


def test_the_next_turn_starts_from_any_image(visit: Callable[..., Page], images: list[str]) -> None:
    page = visit(source=images[-1])
    last = page.get_by_role("listitem").last
    expect(last.get_by_role("button", pressed=True)).to_have_accessible_name(
        "Next turn starts here: Turn 120, Ink (practice)"
    )

    before = page.locator(f".cell[aria-posinset='{len(images) - 1}']")
    before.hover()
    before.get_by_role("button", name="Continue from this").click()
    before.get_by_role("button").first.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("g")

    assert [told[1:] for told in page.evaluate("() => window.told") if told[0] == "strip"] == [
        ["continue", images[-2]],
        ["continue", images[-3]],
    ]


def test_a_strip_that_cannot_be_loaded_says_so_and_tries_again(
    open_page: Callable[..., Page], served: Served, me: Person, grown: Grown
) -> None:
    data = {"strip": {"conversation": "0" * 32, "words": strip.words()}}
    page = mounted(open_page, served, me, data)

    expect(page.get_by_role("alert")).to_contain_text("The images could not be listed. They are safe.", timeout=ARRIVES)
    page.route("**/strip", lambda route: route.continue_(url=route.request.url.replace("0" * 32, grown.id)))
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("alert")).to_be_hidden(timeout=ARRIVES)
    expect(page.get_by_role("listitem").last).to_be_visible()


@pytest.mark.parametrize(("name", "dark", "width"), [("light", False, 1440), ("phone-dark", True, 390)])
def test_axe_finds_nothing_serious(
    visit: Callable[..., Page], images: list[str], name: str, dark: bool, width: int
) -> None:
    page = visit(dark=dark, width=width, source=images[-3])
    page.wait_for_load_state("networkidle")
    page.screenshot(path=SCREENSHOTS / f"strip-{name}.png")

    assert serious(page) == []
