"""The lightbox alone on a page, with the images that its arrows walk along, and a test in Streamlit's place."""

from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import Page, expect

from core import detail
from core.access import Person
from pages.parts import viewer
from tests.browser.mounted import mounted
from tests.serving import Served

OPEN = """([id, items]) => {
  window.items = items; // a screen whose tiles follow
  const order = {
    get total() { return window.items.length; },
    indexOf: (id) => window.items.findIndex((item) => item.id === id),
    at: (n) => window.items[n],
    reach: async (n) => window.items[n],
  };
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail, cancelable: true }));
  tell("studio:order", order);
  tell("studio:open", { item: window.items[order.indexOf(id)] });
}"""
LISTEN = """() => {
  window.heard = [];
  for (const name of ["studio:marked", "studio:trashed", "studio:restored", "studio:shown", "studio:closed"])
    document.addEventListener(name, ({ detail }) => window.heard.push([name.slice(7), detail]));
}"""
ANSWER = """(error) => {
  const wishes = window.told.filter(([, what]) => what === "wishes").flatMap(([, , wishes]) => wishes);
  const known = [...new Set(wishes.map(({ wish }) => wish))];
  window.answers = known.map((wish) => window.answers?.find((one) => one.wish === wish) ?? { wish, error });
  window.mounted.lightbox({ answers: window.answers });
}"""


def boxed(
    open_page: Callable[..., Page], served: Served, me: Person, images: Sequence[str], *, seconds: int = 10, **look: Any
) -> Page:
    """A page on which the lightbox walks along these images, none of them open."""
    page = mounted(
        open_page,
        served,
        me,
        {"lightbox": {"view": "", "seconds": seconds, "answers": [], "words": viewer.words()}},
        **look,
    )
    page.evaluate(LISTEN)
    told = [detail.of_image(served.studio, me, image) for image in images]
    items = [{"id": i.id, "width": i.width, "height": i.height, "placeholder": i.placeholder} for i in told]
    page.evaluate("(items) => { window.given = items; }", items)
    return page


def enlarge(page: Page, image: str) -> None:
    """Open it, and wait until it is there with all that is known of it."""
    page.evaluate(f"(id) => ({OPEN})([id, window.given])", image)
    seen(page)


def seen(page: Page) -> None:
    expect(page.locator(".main.there").first).to_be_visible()
    expect(page.locator(".facts")).to_be_visible()


def answer(page: Page, error: str | None = None) -> None:
    """What Streamlit says to all that it was told and has not answered yet."""
    page.evaluate(ANSWER, error)


def wishes(page: Page) -> list[dict[str, Any]]:
    """All that it was told, each once, in order."""
    told = page.evaluate("() => window.told.filter(([, what]) => what === 'wishes').flatMap(([, , wishes]) => wishes)")
    return list({wish["wish"]: wish for wish in told}.values())


def heard(page: Page, name: str) -> list[Any]:
    """What the screen behind was told."""
    return [about for event, about in page.evaluate("() => window.heard") if event == name]


def gone_to(page: Page) -> list[Any]:
    """Where somebody wanted to go with an image."""
    return [value for _, what, value in page.evaluate("() => window.told") if what == "action"]
