"""A post is opened whole, its words are its person's to change, and a caption can be asked for again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import briefs, captions, conversations, generations, marks, posting
from core.access import Person
from core.briefs import Brief
from core.errors import NotFound, Refused
from core.posting import OpenedPost, Words
from core.studio import Studio
from core.tables import CAPTION, FAILED, IMAGE, Event, Generation, Image, Post
from tests import answers
from tests.conftest import unfinished, wish

Work = Callable[[], None]


@pytest.fixture
def work(studio: Studio) -> Work:
    """Does all that waits, but draws nothing."""
    return lambda: answers.answer(studio)


def ask(studio: Studio, person: Person, prompt: str = "a red fox in snow", **wishes: object) -> str:
    """A conversation's first turn with a caption; its post's id."""
    asked = conversations.start(studio, person, wish(prompt, **{"caption": captions.AUTO, **wishes}))
    with studio.reading() as db:
        return db.exec(select(Post.id).where(Post.turn_id == asked.turn_id)).one()


def opened(studio: Studio, person: Person, post: str) -> OpenedPost:
    return posting.opened(studio, person, post)


def end(studio: Studio, kind: str, status: str = FAILED) -> None:
    """All work of this kind ends so."""
    with studio.transaction() as db:
        for row in db.exec(select(Generation).where(Generation.kind == kind)).all():
            row.status, row.finished_at, row.error = status, studio.now(), "The model said no."


def waits(studio: Studio, work: Work) -> Thread:
    """Begin this work beside a transaction that is open; it goes on once it waits for that, or has ended already."""
    coming = Thread(target=work)
    coming.start()
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while studio.engine.dialect.name == "postgresql" and coming.is_alive():
        with studio.engine.connect() as connection:
            if connection.execute(waiting).scalar():
                break
    return coming


@contextmanager
def reads(studio: Studio) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    sa.event.listen(studio.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(studio.engine, "before_cursor_execute", note)


def test_a_post_opens_whole_in_five_queries(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice, count=3, ratio="3:2")
    work()

    with reads(studio) as seen:
        found = opened(studio, alice, post)

    assert len(seen) <= 5
    assert "fox" in found.words.caption and found.words.hashtags and found.words.alt
    assert [(v.model, v.practice, v.image.alt) for v in found.variants] == [
        ("sketch/sketch", True, found.words.alt)
    ] * 3
    assert (found.title, found.prompt, found.position, found.settings["ratio"]) == (
        "a red fox in snow",
        "a red fox in snow",
        1,
        "3:2",
    )
    assert found.caption is not None and found.caption.status == "succeeded"
    assert found.origin is None and found.without_images is None
    assert found.history[0].kind == "asked"
    assert {"captioned", "imaged"} <= {step.kind for step in found.history}


def test_its_status_follows_from_what_is_going_on(studio: Studio, alice: Person) -> None:
    post = ask(studio, alice)
    assert opened(studio, alice, post).status == "generating caption"

    end(studio, CAPTION)
    assert opened(studio, alice, post).status == "generating images"
    answers.work(studio)
    assert opened(studio, alice, post).status == "generated"
    posting.edit(studio, alice, post, Words("My own words"), 1)

    assert opened(studio, alice, post).status == "edited"


@pytest.mark.parametrize("ended", ["failed", "canceled"])
def test_when_no_image_came_the_caption_is_still_there(studio: Studio, alice: Person, work: Work, ended: str) -> None:
    post = ask(studio, alice, count=2)
    end(studio, IMAGE, ended)
    work()

    found = opened(studio, alice, post)

    assert (found.without_images, found.variants, found.status) == (ended, (), "generated")
    assert "fox" in found.words.caption
    assert [run.error for run in found.making] == ["The model said no."] * 2


def test_images_in_the_trash_are_not_called_failed(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    work()
    with studio.transaction() as db:
        db.exec(select(Image)).one().deleted_at = studio.now()

    assert opened(studio, alice, post).without_images == "trashed"


def test_an_edits_post_says_where_it_comes_from(studio: Studio, alice: Person, work: Work) -> None:
    first = ask(studio, alice)
    work()
    [fox] = opened(studio, alice, first).variants
    there = opened(studio, alice, first).conversation_id or ""
    conversations.ask(studio, alice, there, wish("at night", source=fox.image.id, count=2))
    work()
    with studio.reading() as db:
        ids = db.exec(select(Post.id).where(Post.id != first).order_by(col(Post.id))).all()

    nights = [opened(studio, alice, post) for post in ids]

    assert [len(night.variants) for night in nights] == [1, 1]
    assert [len(night.making) for night in nights] == [1, 1]
    for night in nights:
        assert night.words.caption == opened(studio, alice, first).words.caption
        assert night.origin is not None
        assert (night.origin.post_id, night.origin.image.id) == (first, fox.image.id)
        assert (night.origin.title, night.origin.position, night.position) == ("a red fox in snow", 1, 2)


def test_a_person_writes_the_words(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    work()
    before = opened(studio, alice, post).words

    posting.edit(
        studio, alice, post, Words("  Good morning, fox.\n", ("#Red fox", "snow", "snow", "!")), before.version
    )

    words = opened(studio, alice, post).words
    assert (words.caption, words.hashtags, words.alt) == ("Good morning, fox.", ("Redfox", "snow"), before.alt)
    assert (words.edited, words.version) == (True, before.version + 1)
    assert opened(studio, alice, post).history[-1].kind == "post.edited"


def test_two_who_edit_at_once_do_not_overwrite_each_other(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    work()
    version = opened(studio, alice, post).words.version
    posting.edit(studio, alice, post, Words("First"), version)

    with pytest.raises(Refused, match="changed meanwhile"):
        posting.edit(studio, alice, post, Words("Second"), version)

    assert opened(studio, alice, post).words.caption == "First"


def test_too_much_is_refused_and_changes_nothing(studio: Studio, alice: Person) -> None:
    post = ask(studio, alice)
    caption, hashtags = Words("a" * 63_207), Words("a", tuple(f"tag{n}" for n in range(31)))

    for words in (caption, hashtags, Words("a", alt="a" * 5_001)):
        with pytest.raises(Refused, match="up to"):
            posting.edit(studio, alice, post, words, 1)

    assert opened(studio, alice, post).words.version == 1


def test_images_follow_the_drafted_alt_text_until_they_have_their_own(
    studio: Studio, alice: Person, work: Work
) -> None:
    post = ask(studio, alice, count=2)
    work()
    first, second = (v.image.id for v in opened(studio, alice, post).variants)
    posting.edit_alt(studio, alice, first, " A fox\nlooks back. ")

    posting.edit(studio, alice, post, Words("A fox", alt="A fox in snow."), opened(studio, alice, post).words.version)

    alts = {v.image.id: v.image.alt for v in opened(studio, alice, post).variants}
    assert alts == {first: "A fox looks back.", second: "A fox in snow."}


def test_one_image_of_a_post_is_selected(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice, count=3)
    work()
    first, second, _ = (v.image.id for v in opened(studio, alice, post).variants)

    marks.select(studio, alice, [first])
    marks.select(studio, alice, [second])

    assert [v.image.selected for v in opened(studio, alice, post).variants] == [False, True, False]
    marks.select(studio, alice, [second], on=False)
    assert opened(studio, alice, post).selected is None
    kinds = [step.kind for step in opened(studio, alice, post).history if step.kind.startswith("image.")]
    assert kinds == ["image.selected", "image.unselected", "image.selected", "image.unselected"]


def test_the_focal_point_is_kept_within_the_image(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    work()
    [fox] = opened(studio, alice, post).variants
    assert (fox.x, fox.y) == (0.5, 0.5)

    posting.focus(studio, alice, fox.image.id, 0.25, 1)
    with pytest.raises(Refused, match="within the image"):
        posting.focus(studio, alice, fox.image.id, 0.25, float("nan"))

    [fox] = opened(studio, alice, post).variants
    assert (fox.x, fox.y) == (0.25, 1)


def test_a_platform_can_have_words_of_its_own(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    posting.edit(studio, alice, post, None, 1, {"x": " Short. ", "threads": "Threaded."})
    work()

    found = opened(studio, alice, post)
    assert found.platforms == {"x": "Short.", "threads": "Threaded."}
    assert ("fox" in found.words.caption, found.status) == (True, "edited")
    posting.edit(studio, alice, post, None, found.words.version, {"x": ""})
    assert opened(studio, alice, post).platforms == {"threads": "Threaded."}


def test_words_and_texts_for_platforms_are_saved_together_or_not_at_all(studio: Studio, alice: Person) -> None:
    post = ask(studio, alice)
    before = opened(studio, alice, post)

    for version, own, said in (
        (0, {"x": "Late."}, "changed meanwhile"),
        (1, {"x": "Short.", "myspace": "Hello"}, "no platform called"),
        (1, {"x": "a" * 63_207}, "up to"),
    ):
        with pytest.raises(Refused, match=said):
            posting.edit(studio, alice, post, Words("Mine"), version, own)

    assert opened(studio, alice, post) == before


def test_a_caption_is_written_again_to_the_brief_of_now(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    work()
    version = opened(studio, alice, post).words.version
    posting.edit(studio, alice, post, Words("Mine", ("mine",)), version)
    briefs.save(studio, alice, Brief(language="Finnish", hashtags=("studio",)))
    assert posting.price_caption(studio, alice, post).model.practice

    again = posting.ask_caption(studio, alice, post)
    assert opened(studio, alice, post).status == "generating caption"
    work()

    found = opened(studio, alice, post)
    assert "Finnish" in found.words.caption and found.words.hashtags[0] == "studio"
    assert (found.words.edited, found.status, found.brief.language) == (False, "generated", "Finnish")
    assert [run.status for run in found.captions] == ["succeeded"] * 2 and found.captions[-1].id == again
    assert [step.kind for step in found.history][-4:] == ["post.edited", "post.caption_asked", "kept", "captioned"]


def test_words_written_while_a_caption_is_on_its_way_stay(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    posting.edit(studio, alice, post, Words("Mine"), 1)

    work()

    assert opened(studio, alice, post).words.caption == "Mine"


def said_before(studio: Studio, person: Person, post: str) -> list[tuple[str, str]]:
    """What the history has of words, oldest first."""
    told = opened(studio, person, post).history
    return [(step.kind, step.facts["caption"]) for step in told if "caption" in step.facts]


def test_a_paid_caption_that_came_too_late_is_in_the_history_and_can_be_used(
    studio: Studio, alice: Person, work: Work
) -> None:
    """It was paid for and then was nowhere."""
    post = ask(studio, alice)
    posting.edit(studio, alice, post, Words("Mine"), 1)
    work()
    [late] = [step for step in opened(studio, alice, post).history if step.kind == "captioned"]
    assert "fox" in late.facts["caption"]

    words = Words(late.facts["caption"], tuple(late.facts["hashtags"]), late.facts["alt"])
    posting.use(studio, alice, post, words, opened(studio, alice, post).words.version)

    found = opened(studio, alice, post)
    assert (found.words.caption, found.words.alt) == (late.facts["caption"], late.facts["alt"])
    assert [v.image.alt for v in found.variants] == [late.facts["alt"]]
    assert said_before(studio, alice, post) == [("captioned", found.words.caption), ("kept", "Mine")]


def test_every_caption_of_a_post_stays_and_a_persons_own_words_too(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    work()
    first = opened(studio, alice, post).words.caption
    posting.ask_caption(studio, alice, post)
    work()
    posting.edit(studio, alice, post, Words("Mine"), opened(studio, alice, post).words.version)

    posting.ask_caption(studio, alice, post)
    work()

    kinds = [kind for kind, _caption in said_before(studio, alice, post)]
    assert kinds == ["captioned", "captioned", "kept", "captioned"]
    assert said_before(studio, alice, post)[0] == ("captioned", first)
    assert ("kept", "Mine") in said_before(studio, alice, post)


def test_old_words_are_not_used_over_newer_ones_unseen(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    work()
    version = opened(studio, alice, post).words.version
    posting.edit(studio, alice, post, Words("Newer"), version)

    with pytest.raises(Refused, match="changed meanwhile"):
        posting.use(studio, alice, post, Words("Older"), version)

    assert opened(studio, alice, post).words.caption == "Newer"


def test_edits_that_are_done_before_the_caption_have_it_when_it_comes(
    studio: Studio, alice: Person, work: Work
) -> None:
    """They stayed without words for ever."""
    first = ask(studio, alice)
    conversation = opened(studio, alice, first).conversation_id or ""
    answers.answer(studio, but=CAPTION)
    source = opened(studio, alice, first).variants[0].image.id
    for prompt in ("at night", "with a hat"):
        conversations.ask(studio, alice, conversation, wish(prompt, source=source))
        answers.answer(studio, but=CAPTION)
        source = conversations.opened(studio, alice, conversation).images[-1].id
    with studio.reading() as db:
        [_, night, hat] = db.exec(select(Post.id).order_by(col(Post.id))).all()
    posting.edit(studio, alice, hat, Words("", ("mine",)), 1)

    work()

    found = [opened(studio, alice, post) for post in (first, night, hat)]
    caption = found[0].words.caption
    assert "fox" in caption and [post.words.caption for post in found] == [caption, caption, ""]
    assert [post.variants[0].image.alt for post in found[:2]] == [found[0].words.alt] * 2


def test_who_writes_for_images_whose_model_has_ended_is_not_for_practice(
    studio: Studio, alice: Person, work: Work
) -> None:
    """A practice caption stood under images that were paid for."""
    post = ask(studio, alice, caption=captions.NONE)
    work()
    with studio.transaction() as db:
        for row in db.exec(select(Generation)).all():
            row.provider, row.model, row.practice = "openai", "ended", False

    with pytest.raises(Refused, match="No model that writes"):  # only practice is set up here
        posting.ask_caption(studio, alice, post)

    assert posting.price_caption(studio, alice, post, "sketch/caption").model.practice


def test_a_second_caption_waits_for_the_first(studio: Studio, alice: Person) -> None:
    post = ask(studio, alice)

    with pytest.raises(Refused, match="on its way already"):
        posting.ask_caption(studio, alice, post)

    assert len([1 for _ in unfinished(studio)]) == 2


def test_a_post_that_never_had_a_caption_gets_one(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice, caption=captions.NONE)
    work()
    assert opened(studio, alice, post).words.caption == ""
    assert opened(studio, alice, post).caption is None

    posting.ask_caption(studio, alice, post)
    work()

    found = opened(studio, alice, post)
    assert "fox" in found.words.caption and [v.image.alt for v in found.variants] == [found.words.alt]


def test_each_edit_of_one_turn_can_have_a_caption_of_its_own(studio: Studio, alice: Person, work: Work) -> None:
    first = ask(studio, alice)
    work()
    found = opened(studio, alice, first)
    asked = wish("at night", source=found.variants[0].image.id, count=2)
    conversations.ask(studio, alice, found.conversation_id or "", asked)
    work()
    with studio.reading() as db:
        ids = db.exec(select(Post.id).where(Post.id != first)).all()

    for post in ids:
        posting.ask_caption(studio, alice, post)
    work()

    assert ["night" in opened(studio, alice, post).words.caption for post in ids] == [True, True]
    assert "night" not in opened(studio, alice, first).words.caption


def test_a_failed_caption_is_tried_again_by_its_id(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)
    end(studio, CAPTION)
    failed = opened(studio, alice, post).caption
    assert failed is not None and failed.error == "The model said no."

    generations.retry(studio, alice, failed.id)
    work()

    assert "fox" in opened(studio, alice, post).words.caption


def test_a_failed_caption_is_not_tried_again_beside_another_one(studio: Studio, alice: Person) -> None:
    """Two captions of one post were paid for."""
    post = ask(studio, alice)
    end(studio, CAPTION)
    failed = opened(studio, alice, post).caption
    posting.ask_caption(studio, alice, post)
    before = unfinished(studio)

    with pytest.raises(Refused, match="on its way already"):
        generations.retry(studio, alice, failed.id if failed else "")

    assert unfinished(studio) == before


def test_trying_a_failed_caption_again_does_not_cost_a_person_their_own_words(
    studio: Studio, alice: Person, work: Work
) -> None:
    post = ask(studio, alice)
    end(studio, CAPTION)
    failed = opened(studio, alice, post).caption
    posting.edit(studio, alice, post, Words("Mine"), 1)

    with pytest.raises(Refused, match="open the post"):
        generations.retry(studio, alice, failed.id if failed else "")
    work()

    assert opened(studio, alice, post).words.caption == "Mine"


def test_words_that_are_being_saved_when_the_caption_comes_stay(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice)

    with studio.transaction() as db:
        row = db.exec(select(Post).where(Post.id == post).with_for_update()).one()
        row.caption, row.edited_at = "Mine", studio.now()
        db.flush()
        coming = waits(studio, work)
    coming.join(60)

    assert opened(studio, alice, post).words.caption == "Mine"
    assert unfinished(studio) == []


def test_an_image_that_comes_while_its_alt_text_is_drafted_has_it(studio: Studio, alice: Person, work: Work) -> None:
    post = ask(studio, alice, caption=captions.NONE)

    with studio.transaction() as db:
        row = db.exec(select(Post).where(Post.id == post).with_for_update()).one()
        row.alt = "A fox in snow."
        db.flush()
        coming = waits(studio, work)
    coming.join(60)

    assert [v.image.alt for v in opened(studio, alice, post).variants] == ["A fox in snow."]


def test_nobody_else_reaches_any_of_it(studio: Studio, alice: Person, bob: Person, work: Work) -> None:
    post = ask(studio, alice)
    work()
    image = opened(studio, alice, post).variants[0].image.id
    before = opened(studio, alice, post)
    attempts: list[Callable[[Person], object]] = [
        lambda who: posting.opened(studio, who, post),
        lambda who: posting.edit(studio, who, post, Words("His"), 2),
        lambda who: posting.edit(studio, who, post, None, 2, {"x": "His"}),
        lambda who: posting.use(studio, who, post, Words("His"), 2),
        lambda who: posting.edit_alt(studio, who, image, "His"),
        lambda who: posting.focus(studio, who, image, 0.1, 0.1),
        lambda who: posting.price_caption(studio, who, post),
        lambda who: posting.ask_caption(studio, who, post),
    ]

    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt(bob)

    assert opened(studio, alice, post) == before
    with studio.reading() as db:
        assert db.exec(select(Event).where(Event.user_id == bob.id)).all() == []
