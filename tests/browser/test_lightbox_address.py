"""The address follows the image that is looked at, however late Streamlit answers and whatever it was asked twice."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.access import Person
from tests.browser.mounted import mounted
from tests.serving import Served

CODE = Path("pages/parts/components/lightbox_address.js").read_text()
# Streamlit, as far as the address sees it: it writes what it is asked, in its time, and hears of what others wrote.
ALONE = """async (code) => {
  const { Address } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const here = () => new URLSearchParams(location.search).get("view") ?? "";
  const run = window.run = { asked: [], followed: [] };
  const address = run.address = new Address((view) => run.asked.push(view), (view) => run.followed.push(view));
  addEventListener("popstate", () => address.moved());
  addEventListener("popstate", () => setTimeout(() => address.heard(here())));
  run.answer = () => {
    const view = run.asked.shift();
    if (view !== here()) history.pushState({}, "", `?view=${view}`);
    address.heard(view);
  };
}"""
PATIENCE = 4_100
VIEW = re.compile("view=")


@pytest.fixture
def page(open_page: Callable[..., Page], served: Served, me: Person) -> Page:
    """A page with an address that names no image."""

    def timed(**look: object) -> Page:
        page = open_page(**look)
        page.clock.install()
        return page

    page = mounted(timed, served, me, {})
    page.evaluate(ALONE, CODE)
    return page


def look(page: Page, view: str) -> None:
    page.evaluate(f"() => run.address.now('{view}')")
    page.clock.run_for(300)


def test_an_answer_that_comes_twice_does_not_open_what_was_closed(page: Page) -> None:
    look(page, "a")
    page.evaluate("() => run.answer()")
    look(page, "b")
    page.clock.run_for(PATIENCE)
    assert page.evaluate("() => run.asked") == ["b", "b"]
    page.evaluate("() => run.answer()")

    page.evaluate("() => run.address.closed()")
    expect(page).not_to_have_url(VIEW)
    page.clock.run_for(100)
    page.evaluate("() => run.answer()")
    page.clock.run_for(100)

    assert page.evaluate("() => run.followed") == []
    expect(page).not_to_have_url(VIEW)


def test_forward_shows_what_was_closed_again(page: Page) -> None:
    look(page, "a")
    page.clock.run_for(PATIENCE)
    page.evaluate("() => run.answer()")  # the second answer was left out: both wishes were one run
    page.evaluate("() => run.address.closed()")
    expect(page).not_to_have_url(VIEW)
    page.clock.run_for(100)

    page.evaluate("() => history.forward()")
    expect(page).to_have_url(VIEW)
    page.clock.run_for(100)

    assert page.evaluate("() => run.followed") == ["a"]
    expect(page).to_have_url(VIEW)
