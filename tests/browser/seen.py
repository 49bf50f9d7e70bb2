"""A page as somebody sees it who looks calmly: nothing moves any more; by day and at night, on a desk and a phone."""

from collections.abc import Iterator

from playwright.sync_api import Page

from tests.browser.windows import PHONE
from tests.browser.working import ARRIVES, LOOKS

STILL = """() => {
  const inner = (node) => (node.shadowRoot ? within(node.shadowRoot) : []);
  const within = (root) => [root, ...[...root.querySelectorAll("*")].flatMap(inner)];
  const ends = (one) => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity;
  const app = document.querySelector("[data-testid=stApp]");
  return (!app || app.dataset.testScriptState === "notRunning") && within(document).every((root) =>
    [...root.querySelectorAll("img")].every((image) => image.complete || image.loading === "lazy")
      && !root.getAnimations().some(ends));
}"""
LIT = """(dark) => {
  const colour = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
  return Number(colour.match(/\\d+/)[0]) < 128 === dark;
}"""


def still(page: Page) -> None:
    """Wait until its pictures are there and nothing fades or slides in any more."""
    page.wait_for_function(STILL, timeout=ARRIVES)


def looks(page: Page) -> Iterator[str]:
    """The same page in each of the looks, one after another; the name of the look."""
    for name, (width, dark) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 844 if width < PHONE else 900})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.wait_for_function(LIT, arg=dark, timeout=ARRIVES)
        still(page)
        yield name
