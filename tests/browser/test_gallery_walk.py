"""From the gallery through the large view into the trash and back, with the keyboard alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import access
from core.settings import Settings
from core.studio import open_studio
from tests import many
from tests.browser.app_server import app_server

expect.set_options(timeout=15_000)  # the machine may be busy with other tests
HOW_MANY = 12
FAR = 60
"""More presses of Tab than any of these pages takes to reach anything."""
FOCUS = """() => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return [node?.getAttribute("aria-label") ?? node?.textContent?.trim() ?? "", node?.getAttribute("href") ?? ""];
}"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """The application with a few images; its address, and their ids, newest first."""
    folder: Path = tmp_path_factory.mktemp("walk")
    studio = open_studio(Settings(data_dir=folder))
    me = access.local_person(studio)
    made = many.images(studio, me, HOW_MANY)
    many.thumbs(studio, me, made)
    with app_server(folder) as address:
        yield address, made
    studio.engine.dispose()


def focus(page: Page) -> tuple[str, str]:
    """What has the focus: its name and where it leads."""
    name, href = page.evaluate(FOCUS)
    return str(name), str(href)


def tab_to(page: Page, wanted: Callable[[str, str], bool]) -> None:
    """Press Tab until this has the focus."""
    for _ in range(FAR):
        page.keyboard.press("Tab")
        if wanted(*focus(page)):
            return
    raise AssertionError(f"Tab never came to it; at the end it was at {focus(page)}")


def test_by_keyboard_alone_from_the_gallery_into_the_trash_and_back(
    open_page: Callable[..., Page], library: tuple[str, list[str]]
) -> None:
    address, made = library
    page = open_page(width=1440)
    total, dialog = page.locator(".total"), page.get_by_role("dialog")
    page.goto(f"{address}/gallery")
    expect(total).to_have_text(f"{HOW_MANY} images")

    tab_to(page, lambda _, href: href == f"?view={made[0]}")
    for key in ("Space", "Shift+ArrowRight", "s"):  # two are picked and starred
        page.keyboard.press(key)
    expect(page.locator(".marks")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.get_by_role("toolbar")).to_be_hidden()

    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    expect(page.locator(".place")).to_have_text(f"2 of {HOW_MANY}")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    expect(page.get_by_text("The image is in the trash.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(total).to_have_text(f"{HOW_MANY - 1} images")
    assert focus(page)[1] == f"?view={made[3]}"

    page.keyboard.press("/")  # only the stars are wanted
    page.keyboard.type("is:starred")
    page.keyboard.press("Enter")
    expect(total).to_have_text("2 images")
    page.go_back()
    expect(total).to_have_text(f"{HOW_MANY - 1} images")

    tab_to(page, lambda _, href: href.endswith("/trash"))
    page.keyboard.press("Enter")
    expect(page.locator(".tile .note")).to_have_count(1)
    tab_to(page, lambda _, href: href == f"?view={made[2]}")
    page.keyboard.press("r")
    expect(page.get_by_text("The trash is empty")).to_be_visible()

    tab_to(page, lambda _, href: href.endswith("/gallery"))
    page.keyboard.press("Enter")
    expect(total).to_have_text(f"{HOW_MANY} images")
