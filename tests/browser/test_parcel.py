"""A page asks for many images as one zip, stays where it is, and hears a sentence when there is nothing to save."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from core.access import Person
from tests import serving
from tests.browser.windows import ARRIVES
from tests.serving import Served

PAGE = """<!doctype html><title>A page</title><p>It stays.</p><script type="module">
import { download } from "/ui/0/parcel.js";
window.ask = (ids) => download(ids, (sentence) => (window.heard = sentence));
</script>"""


@pytest.fixture
def page(open_page: Callable[..., Page], served: Served, me: Person) -> Page:
    """A page of the studio's own host that has the module."""
    shown = open_page()
    shown.set_extra_http_headers({"x-person": me.id})
    shown.route("**/alone/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    shown.goto(f"http://{served.host}/alone/")
    shown.wait_for_function("() => window.ask")
    return shown


def test_what_was_asked_for_is_saved_and_the_page_stays(page: Page, served: Served, me: Person, tmp_path: Path) -> None:
    ids = [serving.image_of(served.studio, me, serving.picture(colour=colour)) for colour in ("teal", "coral")]

    for _ in range(2):
        with page.expect_download(timeout=ARRIVES) as saved:
            page.evaluate("(ids) => window.ask(ids)", ids)

        saved.value.save_as(tmp_path / "saved.zip")
        assert saved.value.suggested_filename.endswith("-2-images.zip")
        assert len(zipfile.ZipFile(tmp_path / "saved.zip").namelist()) == 3
    assert page.get_by_text("It stays.").is_visible()
    assert page.evaluate("() => window.heard === undefined && !document.querySelector('form')")


def test_nothing_of_it_stays_on_the_page(page: Page, served: Served, me: Person) -> None:
    image = serving.image_of(served.studio, me, serving.picture())
    page.clock.install()
    with page.expect_download(timeout=ARRIVES):
        page.evaluate("(id) => window.ask([id])", image)

    page.clock.fast_forward("10:01")

    assert page.locator("iframe").count() == 0


def test_a_sentence_is_heard_when_there_is_nothing_to_save(page: Page) -> None:
    page.evaluate("() => window.ask([])")

    page.wait_for_function("() => window.heard", timeout=ARRIVES)
    assert page.evaluate("() => window.heard").startswith("Choose the images first")
    assert page.locator("iframe").count() == 0


def test_it_is_told_when_nobody_answers(page: Page) -> None:
    def fall(route: Route) -> None:
        route.abort("connectionrefused")

    page.route("**/api/downloads", fall)
    page.evaluate("() => window.ask(['0'])")

    page.wait_for_function("() => window.heard === ''", timeout=ARRIVES)
