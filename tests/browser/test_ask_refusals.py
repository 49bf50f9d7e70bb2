"""Pictures that an ask cannot take: each says why in a sentence, and nothing typed or taken before is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import pictures
from core.settings import Settings
from core.studio import open_studio
from tests import serving
from tests.browser.ask_alone import begun_alone
from tests.browser.dropping import WORDS, complaint, drag, prompt, references, saved
from tests.browser.working import ARRIVES
from tests.serving import Served

Begin = Callable[..., Page]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("refusals"), free_space_floor_mb=1))
    with serving.serving(studio) as served:
        yield served
    studio.engine.dispose()


@pytest.fixture
def begin(served: Served, open_page: Callable[..., Page]) -> Begin:
    return lambda: begun_alone(open_page, served)


def test_a_picture_in_name_only_is_refused_in_a_sentence(begin: Begin, tmp_path: Path) -> None:
    page, false = begin(), tmp_path / "notes.png"
    false.write_text("These are notes.")

    drag(page, "drop", [false])

    expect(complaint(page)).to_have_text(
        "This is not a PNG, JPEG, WebP or AVIF picture. Save it as one of these and try again.", timeout=ARRIVES
    )
    expect(references(page)).to_have_count(0)
    expect(prompt(page)).to_have_value(WORDS)


def test_of_several_the_one_that_is_refused_is_named_and_the_others_stay(begin: Begin, tmp_path: Path) -> None:
    page, files, false = begin(), saved(tmp_path, "red.png", "blue.jpg"), tmp_path / "notes.png"
    false.write_text("These are notes.")

    drag(page, "drop", [files[0], false, files[1]])

    expect(complaint(page)).to_contain_text("notes.png: This is not a PNG", timeout=ARRIVES)
    expect(page.get_by_role("button", name="Remove: Reference 2")).to_be_visible(timeout=ARRIVES)
    expect(references(page)).to_have_count(2)


def test_a_file_of_another_kind_is_refused_and_does_not_replace_the_page(begin: Begin, tmp_path: Path) -> None:
    page, notes = begin(), tmp_path / "notes.txt"
    notes.write_text("These are notes.")
    before = page.url

    drag(page, "drop", [notes])

    expect(complaint(page)).to_have_text("Only PNG, JPEG, WebP and AVIF pictures can be added.", timeout=ARRIVES)
    expect(prompt(page)).to_have_value(WORDS)
    assert page.url == before


def test_too_large_a_file_is_refused_before_it_is_sent(begin: Begin, tmp_path: Path) -> None:
    page, large = begin(), tmp_path / "large.png"
    large.write_bytes(bytes(pictures.UPLOAD_BYTES + 1))
    sent = uploads(page)

    drag(page, "drop", [large])

    expect(complaint(page)).to_have_text(
        "This picture is larger than 25 MB. Make it smaller and try again.", timeout=ARRIVES
    )
    expect(prompt(page)).to_have_value(WORDS)
    assert sent == []


def test_more_than_the_models_take_are_left_out_and_it_says_so(begin: Begin, tmp_path: Path) -> None:
    page, files = begin(), saved(tmp_path, *(f"{shade}.png" for shade in range(16)))

    drag(page, "drop", files)

    expect(complaint(page)).to_contain_text("do not take more reference images", timeout=ARRIVES)
    expect(references(page)).to_have_count(14, timeout=ARRIVES)
    page.get_by_role("button", name="Remove: Reference 14").click()
    expect(complaint(page)).to_be_empty()


def test_without_a_connection_it_says_what_to_do_and_the_next_try_works(begin: Begin, tmp_path: Path) -> None:
    page, files = begin(), saved(tmp_path, "red.png")
    page.route("**/api/uploads", lambda route: route.abort())
    drag(page, "drop", files)
    expect(complaint(page)).to_contain_text("did not reach the studio", timeout=ARRIVES)
    expect(references(page)).to_have_count(0)

    page.unroute("**/api/uploads")
    drag(page, "drop", files)

    expect(references(page)).to_have_count(1, timeout=ARRIVES)
    expect(complaint(page)).to_be_empty()
    expect(prompt(page)).to_have_value(WORDS)


def uploads(page: Page) -> list[str]:
    """What is sent to the studio from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/api/uploads") else None)
    return sent
