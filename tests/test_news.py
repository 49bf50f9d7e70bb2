"""Screens that ask at the same moment are answered from one look: each hears its own, and only what is its person's."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from core.access import Person
from core.errors import NotFound
from core.events import Happened
from core.studio import Studio
from core.tables import Conversation
from core.web.news import MOST_TOGETHER, Desk, Question
from tests import serving
from tests.live_client import rename

Answer = list[str] | BaseException


def test_many_screens_cost_as_few_queries_as_one(studio: Studio, alice: Person) -> None:
    screens = [changed(studio, alice) for _ in range(MOST_TOGETHER)]

    one = queries(studio, lambda: answers(studio, screens[:1]))
    all_of_them = queries(studio, lambda: answers(studio, screens))

    assert all_of_them == one > 0


def test_more_screens_than_one_look_serves_are_all_answered(studio: Studio, alice: Person) -> None:
    screens = [changed(studio, alice) for _ in range(2 * MOST_TOGETHER + 1)]

    told = answers(studio, screens)

    assert [generations(answer) for answer in told] == [screen.generations for screen in screens]


def test_tabs_of_one_conversation_hear_the_same_text_that_was_written_once(studio: Studio, alice: Person) -> None:
    screen = changed(studio, alice)

    [first], [second] = answers(studio, [screen, screen])

    assert first is second
    assert json.loads(first)["generation"]["status"] == "queued"


def test_each_screen_hears_only_what_it_asked_for(studio: Studio, alice: Person) -> None:
    thread = serving.conversation(studio, alice)
    one, other = (serving.generation(studio, alice, thread, position=n) for n in (1, 2))

    told = answers(studio, [Question(alice, thread, [happened(thread, id)]) for id in (one, other)])

    assert [generations(answer) for answer in told] == [{one}, {other}]


def test_a_generation_is_told_in_its_own_conversation_only(studio: Studio, alice: Person, bob: Person) -> None:
    mine, theirs = changed(studio, alice), changed(studio, bob)
    [secret] = theirs.generations

    wrong, right = answers(studio, [Question(alice, mine.conversation, [happened(mine.conversation, secret)]), theirs])

    assert (wrong, generations(right)) == ([], {secret})


@pytest.mark.parametrize("taken", ["never theirs", "handed over", "trashed"])
@pytest.mark.parametrize("kind", ["generation.running", "turn.asked", "conversation.renamed"])
def test_nothing_is_told_of_what_is_not_theirs_and_others_are_answered(
    studio: Studio, alice: Person, bob: Person, taken: str, kind: str
) -> None:
    lost, other = changed(studio, alice), changed(studio, alice)
    [generation] = lost.generations
    asks = Question(alice, lost.conversation, [happened(lost.conversation, generation, kind)])
    if taken == "never theirs":
        asks = Question(bob, asks.conversation, asks.happened)
    else:
        take(studio, lost.conversation, bob if taken == "handed over" else None)

    refused, told = answers(studio, [asks, other])

    assert isinstance(refused, NotFound)
    assert generations(told) == other.generations


def test_when_the_database_fails_every_screen_hears_of_it_and_the_desk_goes_on(studio: Studio, alice: Person) -> None:
    screens = [changed(studio, alice) for _ in range(2)]

    async def through_a_failure() -> tuple[list[Answer], list[Answer]]:
        async with open_desk(studio) as desk:
            rename(studio, "turn", "away")
            failed = await gathered(desk, screens)
            rename(studio, "away", "turn")
            return failed, await gathered(desk, screens)

    failed, told = asyncio.run(through_a_failure())

    assert [isinstance(answer, sa.exc.DBAPIError) for answer in failed] == [True, True]
    assert [generations(answer) for answer in told] == [screen.generations for screen in screens]


def test_a_screen_that_leaves_while_it_waits_takes_nobody_along(studio: Studio, alice: Person) -> None:
    leaves, stays = changed(studio, alice), changed(studio, alice)

    async def left() -> Answer:
        async with open_desk(studio) as desk:
            gone = asyncio.create_task(desk.messages(leaves))
            waits = asyncio.create_task(desk.messages(stays))
            await asyncio.sleep(0)  # both have asked
            gone.cancel()
            return await asyncio.wait_for(waits, 20)

    assert generations(asyncio.run(left())) == stays.generations


def changed(studio: Studio, who: Person) -> Question:
    """A screen of a conversation of its own, in which a generation changed."""
    thread = serving.conversation(studio, who)
    return Question(who, thread, [happened(thread, serving.generation(studio, who, thread))])


def happened(conversation: str, generation: str, kind: str = "generation.running") -> Happened:
    return Happened(kind, "somebody", conversation, generation, {"turn": "a turn"})


def take(studio: Studio, conversation: str, heir: Person | None) -> None:
    """Give it to the heir, or put it in the trash."""
    with studio.transaction() as db:
        row = db.get_one(Conversation, conversation)
        row.user_id = heir.id if heir else row.user_id
        row.deleted_at = None if heir else studio.now()


def answers(studio: Studio, questions: list[Question]) -> list[Any]:
    """What a new desk answers when all of them ask at once; errors as they are."""

    async def asked() -> list[Answer]:
        async with open_desk(studio) as desk:
            return await gathered(desk, questions)

    return asyncio.run(asked())


@asynccontextmanager
async def open_desk(studio: Studio) -> AsyncIterator[Desk]:
    """A desk that answers until the end of the block."""
    desk = Desk(studio)
    answering = asyncio.create_task(desk.answering())
    yield desk
    answering.cancel()


async def gathered(desk: Desk, questions: list[Question]) -> list[Answer]:
    """Ask all of this at once. A desk that died would let them wait for ever."""
    asked = (desk.messages(question) for question in questions)
    return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 20)


def generations(answer: Answer) -> set[str]:
    """Which generations it tells of."""
    assert isinstance(answer, list), answer
    return {json.loads(message)["generation"]["id"] for message in answer}


def queries(studio: Studio, action: Callable[[], object]) -> int:
    """How many statements it takes."""
    seen: list[str] = []

    def see(*args: Any) -> None:
        seen.append(args[2])

    sa.event.listen(studio.engine, "before_cursor_execute", see)
    action()
    sa.event.remove(studio.engine, "before_cursor_execute", see)
    return len(seen)
