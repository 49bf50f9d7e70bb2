"""The map finds the version before the sign changed: by keys alone, by mouse, by ear, in a long conversation too."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from core import conversations
from core.access import Person
from core.tables import FAILED
from pages.parts import lineage, viewer
from tests.branches import Grown, Step, grow
from tests.browser.mounted import mounted
from tests.browser.working import ARRIVES, LOOKS, SCREENSHOTS, serious
from tests.conftest import wish
from tests.serving import Served

BOTH = ("openai/gpt-image-2", "sketch/sketch")
RAIN = "A corner shop in the rain, a {} sign above the door{}"
STEPS = [
    Step(RAIN.format("red", ""), None, BOTH),
    Step(RAIN.format("green", ""), 1, BOTH[:1]),
    Step(RAIN.format("red", " at night"), 1, BOTH, ratio="16:9"),
    Step("Make the umbrellas yellow", 2, ("sketch/ink",)),
    Step(RAIN.format("green", ", people under umbrellas"), 2, BOTH[:1]),
    Step("Make the umbrellas yellow and add a dog", 4, BOTH[:1], status=FAILED),
    Step("Another street"),
]
LONG = 500
WIDEST = 80
"""Nodes in the page at most, of a long conversation that is looked at from near."""


@pytest.fixture(scope="module")
def shop(served: Served, me: Person) -> Grown:
    """A conversation that branches: 1 to 2 and 3, 2 to 4 and 5, 4 to 6; 7 began anew."""
    return grow(served.studio, me, STEPS)


@pytest.fixture
def visit(open_page: Callable[..., Page], served: Served, me: Person) -> Iterator[Callable[..., Page]]:
    """Opens the map of a conversation: `visit(id, dark=True, width=390)`."""
    errors: list[str] = []

    def go(conversation: str, *, opened: bool = True, **look: Any) -> Page:
        data = {
            "lineage": {"conversation": conversation, "mark": "1", "box": "", "words": lineage.words()},
            "lightbox": {"view": "", "seconds": 10, "words": viewer.words()},
        }
        page = mounted(open_page, served, me, data, **look)
        page.on("pageerror", lambda error: errors.append(str(error)))
        if opened:
            page.get_by_role("button", name="Map").click()
            expect(page.get_by_role("tree")).to_be_visible(timeout=ARRIVES)
        return page

    yield go
    assert errors == []


@pytest.fixture
def page(visit: Callable[..., Page], shop: Grown) -> Page:
    """The map of the shop; it opens at the newest step."""
    opened = visit(shop.id)
    expect(focused(opened)).to_have_accessible_name(named(7), timeout=ARRIVES)
    return opened


def test_nothing_is_asked_for_before_the_map_is_opened(visit: Callable[..., Page], shop: Grown) -> None:
    page = visit(shop.id, opened=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.wait_for_timeout(300)
    assert not any("lineage" in address for address in asked)
    page.get_by_role("button", name="Map").click()

    expect(page.get_by_role("treeitem")).to_have_count(7, timeout=ARRIVES)
    expect(page.get_by_text("7 turns")).to_be_visible()


def test_the_version_before_the_sign_changed_is_found(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("sign")
    expect(page.get_by_text("1 of 2")).to_be_visible()  # what began with it, and where it changed; not where it stayed
    page.keyboard.press("Enter")
    expect(panel(page).get_by_role("heading", name="Turn 2")).to_be_visible()
    expect(panel(page).locator("del")).to_contain_text("red")
    expect(panel(page).locator("ins")).to_contain_text("green")

    page.keyboard.press("ArrowDown")  # from the field to the map
    page.keyboard.press("ArrowLeft")

    expect(focused(page)).to_have_accessible_name(named(1))
    expect(panel(page).get_by_text("Began with words")).to_be_visible()


def test_arrow_keys_walk_to_parents_children_and_siblings(page: Page) -> None:
    walk = [("Home", 1), ("ArrowRight", 2), ("ArrowDown", 3), ("ArrowUp", 2), ("ArrowRight", 4), ("ArrowDown", 5)]
    walk += [("ArrowLeft", 2), ("ArrowRight", 5), ("ArrowRight", 5), ("End", 7), ("ArrowUp", 1), ("ArrowUp", 1)]

    for key, step in walk:
        page.keyboard.press(key)
        expect(focused(page)).to_have_accessible_name(named(step))

    assert page.get_by_role("treeitem", selected=True).count() == 1
    assert page.locator(".node[tabindex='0']").count() == 1


def test_a_node_says_all_of_it_to_who_only_listens(page: Page) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")

    spoken = focused(page).get_attribute("aria-label")

    assert spoken == (
        "Turn 2. from turn 1. added: green. removed: red. Model Sketch (practice) → GPT Image 2 · OpenAI."
        " GPT Image 2 · OpenAI. $0.04 · 8.2 s. 1 image"
    )
    place = {name: focused(page).get_attribute(f"aria-{name}") for name in ("level", "setsize", "posinset", "expanded")}
    assert place == {"level": "2", "setsize": "2", "posinset": "1", "expanded": "true"}


def test_an_edge_shows_what_was_asked_otherwise(page: Page) -> None:
    sign = page.locator(".edge", has_text="sign").first

    expect(sign.locator("del")).to_contain_text("red")
    expect(sign.locator("ins")).to_contain_text("green")
    expect(page.locator(".edge", has_text="at night").locator(".chip")).to_contain_text("3:2 → 16:9")
    assert sign.locator("ins").evaluate("node => getComputedStyle(node).textDecorationLine") == "underline"
    assert sign.locator("del").evaluate("node => getComputedStyle(node).textDecorationLine") == "line-through"
    expect(page.locator(".edge", has_text="umbrellas yellow").first.locator("del")).to_have_count(0)


def test_a_branch_folds_away_and_comes_back(page: Page) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")

    page.keyboard.press("Space")
    expect(page.get_by_role("treeitem")).to_have_count(4)
    expect(focused(page)).to_have_attribute("aria-expanded", "false")
    expect(focused(page)).to_contain_text("+3")
    page.keyboard.press("ArrowRight")

    expect(page.get_by_role("treeitem")).to_have_count(7)
    expect(focused(page)).to_have_accessible_name(named(4))


def test_what_is_found_in_a_folded_branch_is_unfolded(page: Page) -> None:
    page.get_by_role("button", name="Fold or unfold all branches").click()
    expect(page.get_by_role("treeitem")).to_have_count(4)

    page.get_by_role("searchbox").fill("dog")

    expect(page.get_by_role("treeitem", name="Turn 6")).to_be_visible()


def test_two_images_lie_under_one_slider(page: Page, shop: Grown) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("c")
    expect(focused(page)).to_contain_text("First")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("2")  # its second image
    page.keyboard.press("c")

    slider = page.get_by_role("slider")
    expect(slider).to_be_focused()
    expect(page.locator(".pair img")).to_have_count(2)
    shown = [image.get_attribute("src").split("/")[-2] for image in page.locator(".pair img").all()]
    assert shown == [shop.images[0][0], shop.images[2][1]]
    expect(page.locator(".label.left")).to_have_text("Turn 1, GPT Image 2 · OpenAI")
    expect(page.locator(".label.right")).to_have_text("Turn 3, Sketch (practice)")
    for key, percent in (("ArrowLeft", "48"), ("PageUp", "58"), ("Home", "0"), ("End", "100")):
        page.keyboard.press(key)
        expect(slider).to_have_attribute("aria-valuenow", percent)

    box = page.locator(".pair").bounding_box() or {}
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(slider).to_have_attribute("aria-valuenow", "25")

    page.keyboard.press("Escape")
    expect(focused(page)).to_have_accessible_name(named(3))
    expect(slider).to_be_hidden()


def test_a_step_is_compared_with_the_very_image_it_came_from(page: Page, shop: Grown) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")

    panel(page).get_by_role("button", name="Compare with turn 1").click()

    shown = [image.get_attribute("src").split("/")[-2] for image in page.locator(".pair img").all()]
    assert shown == [shop.images[0][1], shop.images[1][0]]


def test_an_image_opens_large_and_the_map_follows(page: Page) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    large = page.locator("dialog.box")
    expect(large).to_be_visible()
    for _ in range(2):  # the second image of turn 1, then turn 2
        page.keyboard.press("ArrowRight")

    page.keyboard.press("Escape")

    expect(large).to_be_hidden()
    expect(page.get_by_role("treeitem", selected=True)).to_have_accessible_name(named(2))
    expect(page.get_by_role("tree")).to_be_visible()


def test_the_next_turn_starts_from_a_node(page: Page, shop: Grown) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("2")

    panel(page).get_by_role("button", name="Continue from this").click()

    assert told(page) == [["lineage", "continue", shop.images[0][1]]]
    expect(page.get_by_role("tree")).to_be_hidden()
    expect(page.get_by_role("button", name="Map")).to_be_focused()


def test_an_image_from_elsewhere_leads_to_its_conversation(
    visit: Callable[..., Page], served: Served, me: Person, shop: Grown
) -> None:
    grown = grow(served.studio, me, [Step("As a drawing", shop.images[0][0])])
    page = visit(grown.id)

    panel(page).get_by_role("button", name="Derived from another conversation").click()
    expect(focused(page)).to_contain_text("A shop")
    panel(page).get_by_role("button", name="Open that conversation").click()

    assert told(page) == [["lineage", "leave", shop.id]]


def test_an_open_map_grows_with_its_conversation(visit: Callable[..., Page], served: Served, me: Person) -> None:
    grown = grow(served.studio, me, [Step("A shop"), Step("A green shop", 1)])
    page = visit(grown.id)
    page.keyboard.press("Home")

    conversations.ask(served.studio, me, grown.id, wish("A red shop", source=grown.images[0][0]))
    page.evaluate("() => window.mounted.lineage({ mark: '2' })")

    expect(page.get_by_role("treeitem")).to_have_count(3)
    expect(focused(page)).to_have_accessible_name(named(1))
    expect(page.get_by_role("treeitem", name="Turn 3")).to_contain_text("1 waiting")


def test_a_map_that_cannot_be_loaded_says_so_and_tries_again(visit: Callable[..., Page], shop: Grown) -> None:
    page = visit(shop.id, opened=False)
    page.route("**/lineage", lambda route: route.abort(), times=1)

    page.get_by_role("button", name="Map").click()
    expect(page.get_by_role("alert")).to_contain_text("The map could not be loaded. Check your connection")
    page.screenshot(path=SCREENSHOTS / "map-failed.png")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("treeitem")).to_have_count(7)


def test_a_long_conversation_keeps_little_in_the_page(visit: Callable[..., Page], served: Served, me: Person) -> None:
    steps = [Step("Word 0"), *(Step(f"Word {n}", 1 + n * 7 // 10) for n in range(1, LONG))]
    page = visit(grow(served.studio, me, steps, files=False).id)
    nodes = page.get_by_role("treeitem")

    assert 0 < nodes.count() < WIDEST
    page.keyboard.press("Home")
    expect(focused(page)).to_have_accessible_name(named(1))
    page.keyboard.press("End")
    expect(focused(page)).to_have_accessible_name(named(LONG))
    expect(focused(page)).to_be_in_viewport()
    assert nodes.count() < WIDEST

    page.keyboard.press("0")  # all of it at once, as far as one can see: without a request for each picture
    page.screenshot(path=SCREENSHOTS / "map-long.png")
    assert page.locator(".node img").count() == 0
    page.get_by_role("searchbox").fill("Word 321")
    expect(panel(page).get_by_role("heading", name="Turn 322")).to_be_visible()


@pytest.mark.parametrize(("name", "dark", "width"), [(name, *look[::-1]) for name, look in LOOKS.items()])
def test_axe_finds_nothing_serious(visit: Callable[..., Page], shop: Grown, name: str, dark: bool, width: int) -> None:
    page = visit(shop.id, dark=dark, width=width)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=SCREENSHOTS / f"map-{name}.png")
    assert serious(page) == []

    page.keyboard.press("Shift+C")
    expect(page.get_by_role("slider")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=SCREENSHOTS / f"map-compare-{name}.png")
    assert serious(page) == []


@pytest.mark.parametrize("seed", range(3))
def test_nodes_never_overlap_and_parents_are_in_the_middle(page: Page, seed: int) -> None:
    """Trees of 150 nodes, from one long chain to one wide fan."""
    parents = [None, *(max(0, n - 1 - (n * 2654435761 >> 7) % (1 + seed * seed * 4)) for n in range(1, 150))]

    places = page.evaluate(LAYOUT, json.dumps(parents))

    children: dict[int, list[int]] = {}
    for node, parent in enumerate(parents):
        if parent is not None:
            children.setdefault(parent, []).append(node)
            assert places[node][0] == places[parent][0] + 1
    for column in {place[0] for place in places}:
        rows = sorted(row for at, row in places if at == column)
        assert all(below - above >= 1 - 1e-9 for above, below in pairwise(rows))
    for parent, kids in children.items():
        assert places[parent][1] == pytest.approx((places[kids[0]][1] + places[kids[-1]][1]) / 2)


LAYOUT = """async (text) => {
  const parents = JSON.parse(text), kids = parents.map(() => []), roots = [];
  parents.forEach((parent, id) => (parent === null ? roots : kids[parent]).push(id));
  const { layout } = await import("/ui/0/lineage_layout.js");
  const { places } = layout(roots, (id) => kids[id]);
  return parents.map((_, id) => [places.get(id).column, places.get(id).row]);
}"""


def panel(page: Page) -> Locator:
    """What is told of the step that the map stands on."""
    return page.get_by_role("complementary", name="About this turn")


def focused(page: Page) -> Locator:
    """The node that has the keyboard."""
    return page.locator(".node:focus")


def named(step: int) -> re.Pattern[str]:
    """How the name of this step begins."""
    return re.compile(rf"^Turn {step}\b")


def told(page: Page) -> list[list[str]]:
    """What Streamlit heard of the map."""
    return [entry for entry in page.evaluate("() => window.told") if entry[0] == "lineage"]
