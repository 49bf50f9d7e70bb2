"""Purging takes rows, files and what nobody else needs; never what something refers to, and never what was paid."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from core import (
    conversations,
    detail,
    gallery,
    generations,
    jobs,
    lineage,
    posted,
    posting,
    purging,
    shared,
    sharing,
    strays,
    trash,
    uploads,
)
from core.access import Person
from core.cards import cards
from core.errors import NotFound
from core.files import StoreDown
from core.sharing import Terms
from core.studio import Studio
from core.tables import (
    CANCELED,
    FAILED,
    MASK,
    REFERENCE,
    SENT,
    SOURCE,
    SUCCEEDED,
    Attempt,
    Generation,
    Image,
    Post,
    Reference,
    Share,
    Stray,
    Turn,
    Verdict,
)
from tests.conftest import Clock, wish
from tests.serving import picture

Make = Callable[..., str]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
"""How many wait for somebody else's lock, on Postgres."""


def row(studio: Studio, table: Any, row_id: str) -> Any:
    with studio.reading() as db:
        return db.get(table, row_id)


def count(studio: Studio, table: type[SQLModel]) -> int:
    with studio.reading() as db:
        return db.exec(select(sa.func.count()).select_from(table)).one()


def files(studio: Studio) -> set[str]:
    """Ids of images that have files."""
    return {stored.key.rpartition("/")[2].partition(".")[0] for stored in studio.store.list()}


def further(studio: Studio, person: Person, work: Callable[[], None], image_id: str, **wishes: object) -> str:
    """What a turn makes that starts from this image, in the same conversation."""
    conversation = row(studio, Image, image_id).conversation_id
    asked = conversations.ask(studio, person, conversation, wish("bluer", **{"source": image_id, **wishes}))
    work()
    return conversations.opened(studio, person, asked.conversation_id).turns[-1].generations[0].images[0].id


@pytest.fixture
def fox(studio: Studio, alice: Person, make: Make) -> str:
    return make(alice, "a red fox")


@pytest.fixture
def den(studio: Studio, fox: str) -> str:
    """The fox's conversation."""
    return str(row(studio, Image, fox).conversation_id)


@pytest.mark.parametrize("role", [SOURCE, MASK, REFERENCE])
def test_an_image_that_a_turn_uses_stays_with_its_file(
    studio: Studio, alice: Person, make: Make, work: Callable[[], None], fox: str, role: str
) -> None:
    used = make(alice, "a blue boat")
    made = further(studio, alice, work, fox)
    turn = row(studio, Generation, row(studio, Image, made).generation_id).turn_id
    with studio.transaction() as db:
        db.add(Reference(turn_id=turn, image_id=used, role=role, position=1))
    trash.trash(studio, alice, [used])

    assert trash.purge(studio, alice, [used]).images == 0
    assert trash.empty(studio, alice).images == 0

    assert used in files(studio)
    assert [(tile.id, tile.used) for tile in trash.contents(studio, alice).tiles] == [(used, True)]
    assert (trash.total(studio, alice).images, trash.total(studio, alice).going) == (1, 0)
    assert list(trash.restore(studio, alice, [used])) == [used]


def test_an_image_goes_once_nothing_uses_it_any_more(
    studio: Studio, alice: Person, work: Callable[[], None], fox: str, den: str
) -> None:
    """Fox, made into a bluer one: both are thrown away, and their conversation too."""
    bluer = further(studio, alice, work, fox)
    trash.trash(studio, alice, [fox, bluer])
    assert trash.purge(studio, alice, [fox]).images == 0
    conversations.trash(studio, alice, den)
    told = trash.total(studio, alice)

    purged = trash.empty(studio, alice)

    assert (purged.images, purged.conversations, purged.size) == (2, 1, told.size)
    assert (told.going, told.conversations) == (2, 1)
    assert files(studio) == set()
    assert count(studio, Reference) == count(studio, Image) == count(studio, Post) == 0


def test_lineage_of_what_lives_is_kept_through_a_purged_conversation(
    studio: Studio, alice: Person, work: Callable[[], None], fox: str, den: str
) -> None:
    bluer = further(studio, alice, work, fox)
    trash.trash(studio, alice, [fox])
    conversations.trash(studio, alice, den)

    purged = trash.empty(studio, alice)

    assert (purged.images, purged.conversations) == (0, 1)
    assert fox in files(studio)
    with studio.reading() as db:
        (use,) = db.exec(select(Reference)).all()
    assert (use.image_id, use.role) == (fox, SOURCE)
    assert detail.of_image(studio, alice, bluer).prompt == "bluer"


def test_what_is_paid_can_be_counted_after_everything_is_gone(
    studio: Studio, alice: Person, fox: str, den: str
) -> None:
    with studio.transaction() as db:
        db.execute(sa.update(Generation).values(cost=Decimal("0.04"), practice=False))
        db.execute(sa.update(Attempt).values(cost=Decimal("0.04"), request_id="req-1"))
    trash.trash(studio, alice, [fox])
    conversations.trash(studio, alice, den)

    trash.empty(studio, alice)

    with studio.reading() as db:
        generation, attempt = db.exec(select(Generation)).one(), db.exec(select(Attempt)).one()
    assert (generation.provider, generation.model, generation.cost, generation.user_id) == (
        "sketch",
        "sketch",
        Decimal("0.04"),
        alice.id,
    )
    assert (attempt.cost, attempt.request_id) == (Decimal("0.04"), "req-1")


def test_no_word_is_left_of_a_purged_conversation(studio: Studio, alice: Person, work: Callable[[], None]) -> None:
    """A marker in everything that a person and a model wrote."""
    asked = conversations.start(studio, alice, wish("a secretmark fox", negative_prompt="secretmark", caption="auto"))
    work()
    link = sharing.share(studio, alice, asked.conversation_id, Terms(name="secretmark", takes_verdicts=True))
    (image,) = conversations.opened(studio, alice, asked.conversation_id).images
    shared.judge(studio, link.token, image.id, "no", "secretmark")
    with studio.transaction() as db:
        db.execute(sa.update(Attempt).values(error="secretmark"))
        db.execute(sa.update(Generation).values(error="secretmark"))
    trash.trash(studio, alice, [image.id])
    conversations.trash(studio, alice, asked.conversation_id)

    trash.empty(studio, alice)

    with studio.engine.connect() as connection:
        told = [str(connection.execute(sa.select(table)).all()) for table in SQLModel.metadata.sorted_tables]
    assert [text for text in told if "secretmark" in text] == []
    assert count(studio, Share) == count(studio, Verdict) == count(studio, Post) == 0


def test_images_in_the_gallery_outlive_their_conversation(
    studio: Studio, alice: Person, work: Callable[[], None], fox: str, den: str
) -> None:
    link = sharing.share(studio, alice, den, Terms())
    conversations.trash(studio, alice, den)

    assert trash.purge(studio, alice, [], [den]).conversations == 1

    seen = detail.of_image(studio, alice, fox)
    assert (seen.prompt, seen.title, seen.conversation_id) == ("a red fox", "", None)
    assert [tile.id for tile in gallery.page(studio, alice).tiles] == [fox]
    post = posted.opened(studio, alice, str(seen.post_id))
    assert (post.conversation_id, post.prompt, len(post.variants)) == (None, "a red fox", 1)
    with pytest.raises(NotFound):
        shared.opened(studio, link.token)
    with pytest.raises(NotFound):
        conversations.opened(studio, alice, den)
    with pytest.raises(NotFound):
        conversations.restore(studio, alice, den)
    assert cards(studio, alice, trashed=True) == ((), None)


def test_the_last_image_of_a_purged_conversation_takes_its_words_along(
    studio: Studio, alice: Person, fox: str, den: str
) -> None:
    conversations.trash(studio, alice, den)
    trash.purge(studio, alice, [], [den])
    trash.trash(studio, alice, [fox])

    trash.purge(studio, alice, [fox])

    with studio.reading() as db:
        assert [turn.prompt for turn in db.exec(select(Turn)).all()] == [""]


def test_a_conversation_elsewhere_that_started_from_it_still_says_so(
    studio: Studio, alice: Person, work: Callable[[], None], fox: str, den: str
) -> None:
    there = conversations.start(studio, alice, wish("bluer", source=fox))
    work()
    conversations.trash(studio, alice, den)
    trash.trash(studio, alice, [fox])

    trash.empty(studio, alice)

    (node,) = lineage.tree(studio, alice, there.conversation_id).nodes
    assert node.origin is not None
    assert (node.origin.image.id, node.origin.trashed, node.origin.title) == (fox, True, "")
    assert fox in files(studio)


def test_an_upload_goes_with_the_only_conversation_that_used_it(
    studio: Studio, alice: Person, work: Callable[[], None]
) -> None:
    sea = uploads.upload(studio, alice, picture("PNG", (64, 64), "navy")).id
    mask = uploads.upload(studio, alice, picture("PNG", (64, 64), "white"), MASK).id
    one = conversations.start(studio, alice, wish("with a boat", source=sea, mask=mask))
    other = conversations.start(studio, alice, wish("with a whale", source=sea))
    work()
    for asked in (one, other):
        made = [image.id for image in conversations.opened(studio, alice, asked.conversation_id).images]
        trash.trash(studio, alice, made)
        conversations.trash(studio, alice, asked.conversation_id)

    first = trash.purge(studio, alice, lying(studio, alice), [one.conversation_id])
    assert (first.images, first.uploads) == (2, 1)
    assert files(studio) == {sea}
    last = trash.purge(studio, alice, [], [other.conversation_id])

    assert last.uploads == 1
    assert files(studio) == set()


def test_an_upload_that_was_never_used_is_left_alone(studio: Studio, alice: Person, fox: str, den: str) -> None:
    """It may lie in a prompt box that somebody is writing in."""
    sea = uploads.upload(studio, alice, picture("PNG", (64, 64), "navy")).id
    trash.trash(studio, alice, [fox])
    conversations.trash(studio, alice, den)

    trash.empty(studio, alice)

    assert files(studio) == {sea}


def test_a_caption_stays_with_the_conversation_that_shows_it(
    studio: Studio, alice: Person, work: Callable[[], None]
) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", caption="auto"))
    work()
    (image,) = conversations.opened(studio, alice, asked.conversation_id).images
    trash.trash(studio, alice, [image.id])

    trash.purge(studio, alice, [image.id])

    (turn,) = conversations.opened(studio, alice, asked.conversation_id).turns
    assert turn.caption and turn.caption.post and turn.caption.post.caption


def test_what_is_at_work_is_waited_for(studio: Studio, alice: Person, work: Callable[[], None]) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))
    conversations.trash(studio, alice, asked.conversation_id)
    assert trash.empty(studio, alice).conversations == 0
    work()
    with studio.transaction() as db:
        db.execute(sa.update(Attempt).values(state=SENT))
    assert trash.empty(studio, alice).conversations == 0
    with studio.transaction() as db:
        db.execute(sa.update(Attempt).values(state=FAILED))

    assert trash.empty(studio, alice).conversations == 1


def test_words_are_not_taken_from_a_caption_that_is_just_being_written(
    studio: Studio, alice: Person, work: Callable[[], None], fox: str, den: str
) -> None:
    """Its conversation is purged already; the last image of its post goes to the trash while somebody waits for it."""
    conversations.trash(studio, alice, den)
    trash.purge(studio, alice, [], [den])
    caption = posting.ask_caption(studio, alice, row(studio, Image, fox).post_id, "sketch/caption")
    trash.trash(studio, alice, [fox])

    assert trash.empty(studio, alice) == trash.Purged()
    work()

    assert row(studio, Generation, caption).told[0]["caption"]
    assert row(studio, Turn, row(studio, Generation, caption).turn_id).prompt == "a red fox"
    assert trash.empty(studio, alice).images == 1
    assert count(studio, Post) == 0
    assert (row(studio, Generation, caption).told, row(studio, Generation, caption).status) == ([], SUCCEEDED)


def test_nothing_is_paid_for_in_a_purged_conversation(studio: Studio, alice: Person, fox: str, den: str) -> None:
    """A tab that was left open still has the buttons."""
    with studio.transaction() as db:
        db.execute(sa.update(Generation).values(status=FAILED))
        turn, generation = db.exec(select(Turn.id)).one(), db.exec(select(Generation.id)).one()
    conversations.trash(studio, alice, den)
    trash.purge(studio, alice, [], [den])

    with pytest.raises(NotFound):
        generations.retry(studio, alice, generation)
    with pytest.raises(NotFound):
        conversations.again(studio, alice, turn, "0" * 32)
    with pytest.raises(NotFound):
        conversations.ask(studio, alice, den, wish("more"))


def test_more_than_one_transaction_takes_is_purged_in_several(
    studio: Studio, alice: Person, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "IMAGES", 2)
    monkeypatch.setattr(purging, "CONVERSATIONS", 2)
    monkeypatch.setattr(purging, "TURNS", 1)
    made = [make(alice, f"fox {n}") for n in range(3)]
    trash.trash(studio, alice, made)
    for image_id in made:
        conversations.trash(studio, alice, row(studio, Image, image_id).conversation_id)

    purged = trash.empty(studio, alice)

    assert (purged.images, purged.conversations) == (3, 3)
    assert count(studio, Image) == 0


def test_files_go_after_their_rows_however_long_the_store_is_away(
    studio: Studio, alice: Person, fox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trash.trash(studio, alice, [fox])
    away = pytest.MonkeyPatch()
    away.setattr(type(studio.store), "delete", _down)
    with contextlib.ExitStack() as ending:
        ending.callback(away.undo)
        assert trash.purge(studio, alice, [fox]).images == 1
        with pytest.raises(StoreDown):
            strays.clear(studio)
    assert files(studio) == {fox}
    assert row(studio, Image, fox) is None

    assert strays.clear(studio) == 1

    assert files(studio) == set()


def test_a_thumbnail_that_was_being_made_meanwhile_is_found_an_hour_later(
    studio: Studio, alice: Person, clock: Clock, fox: str
) -> None:
    key = row(studio, Image, fox).key
    trash.trash(studio, alice, [fox])
    trash.purge(studio, alice, [fox])
    studio.store.put(key.replace(".png", ".preview.jpg"), picture("JPEG", (8, 8)))
    assert strays.clear(studio) == 0

    clock.skip(hours=2)
    assert strays.clear(studio) == 1

    assert files(studio) == set()
    assert count(studio, Stray) == 0


def test_files_of_others_in_the_same_folder_stay(studio: Studio, alice: Person, work: Callable[[], None]) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", count=2))
    work()
    one, other = (image.id for image in conversations.opened(studio, alice, asked.conversation_id).images)
    trash.trash(studio, alice, [one])

    trash.purge(studio, alice, [one])

    assert files(studio) == {other}


def test_an_image_that_is_in_use_by_the_time_it_is_locked_stays(
    studio: Studio, alice: Person, make: Make, fox: str
) -> None:
    """What was asked for the list of the doomed is asked again once they are locked."""
    boat = make(alice, "a blue boat")
    trash.trash(studio, alice, [fox])
    turn = row(studio, Generation, row(studio, Image, boat).generation_id).turn_id
    lock, met = purging._lock, []

    def meanwhile(db: Any, table: Any, ids: set[str]) -> None:
        if not met and table is Image:
            met.append(True)
            db.add(Reference(turn_id=turn, image_id=fox, role=SOURCE))
            db.flush()
        lock(db, table, ids)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(purging, "_lock", meanwhile)
        assert trash.purge(studio, alice, [fox]).images == 0

    assert met
    assert fox in files(studio)


@pytest.mark.parametrize("settings", ["servers"], indirect=True)
def test_who_starts_from_an_image_that_is_just_going_hears_so(studio: Studio, alice: Person, fox: str) -> None:
    """Two transactions run at the same time; on SQLite one of them would wait for the whole other one."""
    jobs.ready(studio)
    with ThreadPoolExecutor(1) as other, studio.engine.connect() as purging_it:
        purging_it.execute(sa.delete(Image).where(col(Image.id) == fox))
        asking = other.submit(conversations.start, studio, alice, wish("bluer", source=fox))
        while not _answer(studio, WAITING):
            assert not asking.done(), asking.exception()
            time.sleep(0.02)
        purging_it.commit()

        with pytest.raises(NotFound, match="removed for good"):
            asking.result(60)


@pytest.mark.parametrize("settings", ["servers"], indirect=True)
def test_who_asks_for_a_caption_while_its_conversation_is_going_pays_for_none(
    studio: Studio, alice: Person, fox: str, den: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They ask between the purge's last look at what is at work and the words that it takes."""
    post = row(studio, Image, fox).post_id
    caption = posting.ask_caption(studio, alice, post, "sketch/caption")
    generations.cancel(studio, alice, caption)
    trash.trash(studio, alice, [fox])
    trash.purge(studio, alice, [fox])  # the post stays, for its captions are shown in the conversation
    conversations.trash(studio, alice, den)
    forget, asking = purging._forget, list[Any]()

    with ThreadPoolExecutor(1) as other:

        def meanwhile(*given: Any) -> Any:
            asking.append(other.submit(posting.ask_caption, studio, alice, post, "sketch/caption"))
            while not _answer(studio, WAITING):
                assert not asking[0].done(), asking[0].exception()
                time.sleep(0.02)
            return forget(*given)

        monkeypatch.setattr(purging, "_forget", meanwhile)
        assert trash.purge(studio, alice, [], [den]).conversations == 1

        with pytest.raises(NotFound):
            asking[0].result(60)
    assert {(g.kind, g.status) for g in _rows(studio, Generation)} == {("image", SUCCEEDED), ("caption", CANCELED)}


def _rows(studio: Studio, table: Any) -> list[Any]:
    with studio.reading() as db:
        return list(db.exec(select(table)).all())


def _answer(studio: Studio, question: str) -> Any:
    """In a transaction of its own: within one, what is asked about others stays the same."""
    with studio.engine.connect() as asking:
        return asking.exec_driver_sql(question).scalar()


def lying(studio: Studio, person: Person) -> list[str]:
    return [tile.id for tile in trash.contents(studio, person).tiles]


def _down(*_: object) -> None:
    raise StoreDown("The store is away.")
