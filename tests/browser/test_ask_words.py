"""What somebody writes into an ask box is there after a reload and on other screens' return, until it was asked."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from core import access, conversations
from tests.browser.working import ARRIVES, Outside, Server, outside, started

CREATE = "Describe the image you want to create…"
NEXT = "Describe what to change, or what else to make…"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from started(tmp_path_factory.mktemp("words"), BACKGROUND="elsewhere")


@pytest.fixture(scope="module")
def known(server: Server) -> Iterator[Outside]:
    with outside(server) as opened:
        yield opened


@pytest.fixture
def alone(server: Server, open_page: Open) -> Page:
    """An empty page that can load our components."""
    page = open_page(f"http://127.0.0.1:{server.port}/healthz")
    page.set_content("<body></body>")
    return page


# The first one: prompts to try are for who asked nothing yet.
def test_a_prompt_to_try_counts_as_words_too(server: Server, open_page: Open) -> None:
    page = create(server, open_page)
    page.keyboard.type("something else")
    page.get_by_role("button", name="Poster").click()
    expect(box(page)).to_have_value(re.compile("jazz night"), timeout=ARRIVES)

    page.reload()

    expect(box(page)).to_have_value(re.compile("jazz night"), timeout=ARRIVES)


def test_words_survive_a_reload_until_they_are_asked_and_do_not_come_back_then(
    server: Server, known: Outside, open_page: Open
) -> None:
    page = create(server, open_page)
    page.keyboard.type("a fox that survives")

    page.reload()
    expect(box(page)).to_have_value("a fox that survives", timeout=ARRIVES)
    expect(box(page)).to_be_focused()
    page.keyboard.type(" reloads")
    generate(page)
    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    page.reload()  # at once: the visit that asked is gone before it could tell the browser
    assert titles(known)[0] == "a fox that survives reloads"

    expect(box(page, NEXT)).to_have_value("", timeout=ARRIVES)
    page.get_by_role("link", name="Create").click()
    forgotten(page, "create")
    expect(box(page)).to_have_value("")
    page.reload()
    expect(box(page)).to_be_focused(timeout=ARRIVES)
    expect(box(page)).to_have_value("")


def test_what_was_refused_survives_a_reload_and_what_is_wiped_out_stays_wiped_out(
    server: Server, open_page: Open
) -> None:
    page = create(server, open_page)
    page.keyboard.type("a fox without a model")
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("Pick at least one model.")).to_be_visible(timeout=ARRIVES)
    generate(page)
    expect(page.get_by_test_id("stAlert")).to_be_visible(timeout=ARRIVES)

    page.reload()
    expect(box(page)).to_have_value("a fox without a model", timeout=ARRIVES)

    box(page).fill("")
    page.reload()
    expect(box(page)).to_be_focused(timeout=ARRIVES)
    expect(box(page)).to_have_value("")


def test_words_given_back_are_asked_without_a_touch_wherever_the_cursor_is(
    server: Server, known: Outside, open_page: Open
) -> None:
    page = create(server, open_page)
    page.keyboard.type("a fox nobody touched again")

    page.reload()
    expect(box(page)).to_have_value("a fox nobody touched again", timeout=ARRIVES)
    generate(page)

    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    assert titles(known)[0] == "a fox nobody touched again"

    page.get_by_role("link", name="Create").click()
    box(page).click(timeout=ARRIVES)
    page.keyboard.type("a fox seen from elsewhere")
    page.add_init_script(  # a field that has the cursor before the box is there
        "addEventListener('DOMContentLoaded', () => document.body.appendChild(document.createElement('input')).focus())"
    )

    page.reload()
    expect(box(page)).to_have_value("a fox seen from elsewhere", timeout=ARRIVES)
    expect(box(page)).not_to_be_focused()
    page.get_by_role("button", name="Generate").evaluate("(button) => button.click()")

    page.wait_for_url("**/conversation?id=*", timeout=ARRIVES)
    assert titles(known)[0] == "a fox seen from elsewhere"


def test_each_conversation_keeps_its_own_words(server: Server, known: Outside, open_page: Open) -> None:
    one, other = known.ask("a lighthouse"), known.ask("a harbour")
    page = open_page(server.url(one))
    expect(box(page, NEXT)).to_be_focused(timeout=ARRIVES)
    page.keyboard.type("with a red roof")

    page.goto(server.url(other))
    expect(box(page, NEXT)).to_be_focused(timeout=ARRIVES)
    expect(box(page, NEXT)).to_have_value("")
    page.goto(server.url(one))

    expect(box(page, NEXT)).to_have_value("with a red roof", timeout=ARRIVES)


# The keeper of the words alone, beside a text area of its own: what the studio answers is in the test's hands.
ALONE = """async (draft) => {
  const area = document.body.appendChild(document.createElement("textarea"));
  const host = document.body.appendChild(document.createElement("div"));
  sessionStorage.setItem("place", JSON.stringify(draft));
  const { default: mount } = await import("/ui/00000000/prompt.js");
  const data = { area: "textarea", button: "button", place: "place", token: "new", filled: 0 };
  const setTriggerValue = (...told) => window.inquiries.push(told);
  window.inquiries = [];
  window.look = (news) => { mount({ data: Object.assign(data, news), parentElement: host, setTriggerValue }); };
  window.look({});
}"""


def test_the_studio_is_asked_once_what_became_of_words_that_were_sent_off(alone: Page) -> None:
    alone.evaluate(ALONE, {"token": "old", "words": "a red fox", "pressed": True})

    alone.evaluate("look({})")
    alone.evaluate("look({ known: { token: 'older', asked: false } })")

    assert alone.evaluate("inquiries") == [["kept", "old"]]
    assert alone.locator("textarea").input_value() == ""


@pytest.mark.parametrize(("asked", "words"), [(False, "a red fox"), (True, "")])
def test_words_that_were_sent_off_come_back_only_when_they_did_not_arrive(alone: Page, asked: bool, words: str) -> None:
    alone.evaluate(ALONE, {"token": "old", "words": "a red fox", "pressed": True})

    alone.evaluate("(asked) => look({ known: { token: 'old', asked } })", asked)

    assert alone.locator("textarea").input_value() == words


def test_what_is_typed_while_the_studio_thinks_is_not_written_over(alone: Page) -> None:
    alone.evaluate(ALONE, {"token": "old", "words": "a red fox", "pressed": True})
    alone.keyboard.type("a blue whale")

    alone.evaluate("look({ known: { token: 'old', asked: false } })")

    assert alone.locator("textarea").input_value() == "a blue whale"
    assert json.loads(alone.evaluate("sessionStorage.getItem('place')"))["words"] == "a blue whale"


def test_words_that_a_button_filled_in_are_newer_than_the_kept_ones(alone: Page) -> None:
    alone.evaluate("document.body.appendChild(document.createElement('textarea')).value = 'a prompt to try'")

    alone.evaluate(ALONE.replace("filled: 0", "filled: 1"), {"token": "new", "filled": 0, "words": "half a thought"})

    assert alone.locator("textarea").first.input_value() == "a prompt to try"


def test_a_browser_that_keeps_nothing_can_still_ask(alone: Page) -> None:
    alone.evaluate("Object.defineProperty(window, 'sessionStorage', { get: () => { throw new Error('forbidden'); } })")

    alone.evaluate(ALONE.replace("sessionStorage.setItem", "String"), None)
    alone.keyboard.type("a red fox")

    assert alone.locator("textarea").input_value() == "a red fox"


def create(server: Server, open_page: Open) -> Page:
    """Create in a window of its own, with the cursor in the prompt."""
    page = open_page(f"http://127.0.0.1:{server.port}/")
    expect(box(page)).to_be_focused(timeout=ARRIVES)
    return page


def box(page: Page, label: str = CREATE) -> Locator:
    return page.get_by_role("textbox", name=label)


def generate(page: Page) -> None:
    page.get_by_role("button", name="Generate").click()


def forgotten(page: Page, box: str) -> None:
    """Wait until the browser keeps no words of this box."""
    kept = f"Object.keys(sessionStorage).some((place) => place.endsWith(' {box}'))"
    page.evaluate(f"new Promise((done) => (function look() {{ {kept} ? requestAnimationFrame(look) : done(); }})())")


def titles(known: Outside) -> list[str]:
    found, _ = conversations.cards(known.studio, access.local_person(known.studio), limit=100)
    return [card.title for card in found]
