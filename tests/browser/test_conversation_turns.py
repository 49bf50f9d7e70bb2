"""A long conversation opens as fast as a short one and keeps its place; a turn's menu works by mouse and by keys."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocket, expect
from sqlmodel import select

from core import access, conversations, replays
from core.tables import FAILED, IMAGE, Generation
from tests.branches import Grown, Step, grow
from tests.browser.working import ARRIVES, LOOKS, SCREENSHOTS, Outside, Server, outside, serious, tiles
from tests.drawn import draw

Open = Callable[..., Page]
TOP = "(step) => [...document.querySelectorAll('*')].flatMap((n) => [...(n.shadowRoot ?? n).querySelectorAll('h2 a')])"
TOP += ".find((n) => n.textContent === step)?.getBoundingClientRect().top ?? null"


@pytest.fixture(scope="module")
def long(idle: Server) -> Grown:
    """Only the turns that these tests look at have pictures."""
    with outside(idle) as there:
        home = grown(there, 500, files=False)
        draw(there.studio, [image for step in (*home.images[244:256], *home.images[480:]) for image in step])
        return home


@pytest.fixture(scope="module")
def short(idle: Server) -> Grown:
    with outside(idle) as there:
        return grown(there, 5)


def test_five_hundred_turns_travel_as_lightly_as_five_and_older_ones_come_above_what_is_looked_at(
    idle: Server, short: Grown, long: Grown, open_page: Open
) -> None:
    """What a browser is sent and has to draw decides how fast it opens, on any machine."""
    _, few = sent_to(open_page, idle.url(short.id))
    page, many = sent_to(open_page, idle.url(long.id))
    expect(page.locator(".turn")).to_have_count(6)
    before = page.evaluate(TOP, "Turn 495")

    page.get_by_role("button", name="Show earlier turns (494)").click()
    expect(page.locator(".turn")).to_have_count(18, timeout=ARRIVES)
    page.wait_for_timeout(1_500)

    assert many <= 1.2 * 6 / 5 * few  # six turns are shown of five hundred
    assert abs(page.evaluate(TOP, "Turn 495") - before) < 3
    expect(page.get_by_role("button", name="Show earlier turns (482)")).to_have_count(1)


def test_a_link_leads_to_a_step_in_the_middle(idle: Server, long: Grown, open_page: Open) -> None:
    page = open_page(f"{idle.url(long.id)}&turn=250")
    expect(page.locator(".turn")).to_have_count(6, timeout=ARRIVES)
    page.wait_for_timeout(1_500)

    assert 60 < page.evaluate(TOP, "Turn 250") < 160
    expect(page.get_by_role("button", name="Show later turns (247)")).to_have_count(1)


def test_the_menu_opens_and_closes_by_keys_copies_a_link_and_puts_a_turn_into_the_box(
    idle: Server, short: Grown, open_page: Open
) -> None:
    page = open_page(idle.url(short.id))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dots = page.get_by_role("button", name="What to do with this turn: Turn 2")
    dots.focus(timeout=ARRIVES)

    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Ask again with new seeds")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Duplicate, then change it")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Copy a link to this turn")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(dots).to_be_focused()
    expect(dots).to_have_attribute("aria-expanded", "false")

    menu(page, 2)
    page.get_by_role("menuitem", name="Copy a link to this turn").click()
    expect(page.get_by_role("status").filter(has_text="The link was copied.")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == f"{idle.url(short.id)}&turn=2"

    menu(page, 2)
    page.get_by_role("menuitem", name="Duplicate, then change it").click()
    expect(page.locator("textarea").first).to_have_value("Turn 2 of a small shop", timeout=ARRIVES)
    expect(page.locator("textarea").first).to_be_focused()
    assert short.images[0][0] in page.url


def test_the_menu_and_the_replay_look_right_everywhere(idle: Server, short: Grown, open_page: Open) -> None:
    for name, (width, dark) in LOOKS.items():
        page = open_page(idle.url(short.id), dark=dark, width=width)
        menu(page, 3)
        look(page, f"turn-menu-{name}")
        page.get_by_role("menuitem", name="Replay on another model…").click()
        expect(page.get_by_role("button", name="Replay 3 turns, practice, free")).to_be_visible(timeout=ARRIVES)
        look(page, f"replay-{name}")


def test_a_double_click_asks_a_turn_again_once_while_its_failed_image_leaves_and_comes_back(
    idle: Server, elsewhere: Outside, open_page: Open
) -> None:
    conversation = elsewhere.ask("A market")
    with elsewhere.working():
        pass
    with elsewhere.studio.transaction() as db:
        of_it = select(Generation).where(
            Generation.turn_id == turn_of(elsewhere, conversation), Generation.kind == IMAGE
        )
        db.exec(of_it.order_by(Generation.id)).first().status = FAILED
    page = open_page(idle.url(conversation))
    tiles(page, "failed", 1)

    menu(page, 1)
    page.get_by_role("menuitem", name="Ask again with new seeds").dblclick()
    expect(page.locator(".turn")).to_have_count(2, timeout=ARRIVES)
    asked = time.monotonic()

    menu(page, 1)
    page.get_by_role("menuitem", name="Remove the failed image").click()
    expect(page.get_by_text("One failed image was removed.")).to_be_visible(timeout=ARRIVES)
    tiles(page, "failed", 0)
    look(page, "turn-removed")
    page.get_by_role("button", name="Undo").click()
    tiles(page, "failed", 1)

    first = page.locator(".turn").first.locator(".tile")
    assert [tile.get_attribute("class") for tile in first.all()] == ["tile failed", "tile succeeded"]
    # Longer than a click that nobody heard waits to be told again.
    page.wait_for_timeout(max(0, 4_000 - 1_000 * (time.monotonic() - asked)))
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".prompt")).to_have_text(["A market", "A market"])


def test_the_turns_of_a_replay_appear_one_after_another(idle: Server, elsewhere: Outside, open_page: Open) -> None:
    home = grown(elsewhere, 3)
    page = open_page(idle.url(home.id))
    menu(page, 3)
    page.get_by_role("menuitem", name="Replay on another model…").click()
    page.get_by_role("button", name="Replay 3 turns, practice, free").dblclick(timeout=ARRIVES)

    for n in (4, 5, 6):
        expect(page.locator(".turn")).to_have_count(n, timeout=ARRIVES)
        with elsewhere.working():
            pass
        replays.take_up(elsewhere.studio)

    expect(page.locator(".replay")).to_have_text([f"Replay on Ink (practice), {n} of 3" for n in (1, 2, 3)])
    tiles(page, "succeeded", 6)


def test_a_replay_is_stopped_in_the_menu_of_its_turn(idle: Server, elsewhere: Outside, open_page: Open) -> None:
    home = grown(elsewhere, 2)
    me = access.local_person(elsewhere.studio)
    last = conversations.opened(elsewhere.studio, me, home.id).turns[-1].id
    replays.begin(elsewhere.studio, me, last, "sketch/ink", "stopped")
    page = open_page(idle.url(home.id))

    menu(page, 3)
    page.get_by_role("menuitem", name="Stop this replay").click()
    expect(page.locator(".replay")).to_have_text("Replay on Ink (practice), 1 of 2, stopped", timeout=ARRIVES)
    menu(page, 3)

    expect(page.get_by_role("menuitem", name="Go on with this replay")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Stop this replay")).to_have_count(0)
    look(page, "replay-stopped")


def test_a_title_changes_in_place_and_in_other_tabs(idle: Server, elsewhere: Outside, open_page: Open) -> None:
    home = grown(elsewhere, 2)
    first, second = open_page(idle.url(home.id)), open_page(idle.url(home.id))
    expect(second.locator(".turn")).to_have_count(2, timeout=ARRIVES)

    first.get_by_role("button", name="Rename").click(timeout=ARRIVES)
    first.get_by_label("Title").fill("A *new* name")
    look(first, "conversation-rename")
    first.get_by_label("Title").press("Enter")

    for page in (first, second):
        expect(page.get_by_role("heading", name="A *new* name")).to_be_visible(timeout=ARRIVES)


def grown(there: Outside, turns: int, *, files: bool = True) -> Grown:
    """A conversation of so many turns, each from the one before."""
    steps = [Step(f"Turn {n} of a small shop", source=n - 1 or None) for n in range(1, turns + 1)]
    return grow(there.studio, access.local_person(there.studio), steps, files=files, title=f"{turns} turns")


def sent_to(open_page: Open, url: str) -> tuple[Page, int]:
    """The page at rest, and what the sockets brought it until then, in bytes."""
    page, sizes = open_page("about:blank"), list[int]()

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: sizes.append(len(frame)))

    page.on("websocket", listen)
    page.goto(url)
    page.locator("img.image.there").first.wait_for(timeout=ARRIVES)
    page.wait_for_timeout(1_500)
    return page, sum(sizes)


def turn_of(elsewhere: Outside, conversation: str) -> str:
    person = access.local_person(elsewhere.studio)
    return conversations.opened(elsewhere.studio, person, conversation).turns[0].id


def menu(page: Page, step: int) -> None:
    page.get_by_role("button", name=f"What to do with this turn: Turn {step}").click(timeout=ARRIVES)
    expect(page.get_by_role("menu")).to_be_visible()


def look(page: Page, name: str) -> None:
    page.wait_for_timeout(500)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    exclude = ["[class*='st-key-next-']", "[data-testid=stToast]"]  # looked at on Create; Streamlit's own
    assert serious(page, exclude=exclude) == []
