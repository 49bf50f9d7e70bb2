"""Whoever looks at one image hears all that is known of it, and of nobody else's."""

from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from core import access, conversations, detail, marks, trash, uploads
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from core.tables import LEAD, Conversation, Generation, Image, Post, Turn
from tests import answers, many
from tests.branches import Step, grow
from tests.conftest import wish
from tests.screens.support import queries
from tests.serving import picture

Make = Callable[..., str]


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Does all that waits, but draws nothing."""
    return lambda: answers.answer(studio)


@pytest.fixture
def photo(studio: Studio, alice: Person) -> str:
    """A picture that Alice brought along."""
    return uploads.upload(studio, alice, picture()).id


def change(studio: Studio, image_id: str, **values: object) -> None:
    with studio.transaction() as db:
        db.execute(sa.update(Image).where(Image.id == image_id).values(**values))


def test_it_tells_everything_about_an_image(studio: Studio, alice: Person) -> None:
    newer, fox, older = many.images(studio, alice, 3)
    with studio.transaction() as db:
        db.execute(sa.update(Generation).values(left_out=["The seed was left out."], seed=2**40, cost_basis="computed"))

    told = detail.of_image(studio, alice, fox)

    assert (told.newer, told.older, told.mime) == (newer, older, "image/png")
    assert (told.cost, told.cost_basis, told.duration_ms) == (Decimal("0.042"), "computed", 8_200)
    assert (told.seed, told.left_out, told.size) == (2**40, ("The seed was left out.",), 1_234_567)
    assert told.title == "Conversation 0"


def test_the_whole_prompt_is_told(studio: Studio, alice: Person, make: Make) -> None:
    fox = make(alice, "a" + " fox" * 500)

    assert detail.of_image(studio, alice, fox).prompt == "a" + " fox" * 500


def test_the_caption_is_told_beside_the_prompt(studio: Studio, alice: Person) -> None:
    (fox,) = many.images(studio, alice, 1)
    with studio.transaction() as db:
        post = Post(user_id=alice.id, caption="Autumn is here.", created_at=studio.now(), updated_at=studio.now())
        db.add(post)
        db.flush()
        db.execute(sa.update(Image).values(post_id=post.id))

    told = detail.of_image(studio, alice, fox)

    assert told.caption == "Autumn is here."
    assert told.prompt.startswith("Picture 0")


def test_it_shows_what_else_the_turn_made(studio: Studio, alice: Person, make: Make) -> None:
    fox = make(alice, "a red fox", count=3)
    many.images(studio, alice, 2)

    told = detail.of_image(studio, alice, fox)

    turn_of = sa.select(Image.id).join(Generation, Generation.id == Image.generation_id).join(Turn)
    with studio.reading() as db:
        same_turn = db.scalars(turn_of.where(Turn.prompt == "a red fox")).all()
    assert len(same_turn) == 3
    assert {sibling.id for sibling in told.siblings} == set(same_turn)


def test_an_image_leads_to_its_conversation(studio: Studio, alice: Person, make: Make) -> None:
    fox = make(alice, "a red fox")

    told = detail.of_image(studio, alice, fox)

    with studio.reading() as db:
        conversation = access.find(db, Conversation, told.conversation_id, alice)
        assert conversation.title == told.title


def test_what_is_not_in_the_gallery_is_not_there(studio: Studio, alice: Person, bob: Person) -> None:
    bobs, trashed, uploaded = *many.images(studio, bob, 1), *many.images(studio, alice, 2)
    change(studio, trashed, deleted_at=studio.now())
    change(studio, uploaded, generation_id=None)

    for out in (bobs, trashed, uploaded, "0" * 32, "\x00"):
        with pytest.raises(NotFound):
            detail.of_image(studio, alice, out)


def test_a_model_that_can_no_longer_be_picked_keeps_its_name(studio: Studio, alice: Person) -> None:
    (fox,) = many.images(studio, alice, 1)
    with studio.transaction() as db:
        db.execute(sa.update(Generation).values(provider="openrouter", model="black-forest-labs/flux.2-pro"))

    assert detail.of_image(studio, alice, fox).model == "FLUX.2 [pro]"


def test_where_it_stands_in_the_gallery_is_counted_for_who_asks(studio: Studio, alice: Person) -> None:
    fox = many.images(studio, alice, 5)[3]

    assert detail.of_image(studio, alice, fox).position is None
    assert detail.of_image(studio, alice, fox, placed=True).position == 3


def test_a_star_and_the_choice_for_its_post_are_told(studio: Studio, alice: Person, make: Make) -> None:
    fox = make(alice, "a red fox")
    before = detail.of_image(studio, alice, fox)
    marks.star(studio, alice, [fox])
    marks.select(studio, alice, [fox])

    told = detail.of_image(studio, alice, fox)

    assert (before.starred, before.selected) == (False, False)
    assert (told.starred, told.selected) == (True, True)


def test_what_the_turn_was_asked_with_is_told(studio: Studio, alice: Person) -> None:
    asked = wish("a red fox", "sketch/sketch", "sketch/ink", ratio="3:2", count=2, negative_prompt="snow")
    home = conversations.start(studio, alice, asked)
    answers.answer(studio)
    fox = conversations.opened(studio, alice, home.conversation_id).images[0]

    told = detail.of_image(studio, alice, fox.id)

    assert told.asked == ("Sketch (practice)", "Ink (practice)")
    assert (told.settings["ratio"], told.settings["count"], told.settings["negative_prompt"]) == ("3:2", 2, "snow")


def test_all_images_of_the_post_are_told_also_of_other_turns(studio: Studio, alice: Person) -> None:
    home = grow(studio, alice, [Step("a fox", count=2), Step("an owl")], files=False, posts=True)
    (fox, second), (owl,) = home.images
    with studio.reading() as db:
        post_id = access.find(db, Image, fox, alice).post_id
    change(studio, owl, post_id=post_id)

    assert [one.id for one in detail.of_image(studio, alice, second).siblings] == [fox, second, owl]


def test_what_is_in_the_trash_is_no_sibling(studio: Studio, alice: Person) -> None:
    home = grow(studio, alice, [Step("a fox", count=3)], files=False, posts=True)
    first, second, third = home.images[0]
    trash.trash(studio, alice, [second])

    assert [one.id for one in detail.of_image(studio, alice, first).siblings] == [first, third]


def test_the_whole_chain_back_to_the_first_image_is_told(studio: Studio, alice: Person) -> None:
    home = grow(studio, alice, [Step("a fox"), Step("bluer", 1), Step("at night", 2), Step("aside", 1)], files=False)
    (fox,), (bluer,), (night,), (aside,) = home.images

    told = detail.of_image(studio, alice, night)
    first = detail.of_image(studio, alice, fox)

    assert [one.id for one in told.ancestors] == [fox, bluer]
    assert (told.derived, told.derived_total) == ((), 0)
    assert first.ancestors == ()
    assert [one.id for one in first.derived] == [aside, bluer]


def test_the_chain_goes_on_over_other_conversations_and_the_trash_to_the_upload(
    studio: Studio, alice: Person, photo: str
) -> None:
    first = grow(studio, alice, [Step("a fox", photo), Step("bluer", 1)], files=False)
    (fox,), (bluer,) = first.images
    (owl,) = grow(studio, alice, [Step("an owl", bluer)], files=False).images[0]
    trash.trash(studio, alice, [fox])

    chain = detail.of_image(studio, alice, owl).ancestors

    assert [(one.id, one.trashed) for one in chain] == [(photo, False), (fox, True), (bluer, False)]
    assert [one.model for one in chain] == [None, "Sketch (practice)", "Sketch (practice)"]


def test_of_many_derived_images_the_newest_are_told_and_how_many_there_are(studio: Studio, alice: Person) -> None:
    home = grow(studio, alice, [Step("a fox"), *(Step(f"change {n}", 1) for n in range(20))], files=False)
    (fox,), *derived = home.images
    trash.trash(studio, alice, derived[-1])

    told = detail.of_image(studio, alice, fox)

    assert told.derived_total == 19
    assert [one.id for one in told.derived] == [one for (one,) in reversed(derived[-13:-1])]


def test_the_conversations_that_made_it_or_used_it_are_told(studio: Studio, alice: Person) -> None:
    home = grow(studio, alice, [Step("a fox")], files=False, title="Foxes")
    (fox,) = home.images[0]
    others = [grow(studio, alice, [Step("bluer", fox)], files=False, title=f"Idea {n}") for n in range(6)]
    conversations.trash(studio, alice, others[0].id)

    told = detail.of_image(studio, alice, fox)

    assert told.threads[0].title == "Foxes"
    assert {one.title for one in told.threads[1:]} <= {f"Idea {n}" for n in range(1, 6)}
    assert (len(told.threads), told.threads_total) == (4, 6)


def test_nothing_of_somebody_else_is_told_whatever_refers_to_it(studio: Studio, alice: Person, bob: Person) -> None:
    (fox,) = grow(studio, alice, [Step("a fox")], files=False).images[0]
    (stolen,) = grow(studio, bob, [Step("stolen", fox)], files=False).images[0]  # as no verb would let him

    alices, his = detail.of_image(studio, alice, fox), detail.of_image(studio, bob, stolen)

    assert (alices.derived, alices.derived_total, alices.threads_total) == ((), 0, 1)
    assert his.ancestors == ()


@pytest.mark.parametrize("steps", [1, 30])
def test_it_takes_five_queries_however_much_there_is_to_tell(studio: Studio, alice: Person, steps: int) -> None:
    home = grow(studio, alice, [Step(f"turn {n}", n or None, count=2) for n in range(steps)], files=False, posts=True)

    with queries(studio) as seen:
        told = detail.of_image(studio, alice, home.images[-1][0], placed=True)

    assert len(seen) <= 5
    assert len(told.ancestors) == steps - 1


@pytest.mark.parametrize("settings", ["furnished"], indirect=True)  # Postgres reads small tables whole, and is right
def test_no_table_is_read_from_end_to_end(studio: Studio, alice: Person) -> None:
    fox = many.images(studio, alice, 300)[150]
    asked: list[tuple[str, object]] = []
    sa.event.listen(
        studio.engine, "before_cursor_execute", lambda c, cursor, sql, given, *_: asked.append((sql, given))
    )

    detail.of_image(studio, alice, fox)

    with studio.reading() as db:
        plans = [db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all() for sql, given in asked[:5]]
    tables = [table.name for table in SQLModel.metadata.sorted_tables]
    scans = [row[3] for plan in plans for row in plan if row[3].split()[0] == "SCAN" and row[3].split()[1] in tables]
    assert scans == []
    gallery = [row[3] for plan in plans for row in plan if "ix_image_gallery (user_id=?)" in row[3]]
    assert gallery == []


def test_a_lead_sees_an_image_among_those_of_whoever_made_it(studio: Studio, alice: Person) -> None:
    """Pages of its conversation and post open for its owner alone, so nothing leads there."""
    lea = access.person_named(studio, "lea", "Lea", LEAD)
    many.images(studio, lea, 3)
    first, edit = (
        made for [made] in grow(studio, alice, [Step("a fox"), Step("bluer", source=1)], files=False, posts=True).images
    )

    told = detail.of_image(studio, lea, edit, placed=True)

    assert [image.id for image in told.ancestors] == [first]
    assert (told.older, told.newer, told.position) == (first, None, 0)
    assert (told.conversation_id, told.post_id, told.threads) == (None, None, ())
    assert [image.id for image in detail.of_image(studio, lea, first).derived] == [edit]
