"""Pictures that an ask cannot take: each says why in a sentence, and nothing typed or taken before is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core import pictures
from core.settings import Settings
from core.studio import Studio, open_studio
from tests.browser.dropping import (
    TAKES_14,
    WITHOUT_WORK,
    WORDS,
    begun,
    complaint,
    drag,
    prompt,
    references,
    saved,
)
from tests.browser.working import ARRIVES, LOOKS, SCREENSHOTS, Server, started

Open = Callable[..., Page]
Begin = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from started(tmp_path_factory.mktemp("refusals"), **WITHOUT_WORK)


@pytest.fixture(scope="module")
def studio(server: Server) -> Iterator[Studio]:
    opened = open_studio(Settings(data_dir=server.data_dir, free_space_floor_mb=1, gemini_api_key="never sent"))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def begin(server: Server, studio: Studio, open_page: Open) -> Begin:
    return lambda model=TAKES_14, **look: begun(server, studio, open_page, model, **look)


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

    drag(page, "drop", [notes])

    expect(complaint(page)).to_have_text("Only PNG, JPEG, WebP and AVIF pictures can be added.", timeout=ARRIVES)
    expect(prompt(page)).to_have_value(WORDS)


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


@pytest.mark.parametrize(("width", "dark"), LOOKS.values())
def test_it_looks_right(begin: Begin, tmp_path: Path, width: int, dark: bool) -> None:
    page, false = begin(width=width, dark=dark), tmp_path / "notes.png"
    false.write_text("These are notes.")
    drag(page, "drop", [*saved(tmp_path, "red.png", "green.jpg", "blue.png"), false])
    expect(complaint(page)).to_contain_text("notes.png: This is not a PNG", timeout=ARRIVES)
    expect(page.get_by_role("button", name="Remove: Reference 3")).to_be_visible(timeout=ARRIVES)

    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"ask-pictures-{'dark' if dark else 'light'}-{width}.png")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def uploads(page: Page) -> list[str]:
    """What is sent to the studio from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/api/uploads") else None)
    return sent
