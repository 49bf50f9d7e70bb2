"""What people throw away is out of sight, comes back as it was, tells how long it stays, and goes when they say so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import access, conversations, gallery, marks, posted, projects, shared, sharing, trash, trashed
from core.access import Person
from core.cards import cards
from core.errors import NotFound, Refused
from core.sharing import Terms
from core.studio import Studio
from core.tables import Event, Image, Post, new_id
from tests import many
from tests.branches import Step, grow
from tests.conftest import Clock, wish
from tests.serving import picture

Make = Callable[..., str]


def row(studio: Studio, image_id: str) -> Image:
    with studio.reading() as db:
        return db.get_one(Image, image_id)


def seen(studio: Studio, person: Person) -> list[str]:
    return [tile.id for tile in gallery.page(studio, person).tiles]


def lying(studio: Studio, person: Person, **which: object) -> list[str]:
    return [tile.id for tile in trash.contents(studio, person, **which).tiles]


def in_conversation(studio: Studio, person: Person, image_id: str) -> list[str]:
    opened = conversations.opened(studio, person, str(row(studio, image_id).conversation_id))
    return [image.id for image in opened.images]


@pytest.fixture
def fox(studio: Studio, alice: Person, make: Make) -> str:
    return make(alice, "a red fox")


def test_what_is_trashed_is_out_of_sight_everywhere(studio: Studio, alice: Person, fox: str) -> None:
    link = sharing.share(studio, alice, str(row(studio, fox).conversation_id), Terms())

    assert trash.trash(studio, alice, [fox]) == [fox]

    assert seen(studio, alice) == []
    assert in_conversation(studio, alice, fox) == []
    assert posted.opened(studio, alice, str(row(studio, fox).post_id)).variants == ()
    assert shared.opened(studio, link.token).images == ()
    with pytest.raises(NotFound):
        shared.image(studio, link.token, fox)
    assert lying(studio, alice) == [fox]


def test_what_is_restored_is_as_it_was(studio: Studio, alice: Person, fox: str) -> None:
    link = sharing.share(studio, alice, str(row(studio, fox).conversation_id), Terms(takes_verdicts=True))
    shared.judge(studio, link.token, fox, "approve", "This one!")
    marks.star(studio, alice, [fox])
    marks.select(studio, alice, [fox])
    marks.put_into(studio, alice, [fox], projects.start(studio, alice, "Autumn"))
    before = row(studio, fox)
    trash.trash(studio, alice, [fox])

    assert list(trash.restore(studio, alice, [fox])) == [fox]

    assert row(studio, fox) == before
    assert (before.starred, before.selected) == (True, True)
    assert seen(studio, alice) == in_conversation(studio, alice, fox) == [fox]
    (variant,) = posted.opened(studio, alice, str(before.post_id)).variants
    assert variant.image.id == fox
    (image,) = shared.opened(studio, link.token).images
    assert (image.id, image.verdict, image.note) == (fox, "approve", "This one!")
    assert lying(studio, alice) == []


def test_an_image_comes_back_to_its_own_place_among_the_others(
    studio: Studio, alice: Person, work: Callable[[], None]
) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", count=3))
    work()
    three = [image.id for image in conversations.opened(studio, alice, asked.conversation_id).images]
    trash.trash(studio, alice, [three[1]])

    trash.restore(studio, alice, [three[1]])

    assert in_conversation(studio, alice, three[1]) == three


def test_an_image_that_was_selected_is_so_again_unless_another_was_meanwhile(studio: Studio, alice: Person) -> None:
    """A post has one selected image, and the later choice is the one that somebody made last."""
    first, second = many.images(studio, alice, 2)
    post = Post(user_id=alice.id, created_at=studio.now(), updated_at=studio.now())
    with studio.transaction() as db:
        db.add(post)
        db.flush()
        db.execute(sa.update(Image).values(post_id=post.id))
    marks.select(studio, alice, [first])

    trash.trash(studio, alice, [first])
    trash.restore(studio, alice, [first])
    assert row(studio, first).selected

    trash.trash(studio, alice, [first])
    marks.select(studio, alice, [second])
    trash.restore(studio, alice, [first])
    assert (row(studio, first).selected, row(studio, second).selected) == (False, True)


def test_of_several_that_come_back_selected_the_newest_is_chosen(studio: Studio, alice: Person) -> None:
    """As an older version may have left them."""
    newest, older = many.images(studio, alice, 2)
    post = Post(user_id=alice.id, created_at=studio.now(), updated_at=studio.now())
    with studio.transaction() as db:
        db.add(post)
        db.flush()
        db.execute(sa.update(Image).values(post_id=post.id, selected=True))
    trash.trash(studio, alice, [newest, older])

    assert set(trash.restore(studio, alice, [newest, older])) == {newest, older}

    assert (row(studio, newest).selected, row(studio, older).selected) == (True, False)


def test_a_conversations_images_stay_unless_they_go_along(
    studio: Studio, alice: Person, work: Callable[[], None], clock: Clock
) -> None:
    """What went along comes back along; what was thrown away by itself stays thrown away."""
    thread = conversations.start(studio, alice, wish("a red fox", count=3)).conversation_id
    work()
    first, second, third = (image.id for image in conversations.opened(studio, alice, thread).images)
    trash.trash(studio, alice, [third])
    clock.skip(hours=1)

    assert conversations.trash(studio, alice, thread) == []
    assert len(seen(studio, alice)) == conversations.images(studio, alice, thread) == 2
    assert conversations.restore(studio, alice, thread) == []

    assert sorted(conversations.trash(studio, alice, thread, along=None)) == sorted([first, second])
    assert (seen(studio, alice), conversations.went_along(studio, alice, thread)) == ([], 2)
    assert sorted(conversations.restore(studio, alice, thread)) == sorted([first, second])
    assert lying(studio, alice) == [third]

    assert conversations.trash(studio, alice, thread, along=[first, third]) == [first]  # as undo asks for it
    assert conversations.went_along(studio, alice, thread) == 1


def test_taking_one_image_back_and_throwing_it_away_again_leaves_it_with_its_conversation(
    studio: Studio, alice: Person, work: Callable[[], None], clock: Clock
) -> None:
    """As when somebody restores it by mistake, and takes that back."""
    thread = conversations.start(studio, alice, wish("a red fox", count=2)).conversation_id
    work()
    first, second = (image.id for image in conversations.opened(studio, alice, thread).images)
    conversations.trash(studio, alice, thread, along=None)
    before = row(studio, first)
    clock.skip(days=3)

    since = trash.restore(studio, alice, [first])
    assert trash.trash(studio, alice, [first], since) == [first]

    assert row(studio, first) == before
    assert sorted(conversations.restore(studio, alice, thread)) == sorted([first, second])


def test_what_went_along_keeps_its_days_and_what_was_chosen_meanwhile_stays_chosen(
    studio: Studio, alice: Person, work: Callable[[], None]
) -> None:
    thread = conversations.start(studio, alice, wish("a red fox", count=2)).conversation_id
    work()
    first, second = (image.id for image in conversations.opened(studio, alice, thread).images)
    marks.select(studio, alice, [first])
    conversations.trash(studio, alice, thread, along=None)
    assert {tile.days_left for tile in trash.contents(studio, alice).tiles} == {30}

    trash.restore(studio, alice, [second])
    marks.select(studio, alice, [second])
    conversations.restore(studio, alice, thread)

    assert (row(studio, first).selected, row(studio, second).selected) == (False, True)


def test_what_was_derived_from_an_image_is_found_at_any_distance(studio: Studio, alice: Person) -> None:
    """So that somebody can be asked whether it shall go too; what lies in the trash already need not."""
    fox, bluer, snow, other = (Step(words, source=of) for words, of in (("fox", None), ("b", 1), ("s", 2), ("o", None)))
    grown = [made for [made] in grow(studio, alice, [fox, bluer, snow, other], files=False).images]
    bob = access.person_named(studio, "bob", "Bob")

    assert sorted(trash.derived(studio, alice, grown[:1])) == grown[1:3]
    assert trash.derived(studio, alice, grown[:3]) == trash.derived(studio, alice, grown[3:]) == []
    with pytest.raises(NotFound):
        trash.derived(studio, bob, grown[:1])
    trash.trash(studio, alice, [grown[1]])
    assert trash.derived(studio, alice, grown[:1]) == [grown[2]]


def test_the_trash_lists_the_last_thrown_away_first_with_the_days_left(
    studio: Studio, alice: Person, clock: Clock
) -> None:
    a, b, c = many.images(studio, alice, 3)
    trash.trash(studio, alice, [c])
    clock.skip(days=2)
    trash.trash(studio, alice, [a])
    clock.skip(hours=30)

    tiles = trash.contents(studio, alice).tiles

    assert [(tile.id, tile.days_left, tile.used) for tile in tiles] == [(a, 29, False), (c, 27, False)]
    assert tiles[0].text.startswith("Picture 1 of a harbour")
    assert seen(studio, alice) == [b]


def test_the_trash_is_read_in_pages_that_leave_out_nothing(studio: Studio, alice: Person) -> None:
    """Images that are thrown away together have one moment, so ids decide between them."""
    images = many.images(studio, alice, 7)
    trash.trash(studio, alice, images[:5])
    trash.trash(studio, alice, images[5:])
    whole = lying(studio, alice)

    pages, after = [], None
    while True:
        page = trash.contents(studio, alice, after, 3)
        pages.append([tile.id for tile in page.tiles])
        if (after := page.next) is None:
            break

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [image_id for page in pages for image_id in page] == whole
    assert sorted(whole) == sorted(images)


def test_the_shape_of_the_trash_fits_its_pages(studio: Studio, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trashed, "PAGE", 2)
    trash.trash(studio, alice, many.images(studio, alice, 5))

    layout = trash.layout(studio, alice)

    assert (layout.total, layout.newest) == (5, trash.contents(studio, alice, None, 2).tiles[0].id)
    starts = [trash.contents(studio, alice, cursor, 2).tiles[0].id for cursor in layout.cursors]
    whole = [t.id for c in layout.cursors for t in trash.contents(studio, alice, c, 2).tiles]
    assert starts == whole[::2]
    assert [round(ratio / 64, 1) for ratio in layout.ratios] == [
        round(tile.width / tile.height, 1) for c in layout.cursors for tile in trash.contents(studio, alice, c, 2).tiles
    ]


@pytest.mark.parametrize("cursor", ["", "x", "1.2.3", f"{2**70:x}.{'0' * 32}", "1.x'--"])
def test_a_cursor_that_is_none_of_ours_is_refused(studio: Studio, alice: Person, cursor: str) -> None:
    if cursor:
        with pytest.raises(Refused):
            trash.contents(studio, alice, cursor)
    with pytest.raises(Refused):
        trash.contents(studio, alice, limit=201)


def test_the_trash_says_how_much_is_in_it(studio: Studio, alice: Person, bob: Person) -> None:
    images = many.images(studio, alice, 4)
    trash.trash(studio, bob, many.images(studio, bob, 1))
    trash.trash(studio, alice, images[:3])
    conversations.trash(studio, alice, str(row(studio, images[0]).conversation_id))

    total = trash.total(studio, alice)

    assert (total.images, total.used, total.conversations, total.size) == (3, 0, 1, 3 * 1_234_567)
    assert trash.total(studio, access.person_named(studio, "carol", "Carol")).images == 0
    assert trash.total_of(studio, alice, images[2:]).size == 1_234_567
    with pytest.raises(NotFound):
        trash.total_of(studio, bob, images)


def test_another_retention_later_changes_nothing_for_what_is_in_the_trash_already(
    studio: Studio, alice: Person
) -> None:
    a, b = many.images(studio, alice, 2)
    trash.trash(studio, alice, [a])

    hasty = replace(studio, settings=replace(studio.settings, trash_days=1))
    trash.trash(hasty, alice, [a, b])

    assert [tile.days_left for tile in trash.contents(hasty, alice).tiles] == [1, 30]
    assert row(studio, a).purge_after - row(studio, a).deleted_at == timedelta(days=30)  # type: ignore[operator]


def test_what_is_purged_is_gone_with_all_its_files(studio: Studio, alice: Person, fox: str) -> None:
    kept = row(studio, fox)
    studio.store.put(kept.key.replace(".png", ".preview.jpg"), picture("JPEG", (8, 8)))
    trash.trash(studio, alice, [fox])
    assert len(list(studio.store.list())) == 4

    purged = trash.purge(studio, alice, [fox])

    assert (purged.images, purged.size) == (1, kept.size)
    assert list(studio.store.list()) == []
    assert lying(studio, alice) == []
    with pytest.raises(NotFound):
        trash.restore(studio, alice, [fox])


def test_only_what_is_in_the_trash_can_be_purged(studio: Studio, alice: Person, fox: str) -> None:
    purged = trash.purge(studio, alice, [fox], [str(row(studio, fox).conversation_id)])

    assert purged == trash.Purged()
    assert seen(studio, alice) == [fox]


def test_a_stranger_purges_nothing(studio: Studio, alice: Person, bob: Person, fox: str) -> None:
    trash.trash(studio, alice, [fox])

    with pytest.raises(NotFound):
        trash.purge(studio, bob, [fox])
    assert trash.empty(studio, bob) == trash.Purged()

    assert lying(studio, alice) == [fox]


def test_emptying_the_trash_takes_what_was_in_it_when_the_person_was_asked(
    studio: Studio, alice: Person, make: Make
) -> None:
    old, new = make(alice, "a red fox"), make(alice, "a blue boat")
    trash.trash(studio, alice, [old])
    conversations.trash(studio, alice, str(row(studio, old).conversation_id))
    asked, told = studio.now(), trash.total(studio, alice)
    trash.trash(studio, alice, [new])

    purged = trash.empty(studio, alice, until=asked)

    assert (purged.images, purged.conversations, purged.size) == (told.going, told.conversations, told.size)
    assert lying(studio, alice) == [new]
    assert cards(studio, alice, trashed=True)[0] == ()


def test_what_a_person_purges_stands_in_the_audit(studio: Studio, alice: Person, fox: str) -> None:
    size = row(studio, fox).size
    trash.trash(studio, alice, [fox])

    trash.purge(studio, alice, [fox])

    with studio.reading() as db:
        (line,) = db.exec(select(Event).where(col(Event.kind) == "trash.purged")).all()
    assert line.user_id == alice.id
    assert line.facts == {"by": "person", "images": 1, "conversations": 0, "uploads": 0, "bytes": size}


def test_what_is_not_there_does_not_keep_the_others_from_going(studio: Studio, alice: Person, fox: str) -> None:
    trash.trash(studio, alice, [fox])

    assert trash.purge(studio, alice, [new_id(), fox, "no id at all", "\0"]).images == 1


def test_the_lists_of_the_trash_are_read_from_an_index(studio: Studio, alice: Person) -> None:
    trash.trash(studio, alice, many.images(studio, alice, 40)[:20])
    query = trashed.contents_query(alice, None, 10)
    compiled = query.compile(studio.engine, compile_kwargs={"literal_binds": True})

    with studio.engine.connect() as connection:
        if studio.settings.on_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {compiled}").all()

    assert "ix_image_trash" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
