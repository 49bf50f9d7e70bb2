"""A conversation opens with its newest turns and what all of them come to, in five queries however long it is."""

from decimal import Decimal

import pytest
from sqlmodel import select

from core import conversations
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from core.tables import FAILED, Generation
from tests import answers
from tests.branches import Step, grow
from tests.conftest import wish
from tests.screens.support import queries

FIVE = [Step(f"turn {n}", source=n - 1 or None) for n in range(1, 6)]


def test_the_newest_turns_come_first_and_older_ones_when_wanted(studio: Studio, alice: Person) -> None:
    home = grow(studio, alice, [Step(f"turn {n}") for n in range(1, 31)], files=False)

    newest = conversations.opened(studio, alice, home.id, limit=4)
    older = conversations.opened(studio, alice, home.id, before=27, limit=4)
    since = conversations.opened(studio, alice, home.id, since=25)

    assert [turn.position for turn in newest.turns] == [27, 28, 29, 30]
    assert (newest.earlier, newest.later, newest.totals.turns) == (26, 0, 30)
    assert [turn.position for turn in older.turns] == [23, 24, 25, 26]
    assert (older.earlier, older.later) == (22, 4)
    assert [turn.position for turn in since.turns] == [25, 26, 27, 28, 29, 30]


def test_the_sums_are_of_all_turns(studio: Studio, alice: Person) -> None:
    paid = Step("by day", models=("openai/gpt-image-2", "gemini/some"), cost="0.04")
    home = grow(studio, alice, [paid, Step("at night"), paid], files=False)
    with studio.transaction() as db:
        [lost, *_rest] = db.exec(select(Generation).where(Generation.provider == "gemini")).all()
        lost.status, lost.cost, lost.cost_basis = FAILED, None, "unknown"

    sums = conversations.opened(studio, alice, home.id, limit=1).totals

    assert (sums.turns, sums.images, sums.practice, sums.paid) == (3, 5, 1, 4)
    assert (sums.cost, sums.doubtful) == (Decimal("0.12"), 1)


def test_what_was_removed_from_the_page_was_paid_for_all_the_same(studio: Studio, alice: Person) -> None:
    home = grow(
        studio, alice, [Step("by day", models=("openai/gpt-image-2",), status=FAILED, cost="0.04")], files=False
    )
    turn = conversations.opened(studio, alice, home.id).turns[0]

    conversations.remove_failed(studio, alice, turn.id)

    opened = conversations.opened(studio, alice, home.id)
    assert (opened.turns[0].generations, opened.turns[0].removed) == ((), 1)
    assert opened.totals.cost == Decimal("0.04")


@pytest.mark.parametrize("turns", [1, 5, 500])
def test_opening_takes_five_queries_and_reads_no_more_rows_however_long_it_is(
    studio: Studio, alice: Person, turns: int
) -> None:
    home = grow(studio, alice, [Step(f"turn {n}", source=n - 1 or None) for n in range(1, turns + 1)], files=False)

    with queries(studio) as seen:
        opened = conversations.opened(studio, alice, home.id, limit=5)

    assert len(seen) <= 5
    assert len(opened.turns) == min(turns, 5)
    assert opened.totals.turns == turns


def test_a_screen_that_comes_back_hears_of_the_newest_turns_and_of_all_that_is_at_work(
    studio: Studio, alice: Person
) -> None:
    asked = conversations.start(studio, alice, wish("the first"))
    first = conversations.live(studio, alice, asked.conversation_id)[0]["id"]
    for n in range(conversations.TURNS + 3):
        conversations.ask(studio, alice, asked.conversation_id, wish(f"turn {n}"))

    waiting = conversations.live(studio, alice, asked.conversation_id)
    answers.answer(studio)
    done = conversations.live(studio, alice, asked.conversation_id)

    assert len(waiting) == conversations.TURNS + 4
    assert len(done) == conversations.TURNS
    assert first in {told["id"] for told in waiting} - {told["id"] for told in done}


def test_nothing_before_the_first_turn_is_nothing(studio: Studio, alice: Person) -> None:
    home = grow(studio, alice, FIVE, files=False)

    opened = conversations.opened(studio, alice, home.id, before=1)

    assert (opened.turns, opened.earlier, opened.later) == ((), 0, 0)


def test_somebody_elses_older_turns_are_not_there_either(studio: Studio, alice: Person, bob: Person) -> None:
    home = grow(studio, alice, FIVE, files=False)

    for where in ({"before": 3}, {"since": 1}):
        with pytest.raises(NotFound):
            conversations.opened(studio, bob, home.id, **where)
