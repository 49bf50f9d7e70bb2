"""One line says what is looked for, and everything beside it writes in it: by mouse, by keyboard alone, on a phone."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from core import access, line, saved_views
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from tests import many
from tests.browser import find_alone
from tests.browser.mounted import mounted
from tests.browser.working import LOOKS, SCREENSHOTS, serious
from tests.serving import Served

expect.set_options(timeout=15_000)
COUNTS = "**/api/find/counts**"
LONG = "model:gpt-image-2 is:starred -has:caption cost:>0.01 after:7d"
LONG += ' project:"Winter campaign" fox sort:costliest stack:post'


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("find")))
    yield studio
    studio.engine.dispose()


@pytest.fixture(scope="module")
def me(studio: Studio) -> Person:
    return access.local_person(studio)


@pytest.fixture(scope="module")
def served(studio: Studio, me: Person, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    find_alone.library(studio, me, access.person_named(studio, "ana", "Ana Souza"))
    with find_alone.alone(studio, tmp_path_factory.mktemp("ui") / "components") as served:
        yield served


@pytest.fixture
def visit(open_page: Callable[..., Page], served: Served, me: Person) -> Iterator[Callable[..., Page]]:
    """Opens it with this line in effect: `visit("is:starred", width=390)`."""
    errors: list[str] = []

    def go(
        q: str = "", who: Person = me, route: Callable[[Route], None] | None = None, before: str = "", **look: Any
    ) -> Page:
        def opened(**more: Any) -> Page:
            page = open_page(**more)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.add_init_script(before)
            if route:
                page.route(COUNTS, route)
            return page

        with_line = {"found": find_alone.data(served.studio, who, q)}
        page = mounted(opened, served, who, with_line, **look)
        if not route:
            expect(page.locator(".find.asking")).to_have_count(0)
        return page

    yield go
    assert errors == []


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    return visit()


def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search and filter")


def told(page: Page) -> list[str]:
    """The lines that were applied, one after another."""
    return [value for _, what, value in page.evaluate("() => window.told") if what == "line"]


def actions(page: Page) -> list[dict[str, Any]]:
    return [value for _, what, value in page.evaluate("() => window.told") if what == "action"]


def applied(page: Page, *lines: str) -> None:
    page.wait_for_function("(n) => window.told.filter(([, what]) => what === 'line').length >= n", arg=len(lines))
    assert told(page) == list(lines)


def at_last(page: Page, line: str) -> None:
    """Wait until this is what is looked for."""
    page.wait_for_function("(q) => window.told.findLast(([, what]) => what === 'line')?.[2] === q", arg=line)


def comes_back(page: Page, q: str, changed: bool = False) -> None:
    """Streamlit hands this line to the component: after a change of ours, because of Back, or as images changed."""
    page.evaluate("([q, changed]) => window.mounted.found({ q, changed })", [q, changed])


def filters(page: Page) -> Locator:
    if not page.locator("dialog.panel[open]").count():
        page.get_by_role("button", name="Filters").click()
    return page.locator("dialog.panel[open]")


def chips(page: Page) -> list[str]:
    return page.locator(".chip").all_inner_texts()


def test_words_count_after_a_pause_and_once(page: Page) -> None:
    field(page).press_sequentially("red fox", delay=10)

    applied(page, "red fox")


def test_enter_does_not_wait(page: Page) -> None:
    page.clock.install()
    field(page).fill("is:starred")

    field(page).press("Enter")

    applied(page, "is:starred")
    assert chips(page) == ["Starred"]


def test_what_comes_back_from_the_address_disturbs_nobody_who_is_writing(page: Page) -> None:
    field(page).fill("fox")
    field(page).press("Enter")
    applied(page, "fox")
    field(page).press_sequentially(" is:sta")

    comes_back(page, "fox")

    expect(field(page)).to_have_value("fox is:sta")


def test_back_sets_line_chips_and_filters(visit: Callable[..., Page]) -> None:
    page = visit("is:starred")
    field(page).fill("fox")
    field(page).press("Enter")
    applied(page, "fox")
    comes_back(page, "fox")

    comes_back(page, "is:starred")

    expect(field(page)).to_have_value("is:starred")
    expect(page.locator(".chip")).to_have_text(["Starred"])
    expect(filters(page).get_by_label("Starred")).to_be_checked()
    assert told(page) == ["fox"]


def test_a_line_on_its_way_outlives_a_change_among_the_images(visit: Callable[..., Page]) -> None:
    held: list[Route] = []
    slow: list[bool] = []
    page = visit(route=lambda route: held.append(route) if slow else route.continue_())
    expect(page.locator(".find.asking")).to_have_count(0)
    slow.append(True)
    field(page).fill("is:starred")
    with page.expect_request(COUNTS):
        field(page).press("Enter")

    comes_back(page, "", changed=True)
    slow.clear()
    held[0].continue_()

    applied(page, "is:starred")
    expect(page.locator(".find.asking")).to_have_count(0)
    expect(field(page)).to_have_value("is:starred")
    assert chips(page) == ["Starred"]


def test_a_line_taken_back_before_its_answer_stays_taken_back(visit: Callable[..., Page]) -> None:
    held: list[Route] = []
    page = visit(route=lambda route: held.append(route) if "fox" in route.request.url else route.continue_())
    with page.expect_request("**/api/find/counts?q=fox*"):
        field(page).fill("fox")
        field(page).press("Enter")

    field(page).fill("")
    field(page).press("Enter")
    expect(page.locator(".find.asking")).to_have_count(0)
    held[0].continue_()
    page.wait_for_timeout(500)

    assert told(page) == []


def test_an_empty_line_offers_what_can_be_said(page: Page) -> None:
    page.keyboard.press("/")

    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("")
    expect(page.get_by_role("option").first).to_have_text("model:which model made it")
    assert page.get_by_role("option").count() > 8


@pytest.mark.parametrize("width", [320, 390, 720, 1440])
def test_the_hint_in_an_empty_line_is_never_cut(visit: Callable[..., Page], width: int) -> None:
    """On a phone it ended with "is:starred aft"."""
    page = visit(width=width)

    room, taken = field(page).evaluate("""(line) => {
        const hint = Object.assign(document.createElement("span"), { textContent: line.placeholder });
        hint.style.cssText = `position: absolute; white-space: pre; font: ${getComputedStyle(line).font}`;
        document.body.append(hint);
        return [line.clientWidth, hint.offsetWidth];
    }""")

    assert taken <= room
    assert ("model:" in str(field(page).get_attribute("placeholder"))) == (width >= 720)


def test_a_key_and_its_value_are_written_by_arrows_and_enter(page: Page) -> None:
    field(page).click()
    field(page).press_sequentially("fox pro")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_contain_text("project:")
    expect(field(page)).to_have_attribute("aria-activedescendant", r"find-1-1")

    page.keyboard.press("Enter")
    expect(page.get_by_role("option").first).to_contain_text("Winter campaign")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(field(page)).to_have_value('fox project:"Winter campaign" ')
    at_last(page, 'fox project:"Winter campaign"')
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field(page)).to_be_focused()


def test_enter_takes_the_one_word_that_is_offered_where_nothing_else_was_said(page: Page) -> None:
    """It used to call "is:sta" wrong while "is:starred" stood below it."""
    field(page).press_sequentially("fox is:sta")
    expect(page.get_by_role("option")).to_have_count(1)

    field(page).press("Enter")

    expect(field(page)).to_have_value("fox is:starred ")
    at_last(page, "fox is:starred")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator(".bad")).to_have_count(0)


def test_enter_searches_what_can_be_read_whatever_is_offered(page: Page) -> None:
    for said in ("is:starred", "model:practice", "harbou", "pro"):
        field(page).fill("")
        field(page).press_sequentially(said)
        field(page).press("Enter")

        at_last(page, said)
        expect(field(page)).to_have_value(said)


def test_enter_takes_no_example_that_nobody_chose(page: Page) -> None:
    """It used to make "cost:>0.05" of "cost:>"."""
    for said, wrong in {"cost:>": "“>” is no amount", "after:7": "“7” is no day"}.items():
        field(page).fill(said)
        expect(page.get_by_role("option")).to_have_count(1)

        field(page).press("Enter")

        expect(page.get_by_role("alert")).to_contain_text(wrong)
        expect(field(page)).to_have_value(said)


def test_enter_says_which_word_is_wrong_when_another_one_could_be_completed(page: Page) -> None:
    field(page).press_sequentially("sort:nothing is:sta")
    expect(page.get_by_role("option")).to_have_count(1)

    field(page).press("Enter")

    expect(page.locator(".mirror .bad")).to_have_text("sort:nothing")
    expect(field(page)).to_have_value("sort:nothing is:sta")


def test_tab_takes_what_is_marked_and_else_leaves(page: Page) -> None:
    field(page).press_sequentially("is:st")
    field(page).press("ArrowDown")
    field(page).press("Tab")
    expect(field(page)).to_have_value("is:starred ")
    expect(field(page)).to_be_focused()

    field(page).press("Tab")

    expect(field(page)).not_to_be_focused()


def test_a_word_that_may_become_a_key_is_searched_once_nobody_writes_it_any_more(page: Page) -> None:
    """ "mod" found nothing, and what was offered for it, "model:", was gone with the images."""
    field(page).press_sequentially("mod")
    page.wait_for_timeout(1_000)
    expect(page.get_by_role("option", name="model:")).to_be_visible()
    assert told(page) == []

    field(page).press("Escape")

    applied(page, "mod")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()


def test_a_key_takes_the_place_of_a_word_that_was_searched(page: Page) -> None:
    field(page).press_sequentially("ha")
    field(page).press("Enter")
    applied(page, "ha")  # which is found, in "harbour"
    field(page).press("ArrowDown")

    field(page).press("Enter")

    applied(page, "ha", "")
    expect(field(page)).to_have_value("has:")


def test_what_is_offered_for_a_word_does_not_depend_on_what_is_found_with_it(page: Page) -> None:
    """No image of the project has its name in its words, so the project was offered no more once they were searched."""
    field(page).press_sequentially("fox wint")

    applied(page, "fox wint")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()

    expect(page.get_by_role("option")).to_have_text([re.compile('Winter campaignproject:"Winter campaign"10')])
    comes_back(page, "fox wint", changed=True)
    expect(page.locator(".find.asking")).to_have_count(0)
    expect(page.get_by_role("option")).to_have_count(1)
    field(page).press("ArrowDown")
    field(page).press("Enter")
    at_last(page, 'fox project:"Winter campaign"')


def test_beside_the_cost_stands_what_practice_counts_with(page: Page) -> None:
    told = filters(page).get_by_role("group", name="Cost").get_by_text("Practice is free")
    expect(told).to_have_text("Practice is free; it counts with what it would cost.")

    filters(page).get_by_label("GPT Image 2").check()

    expect(told).to_have_count(0)


def test_chips_that_come_push_no_filter_away(visit: Callable[..., Page]) -> None:
    page = visit(width=1440)
    starred = filters(page).get_by_label("Starred")
    before = starred.bounding_box()

    starred.check()

    expect(page.locator(".chip")).to_have_text(["Starred"])
    assert starred.bounding_box() == before


def test_values_are_offered_with_how_many_there_are(page: Page) -> None:
    field(page).click()
    field(page).press_sequentially("model:")

    offers = page.get_by_role("option")

    expect(offers).to_have_text(
        [
            "GPT Image 2 · OpenAImodel:openai/gpt-image-260",
            "Sketch (practice)model:sketch/sketch30",
        ]
    )


def test_a_value_is_found_by_what_it_is_called(page: Page) -> None:
    field(page).click()
    field(page).press_sequentially("-wint")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(field(page)).to_have_value('-project:"Winter campaign" ')
    expect(page.locator(".chip")).to_have_text(["Not: Project: Winter campaign"])


def test_escape_closes_what_is_offered_and_keeps_what_is_written(page: Page) -> None:
    field(page).click()
    field(page).press_sequentially("mod")
    expect(page.get_by_role("listbox")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    expect(field(page)).to_have_value("mod")


def test_a_wrong_word_is_underlined_and_told_but_not_while_it_is_written(page: Page) -> None:
    field(page).click()
    field(page).press_sequentially("red is:star", delay=10)
    page.wait_for_timeout(700)
    expect(page.get_by_role("alert")).to_be_hidden()

    page.keyboard.press("Escape")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_have_text("“is:” takes no “star”. Did you mean “starred”?")
    expect(page.locator(".mirror .bad")).to_have_text("is:star")
    expect(field(page)).to_have_attribute("aria-invalid", "true")
    expect(field(page)).to_have_accessible_description(re.compile("“is:” takes no “star”. Did you mean “ ?starred ?”"))
    assert told(page) == []
    field(page).press_sequentially("red")
    expect(page.get_by_role("alert")).to_be_hidden()
    applied(page, "red is:starred")


def test_what_cannot_be_searched_for_is_told(page: Page) -> None:
    """A line of only an emoji showed every image as if they had it."""
    field(page).fill("🦊")
    field(page).press("Enter")

    note = page.get_by_role("alert")
    expect(note).to_have_text("Only letters and digits can be searched for, so this does not count: “🦊”")
    assert serious(page) == []
    field(page).fill('fox - %% \\ "')
    expect(note).to_have_text("Only letters and digits can be searched for, so this does not count: “%%”, “\\”")
    field(page).press("Enter")
    expect(note).to_be_visible()
    field(page).fill("fox")
    expect(note).to_be_hidden()


def test_what_was_meant_is_one_click_away(page: Page) -> None:
    field(page).fill("red -modle:sketch is:strred after:7d")
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is no filter “modle”")

    page.get_by_role("alert").get_by_role("button", name="model").click()
    expect(field(page)).to_have_value("red -model:sketch is:strred after:7d")
    page.get_by_role("alert").get_by_role("button", name="starred").click()

    at_last(page, "red -model:sketch is:starred after:7d")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(field(page)).to_be_focused()


def test_what_was_meant_is_reached_with_the_keyboard(page: Page) -> None:
    field(page).fill("is:strred")
    field(page).press("Enter")
    meant = page.get_by_role("alert").get_by_role("button", name="starred")
    expect(meant).to_be_visible()

    with page.expect_response(COUNTS):  # the field was left, so the line is asked about again
        page.keyboard.press("Tab")
    expect(page.locator(".find.asking")).to_have_count(0)
    for _ in range(6):
        if meant.evaluate("(node) => node.getRootNode().activeElement === node"):
            break
        page.keyboard.press("Tab")
    expect(meant).to_be_focused()
    assert serious(page) == []
    page.keyboard.press("Enter")

    at_last(page, "is:starred")
    expect(field(page)).to_be_focused()


def test_a_wrong_word_stays_marked_while_images_change_and_until_it_is_gone(visit: Callable[..., Page]) -> None:
    page = visit("red")
    field(page).fill("red is:strred")
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()

    with page.expect_response(COUNTS):
        comes_back(page, "red", changed=True)
    expect(page.locator(".find.asking")).to_have_count(0)
    expect(page.locator(".mirror .bad")).to_have_text("is:strred")
    expect(page.get_by_role("alert")).to_be_visible()
    field(page).fill("red")

    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator(".mirror .bad")).to_have_count(0)


def test_beside_a_wrong_word_the_others_are_kept_when_a_filter_or_a_chip_is_clicked(visit: Callable[..., Page]) -> None:
    page = visit("ratio:tall")
    field(page).fill("red fox on ice ratio:tall is:strred sort:wrost")
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()

    filters(page).get_by_label("Starred").click()
    applied(page, "red fox on ice ratio:tall is:starred")
    expect(page.get_by_role("alert")).to_be_hidden()
    field(page).fill("red is:strred ratio:tall is:starred")
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Take away: Starred").click()

    expect(field(page)).to_have_value("red ratio:tall")
    at_last(page, "red ratio:tall")


def test_two_chips_are_taken_away_before_the_first_answer(visit: Callable[..., Page]) -> None:
    held: list[Route] = []
    slow: list[bool] = []
    page = visit("is:starred ratio:tall", route=lambda route: held.append(route) if slow else route.continue_())
    expect(page.locator(".chip")).to_have_count(2)
    slow.append(True)

    with page.expect_request(COUNTS):
        page.locator(".chip").first.click()
    page.locator(".chip").last.click()
    slow.clear()
    held[0].continue_()

    applied(page, "ratio:tall", "")


def test_a_wrong_address_says_so_and_the_filters_work_all_the_same(visit: Callable[..., Page]) -> None:
    page = visit("fox modle:ink")
    expect(page.get_by_role("alert")).to_have_text("There is no filter “modle”. Did you mean “model”?")
    expect(page.get_by_role("heading", name="This search cannot be read")).to_be_visible()

    page.get_by_role("button", name="Filters").click()
    told_at, panel_at = (page.locator(one).bounding_box() or {} for one in (".wrong", "dialog.panel"))
    assert panel_at["x"] + panel_at["width"] <= told_at["x"]
    filters(page).get_by_label("Starred").click()

    applied(page, "fox is:starred")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_role("heading", name="This search cannot be read")).to_be_hidden()


def test_a_wrong_line_after_one_that_found_nothing_says_so_in_its_place(visit: Callable[..., Page]) -> None:
    """There was nothing at all under the sentence."""
    page = visit("qqqq")
    unread, nothing = (page.get_by_role("heading", name=name) for name in ("This search cannot", "Nothing was found"))
    expect(nothing).to_be_visible()
    field(page).fill("qqqq is:bogus")
    field(page).press("Enter")

    expect(unread).to_be_visible()
    expect(nothing).to_have_count(0)
    with page.expect_response(COUNTS):
        comes_back(page, "qqqq", changed=True)
    expect(page.locator(".find.asking")).to_have_count(0)
    expect(unread).to_be_visible()
    field(page).fill("qqqq")

    expect(nothing).to_be_visible()
    expect(unread).to_have_count(0)


@pytest.mark.parametrize(("line", "entered"), [("qqqq", True), ("qqqq sort:no", True), ("qqqq sort:no", False)])
def test_a_click_under_what_was_not_found_counts_while_the_field_has_the_keyboard(
    visit: Callable[..., Page], line: str, entered: bool
) -> None:
    """To leave the field asks anew, and the answer drew the button anew between press and release."""
    page = visit("qqqq")
    field(page).fill(line)
    if entered:
        field(page).press("Enter")
        expect(page.locator(".find.asking")).to_have_count(0)
    expect(field(page)).to_be_focused()

    page.get_by_role("button", name="Show all images").click(delay=1_000)

    applied(page, "")


def test_a_click_on_a_chip_counts_while_the_field_has_the_keyboard(visit: Callable[..., Page]) -> None:
    page = visit("fox")
    field(page).fill("fox is:starred")
    field(page).press("Enter")
    expect(page.locator(".find.asking")).to_have_count(0)
    expect(field(page)).to_be_focused()

    page.get_by_role("button", name="Take away: Starred").click(delay=1_000)

    applied(page, "fox is:starred", "fox")


def test_each_chip_can_be_taken_away_and_all_at_once(visit: Callable[..., Page]) -> None:
    page = visit(LONG)
    assert chips(page) == [
        "Model: gpt-image-2",
        "Starred",
        "Not: With a caption",
        "Cost > $0.01",
        "Last 7 days",
        "Project: Winter campaign",
        "Costliest first",
        "Stack by post",
    ]

    page.get_by_role("button", name="Take away: Not: With a caption").click()
    applied(page, LONG.replace("-has:caption ", ""))
    page.get_by_role("button", name="Clear", exact=True).click()

    applied(page, LONG.replace("-has:caption ", ""), "")
    expect(field(page)).to_have_value("")
    expect(field(page)).to_be_focused()
    expect(page.locator(".chip")).to_have_count(0)


def test_the_filters_write_in_the_line_and_read_it(visit: Callable[..., Page]) -> None:
    page = visit('"red fox"')
    panel = filters(page)

    panel.get_by_label("Winter campaign").click()
    expect(field(page)).to_have_value('"red fox" project:"Winter campaign"')
    panel.get_by_label("Sort").select_option("oldest")
    panel.get_by_role("switch", name="Stack by post").click()
    expect(field(page)).to_have_value('"red fox" project:"Winter campaign" sort:oldest stack:post')
    panel.get_by_label("Winter campaign").click()
    expect(field(page)).to_have_value('"red fox" sort:oldest stack:post')
    panel.get_by_label("Sort").select_option("best")

    expect(field(page)).to_have_value('"red fox" stack:post')


def test_where_posts_are_stacked_the_filters_say_that_they_count_images(page: Page) -> None:
    panel = filters(page)
    told = panel.get_by_text("The filters count images, of which a post may have several.")
    expect(told).to_have_count(0)

    panel.get_by_role("switch", name="Stack by post").click()

    expect(told).to_be_visible()
    assert serious(page) == []


def test_counts_follow_what_is_picked(page: Page) -> None:
    panel = filters(page)
    sketch = panel.locator(".choice", has_text="Sketch (practice)")
    expect(sketch.locator(".n")).to_have_text("30")

    panel.get_by_label("Starred").click()

    expect(sketch.locator(".n")).to_have_text("4")
    expect(panel.get_by_label("Starred")).to_be_focused()


def test_one_of_many_that_a_word_means_is_taken_away(visit: Callable[..., Page]) -> None:
    """A part of a name picked both; without one of them the other stays."""
    page = visit("ratio:tall")
    panel = filters(page)
    expect(panel.get_by_label("2:3")).to_be_checked()
    expect(panel.get_by_label("4:5")).to_be_checked()

    panel.get_by_label("2:3").click()

    expect(field(page)).to_have_value("ratio:4:5")


def test_dates_amounts_and_durations_are_fields(page: Page) -> None:
    panel = filters(page)
    panel.get_by_role("button", name="7 days").click()
    expect(field(page)).to_have_value("after:7d")
    panel.get_by_label("From", exact=True).fill("2026-01-01")
    panel.get_by_label("From", exact=True).blur()
    expect(field(page)).to_have_value("after:2026-01-01")
    panel.get_by_label("To", exact=True).fill("2026-12-31")
    panel.get_by_label("To", exact=True).blur()
    expect(field(page)).to_have_value("after:2026-01-01 before:2027-01-01")
    expect(panel.get_by_label("To", exact=True)).to_have_value("2026-12-31")

    cost = panel.get_by_role("group", name="Cost")
    cost.get_by_label("At least").press_sequentially("0,01")
    cost.get_by_label("At least").press("Enter")
    expect(field(page)).to_have_value("after:2026-01-01 before:2027-01-01 cost:>=0.01")
    panel.get_by_role("group", name="Duration").get_by_label("At most").fill("20")
    panel.get_by_role("group", name="Duration").get_by_label("At most").press("Enter")

    expect(field(page)).to_have_value("after:2026-01-01 before:2027-01-01 cost:>=0.01 took:<=20s")
    expect(cost.get_by_label("At least")).to_have_value("0.01")
    expect(panel.get_by_role("group", name="Duration").get_by_label("At most")).to_have_value("20")


def test_a_chip_says_the_day_that_was_picked(page: Page) -> None:
    """It used to say "Before Jan 1, 2027"."""
    panel = filters(page)
    panel.get_by_label("To", exact=True).fill("2026-12-31")

    panel.get_by_label("To", exact=True).blur()

    expect(page.locator(".chip")).to_have_text(["Until Dec 31, 2026"])
    comes_back(page, "before:today")
    expect(page.locator(".chip")).to_have_text(["Before today"])


def test_what_the_filters_write_is_read_as_what_was_filled_in(page: Page, studio: Studio, me: Person) -> None:
    panel = filters(page)
    filled = {"made-from": "2026-03-29", "made-to": "2026-03-29", "cost-from": "$0.01", "cost-to": "0,5"}
    for name, value in (filled | {"took-from": "1.5 s", "took-to": "20"}).items():
        panel.locator(f'[data-name="{name}"]').fill(value)
        panel.locator(f'[data-name="{name}"]').press("Enter")

    at_last(page, "on:2026-03-29 cost:0.01..0.5 took:1.5..20s")

    zone = ZoneInfo(page.evaluate("() => Intl.DateTimeFormat().resolvedOptions().timeZone"))
    made, cost, took = line.read(studio, me, told(page)[-1], zone).wanted.between.values()
    assert made == (datetime(2026, 3, 29, tzinfo=zone), datetime(2026, 3, 30, tzinfo=zone))
    assert (cost, took) == ((Decimal("0.01"), Decimal("0.500000001")), (1_500, 20_001))


def test_an_amount_that_cannot_be_looked_for_is_told_at_its_field_and_stays(page: Page) -> None:
    """The line read "cost:10..abc", and of a range that was turned around one end was gone."""
    cost, took = (filters(page).get_by_role("group", name=name) for name in ("Cost", "Duration"))
    low, high = (cost.get_by_label(name) for name in ("At least", "At most"))
    wrong = cost.get_by_role("alert")
    low.fill("abc")
    low.press("Enter")
    expect(wrong).to_have_text("“abc” is no amount. Write dollars, like 0.05.")
    expect(low).to_have_accessible_description("“abc” is no amount. Write dollars, like 0.05.")
    assert serious(page) == []

    took.get_by_label("At least").fill("5")
    took.get_by_label("At most").fill("abc")
    took.get_by_label("At most").press("Enter")
    expect(took.get_by_role("alert")).to_have_text("“abc” is no duration. Write seconds, like 10.")
    filters(page).get_by_label("Starred").check()
    expect(field(page)).to_have_value("took:>=5s is:starred")
    expect(low).to_have_value("abc")
    expect(took.get_by_label("At most")).to_have_value("abc")

    low.fill("2")
    high.fill("1")
    high.press("Enter")
    expect(wrong).to_have_text("“At most” is less than “At least”.")
    expect(high).to_have_value("1")
    low.fill("0.01")
    low.press("Enter")

    expect(field(page)).to_have_value("took:>=5s is:starred cost:0.01..1")
    expect(wrong).to_be_hidden()


def test_what_is_marked_in_a_filter_stays_marked_when_an_answer_comes(page: Page) -> None:
    """The next key was put before or after it."""
    low = filters(page).get_by_role("group", name="Cost").get_by_label("At least")
    low.fill("abc")
    low.press("Enter")
    filters(page).get_by_label("Starred").check()
    applied(page, "is:starred")
    expect(page.locator(".find.asking")).to_have_count(0)
    low.select_text()

    with page.expect_response(COUNTS):
        comes_back(page, "is:starred", changed=True)
    expect(page.locator(".find.asking")).to_have_count(0)
    page.keyboard.type("2")

    expect(low).to_have_value("2")


def test_a_year_that_is_being_typed_is_no_date_yet(page: Page) -> None:
    start = filters(page).get_by_label("From", exact=True)

    start.press_sequentially("010202", delay=20)
    start.blur()
    page.wait_for_timeout(300)
    assert told(page) == []
    start.press_sequentially("01022026", delay=20)
    page.wait_for_timeout(300)
    assert told(page) == []
    start.press("Enter")

    applied(page, "after:2026-01-02")


def test_what_is_being_written_into_a_filter_outlives_answers_that_come_late(page: Page) -> None:
    panel = filters(page)
    at_least = panel.get_by_role("group", name="Cost").get_by_label("At least")
    page.evaluate("""() => {
        const real = window.fetch;
        const late = (...asked) => new Promise((done) => setTimeout(() => done(real(...asked)), 500));
        window.fetch = (what, ...how) => (String(what).includes("/api/find/counts") ? late : real)(what, ...how);
    }""")

    panel.get_by_role("button", name="7 days").click()
    panel.get_by_label("From", exact=True).fill("2026-01-01")
    panel.get_by_label("To", exact=True).fill("2026-12-31")
    at_least.click()
    at_least.press_sequentially("0,01")
    expect(field(page)).to_have_value("after:2026-01-01 before:2027-01-01")
    at_last(page, "after:2026-01-01 before:2027-01-01")

    expect(at_least).to_have_value("0,01")
    at_least.press("Enter")
    expect(field(page)).to_have_value("after:2026-01-01 before:2027-01-01 cost:>=0.01")
    expect(at_least).to_have_value("0.01")


def test_what_was_just_written_is_kept_when_a_filter_is_clicked(page: Page) -> None:
    panel = filters(page)
    field(page).click()
    field(page).press_sequentially("boat")

    panel.get_by_label("Starred").click()

    expect(field(page)).to_have_value("boat is:starred")
    at_last(page, "boat is:starred")


def test_the_filters_stay_open_beside_the_grid_until_they_are_closed(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("button", name="Filters").focus()
    page.keyboard.press("Enter")
    panel = page.locator("dialog.panel[open]")
    expect(page.get_by_role("button", name="Filters")).to_be_focused()  # beside the grid they take no keyboard
    left = (page.locator(".area").bounding_box() or {})["x"]
    box = panel.bounding_box() or {}
    assert box["x"] + box["width"] < left
    page.reload()
    page.wait_for_function("() => window.ready")

    expect(panel).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Filters")).to_be_focused()


def test_in_a_browser_that_keeps_nothing_the_filters_open_and_close(visit: Callable[..., Page]) -> None:
    refused = "() => { throw new DOMException('The operation is insecure.', 'SecurityError'); }"
    page = visit(before=f"Object.defineProperty(window, 'localStorage', {{ get: {refused} }})")

    panel = filters(page)
    panel.get_by_role("button", name="Close").click()

    expect(panel).to_be_hidden()


def test_on_a_phone_the_filters_are_a_sheet(visit: Callable[..., Page]) -> None:
    page = visit("fox", width=390)
    panel = filters(page)
    assert panel.evaluate("(node) => node.matches(':modal')")

    panel.get_by_label("Starred").click()
    panel.get_by_role("button", name="Show 4 images").click()

    expect(panel).to_be_hidden()
    applied(page, "fox is:starred")
    page.get_by_role("button", name="Filters").click()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_nothing_found_leads_on(visit: Callable[..., Page]) -> None:
    page = visit("red foxx")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    expect(page.locator(".meant")).to_contain_text("Did you mean fox? 30 images")

    page.get_by_role("button", name="fox", exact=True).click()

    applied(page, "red fox")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_hidden()


def test_nothing_found_says_without_what_there_would_be_something(visit: Callable[..., Page]) -> None:
    page = visit("fox is:starred ratio:21:9")

    page.get_by_role("button", name="Without Ratio: 21:9 4 images").click()
    applied(page, "fox is:starred")

    comes_back(page, "qqqqqq")
    page.get_by_role("button", name="Show all images").click()
    applied(page, "fox is:starred", "")


def test_nothing_found_says_what_could_be_let_in(visit: Callable[..., Page]) -> None:
    """It used to propose "Without Not: fox"."""
    page = visit("-is:starred -fox red")
    expect(page.locator(".way")).to_have_text(["With fox too26 images", "Without red52 images"])

    page.get_by_role("button", name="With fox too").click()

    applied(page, "-is:starred red")
    comes_back(page, "ratio:1:1 -ratio:square")
    expect(page.locator(".way")).to_have_text(["Without Ratio: 1:172 images", "With Square too18 images"])


def test_an_index_that_is_not_there_yet_is_waited_for(visit: Callable[..., Page]) -> None:
    ready: list[bool] = []
    late = lambda route: route.continue_() if ready else route.fulfill(status=503, json={"error": "Soon."})  # noqa: E731
    page = visit("is:starred", route=late)
    expect(page.get_by_role("alert")).to_contain_text("The gallery's index is being made.")

    ready.append(True)

    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator(".chip")).to_have_text(["Starred"])


def test_who_cannot_be_reached_is_asked_again(visit: Callable[..., Page]) -> None:
    reached: list[bool] = []
    page = visit("", route=lambda route: route.continue_() if reached else route.abort())
    field(page).fill("fox")
    field(page).press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("The studio does not answer.")
    applied(page, "fox")  # the grid says itself what it cannot load
    reached.append(True)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_views_are_listed_and_picked(visit: Callable[..., Page]) -> None:
    page = visit("is:starred after:7d")
    expect(page.get_by_role("button", name="Stars of the week")).to_be_visible()  # the one that is in effect

    page.get_by_role("button", name="Stars of the week").click()
    views = page.get_by_role("dialog", name="Views")
    expect(views.locator(".name")).to_have_text(["Red foxes", "Stars of the week", "Everything dear"])
    expect(views.locator(".view").last).to_contain_text("Ana Souza")
    assert views.get_by_role("button", name="What to do with").count() == 2  # not with a colleague's
    views.get_by_role("button", name="Red foxes").first.click()

    applied(page, '"red fox" sort:costliest')
    expect(field(page)).to_have_value('"red fox" sort:costliest')
    expect(views).to_be_hidden()


def test_what_is_looked_for_is_saved_under_a_name_by_keys_alone(visit: Callable[..., Page]) -> None:
    page = visit("boat is:starred")
    page.get_by_role("button", name="Views").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save this view").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Name of the view")).to_be_focused()

    page.keyboard.type("Boats")
    page.keyboard.press("Enter")

    assert actions(page) == [{"act": "view.save", "name": "Boats", "line": "boat is:starred"}]
    expect(page.get_by_role("button", name="Views")).to_be_focused()


def test_a_name_that_is_refused_stays_in_its_field_with_the_sentence(visit: Callable[..., Page]) -> None:
    """The form was gone, and the name had to be typed again."""
    page = visit("boat")
    taken = "You have a view called “Red foxes” already. Take another name."
    page.evaluate("(error) => (window.answer = { error })", taken)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Save this view").click()
    name = page.get_by_role("textbox", name="Name of the view")
    name.fill("Red foxes")

    name.press("Enter")

    expect(page.get_by_role("alert").filter(has_text="already")).to_have_text(taken)
    expect(name).to_have_value("Red foxes")
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description(taken)
    comes_back(page, "boat")
    expect(name).to_have_value("Red foxes")
    assert serious(page) == []
    page.evaluate("() => (window.answer = {})")
    name.fill("Blue boats")
    name.press("Enter")
    expect(page.get_by_role("dialog", name="Views")).to_be_hidden()
    assert [action["name"] for action in actions(page)] == ["Red foxes", "Blue boats"]


def test_a_double_click_saves_a_view_once_and_hits_nothing_beneath(visit: Callable[..., Page]) -> None:
    """The form was closed first, so that the second click opened the image under it."""
    page = visit("boat")
    page.evaluate("() => document.addEventListener('click', ({ detail }) => window.told.push(['', 'click', detail]))")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_role("textbox", name="Name of the view").fill("Boats")

    page.get_by_role("button", name="Save this view").dblclick(delay=60)

    expect(page.get_by_role("dialog", name="Views")).to_be_hidden()
    assert len(actions(page)) == 1
    clicks = [value for _, what, value in page.evaluate("() => window.told") if what == "click"]
    assert clicks == [1, 1, 1]


def test_a_view_is_renamed_shared_changed_and_removed_when_one_is_sure(
    visit: Callable[..., Page], studio: Studio, me: Person
) -> None:
    page = visit("boat")
    red = next(view for view in saved_views.views(studio, me) if view.name == "Red foxes")
    views = page.get_by_role("dialog", name="Views")

    def more() -> None:
        expect(views).to_be_hidden()
        page.get_by_role("button", name="Views").click()
        views.get_by_role("button", name="What to do with “Red foxes”").click()

    more()
    views.get_by_role("button", name="Rename").click()
    views.get_by_role("textbox").fill("Foxes")
    views.get_by_role("textbox").press("Enter")
    more()
    views.get_by_role("button", name="Keep to myself").click()
    more()
    views.get_by_role("button", name="Use for what is shown now").click()
    more()
    views.get_by_role("button", name="Remove").click()
    views.get_by_role("button", name="Keep", exact=True).click()
    views.get_by_role("button", name="What to do with “Red foxes”").click()
    page.keyboard.press("Escape")
    more()
    views.get_by_role("button", name="Remove").click()
    views.get_by_role("button", name="Remove").click()

    assert actions(page) == [
        {"act": "view.rename", "id": red.id, "name": "Foxes"},
        {"act": "view.share", "id": red.id, "on": False},
        {"act": "view.change", "id": red.id, "line": "boat"},
        {"act": "view.remove", "id": red.id},
    ]


def test_a_question_about_a_view_and_the_keyboard_stay_when_the_page_is_drawn_anew(visit: Callable[..., Page]) -> None:
    page = visit("boat")
    page.get_by_role("button", name="Views").click()
    more = page.get_by_role("button", name="What to do with “Red foxes”")
    more.click()
    comes_back(page, "boat")
    expect(more).to_be_focused()
    page.get_by_role("button", name="Remove").click()

    comes_back(page, "boat")

    expect(page.get_by_text("Remove “Red foxes”?")).to_be_visible()
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_focused()


def test_who_has_no_images_is_offered_no_search_for_them(
    visit: Callable[..., Page], studio: Studio, me: Person
) -> None:
    """But for the views of the team."""
    new = access.person_named(studio, "new", "New")
    for who in access.people(studio, me):
        for view in (view for view in saved_views.views(studio, who) if not view.owner):
            saved_views.share(studio, who, view.id, on=False)
    page = visit(who=new)

    expect(page.locator(".find")).to_be_hidden()
    comes_back(page, "fox")

    expect(field(page)).to_have_value("fox")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    shared = saved_views.save(studio, me, "Of the team", "is:starred")
    saved_views.share(studio, me, shared)
    expect(visit(who=new).get_by_role("button", name="Views")).to_be_visible()


def test_one_letter_keys_of_the_page_stay_out_of_the_line(page: Page) -> None:
    page.evaluate("() => document.addEventListener('keydown', ({ key }) => window.told.push(['page', 'key', key]))")

    field(page).press_sequentially("rc")

    assert [value for name, _, value in page.evaluate("() => window.told") if name == "page"] == []


def test_where_the_system_chooses_the_colours_focus_and_switches_can_be_told(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    field(page).focus()
    assert page.locator(".seek").evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid"
    stack = filters(page).get_by_role("switch", name="Stack by post")
    colour = "(node) => getComputedStyle(node).backgroundColor"
    off = stack.evaluate(colour)

    stack.click()

    expect(page.locator(".chip")).to_have_count(1)
    assert stack.evaluate(colour) != off


@pytest.mark.parametrize("look", LOOKS)
def test_nobody_is_kept_from_using_it(visit: Callable[..., Page], look: str, tmp_path: Path) -> None:
    width, dark = LOOKS[look]
    SCREENSHOTS.mkdir(exist_ok=True)

    page = visit(LONG, width=width, dark=dark)
    assert serious(page) == []
    page.screenshot(path=SCREENSHOTS / f"find-line-{look}.png")
    filters(page)
    assert serious(page) == []
    page.screenshot(path=SCREENSHOTS / f"find-filters-{look}.png")
    filters(page).get_by_role("button", name="Close").click()
    page.locator(".views .opener").click()
    page.get_by_role("button", name="What to do with “Red foxes”").click()
    assert serious(page) == []
    page.screenshot(path=SCREENSHOTS / f"find-views-{look}.png")
    page.keyboard.press("Escape")
    field(page).fill("foxx is:starred mo")
    assert serious(page) == []
    field(page).fill("foxx modle:x")
    field(page).press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert serious(page) == []
    field(page).fill("foxx is:starred")
    field(page).press("Enter")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    assert serious(page) == []
    page.screenshot(path=SCREENSHOTS / f"find-nothing-{look}.png")


def test_many_values_are_shown_when_they_are_wanted(visit: Callable[..., Page], studio: Studio, served: Served) -> None:
    zoe = access.person_named(studio, "zoe", "Zoe")
    many.images(studio, zoe, 12, each=1)
    with studio.transaction() as db:
        db.connection().exec_driver_sql(
            f"UPDATE generation SET provider = 'a1111', model = 'model ' || n WHERE user_id = '{zoe.id}'"
        )
    page = visit(who=zoe)
    panel = filters(page)
    expect(panel.locator("fieldset", has_text="Model").locator(".choice")).to_have_count(7)

    panel.get_by_role("button", name="Show all").click()

    expect(panel.locator("fieldset", has_text="Model").locator(".choice")).to_have_count(12)
    expect(panel.get_by_role("button", name="Show fewer")).to_be_focused()
