"""Pictures for an ask: pasted or dropped, several at once, and an ask that comes before them waits."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import access, conversations
from core.asks import Ask
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import new_id
from tests import serving
from tests.browser.ask_alone import asked, begun_alone
from tests.browser.dropping import (
    TAKES_14,
    TAKES_ONE,
    WITHOUT_WORK,
    WORDS,
    begun,
    complaint,
    drag,
    file,
    give,
    held_up,
    picture,
    prompt,
    references,
    saved,
)
from tests.browser.seen import looks
from tests.browser.working import ARRIVES, SCREENSHOTS, Server, started
from tests.serving import Served

Open = Callable[..., Page]
Begin = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from started(tmp_path_factory.mktemp("pictures"), **WITHOUT_WORK)


@pytest.fixture(scope="module")
def studio(server: Server) -> Iterator[Studio]:
    opened = open_studio(Settings(data_dir=server.data_dir, free_space_floor_mb=1, gemini_api_key="never sent"))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def begin(server: Server, studio: Studio, open_page: Open) -> Begin:
    return lambda model=TAKES_14, **look: begun(server, studio, open_page, model, **look)


@pytest.fixture(scope="module")
def served(studio: Studio) -> Iterator[Served]:
    with serving.serving(studio) as served:
        yield served


@pytest.fixture
def alone(served: Served, open_page: Open) -> Begin:
    """The pictures of an ask alone; the screen around them only answers."""
    return lambda room=14: begun_alone(open_page, served, room)


@pytest.fixture
def empty(served: Served, open_page: Open) -> Page:
    """An empty page that can load our components."""
    page = open_page(f"http://{served.host}/healthz")
    page.set_content("<body></body>")
    return page


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_pasted_file_becomes_a_reference(alone: Begin, kind: str) -> None:
    page = alone()

    give(page, file("red.img", picture(kind), f"image/{kind.lower()}"))

    expect(references(page)).to_have_count(1, timeout=ARRIVES)
    expect(page.get_by_role("button", name="Remove: Reference 1")).to_be_visible(timeout=ARRIVES)


def test_a_picture_is_removed_by_a_press_during_which_another_one_arrives(alone: Begin) -> None:
    """The row was drawn anew between press and release."""
    page = alone()
    give(page, file("red.png", picture("PNG"), "image/png"))
    cross = page.get_by_role("button", name="Remove: Reference 1")
    expect(cross).to_be_visible(timeout=ARRIVES)
    under_way = held_up(page)
    give(page, file("green.png", picture("PNG", "green"), "image/png"))
    expect(references(page)).to_have_count(2)

    cross.hover()
    page.mouse.down()
    with page.expect_response("**/api/uploads"):
        under_way.pop().continue_()
    page.wait_for_timeout(200)
    page.mouse.up()

    expect(references(page)).to_have_count(1)
    expect(cross).to_be_visible(timeout=ARRIVES)  # the other one, which has arrived


def test_pasted_text_stays_text_even_with_a_picture_of_it(alone: Begin) -> None:
    page = alone()

    taken = give(page, file("cells.png", picture("PNG"), "image/png"), text="12 foxes", html="<b>12 foxes</b>")

    assert not taken
    expect(references(page)).to_have_count(0)


def test_a_file_pasted_with_its_name_is_a_picture(alone: Begin) -> None:
    page = alone()

    taken = give(page, file("red.png", picture("PNG"), "image/png"), text="red.png")

    assert taken
    expect(references(page)).to_have_count(1, timeout=ARRIVES)


def test_pictures_pasted_or_dropped_anywhere_become_references_and_go_with_the_ask(
    begin: Begin, studio: Studio, tmp_path: Path
) -> None:
    page, files = begin(), saved(tmp_path, "green.jpg", "blue.png")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(COPY, picture("PNG"))

    page.keyboard.press("Control+V")
    expect(references(page)).to_have_count(1, timeout=ARRIVES)
    expect(prompt(page)).to_have_value(WORDS)
    drag(page, "drop", files)
    expect(references(page)).to_have_count(3, timeout=ARRIVES)
    page.get_by_role("button", name="Remove: Reference 2").click()
    expect(references(page)).to_have_count(2)
    expect(prompt(page)).to_have_value(WORDS)
    assert roles(studio, generate(page)) == ["reference", "reference"]

    page.get_by_role("link", name="Create").click()
    expect(page.get_by_role("button", name="Add reference images")).to_be_visible(timeout=ARRIVES)
    expect(references(page)).to_have_count(0)


def test_while_a_file_is_dragged_the_box_shows_where_it_goes(alone: Begin, tmp_path: Path) -> None:
    page, files = alone(), saved(tmp_path, "red.png")

    drag(page, "dragOver", files)
    expect(page.locator(".pictures.over")).to_have_count(1, timeout=ARRIVES)

    drag(page, "dragCancel", files)
    page.mouse.move(30, 210)
    expect(page.locator(".pictures.over")).to_have_count(0, timeout=ARRIVES)


def test_where_no_references_are_taken_a_dropped_picture_is_what_the_ask_starts_from(
    begin: Begin, tmp_path: Path
) -> None:
    page, files = begin(TAKES_ONE), saved(tmp_path, "red.png")

    drag(page, "drop", files)

    page.wait_for_url("**/?source=*", timeout=ARRIVES)
    expect(page.get_by_role("img", name="Starts from")).to_be_visible(timeout=ARRIVES)
    expect(prompt(page)).to_have_value(WORDS)


def test_in_a_conversation_too(server: Server, studio: Studio, open_page: Open) -> None:
    known = conversations.start(studio, access.local_person(studio), Ask("before", (TAKES_14,), new_id()))
    page = open_page(server.url(known.conversation_id))
    expect(page.get_by_role("button", name="Add reference images")).to_be_visible(timeout=ARRIVES)

    give(page, file("red.png", picture("PNG"), "image/png"))

    expect(references(page)).to_have_count(1, timeout=ARRIVES)


@pytest.mark.parametrize(
    ("model", "role", "key"), [(TAKES_14, "reference", "Control+Enter"), (TAKES_ONE, "source", "Enter")]
)
def test_whoever_asks_before_a_picture_is_there_asks_with_it(
    begin: Begin, studio: Studio, tmp_path: Path, key: str, model: str, role: str
) -> None:
    page = begin(model)
    under_way = held_up(page)
    drag(page, "drop", saved(tmp_path, "red.png"))
    expect(page.get_by_text("Uploading…")).to_be_visible(timeout=ARRIVES)

    (prompt(page) if key == "Control+Enter" else page.get_by_role("button", name="Generate")).press(key)
    expect(page.get_by_text("Waiting for the pictures")).to_be_visible(timeout=ARRIVES)
    under_way.pop().continue_()

    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    turn = conversations.opened(studio, access.local_person(studio), page.url.partition("id=")[2]).turns[0]
    assert (turn.prompt, [reference.role for reference in turn.references]) == (WORDS, [role])


@pytest.mark.parametrize("key", ["Control+Enter", "Enter"])
@pytest.mark.parametrize(("room", "references", "sources"), [(14, 1, 0), (0, 0, 1)])
def test_a_press_of_either_kind_waits_for_a_picture_of_either_kind(
    alone: Begin, tmp_path: Path, key: str, room: int, references: int, sources: int
) -> None:
    page = alone(room)
    under_way = held_up(page)
    drag(page, "drop", saved(tmp_path, "red.png"))
    expect(page.get_by_text("Uploading…")).to_be_visible(timeout=ARRIVES)

    (prompt(page) if key == "Control+Enter" else page.get_by_role("button", name="Generate")).press(key)
    expect(page.get_by_text("Waiting for the pictures")).to_be_visible(timeout=ARRIVES)
    assert asked(page) == []
    under_way.pop().continue_()

    page.wait_for_function("() => window.asked.length", timeout=ARRIVES)
    [one] = asked(page)
    assert (one["words"], len(one["references"]), int(bool(one["source"]))) == (WORDS, references, sources)


def test_a_press_that_waits_waits_for_its_button_too(alone: Begin, tmp_path: Path) -> None:
    """Streamlit takes the button away for a moment while it puts the screen together anew."""
    page = alone(0)
    under_way = held_up(page)
    drag(page, "drop", saved(tmp_path, "red.png"))
    expect(page.get_by_text("Uploading…")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Generate").click()

    page.evaluate("() => { window.go = document.querySelector('#go'); go.replaceWith(window.place = new Comment()); }")
    under_way.pop().continue_()
    expect(page.get_by_role("img", name="Starts from")).to_be_visible(timeout=ARRIVES)
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    expect(page.get_by_text("Waiting for the pictures")).to_be_visible()
    page.evaluate("() => place.replaceWith(go)")

    page.wait_for_function("() => window.asked.length", timeout=ARRIVES)
    assert [bool(one["source"]) for one in asked(page)] == [True]
    expect(page.get_by_text("Waiting for the pictures")).to_have_count(0)


def test_an_ask_that_waits_for_a_picture_does_not_go_off_without_it(alone: Begin, tmp_path: Path) -> None:
    page = alone()
    under_way = held_up(page)
    drag(page, "drop", saved(tmp_path, "red.png"))
    expect(page.get_by_text("Uploading…")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Generate").click()

    page.route("**/api/uploads", lambda route: route.abort())
    under_way.pop().abort()

    expect(complaint(page)).to_contain_text("did not reach the studio", timeout=ARRIVES)
    expect(page.get_by_text("Waiting for the pictures")).to_have_count(0)
    expect(prompt(page)).to_have_value(WORDS)
    assert asked(page) == []


def test_a_picture_on_its_way_is_not_lost_to_other_news(empty: Page) -> None:
    held_up(empty)
    empty.evaluate(MOUNT)
    give(empty, file("red.png", picture("PNG"), "image/png"))

    empty.evaluate("clean()")  # as Streamlit does for a call that news overtook, though the component is still there
    empty.evaluate("look({ room: 2 })")

    expect(empty.locator("figure")).to_have_count(1)


def test_a_box_that_is_gone_takes_nothing_any_more(empty: Page) -> None:
    empty.evaluate(MOUNT)
    assert give(empty, file("red.png", picture("PNG"), "image/png"))

    empty.evaluate("document.querySelector('div').remove()")
    empty.evaluate("clean()")

    assert not give(empty, file("red.png", picture("PNG"), "image/png"))


def test_taken_and_refused_pictures_look_right(begin: Begin, tmp_path: Path) -> None:
    page, false = begin(), tmp_path / "notes.png"
    false.write_text("These are notes.")
    drag(page, "drop", [*saved(tmp_path, "red.png", "green.jpg", "blue.png"), false])
    expect(complaint(page)).to_contain_text("notes.png: This is not a PNG", timeout=ARRIVES)
    expect(page.get_by_role("button", name="Remove: Reference 3")).to_be_visible(timeout=ARRIVES)

    for look in looks(page):
        page.screenshot(path=SCREENSHOTS / f"ask-pictures-{look}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(references(page)).to_have_count(3)
    expect(prompt(page)).to_have_value(WORDS)


COPY = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const blob = new Blob([bytes], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}"""

# The pictures alone, without the box around them.
MOUNT = """async () => {
  const parentElement = document.body.appendChild(document.createElement("div"));
  const { default: mount } = await import("/ui/00000000/ask.js");
  const data = { room: 3, most: 1e6, references: [], added: [], told: 0, button: "button", words: {} };
  const rest = { parentElement, setTriggerValue() {} };
  window.look = (news) => { window.clean = mount({ data: { ...data, ...news }, ...rest }); };
  window.look({});
}"""


def generate(page: Page) -> str:
    """Ask; the conversation's id."""
    page.get_by_role("button", name="Generate").click()
    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    return page.url.partition("id=")[2]


def roles(studio: Studio, conversation: str) -> list[str]:
    opened = conversations.opened(studio, access.local_person(studio), conversation)
    return [reference.role for reference in opened.turns[-1].references]
