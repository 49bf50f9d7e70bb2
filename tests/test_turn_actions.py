"""A turn can be asked once more with new seeds, and its failed images leave the page and come back."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlmodel import select

from core import access, calls, conversations, events, generations, ledger, spool, turns
from core.access import Person
from core.errors import NotFound, Refused
from core.settings import Settings
from core.spool import Receipt
from core.studio import Studio
from core.tables import CANCELED, FAILED, MASK, SUCCEEDED, Generation, Reference, Turn
from core.views import TurnView
from tests import answers
from tests.conftest import unfinished, wish


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a model that takes references; it is never called."""
    return replace(settings, openai_api_key="never sent")


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Does all that waits, but draws nothing."""
    return lambda: answers.answer(studio)


def test_a_turn_is_asked_again_with_everything_but_its_seeds(
    studio: Studio, alice: Person, make: Callable[..., str]
) -> None:
    fox, owl = make(alice, "a red fox"), make(alice, "an owl")
    settings = {"ratio": "16:9", "count": 2, "seed": 7, "negative_prompt": "rain"}
    asked = conversations.start(
        studio,
        alice,
        wish("both", "openai/gpt-image-2", "openai/gpt-image-2.5-flare", source=fox, references=(owl,), **settings),
    )

    again = conversations.again(studio, alice, asked.turn_id, "token")

    first, second = conversations.opened(studio, alice, asked.conversation_id).turns
    assert (second.id, second.position, second.prompt) == (again.turn_id, 2, "both")
    assert [(used.id, used.role) for used in second.references] == [(fox, "source"), (owl, "reference")]
    assert [g.name for g in second.generations] == [g.name for g in first.generations]
    assert second.settings == first.settings | {"seed": None}


def test_each_image_of_it_gets_another_seed(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", count=3, seed=7))

    conversations.again(studio, alice, asked.turn_id, "token")

    first, second = conversations.opened(studio, alice, asked.conversation_id).turns
    assert [g.seed for g in first.generations] == [7, 8, 9]
    assert {g.seed for g in second.generations}.isdisjoint([7, 8, 9])


def test_a_double_click_asks_again_once(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))

    twice = [conversations.again(studio, alice, asked.turn_id, "token") for _ in range(2)]

    assert twice[0] == twice[1]
    assert len(unfinished(studio)) == 2
    assert conversations.again(studio, alice, asked.turn_id, "another") != twice[0]


def test_a_turn_whose_model_is_gone_is_not_asked_again(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))
    with studio.transaction() as db:
        turn = db.get_one(Turn, asked.turn_id)
        turn.settings = {**turn.settings, "models": ["openai/dall-e-3"]}

    with pytest.raises(Refused, match="dall-e-3"):
        conversations.again(studio, alice, asked.turn_id, "token")

    assert len(conversations.opened(studio, alice, asked.conversation_id).turns) == 1


def test_what_a_turn_asked_is_read_back_word_for_word(studio: Studio, alice: Person, make: Callable[..., str]) -> None:
    fox, owl, mask = (make(alice, name) for name in ("a red fox", "an owl", "a mask"))
    ask = wish("only here", "openai/gpt-image-2", source=fox, references=(owl,), count=3, ratio="3:2", steps=12, seed=5)
    asked = conversations.start(studio, alice, ask)
    with studio.transaction() as db:
        turn = db.get_one(Turn, asked.turn_id)
        db.add(Reference(turn_id=turn.id, image_id=mask, role=MASK))

    with studio.reading() as db:
        read = turns.asked(db, db.get_one(Turn, asked.turn_id))

    assert read == replace(ask, mask=mask)


def test_failed_images_leave_the_page_and_come_back(studio: Studio, alice: Person) -> None:
    turn = a_turn(studio, alice, SUCCEEDED, FAILED, CANCELED, "queued")

    removed = conversations.remove_failed(studio, alice, turn.id)
    after = shown(studio, alice, turn)
    conversations.remove_failed(studio, alice, turn.id)
    back = conversations.bring_back(studio, alice, turn.id)

    assert (len(removed), after.removed, [g.status for g in after.generations]) == (2, 2, [SUCCEEDED, "queued"])
    assert (back, shown(studio, alice, turn)) == (2, turn)


def test_one_removal_is_taken_back_without_those_before_it(studio: Studio, alice: Person) -> None:
    turn = a_turn(studio, alice, FAILED, SUCCEEDED, SUCCEEDED)
    conversations.remove_failed(studio, alice, turn.id)
    stand(studio, turn.generations[1].id, FAILED)
    removed = conversations.remove_failed(studio, alice, turn.id)

    back = conversations.bring_back(studio, alice, turn.id, removed)

    assert (back, shown(studio, alice, turn).removed) == (1, 1)
    assert [g.id for g in shown(studio, alice, turn).generations] == [g.id for g in turn.generations[1:]]


def test_an_image_that_comes_after_all_shows_also_when_its_place_was_removed(studio: Studio, alice: Person) -> None:
    """Its answer was on disk when somebody canceled it and took it off the page: it is paid for."""
    asked = conversations.start(studio, alice, wish("a red fox"))
    [(generation, _round)] = unfinished(studio)
    answered(studio, generation)
    generations.cancel(studio, alice, generation)
    conversations.remove_failed(studio, alice, asked.turn_id)

    generations.recover(studio)

    opened = conversations.opened(studio, alice, asked.conversation_id)
    assert ([g.id for g in opened.turns[0].generations], len(opened.images)) == ([generation], 1)


def test_what_was_removed_is_told_to_nobody_and_is_written_down(studio: Studio, alice: Person) -> None:
    feed = events.Feed(studio)
    turn = a_turn(studio, alice, FAILED, SUCCEEDED)
    feed.read()

    conversations.remove_failed(studio, alice, turn.id)

    assert [g["status"] for g in conversations.live(studio, alice, turn.conversation_id)] == [SUCCEEDED]
    assert [happened.kind for happened in feed.read()] == ["generation.removed"]


def test_a_caption_that_failed_stays_where_it_can_be_tried_again(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", caption="auto"))
    with studio.transaction() as db:
        for row in db.exec(select(Generation)).all():
            row.status = FAILED
    [turn] = conversations.opened(studio, alice, asked.conversation_id).turns

    assert len(conversations.remove_failed(studio, alice, turn.id)) == 1

    assert shown(studio, alice, turn).caption == turn.caption is not None


def test_somebody_elses_turn_is_not_there(studio: Studio, alice: Person, bob: Person) -> None:
    turn = a_turn(studio, alice, FAILED)

    for reach in (
        lambda: conversations.again(studio, bob, turn.id, "token"),
        lambda: conversations.remove_failed(studio, bob, turn.id),
        lambda: conversations.bring_back(studio, bob, turn.id),
    ):
        with pytest.raises(NotFound):
            reach()
    assert shown(studio, alice, turn) == turn


def a_turn(studio: Studio, who: Person, *states: str) -> TurnView:
    """A turn whose generations stand like this."""
    asked = conversations.start(studio, access.Person(who.id, who.name), wish("a red fox", count=len(states)))
    with studio.transaction() as db:
        rows = db.exec(select(Generation).where(Generation.turn_id == asked.turn_id).order_by(Generation.n)).all()
        for row, state in zip(rows, states, strict=True):
            row.status = state
    return conversations.opened(studio, who, asked.conversation_id).turns[0]


def answered(studio: Studio, generation_id: str) -> None:
    """Its call was made and the answer is on disk, and then the power went."""
    booked = ledger.send(studio, generation_id, 0, Decimal(0), {})
    assert booked
    request = calls.plain_request(booked.generation, booked.turn)
    answer = asyncio.run(studio.providers[booked.generation.provider].send(request))
    spool.write(studio.settings, Receipt(booked.attempt.id, 1234, answer))


def stand(studio: Studio, generation_id: str, status: str) -> None:
    with studio.transaction() as db:
        db.get_one(Generation, generation_id).status = status


def shown(studio: Studio, who: Person, turn: TurnView) -> TurnView:
    return conversations.opened(studio, who, turn.conversation_id).turns[0]
