"""A picture tells what it cost with every try of its tree, to whoever may see it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import access, conversations, tree, uploads
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from core.tables import LEAD, SOURCE, Generation, Image, Turn
from core.tree import Tree
from tests import answers, serving
from tests.books import MODELS, Books
from tests.conftest import wish

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def ana(studio: Studio) -> Person:
    return access.person_named(studio, "ana", "Ana")


def image_of(studio: Studio, turn: str) -> str:
    with studio.reading() as db:
        made = sa.select(Image.id).join(Generation, col(Generation.id) == Image.generation_id)
        return db.scalars(made.where(Generation.turn_id == turn)).one()


def test_it_is_every_call_of_its_tree_and_no_other(studio: Studio, ana: Person) -> None:
    books = Books(studio)
    root = books.call(ana, NOON, "0.50")
    books.call(ana, NOON, "0.01", root=root, kind="caption", images=0)
    books.call(ana, NOON, None, root=root, state="unknown", reserved="0.07")
    last = books.call(ana, NOON + timedelta(1), "0.06", root=root, model=MODELS[1])
    books.call(ana, NOON, "5.00")

    both = {tree.of_image(studio, ana, image_of(studio, turn)) for turn in (root, last)}

    assert both == {Tree(4, Decimal("0.57"), Decimal("0.07"))}


def test_practice_counts_nothing_and_an_upload_has_none(studio: Studio, ana: Person) -> None:
    turn = Books(studio).call(ana, NOON, "9", practice=True)
    upload = uploads.upload(studio, ana, serving.picture(), SOURCE).id

    for image in (image_of(studio, turn), upload):
        assert tree.of_image(studio, ana, image) == Tree(0, Decimal(0), Decimal(0))


def test_a_lead_is_told_and_a_stranger_is_not(studio: Studio, ana: Person) -> None:
    turn = Books(studio).call(ana, NOON, "0.50")
    lea, bob = access.person_named(studio, "lea", "Lea", LEAD), access.person_named(studio, "bob", "Bob")

    assert tree.of_image(studio, lea, image_of(studio, turn)).calls == 1
    with pytest.raises(NotFound):
        tree.of_image(studio, bob, image_of(studio, turn))


def test_turns_know_the_one_that_all_began_with(studio: Studio, ana: Person) -> None:
    """Through as many images as there are between, in whatever conversation."""
    first = conversations.start(studio, ana, wish("a red fox"))
    answers.answer(studio)
    fox = conversations.opened(studio, ana, first.conversation_id).images[0]
    second = conversations.ask(studio, ana, first.conversation_id, wish("bluer", source=fox.id))
    answers.answer(studio)
    third = conversations.start(studio, ana, wish("at night", source=image_of(studio, second.turn_id)))
    answers.answer(studio)

    with studio.reading() as db:
        roots = {turn.id: turn.root_id for turn in db.scalars(sa.select(Turn))}

    assert roots == {first.turn_id: None, second.turn_id: first.turn_id, third.turn_id: first.turn_id}
