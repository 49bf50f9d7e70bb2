"""Settings in a browser: readable by day and at night, on a desk and on a phone; done with the keyboard alone."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from core import access, briefs, budgets, rules
from core.access import Person
from core.briefs import Brief
from core.studio import Studio
from core.tables import EVERYBODY, PERSON, TEAM
from tests.browser.seen import looks, still
from tests.browser.working import ARRIVES, SCREENSHOTS, Server, outside, serious, started

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: rules hold for all who use it."""
    yield from started(tmp_path_factory.mktemp("settings"), BACKGROUND="elsewhere")


@pytest.fixture(scope="module")
def studio(server: Server) -> Iterator[Studio]:
    with outside(server) as there:
        yield there.studio


@pytest.fixture(scope="module")
def me(studio: Studio) -> Person:
    return access.local_person(studio)


def address(server: Server) -> str:
    return server.url("").partition("/conversation")[0] + "/settings"


def look(page: Page, name: str) -> None:
    still(page)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert serious(page) == []


def test_it_is_readable_with_nothing_and_with_much_in_it(
    server: Server, studio: Studio, me: Person, open_page: Open
) -> None:
    page = open_page(address(server))
    expect(page.get_by_text("There is no budget yet")).to_be_visible(timeout=ARRIVES)
    for name in looks(page):
        look(page, f"settings-empty-{name}")

    ana = access.person_named(studio, "ana", "Ana Maria de Almeida e Silva")
    budgets.set_cap(studio, me, TEAM, EVERYBODY, Decimal(500))
    budgets.set_cap(studio, me, PERSON, ana.id, Decimal("12.50"))
    rules.change(studio, me, "banned", ["Acme Cola", "café"], 0)
    page.reload()

    expect(page.get_by_text("The whole team: $0.00 of $500.00 used")).to_be_visible(timeout=ARRIVES)
    for name in looks(page):
        look(page, f"settings-{name}")


def test_a_rule_is_changed_with_the_keyboard_alone(server: Server, studio: Studio, open_page: Open) -> None:
    page = open_page(address(server))
    field = page.get_by_label("Images on their way for one person")
    expect(field).to_be_visible(timeout=ARRIVES)

    field.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("7")
    page.keyboard.press("Enter")

    expect(page.get_by_text("The rules are saved.")).to_be_visible(timeout=ARRIVES)
    assert studio.rules.again().at_once == 7


def test_the_teams_brief_is_written_in_a_dialog(server: Server, studio: Studio, open_page: Open) -> None:
    page = open_page(address(server))
    page.get_by_role("button", name="Edit brief").click(timeout=ARRIVES)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Voice").fill("Dry and short")
    assert serious(page) == []

    dialog.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Dry and short")).to_be_visible(timeout=ARRIVES)
    ana = access.person_named(studio, "ana", "Ana")
    assert briefs.show(studio, ana) == Brief(voice="Dry and short")
