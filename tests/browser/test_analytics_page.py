"""Analytics in a browser: figures at a glance by day and at night; each leads to its images."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from core import access
from core.access import Person
from core.studio import Studio
from tests.books import MODELS, Books
from tests.browser.seen import looks, still
from tests.browser.working import ARRIVES, SCREENSHOTS, Server, outside, serious, started

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: these tests count what is on the page."""
    yield from started(tmp_path_factory.mktemp("analytics"), BACKGROUND="elsewhere")


@pytest.fixture(scope="module")
def studio(server: Server) -> Iterator[Studio]:
    with outside(server) as there:
        yield there.studio


@pytest.fixture(scope="module")
def me(studio: Studio) -> Person:
    return access.local_person(studio)


@pytest.fixture(scope="module")
def spent(studio: Studio, me: Person) -> None:
    """Thirty days with three calls each, of two models; one of them of unknown outcome."""
    books, now = Books(studio), studio.now()
    for ago in range(30):
        at = now - timedelta(ago, minutes=5)
        books.call(me, at, "0.20", model=MODELS[0], chosen=ago % 5 == 0, took=9_000 + 300 * ago)
        books.call(me, at, "0.05", model=MODELS[1], took=20_000 - 100 * ago)
        books.call(me, at, "0", state="failed", error="moderation")
    books.call(me, now - timedelta(3), None, state="unknown", error="unknown", reserved="0.07")


def address(server: Server, query: str = "") -> str:
    return server.url("").partition("/conversation")[0] + f"/analytics{query}"


def look(page: Page, name: str) -> None:
    still(page)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert serious(page) == []


def test_before_the_first_image_it_says_what_will_be_here(server: Server, me: Person, open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.get_by_text("Nothing to count here")).to_be_visible(timeout=ARRIVES)
    for name in looks(page):
        look(page, f"analytics-empty-{name}")

    page.get_by_role("button", name="Create an image").click()

    expect(page.get_by_role("heading", name="What shall we make?")).to_be_visible(timeout=ARRIVES)


@pytest.mark.usefixtures("spent")
def test_it_reads_at_a_glance_by_day_and_at_night(server: Server, open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("$7.50", timeout=ARRIVES)
    expect(page.locator("[data-testid=stVegaLiteChart] svg")).to_have_count(4, timeout=ARRIVES)

    for name in looks(page):
        look(page, f"analytics-{name}")


@pytest.mark.usefixtures("spent")
def test_a_bar_leads_to_the_images_behind_it(server: Server, open_page: Open) -> None:
    page = open_page(address(server, "?period=7d"))
    bar = page.locator("[data-testid=stVegaLiteChart] svg path[aria-roledescription=bar]").last
    expect(bar).to_be_visible(timeout=ARRIVES)
    still(page)

    bar.click()

    expect(page).to_have_url(re.compile(r"/gallery\?q=after%3A.*before%3A"), timeout=ARRIVES)


@pytest.mark.usefixtures("spent")
def test_what_is_picked_is_in_the_address_and_back_takes_it_back(server: Server, open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("$7.50", timeout=ARRIVES)

    page.get_by_role("combobox", name="Period").click()
    page.get_by_role("option", name="Last 7 days").click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("$1.75", timeout=ARRIVES)
    expect(page).to_have_url(re.compile("period=7d"))
    page.go_back()

    expect(page.get_by_test_id("stMetricValue").first).to_have_text("$7.50", timeout=ARRIVES)
    expect(page.get_by_role("combobox", name="Period")).to_have_value(re.compile("30 days"))


@pytest.mark.usefixtures("spent")
def test_all_calls_leave_as_a_file(server: Server, open_page: Open) -> None:
    page = open_page(address(server, "?period=7d"))
    page.get_by_role("button", name="Export").click(timeout=ARRIVES)

    link = page.get_by_role("link", name="All calls (CSV)")
    expect(link).to_be_visible()
    answer = page.request.get(urljoin(page.url, link.get_attribute("href") or ""))

    assert len(answer.text().splitlines()) == 1 + 7 * 3 + 1


@pytest.mark.usefixtures("spent")
def test_no_button_above_a_table_saves_it_as_it_stands(server: Server, open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.get_by_role("button", name="Search: By model")).to_be_attached(timeout=ARRIVES)

    still(page)

    expect(page.get_by_role("button", name="Show/hide columns: By model")).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("CSV"))).to_have_count(0)
