"""The trash in a browser: what is in it and for how long, back with a key, gone only after asking."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, select

from core import access, conversations, trash
from core.access import Person
from core.files import MARKER
from core.studio import Studio
from core.tables import SOURCE, Conversation, Image, Reference, Turn
from tests import many
from tests.branches import Step, grow
from tests.browser.seen import looks, still
from tests.browser.working import ARRIVES, SCREENSHOTS, Server, outside, serious, started

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: these tests count what is on the page."""
    yield from started(tmp_path_factory.mktemp("trash"), BACKGROUND="elsewhere")


@pytest.fixture(scope="module")
def studio(server: Server) -> Iterator[Studio]:
    with outside(server) as there:
        yield there.studio


@pytest.fixture(scope="module")
def me(studio: Studio) -> Person:
    return access.local_person(studio)


@pytest.fixture
def thrown(studio: Studio, me: Person) -> list[str]:
    """Twelve images and two conversations, thrown away over some days; newest image first."""
    trash.empty(studio, me)
    made = many.images(studio, me, 14)
    many.thumbs(studio, me, made)
    trash.trash(studio, me, made[:12])
    with studio.transaction() as db:
        for n, image_id in enumerate(made[:12]):
            ago = timedelta(days=2 * n, minutes=n + 1)
            row = db.get_one(Image, image_id)
            row.deleted_at, row.purge_after = studio.now() - ago, studio.now() - ago + timedelta(days=30)
        threads = db.exec(select(Conversation.id).where(col(Conversation.deleted_at).is_(None)).limit(2)).all()
    for thread in threads:
        conversations.trash(studio, me, thread)
    return made[:12]


def address(server: Server) -> str:
    return server.url("").partition("/conversation")[0] + "/trash"


def look(page: Page, name: str) -> None:
    still(page)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    assert serious(page) == []


def picture(page: Page, image_id: str) -> object:
    return page.locator(f"a[href='?view={image_id}']")


def lying(studio: Studio, me: Person) -> int:
    return trash.total(studio, me).images


def test_an_empty_trash_says_what_it_is_for(server: Server, studio: Studio, me: Person, open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.get_by_text("The trash is empty")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_role("button", name="Empty trash")).to_have_count(0)
    for name in looks(page):
        look(page, f"trash-empty-{name}")


def test_everything_in_it_says_how_long_it_stays(server: Server, thrown: list[str], open_page: Open) -> None:
    page = open_page(address(server))
    expect(page.locator(".tile .note")).to_have_count(12, timeout=ARRIVES)
    assert page.locator(".tile .note").all_inner_texts()[:3] == ["30 days left", "28 days left", "26 days left"]
    expect(page.locator(".card")).to_have_count(2)
    for name in looks(page):
        look(page, f"trash-{name}")


def test_an_image_is_looked_at_large_before_anybody_decides(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    """Nothing is done with it there but downloading it and taking it back."""
    page = open_page(address(server))
    page.locator(f"a[href='?view={thrown[0]}']").focus(timeout=ARRIVES)
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="Image")
    expect(box.locator(".place")).to_have_text("1 of 12", timeout=ARRIVES)
    page.keyboard.press("ArrowRight")
    expect(box.locator(".place")).to_have_text("2 of 12")
    for key in ("s", "x", "e", "1"):
        page.keyboard.press(key)
    expect(box.get_by_role("link", name="Download")).to_be_visible()
    expect(box.get_by_role("button", name="Star")).to_have_count(0)
    look(page, "trash-large")

    page.wait_for_url(f"**/trash?view={thrown[1]}")
    page.reload()
    expect(box.locator(".place")).to_have_text("2 of 12", timeout=ARRIVES)
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(page.locator(f"a[href='?view={thrown[1]}']")).to_be_focused()
    assert lying(studio, me) == 12


def test_what_is_looked_at_large_is_taken_back_and_the_next_one_comes(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    trash.purge(studio, me, thrown[2:])
    page = open_page(address(server))
    page.locator(f"a[href='?view={thrown[0]}']").click(timeout=ARRIVES)
    box = page.get_by_role("dialog", name="Image")
    expect(box.locator(".place")).to_have_text("1 of 2", timeout=ARRIVES)
    expect(box.locator(".stays")).to_have_text("30 days left")
    page.evaluate("() => { window.large = document.querySelector('.st-key-lightbox'); }")

    box.get_by_role("button", name="Restore").click()
    expect(box.locator(".stays")).to_have_text("28 days left", timeout=ARRIVES)
    expect(box.locator(".place")).to_have_text("1 of 1", timeout=ARRIVES)
    assert lying(studio, me) == 1
    page.keyboard.press("r")

    expect(box).to_have_count(0, timeout=ARRIVES)
    expect(page.locator(".tile")).to_have_count(0, timeout=ARRIVES)
    assert lying(studio, me) == 0
    page.get_by_text("2 images are back.").wait_for(timeout=ARRIVES)
    assert page.evaluate("() => large.isConnected")  # or it would begin anew, and open what the address still names
    page.get_by_role("button", name="Undo").click()
    page.locator(f"a[href='?view={thrown[0]}']").click(timeout=ARRIVES)
    expect(box.locator(".place")).to_have_text("1 of 2", timeout=ARRIVES)
    expect(page.locator("dialog.gone")).to_have_count(0)


def test_what_stays_because_it_is_used_says_why(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    with studio.transaction() as db:
        turn = db.exec(select(Turn.id).join(Conversation).where(col(Conversation.deleted_at).is_(None)).limit(1)).one()
        db.add(Reference(turn_id=turn, image_id=thrown[0], role=SOURCE))
    page = open_page(address(server))
    page.locator(f"a[href='?view={thrown[0]}']").click(timeout=ARRIVES)
    box = page.get_by_role("dialog", name="Image")

    why = "In use: something that is not in the trash started from it, so it stays."
    expect(box.locator(".stays")).to_have_text(why, timeout=ARRIVES)
    for name in looks(page):
        look(page, f"trash-used-{name}")

    with studio.transaction() as db:
        db.delete(db.exec(select(Reference).where(col(Reference.image_id) == thrown[0])).one())


def test_an_image_comes_back_with_a_key_and_goes_again_with_undo(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    page = open_page(address(server))
    second = page.locator(f"a[href='?view={thrown[1]}']")
    second.focus(timeout=ARRIVES)

    page.keyboard.press("r")

    expect(page.get_by_text("1 image is back.")).to_be_visible(timeout=ARRIVES)
    expect(second).to_have_count(0, timeout=ARRIVES)
    assert lying(studio, me) == 11
    look(page, "trash-back")
    page.get_by_role("button", name="Undo").click()
    expect(second).to_have_count(1, timeout=ARRIVES)
    assert lying(studio, me) == 12


def test_picked_images_go_for_good_only_after_asking(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    """With the keyboard alone."""
    page = open_page(address(server))
    page.locator(f"a[href='?view={thrown[1]}']").focus(timeout=ARRIVES)
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("toolbar")).to_contain_text("2 picked")
    look(page, "trash-picked")

    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Remove 2 images for good?", timeout=ARRIVES)
    expect(dialog.locator("img")).to_have_count(2, timeout=ARRIVES)
    pictures = dialog.locator("img").evaluate_all("(all) => all.map(({ src }) => src.split('/').at(-2))")
    assert pictures == thrown[1:3]
    look(page, "trash-asked")
    dialog.get_by_role("button", name="Cancel").press("Enter")
    expect(dialog).to_have_count(0, timeout=ARRIVES)
    assert lying(studio, me) == 12

    page.locator(f"a[href='?view={thrown[1]}']").focus()
    page.keyboard.press("Delete")
    dialog.get_by_role("button", name="Remove for good").press("Enter")
    expect(page.get_by_role("toolbar")).to_be_hidden(timeout=ARRIVES)
    expect(page.locator("a.picture:focus")).to_have_count(1, timeout=ARRIVES)

    expect(page.get_by_text("Gone for good: 2 images, 2.5 MB.")).to_be_visible(timeout=ARRIVES)
    expect(page.locator(".tile")).to_have_count(10, timeout=ARRIVES)
    for gone in thrown[1:3]:
        expect(page.locator(f"a[href='?view={gone}']")).to_have_count(0, timeout=ARRIVES)
    assert lying(studio, me) == 10


def test_the_dialog_shows_which_images_would_go(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    """Nobody could tell whether it was about the right one."""
    page = open_page(address(server))
    page.locator(f"a[href='?view={thrown[3]}']").focus(timeout=ARRIVES)
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    one = trash.these(studio, me, [thrown[3]])[0]

    expect(dialog.get_by_role("img", name=one.text)).to_have_count(1, timeout=ARRIVES)
    expect(dialog).to_contain_text(one.text)
    expect(dialog).to_contain_text(f"Made on {one.created_at:%B} {one.created_at.day}, {one.created_at.year}")
    for name in looks(page):
        look(page, f"trash-asked-one-{name}")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0, timeout=ARRIVES)
    page.locator(f"a[href='?view={thrown[0]}']").focus()
    page.keyboard.press("Control+a")
    expect(page.get_by_role("toolbar")).to_contain_text("12 picked")
    page.keyboard.press("Delete")

    expect(dialog).to_contain_text("Remove 12 images for good?", timeout=ARRIVES)
    expect(dialog.locator("img")).to_have_count(4)
    expect(dialog).to_contain_text("+ 8 more")
    for name in looks(page):
        look(page, f"trash-asked-many-{name}")


def test_a_conversation_comes_back_or_goes(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    page = open_page(address(server))
    expect(page.locator(".card")).to_have_count(2, timeout=ARRIVES)
    page.locator("li").first.hover()
    page.get_by_role("button", name="Restore: ").first.click()
    expect(page.get_by_text("The conversation is back.")).to_be_visible(timeout=ARRIVES)
    expect(page.locator(".card")).to_have_count(1, timeout=ARRIVES)

    page.locator("li").first.hover()
    page.get_by_role("button", name="Remove for good: ").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Remove 1 conversation for good?", timeout=ARRIVES)
    dialog.get_by_role("button", name="Remove for good").click()

    expect(page.locator(".card")).to_have_count(0, timeout=ARRIVES)
    assert trash.total(studio, me).conversations == 0


def test_emptying_says_how_much_goes_and_what_stays(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    page = open_page(address(server))
    page.get_by_role("button", name="Empty trash").click(timeout=ARRIVES)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This removes 12 images and 2 conversations for good, 15 MB.", timeout=ARRIVES)
    for name in looks(page):
        look(page, f"trash-emptying-{name}")

    dialog.get_by_role("button", name="Empty trash").click()

    expect(page.get_by_text("The trash is empty")).to_be_visible(timeout=ARRIVES)
    assert trash.total(studio, me) == trash.Total(0, 0, 0, 0)


def test_while_the_store_is_away_nothing_goes_and_a_sentence_says_so(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    marker = server.data_dir / "files" / MARKER
    kept = marker.read_bytes()
    marker.unlink()
    page = open_page(address(server))
    page.get_by_role("button", name="Empty trash").click(timeout=ARRIVES)
    page.get_by_role("dialog").get_by_role("button", name="Empty trash").click(timeout=ARRIVES)

    expect(page.get_by_role("dialog")).to_contain_text("Nothing was purged", timeout=ARRIVES)
    look(page, "trash-refused")

    marker.write_bytes(kept)
    assert lying(studio, me) == 12


def test_an_address_of_what_is_not_in_the_trash_says_so_and_opens_nothing(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    """It offered to restore what nobody had thrown away."""
    trash.restore(studio, me, thrown[:1])

    page = open_page(f"{address(server)}?view={thrown[0]}")

    expect(page.get_by_text("This image is not in the trash.")).to_be_visible(timeout=ARRIVES)
    expect(page).to_have_url(address(server), timeout=ARRIVES)
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_what_is_in_use_stays_and_the_dialog_says_so_before(
    server: Server, studio: Studio, me: Person, thrown: list[str], open_page: Open
) -> None:
    """It promised that everything would go, and told afterwards what had not."""
    (used,), _ = grow(studio, me, [Step("A fox"), Step("Bluer", 1)], posts=True).images
    trash.trash(studio, me, [used])
    page = open_page(address(server))
    page.locator(f"a[href='?view={used}']").focus(timeout=ARRIVES)

    page.keyboard.press("Delete")
    dialog, go = page.get_by_role("dialog"), page.get_by_role("dialog").get_by_role("button", name="Remove for good")
    expect(dialog).to_contain_text("1 image stays, because something that is not in the trash", timeout=ARRIVES)
    expect(go).to_be_disabled()
    look(page, "trash-in-use")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0, timeout=ARRIVES)
    page.locator(f"a[href='?view={used}']").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(dialog).to_contain_text("Remove 12 images for good?", timeout=ARRIVES)
    expect(dialog).to_contain_text("1 image stays")
    expect(dialog.locator("img")).to_have_count(4)
    expect(dialog.locator(f"img[src*='{used}']")).to_have_count(0)  # it was thrown away last, so it would be the first
    go.press("Enter")

    expect(page.get_by_text("Gone for good: 12 images, 15 MB.")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_role("toolbar")).to_be_hidden(timeout=ARRIVES)
    assert lying(studio, me) == 1
