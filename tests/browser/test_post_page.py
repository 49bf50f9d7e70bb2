"""A post's page in a browser: words are counted, copied and kept; crops follow the focal point; the kit downloads."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import select

from core import access, conversations, platforms, posting
from core.access import Person
from core.asks import Ask
from core.posting import OpenedPost, Words
from core.studio import Studio
from core.tables import CAPTION, FAILED, IMAGE, Generation, Post, new_id
from pages.parts import post_images, post_words
from tests import serving
from tests.browser.mounted import mounted
from tests.browser.seen import looks
from tests.browser.working import ARRIVES, SCREENSHOTS, Outside, Server, outside, serious
from tests.serving import Served

Open = Callable[..., Page]
PROMPT = "A red fox in the snow"
OVER_280 = "Ein Füchslein läuft durch den Schnee. " * 8
TRICKY = "狐 🦊 👩🏽‍🚀 “so” see https://example.com/a/b?c=d, or example.org. 🇧🇷"


@dataclass(frozen=True)
class Shown:
    """A post, its page, and a look at its rows."""

    studio: Studio
    id: str
    page: Page

    @property
    def person(self) -> Person:
        return access.local_person(self.studio)

    @property
    def now(self) -> OpenedPost:
        return posting.opened(self.studio, self.person, self.id)

    @property
    def words(self) -> Locator:
        return self.page.locator(".words")

    def saved(self) -> None:
        expect(self.words.get_by_role("button", name="Saved")).to_be_visible(timeout=ARRIVES)


def asked(there: Outside, prompt: str = PROMPT, count: int = 2) -> str:
    """A first turn whose work waits; its post."""
    person = access.local_person(there.studio)
    wish = Ask(prompt, ("sketch/sketch",), new_id(), count=count, ratio="3:2", resolution="512")
    turn = conversations.start(there.studio, person, wish).turn_id
    with there.studio.reading() as db:
        return db.exec(select(Post.id).where(Post.turn_id == turn)).one()


def done(there: Outside, prompt: str = PROMPT, count: int = 1) -> str:
    post = asked(there, prompt, count)
    with there.working():
        pass
    return post


def address(server: Server, post: str) -> str:
    return f"http://127.0.0.1:{server.port}/post?id={post}"


@pytest.fixture
def show(idle: Server, elsewhere: Outside, open_page: Open) -> Callable[..., Shown]:
    def go(post: str, **look: object) -> Shown:
        page = open_page(address(idle, post), **look)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        expect(page.locator(".words textarea")).to_be_visible(timeout=ARRIVES)
        return Shown(elsewhere.studio, post, page)

    return go


@pytest.fixture(scope="module")
def served(idle: Server) -> Iterator[Served]:
    with outside(idle) as opened, serving.serving(opened.studio) as served:
        yield served


@pytest.fixture
def alone(served: Served, open_page: Open) -> Callable[..., Page]:
    """Images and words of a post without the page around them: `alone(post)`."""

    def go(post: str, **special: bool) -> Page:
        person = access.local_person(served.studio)
        opened = posting.opened(served.studio, person, post)
        data = {
            "post_images": post_images.data(served.studio, opened) | {"words": post_images.words()},
            "post_words": post_words.data(served.studio, opened) | {"words": post_words.words()},
        }
        page = mounted(
            lambda **look: open_page(**look, **special), served, person, data, width=390 if special else 1440
        )
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        expect(page.locator(".words textarea")).to_be_visible()
        return page

    return go


def test_words_are_edited_and_stay_edited(show: Callable[..., Shown], elsewhere: Outside) -> None:
    shown = show(done(elsewhere))
    area = shown.words.locator("textarea")
    expect(area).to_have_value(f"{PROMPT}. (Practice caption)")

    area.fill("Good morning")
    area.press("End")
    shown.page.keyboard.type(", fox.")
    shown.words.get_by_label("Hashtags", exact=True).last.click()
    shown.page.keyboard.type("#dawn frost ")
    shown.words.get_by_role("button", name="Remove #red").click()
    expect(shown.words.locator(".meter")).to_have_text("18 characters")
    area.press("Control+Enter")
    shown.saved()

    expect(shown.page.locator(".st-key-post-status")).to_contain_text("Edited", timeout=ARRIVES)
    assert shown.now.words.caption == "Good morning, fox."
    assert shown.now.words.hashtags == ("fox", "snow", "dawn", "frost")
    shown.page.reload()
    expect(area).to_have_value("Good morning, fox.", timeout=ARRIVES)
    expect(shown.words.locator(".chip")).to_have_text(["#fox", "#snow", "#dawn", "#frost"])


def test_what_was_written_outlives_words_of_others_and_a_reload(show: Callable[..., Shown], elsewhere: Outside) -> None:
    shown = show(done(elsewhere))
    area, alert = shown.words.locator("textarea"), shown.words.get_by_role("alert")

    posting.edit(elsewhere.studio, shown.person, shown.id, Words("Theirs"), shown.now.words.version)
    area.fill("Mine")
    area.press("Control+Enter")
    expect(alert).to_contain_text("changed meanwhile", timeout=ARRIVES)
    expect(area).to_have_value("Mine")
    shown.words.get_by_role("button", name="Take these instead").click()
    expect(area).to_have_value("Theirs")
    assert shown.now.words.caption == "Theirs"

    area.fill("Mine, unsaved")
    posting.edit(elsewhere.studio, shown.person, shown.id, Words("Theirs too"), shown.now.words.version)
    shown.page.reload()
    expect(area).to_have_value("Mine, unsaved", timeout=ARRIVES)
    expect(alert).to_contain_text("Saving keeps yours")
    expect(shown.words.locator("blockquote")).to_have_text("Theirs too")
    shown.words.get_by_role("button", name="Save", exact=True).click()
    shown.saved()
    assert shown.now.words.caption == "Mine, unsaved"


def test_each_platform_counts_its_own_way_with_every_key_and_no_run(
    alone: Callable[..., Page], elsewhere: Outside
) -> None:
    page = alone(done(elsewhere))
    words = page.locator(".words")
    area, meter = words.locator("textarea"), words.locator(".meter")
    area.fill("")

    for name in [platform.name for platform in platforms.PLATFORMS]:
        platform = platforms.find(name)
        assert platform is not None
        words.get_by_role("tab", name=platform.label).click()
        for written in (OVER_280, TRICKY):
            area.fill(written)
            found = platforms.count(platform, written)
            expect(meter).to_have_text(f"{found:,} of {platform.longest:,} characters")
            expect(words.locator(".warned li")).to_have_text(list(platforms.warnings(platform, written)))

    area.fill(OVER_280)
    expect(words.get_by_role("tab", name="X, does not fit yet")).to_have_count(0)
    assert page.evaluate("() => window.told") == []


def test_a_platform_gets_words_of_its_own_that_two_people_do_not_replace_for_each_other(
    show: Callable[..., Shown], elsewhere: Outside
) -> None:
    shown = show(done(elsewhere))
    area = shown.words.locator("textarea")
    shown.words.get_by_role("tab", name="Threads").click()
    expect(area).to_have_value(f"{PROMPT}. (Practice caption)\n\n#red")
    expect(shown.words.locator(".own")).to_contain_text("It takes only the first 1 of 3 hashtags.")

    area.fill("Just this.")
    shown.words.get_by_role("button", name="Save", exact=True).click()
    shown.saved()
    assert shown.now.platforms == {"threads": "Just this."}

    shown.words.get_by_role("button", name="Use the post's caption").click()
    shown.words.get_by_role("button", name="Save", exact=True).click()
    shown.saved()
    expect(area).to_have_value(f"{PROMPT}. (Practice caption)\n\n#red")
    assert shown.now.platforms == {}

    version = shown.now.words.version
    posting.edit(elsewhere.studio, shown.person, shown.id, None, version, {"x": "Theirs", "threads": "Theirs too"})
    shown.words.get_by_role("tab", name="X").click()

    shown.words.locator("textarea").fill("Mine")
    shown.words.get_by_role("button", name="Save", exact=True).click()

    alert = shown.words.get_by_role("alert")
    expect(alert).to_contain_text("changed meanwhile", timeout=ARRIVES)
    expect(shown.words.locator("blockquote")).to_have_text("Theirs")
    assert shown.now.platforms == {"x": "Theirs", "threads": "Theirs too"}
    shown.words.get_by_role("button", name="Save", exact=True).click()
    shown.saved()
    assert shown.now.platforms == {"x": "Mine", "threads": "Theirs too"}


def test_the_text_of_a_tab_is_copied_and_said_so(alone: Callable[..., Page], elsewhere: Outside) -> None:
    page = alone(done(elsewhere))
    words = page.locator(".words")

    words.get_by_role("button", name="Copy").click()
    expect(words.get_by_role("status")).to_have_text("Copied.")
    whole = page.evaluate("() => navigator.clipboard.readText()")
    page.evaluate("() => (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))")
    words.get_by_role("tab", name="Threads").click()
    words.get_by_role("button", name="Copy").click()
    expect(words.get_by_role("status")).to_have_text("Copied.")

    assert whole == f"{PROMPT}. (Practice caption)\n\n#red #fox #snow"
    assert page.evaluate("() => navigator.clipboard.readText()") == f"{PROMPT}. (Practice caption)\n\n#red"


def test_a_finger_scrolls_over_the_image_and_taps_the_point(alone: Callable[..., Page], elsewhere: Outside) -> None:
    page = alone(done(elsewhere), has_touch=True, is_mobile=True)
    sight = page.locator(".sight")
    sight.scroll_into_view_if_needed()
    box = sight.bounding_box()
    assert box is not None and sight.evaluate("(node) => getComputedStyle(node).touchAction").startswith("pan-y")

    page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)

    page.wait_for_function("() => window.told.length")
    [[_, _, [wish]]] = page.evaluate("() => window.told")
    assert wish["act"] == "focus" and wish["x"] < 0.3


def test_the_focal_point_moves_by_keyboard_and_mouse_and_the_crops_with_it(
    show: Callable[..., Shown], elsewhere: Outside
) -> None:
    shown = show(done(elsewhere))
    point, tall = shown.page.get_by_role("slider", name="Focal point"), shown.page.locator(".of-9x16 img")
    expect(point).to_have_attribute("aria-valuetext", "50 % from the left, 50 % from the top")

    point.focus()
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowLeft", "ArrowDown"):
        shown.page.keyboard.press(key)
    expect(point).to_have_attribute("aria-valuetext", "29 % from the left, 51 % from the top")
    _eventually(lambda: (shown.now.variants[0].x, shown.now.variants[0].y) == (0.29, 0.51), shown.page)

    [variant] = shown.now.variants
    scale = min(variant.image.width / 1080, variant.image.height / 1920)
    room = variant.image.width - 1080 * scale
    share = (0.29 * variant.image.width - 540 * scale) / room * 100
    position = str(tall.evaluate("(node) => node.style.objectPosition"))
    assert float(position.partition("%")[0]) == pytest.approx(share, abs=0.01)

    box = shown.page.locator(".sight").bounding_box()
    assert box is not None
    shown.page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.25)
    _eventually(lambda: shown.now.variants[0].x == pytest.approx(0.8, abs=0.01), shown.page)
    assert shown.now.variants[0].y == pytest.approx(0.25, abs=0.01)


def test_it_begins_with_the_image_that_somebody_came_from(
    show: Callable[..., Shown], elsewhere: Outside, open_page: Open, idle: Server
) -> None:
    """It began with the selected one, whichever was looked at."""
    post = done(elsewhere, count=2)
    shown = show(post)
    current = ".images .strip [aria-current]"
    expect(shown.page.locator(current)).to_have_attribute("aria-label", re.compile("^Image 1,"), timeout=ARRIVES)

    page = open_page(f"{address(idle, post)}&image={shown.now.variants[1].image.id}")

    expect(page.locator(current)).to_have_attribute("aria-label", re.compile("^Image 2,"), timeout=ARRIVES)


def test_the_kit_asks_when_alt_text_is_missing_and_an_image_is_described_and_selected(
    show: Callable[..., Shown], elsewhere: Outside
) -> None:
    shown = show(done(elsewhere, count=2))
    images, kit = shown.page.locator(".images"), shown.page.locator(".kit")
    images.get_by_label("Alt text").fill("")
    images.get_by_label("Alt text").press("Enter")

    kit.get_by_role("button", name="Download kit").click(timeout=ARRIVES)
    expect(kit).to_contain_text("One image has no alt text.")
    kit.get_by_role("button", name="Write alt text").click()
    expect(images.get_by_label("Alt text")).to_be_focused()
    with shown.page.expect_download(timeout=ARRIVES) as download:
        kit.get_by_role("link", name="Download without").click()
    archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    [manifest] = [name for name in archive.namelist() if name.endswith("manifest.json")]
    told = json.loads(archive.read(manifest))
    assert download.value.suggested_filename == "a-red-fox-in-the-snow-practice-kit.zip"
    assert len(told["images"]) == 2 and len(told["warnings"]) == 1

    images.get_by_role("button", name="Image 2,").click()
    images.get_by_role("button", name="Select").click()
    images.get_by_label("Alt text").fill("")
    images.get_by_label("Alt text").press_sequentially("A fox looks back.")
    images.get_by_label("Alt text").press("Enter")
    expect(images.get_by_role("status")).to_have_text("Alt text saved.", timeout=ARRIVES)
    expect(images.get_by_role("button", name="Image 2, Sketch (practice), selected")).to_be_visible()
    first, second = shown.now.variants
    assert (first.image.selected, second.image.selected, second.image.alt) == (False, True, "A fox looks back.")


def test_caption_and_images_appear_by_themselves(show: Callable[..., Shown], elsewhere: Outside) -> None:
    shown = show(asked(elsewhere))
    expect(shown.page.locator(".st-key-post-status")).to_contain_text("Generating caption", timeout=ARRIVES)
    expect(shown.words.locator(".notice")).to_contain_text("The caption is being written…")
    shown.page.screenshot(path=SCREENSHOTS / "post-waiting.png")

    with elsewhere.working():
        pass

    expect(shown.words.locator("textarea")).to_have_value(f"{PROMPT}. (Practice caption)", timeout=ARRIVES)
    expect(shown.page.locator(".images .thumb")).to_have_count(2, timeout=ARRIVES)
    expect(shown.page.locator(".st-key-post-status")).to_contain_text("Generated", timeout=ARRIVES)


def test_when_all_images_fail_the_caption_is_there_with_a_plain_sentence(
    show: Callable[..., Shown], elsewhere: Outside
) -> None:
    post = asked(elsewhere)
    with elsewhere.studio.transaction() as db:
        for row in db.exec(select(Generation).where(Generation.kind == IMAGE)).all():
            if row.status != "succeeded":
                row.status, row.error, row.finished_at = FAILED, "It said no.", elsewhere.studio.now()
    with elsewhere.working():
        pass

    shown = show(post)

    expect(
        shown.page.get_by_text("None of the 2 images could be made. Its caption is kept. It said no.")
    ).to_be_visible()
    expect(shown.words.locator("textarea")).to_have_value(f"{PROMPT}. (Practice caption)")
    expect(shown.page.get_by_role("link", name="Ask again in the conversation")).to_be_visible()
    shown.page.screenshot(path=SCREENSHOTS / "post-failed.png")


def test_a_caption_that_failed_is_tried_again_and_one_that_came_after_its_price_was_said(
    show: Callable[..., Shown], elsewhere: Outside
) -> None:
    post = asked(elsewhere)
    with elsewhere.studio.transaction() as db:
        row = db.exec(select(Generation).where(Generation.kind == CAPTION, Generation.post_id == post)).one()
        row.status, row.error, row.error_kind = FAILED, "It was too busy.", "busy"
    shown = show(post)

    expect(shown.words.locator(".notice")).to_contain_text("The caption was not written. It was too busy.")
    shown.words.get_by_role("button", name="Try again").click()
    expect(shown.words.locator(".notice")).to_contain_text("The caption is being written…", timeout=ARRIVES)
    with elsewhere.working():
        pass

    expect(shown.words.locator("textarea")).to_have_value(f"{PROMPT}. (Practice caption)", timeout=ARRIVES)

    expect(shown.page.locator(".images .thumb")).to_have_count(2, timeout=ARRIVES)
    shown.page.get_by_role("button", name="Write it again…").click()
    dialog = shown.page.get_by_role("dialog", name="Have the caption written")
    expect(dialog).to_contain_text("Practice, free", timeout=ARRIVES)

    dialog.get_by_role("button", name="Write it", exact=True).click()
    expect(shown.words.locator(".notice")).to_contain_text("The caption is being written…", timeout=ARRIVES)
    with elsewhere.working():
        pass

    expect(shown.words.locator(".notice.working")).to_have_count(0, timeout=ARRIVES)
    assert [run.status for run in shown.now.captions] == ["succeeded"] * 2


def test_words_written_by_hand_stand_in_the_conversation_where_the_model_failed(
    show: Callable[..., Shown], elsewhere: Outside
) -> None:
    post = asked(elsewhere)
    with elsewhere.studio.transaction() as db:
        row = db.exec(select(Generation).where(Generation.kind == CAPTION, Generation.post_id == post)).one()
        row.status, row.error, row.error_kind = FAILED, "It was too busy.", "busy"
    posting.edit(elsewhere.studio, access.local_person(elsewhere.studio), post, Words("By hand"), 1)
    shown = show(post)
    expect(shown.words.locator(".notice")).to_be_hidden()

    shown.page.get_by_role("link", name="Open conversation").click()

    caption = shown.page.locator(".caption")
    expect(caption.get_by_text("By hand")).to_be_visible(timeout=ARRIVES)
    expect(caption.get_by_role("button", name="Try again")).to_have_count(0)


def test_words_that_were_replaced_are_in_the_history_and_used_again(
    show: Callable[..., Shown], elsewhere: Outside
) -> None:
    post, person = done(elsewhere), access.local_person(elsewhere.studio)
    posting.edit(elsewhere.studio, person, post, Words("By hand", ("mine",)), 2)
    posting.ask_caption(elsewhere.studio, person, post)
    with elsewhere.working():
        pass
    shown = show(post)
    history = shown.page.locator(".st-key-post-history")

    history.get_by_text("History", exact=True).click()
    expect(history.get_by_text("Words that were replaced then")).to_be_visible(timeout=ARRIVES)
    shown.page.screenshot(path=SCREENSHOTS / "post-history.png", full_page=True)
    history.get_by_role("button", name="Use this").click()

    expect(shown.words.locator("textarea")).to_have_value("By hand", timeout=ARRIVES)
    assert (shown.now.words.caption, shown.now.words.hashtags) == ("By hand", ("mine",))


def test_an_edits_page_leads_to_the_post_it_was_derived_from(show: Callable[..., Shown], elsewhere: Outside) -> None:
    first, person = done(elsewhere, "A lighthouse at noon"), access.local_person(elsewhere.studio)
    before = posting.opened(elsewhere.studio, person, first)
    wish = Ask("At night", ("sketch/sketch",), new_id(), source=before.variants[0].image.id, resolution="512")
    turn = conversations.ask(elsewhere.studio, person, before.conversation_id or "", wish).turn_id
    with elsewhere.working():
        pass
    with elsewhere.studio.reading() as db:
        edit = db.exec(select(Post.id).where(Post.turn_id == turn)).one()
    posting.edit(elsewhere.studio, person, edit, Words("By night"), 1)
    shown = show(edit)
    expect(shown.words.locator("textarea")).to_have_value("By night")

    shown.page.get_by_role("button", name="Derived from turn 1 of “A lighthouse at noon”").click()

    expect(shown.words.locator("textarea")).to_have_value("A lighthouse at noon. (Practice caption)", timeout=ARRIVES)
    assert shown.page.url.endswith(first)


def test_a_post_that_is_not_there_says_so(idle: Server, open_page: Open) -> None:
    page = open_page(address(idle, new_id()))

    expect(page.get_by_text("There is no such post, or it is not yours.")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_role("link", name="Back to the gallery")).to_be_visible()


def test_nothing_serious_for_axe_by_day_and_by_night(show: Callable[..., Shown], elsewhere: Outside) -> None:
    shown = show(done(elsewhere, count=2))

    for look in looks(shown.page):
        expect(shown.page.locator(".images .large.there")).to_be_visible(timeout=ARRIVES)
        shown.page.screenshot(path=SCREENSHOTS / f"post-full-{look}.png", full_page=True)
        assert serious(shown.page) == []
        assert shown.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def _eventually(true: Callable[[], bool], page: Page) -> None:
    for _ in range(ARRIVES // 100):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not happen")
