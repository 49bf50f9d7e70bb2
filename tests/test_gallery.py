"""The gallery has every kept image of a person, newest first, in pages that neither repeat nor miss one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import access, conversations, events, gallery, marks, newest, trash
from core.access import Person
from core.errors import NotFound, Refused
from core.gallery import Behind, Wanted
from core.replica import Replica
from core.studio import Studio
from core.tables import LEAD, Generation, Image, Post
from tests import answers, many, serving
from tests.conftest import wish

Make = Callable[..., str]
TOGETHER = timedelta(0)


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Does all that waits, but draws nothing."""
    return lambda: answers.answer(studio)


def walk(studio: Studio, person: Person, limit: int) -> list[str]:
    """All ids, page by page, as a person who scrolls to the end sees them."""
    found, page = [], gallery.page(studio, person, limit=limit)
    while True:
        found += [tile.id for tile in page.tiles]
        if page.next is None:
            return found
        page = gallery.page(studio, person, page.next, limit)


def change(studio: Studio, image_id: str, **values: object) -> None:
    with studio.transaction() as db:
        db.execute(sa.update(Image).where(Image.id == image_id).values(**values))


def test_a_made_image_is_in_the_gallery_with_its_prompt_and_model(studio: Studio, alice: Person, make: Make) -> None:
    fox = make(alice, "a red fox")

    (tile,) = gallery.page(studio, alice).tiles

    assert (tile.id, tile.text, tile.practice) == (fox, "a red fox", True)
    assert tile.model == studio.catalogue.find("sketch/sketch").label
    assert tile.placeholder.startswith("data:image/webp;base64,")


def test_pages_follow_each_other_newest_first(studio: Studio, alice: Person) -> None:
    newest_first = many.images(studio, alice, 23)

    assert walk(studio, alice, limit=5) == newest_first


def test_images_of_the_same_moment_are_neither_repeated_nor_missed(studio: Studio, alice: Person) -> None:
    newest_first = many.images(studio, alice, 23, apart=TOGETHER)

    assert walk(studio, alice, limit=4) == newest_first


def test_an_image_that_comes_while_somebody_scrolls_moves_nothing(studio: Studio, alice: Person) -> None:
    before = many.images(studio, alice, 6)
    page = gallery.page(studio, alice, limit=3)

    many.images(studio, alice, 1, apart=TOGETHER)

    assert [tile.id for tile in gallery.page(studio, alice, page.next, 3).tiles] == before[3:]


def test_the_last_page_says_that_it_is_the_last(studio: Studio, alice: Person) -> None:
    many.images(studio, alice, 3)

    assert gallery.page(studio, alice, limit=4).next is None


def test_nobody_sees_somebody_elses_images(studio: Studio, alice: Person, bob: Person) -> None:
    many.images(studio, alice, 1)

    assert gallery.page(studio, bob).tiles == ()
    assert gallery.layout(studio, bob).total == 0


def test_what_is_in_the_trash_and_what_was_uploaded_stay_out(studio: Studio, alice: Person) -> None:
    kept, trashed, uploaded = many.images(studio, alice, 3)
    change(studio, trashed, deleted_at=studio.now())
    change(studio, uploaded, generation_id=None)

    assert walk(studio, alice, limit=10) == [kept]
    assert gallery.layout(studio, alice).total == 1


def test_it_tells_of_one_image_whether_it_is_there(studio: Studio, alice: Person, bob: Person) -> None:
    own, trashed, uploaded = many.images(studio, alice, 3)
    change(studio, trashed, deleted_at=studio.now())
    change(studio, uploaded, generation_id=None)

    gallery.check(studio, alice, own)

    for person, image in ((bob, own), *((alice, gone) for gone in (trashed, uploaded, "zzz", "\x00"))):
        with pytest.raises(NotFound):
            gallery.check(studio, person, image)


def test_a_caption_stands_in_place_of_the_prompt(studio: Studio, alice: Person) -> None:
    many.images(studio, alice, 1)
    with studio.transaction() as db:
        post = Post(user_id=alice.id, caption="Autumn is here.", created_at=studio.now(), updated_at=studio.now())
        db.add(post)
        db.flush()
        db.execute(sa.update(Image).values(post_id=post.id))

    (tile,) = gallery.page(studio, alice).tiles

    assert tile.text == "Autumn is here."


def test_a_tile_carries_only_the_beginning_of_a_long_prompt(studio: Studio, alice: Person, make: Make) -> None:
    make(alice, "a" + " fox" * 500)

    (tile,) = gallery.page(studio, alice).tiles

    assert len(tile.text) == 300


def test_a_cursor_that_is_none_of_ours_is_refused_in_a_sentence(studio: Studio, alice: Person) -> None:
    for cursor in (
        "x",
        "zz.abc",
        "-1.abc.",
        "9" * 40 + ".a",
        "f" * 16 + ".a",
        "1.\x00",
        "٣.a",
        "'; drop table image; --",
        ".",
        "\x00",
    ):
        with pytest.raises(Refused, match="Reload the page"):
            gallery.page(studio, alice, cursor)


def test_a_page_is_bounded(studio: Studio, alice: Person) -> None:
    for limit in (0, -1, 201):
        with pytest.raises(Refused):
            gallery.page(studio, alice, limit=limit)


def test_the_layout_places_every_image_and_says_where_pages_start(studio: Studio, alice: Person) -> None:
    newest_first = many.images(studio, alice, 450)

    layout = gallery.layout(studio, alice)

    starts = [gallery.page(studio, alice, cursor, 1).tiles[0].id for cursor in layout.cursors]
    first = gallery.page(studio, alice, limit=3).tiles
    assert (layout.total, len(layout.ratios), layout.newest) == (450, 450, newest_first[0])
    assert starts == newest_first[::200]
    assert list(layout.ratios[:3]) == [64 * tile.width // tile.height for tile in first]
    assert list(layout.dates) == sorted(layout.dates, reverse=True)


def test_a_full_last_page_is_not_followed_by_an_empty_one(studio: Studio, alice: Person) -> None:
    many.images(studio, alice, 200)

    assert gallery.layout(studio, alice).cursors == (None,)


def test_extreme_shapes_still_fit_one_byte(studio: Studio, alice: Person) -> None:
    tall, wide = many.images(studio, alice, 2)
    change(studio, tall, width=1, height=16_000)
    change(studio, wide, width=16_000, height=1)

    assert list(gallery.layout(studio, alice).ratios) == [1, 255]


def test_the_revision_changes_with_the_gallery_and_only_then(studio: Studio, alice: Person) -> None:
    fox, owl = many.images(studio, alice, 2)
    change(studio, owl, deleted_at=studio.now())
    seen = [gallery.revision(studio, alice), gallery.revision(studio, alice)]

    with studio.transaction() as db:  # as many images as before, and the newest is the same, but it is another one
        events.record(studio, db, "image.restored", alice.id, image=owl)
    seen.append(gallery.revision(studio, alice))
    change(studio, fox, deleted_at=studio.now())
    seen.append(gallery.revision(studio, alice))

    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


def test_a_page_is_read_along_its_index_whatever_the_gallery_holds(studio: Studio, alice: Person) -> None:
    many.images(studio, alice, 2_000)
    after = gallery.page(studio, alice).next

    plans = [explained(studio, newest.page_query(alice, cursor, 50)) for cursor in (None, after)]

    for plan in plans:
        assert "ix_image_gallery" in plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


def explained(studio: Studio, query: sa.Select[tuple[object, ...]]) -> str:
    """How the database would answer this query."""
    lite = studio.engine.dialect.name == "sqlite"
    with studio.reading() as db:
        if not lite:
            db.execute(sa.text("ANALYZE"))
        sql = str(query.compile(studio.engine, compile_kwargs={"literal_binds": True}))
        how = "EXPLAIN QUERY PLAN" if lite else "EXPLAIN"
        return "\n".join(str(row) for row in db.connection().exec_driver_sql(f"{how} {sql}"))


def test_a_model_keeps_a_name_when_it_can_no_longer_be_picked(studio: Studio, alice: Person) -> None:
    many.images(studio, alice, 1)

    for provider, model, shown in (
        ("openrouter", "black-forest-labs/flux.2-pro", "FLUX.2 [pro]"),  # its provider is not set up here any more
        ("openai", "dall-e-3", "dall-e-3"),  # it has ended
        ("sketch", "forgotten", "sketch/forgotten"),  # nobody knows it any more
    ):
        with studio.transaction() as db:
            db.execute(sa.update(Generation).values(provider=provider, model=model))

        assert [tile.model for tile in gallery.page(studio, alice).tiles] == [shown]


def test_an_ask_of_several_models_brings_an_image_of_each(studio: Studio, alice: Person) -> None:
    conversations.start(studio, alice, wish("a red fox", "sketch/sketch", "sketch/ink"))
    answers.work(studio)

    assert len({tile.model for tile in gallery.page(studio, alice).tiles}) == 2


@pytest.fixture
def followed(studio: Studio) -> Iterator[Replica]:
    with serving.followed(studio) as copy:
        yield copy


def test_what_is_looked_for_comes_as_it_is_now(studio: Studio, alice: Person, followed: Replica) -> None:
    images = many.images(studio, alice, 12)
    starred = Wanted(picked={"starred": ("yes",)})

    for image_id in (images[7], images[2]):
        marks.star(studio, alice, [image_id])
        found = gallery.page(studio, alice, wanted=starred)
        assert image_id in {tile.id for tile in found.tiles if tile.starred}
        assert gallery.layout(studio, alice, starred).total == len(found.tiles)

    assert [tile.id for tile in found.tiles] == [images[2], images[7]]


def test_a_layout_from_the_replica_is_the_one_from_the_database(
    studio: Studio, alice: Person, followed: Replica
) -> None:
    images = many.images(studio, alice, 450)
    trash.trash(studio, alice, images[:3])

    one, other = gallery.layout(studio, alice), newest.layout(studio, alice)

    assert replace(one, revision="") == replace(other, revision="")
    assert one.total == 447


def test_in_a_pile_one_stands_for_its_post(studio: Studio, alice: Person, followed: Replica) -> None:
    images = many.images(studio, alice, 5)
    with studio.transaction() as db:
        post = Post(user_id=alice.id, created_at=studio.now(), updated_at=studio.now())
        db.add(post)
        db.flush()
        db.execute(sa.update(Image).where(col(Image.id).in_(images[1:4])).values(post_id=post.id))

    found = gallery.page(studio, alice, wanted=Wanted(stacked=True))

    assert [(tile.id, tile.pile) for tile in found.tiles] == [(images[0], 1), (images[1], 3), (images[4], 1)]


def test_ids_and_places_follow_the_same_order(studio: Studio, alice: Person, followed: Replica) -> None:
    images = many.images(studio, alice, 30)
    at = next(tile.created_at for tile in gallery.page(studio, alice).tiles if tile.id == images[10])

    assert gallery.ids(studio, alice) == images
    assert gallery.ids(studio, alice, limit=4) == images[:4]
    assert gallery.place(studio, alice, at) == 10
    assert gallery.place(studio, alice, at, Wanted(sort="oldest")) == 19
    with pytest.raises(Refused, match="order of time"):
        gallery.place(studio, alice, at, Wanted(sort="costliest"))


def test_a_lead_is_shown_what_is_anybodys(studio: Studio, alice: Person, followed: Replica) -> None:
    lea = access.person_named(studio, "lea", "Lea", LEAD)
    hers = many.images(studio, alice, 3)

    found = gallery.page(studio, lea, wanted=Wanted(people=(alice.id,)))

    assert [tile.id for tile in found.tiles] == hers
    assert gallery.page(studio, lea).tiles == ()


def test_a_lead_can_tell_what_is_not_theirs_to_change(studio: Studio, alice: Person, followed: Replica) -> None:
    """Nobody else is told anything, for all that they see is their own."""
    lea = access.person_named(studio, "lea", "Lea", LEAD)
    hers, own = many.images(studio, alice, 2), many.images(studio, lea, 1)
    followed.sync()

    found = gallery.page(studio, lea, wanted=Wanted(people=()))

    assert {tile.id: tile.mine for tile in found.tiles} == dict.fromkeys(hers, False) | dict.fromkeys(own, True)
    assert sorted(found.wire()["mine"]) == [0, 0, 1]
    assert "mine" not in gallery.page(studio, alice).wire()


def test_the_whole_gallery_needs_no_replica_and_a_filter_says_that_it_does(studio: Studio, alice: Person) -> None:
    images = many.images(studio, alice, 3)

    assert walk(studio, alice, limit=2) == images
    assert gallery.layout(studio, alice).total == 3
    with pytest.raises(Behind):
        gallery.layout(studio, alice, Wanted(picked={"starred": ("yes",)}))
