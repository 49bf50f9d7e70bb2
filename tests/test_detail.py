"""Whoever looks at one image hears all that is known of it, and of nobody else's."""

from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import access, detail
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from core.tables import Conversation, Generation, Image, Post, Turn
from tests import answers, many

Make = Callable[..., str]


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Does all that waits, but draws nothing."""
    return lambda: answers.answer(studio)


def change(studio: Studio, image_id: str, **values: object) -> None:
    with studio.transaction() as db:
        db.execute(sa.update(Image).where(Image.id == image_id).values(**values))


def test_it_tells_everything_about_an_image(studio: Studio, alice: Person) -> None:
    newer, fox, older = many.images(studio, alice, 3)
    with studio.transaction() as db:
        db.execute(sa.update(Generation).values(left_out=["The seed was left out."], seed=2**40, cost_basis="computed"))

    told = detail.of_image(studio, alice, fox)

    assert (told.newer, told.older, told.position) == (newer, older, 1)
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
