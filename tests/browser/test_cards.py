"""Conversations as cards: one clock for all that they say of time, however often they are drawn."""

from collections.abc import Callable

from playwright.sync_api import Page

from core.access import Person
from tests.browser.mounted import mounted
from tests.serving import Served

COUNT = """() => {
  window.clocks = new Set();
  const { setInterval: begin, clearInterval: end } = window;
  window.setInterval = (...how) => (window.clocks.add(begin(...how)), [...window.clocks].at(-1));
  window.clearInterval = (clock) => (window.clocks.delete(clock), end(clock));
}"""


def test_cards_that_are_drawn_anew_leave_no_clock_behind(
    open_page: Callable[..., Page], served: Served, me: Person
) -> None:
    data = {"cards": [], "base": "", "page": "/conversation?id=", "language": "en", "acts": [], "words": {}}
    page = mounted(open_page, served, me, {"cards": data})
    page.evaluate(COUNT)

    page.evaluate("() => [1, 2, 3].map(() => (window.leave = window.mounted.cards()))")
    assert page.evaluate("() => window.clocks.size") == 1
    page.evaluate("() => (document.querySelector('main > div').remove(), window.leave())")

    assert page.evaluate("() => window.clocks.size") == 0
