"""Status in a browser: calm when all is well, plain when it is not, by day and at night; it looks again by itself."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from core import access
from core.access import Person
from core.studio import Studio
from core.tables import FAILED, UNKNOWN, Generation
from tests.books import MODELS, Books
from tests.browser.seen import looks, still
from tests.browser.working import ARRIVES, SCREENSHOTS, Server, outside, serious, started

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: these tests count what is on the page."""
    yield from started(tmp_path_factory.mktemp("status"))


@pytest.fixture(scope="module")
def studio(server: Server) -> Iterator[Studio]:
    with outside(server) as there:
        yield there.studio


@pytest.fixture(scope="module")
def me(studio: Studio) -> Person:
    return access.local_person(studio)


def address(server: Server) -> str:
    return server.url("").partition("/conversation")[0] + "/status"


def look(page: Page, name: str) -> None:
    still(page)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert serious(page) == []


def test_when_all_is_well_it_is_calm(server: Server, me: Person, open_page: Open) -> None:
    page = open_page(address(server))

    expect(page.get_by_text("All is well.")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_text("Nobody asked for anything.")).to_be_visible()
    for name in looks(page):
        look(page, f"status-well-{name}")


def test_trouble_shows_by_itself_with_the_way_to_what_can_be_done(
    server: Server, studio: Studio, me: Person, open_page: Open
) -> None:
    page = open_page(address(server))
    expect(page.get_by_text("Looked at")).to_be_visible(timeout=ARRIVES)
    books, now = Books(studio), studio.now()
    for minute in range(1, 9):
        books.call(me, now - timedelta(minutes=minute), took=9_000 + 700 * minute)
        books.call(me, now - timedelta(minutes=minute), "0", model=MODELS[1], state=FAILED, error="account")
    books.call(me, now, None, model=MODELS[1], state=UNKNOWN, error=UNKNOWN, reserved="0.07", took=None)
    with studio.transaction() as db:
        newest = db.exec(select(Generation).order_by(Generation.id.desc())).first()
        newest.error_kind = UNKNOWN

    expect(page.get_by_text("1 image of unknown outcome.")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_text("Half of the calls or more fail: OpenRouter.")).to_be_visible()
    for name in looks(page):
        look(page, f"status-trouble-{name}")

    page.get_by_role("link", name="Open analytics").click()
    expect(page.get_by_role("heading", name="Analytics")).to_be_visible(timeout=ARRIVES)
