"""News: what happened becomes messages, looked up and written out once for all the screens that wait for it."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync

from core import conversations
from core.access import Person
from core.conversations import News
from core.errors import NotFound
from core.events import Happened
from core.studio import Studio

MOST_WAITING = 1_000
"""Events that may wait for one screen."""
MOST_TOGETHER = 30
"""Screens that one look at the database serves; SQLite takes 32,766 values in a query."""


@dataclass(frozen=True)
class Question:
    """A screen of this person shows this conversation, of which these things happened."""

    person: Person
    conversation: str
    happened: Sequence[Happened]

    @property
    def pair(self) -> tuple[str, str]:
        """What may be looked up: this conversation, if it is this person's."""
        return self.person.id, self.conversation

    @property
    def generations(self) -> set[str]:
        """Which generations changed."""
        return {happened.generation_id for happened in self.happened if happened.generation_id}


class Told:
    """A conversation's news in writing."""

    def __init__(self, news: News) -> None:
        self.generations = {g["id"]: text({"type": "generation", "generation": g}) for g in news.generations}
        self.renamed = text({"type": "renamed", "title": news.title})


class Desk:
    """Answers screens. Those that ask while it looks something up are answered together from its next look.

    A screen's next question comes after its last answer, so a later message is never older than an earlier one.
    """

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self._asked: asyncio.Queue[tuple[Question, asyncio.Future[list[str]]]] = asyncio.Queue()

    async def messages(self, question: Question) -> list[str]:
        """JSON for the screen. Raises NotFound when it is no conversation of this person, or not any more."""
        answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((question, answer))
        return await answer

    async def answering(self) -> None:
        """Answer until this is canceled."""
        while True:
            together = [await self._asked.get()]
            together += [self._asked.get_nowait() for _ in range(min(self._asked.qsize(), MOST_TOGETHER - 1))]
            outcomes = await run_sync(_outcomes, self.studio, [question for question, _answer in together])
            for (_question, answer), outcome in zip(together, outcomes, strict=True):
                _settle(answer, outcome)


def of_images(bunch: Sequence[Happened]) -> list[str]:
    """Messages for every screen: new images, those that went to the trash or came back, and that some went for good; no
    look at the database."""
    kept = [
        text({"type": "image", "id": happened.facts.get("image"), "conversation": happened.conversation_id})
        for happened in bunch
        if happened.kind == "image.kept"
    ]
    moved = {
        kind: [happened.facts.get("image") for happened in bunch if happened.kind == f"image.{kind}"]
        for kind in ("trashed", "restored")
    }
    purged = [text({"type": "purged"})] if any(happened.kind == "trash.purged" for happened in bunch) else []
    return kept + [text({"type": kind, "ids": ids}) for kind, ids in moved.items() if ids] + purged


def of_conversations(bunch: Sequence[Happened]) -> list[str]:
    """Messages for a screen that shows no conversation: which ones changed."""
    touched = dict.fromkeys(happened.conversation_id for happened in bunch if happened.conversation_id)
    return [text({"type": "conversation", "id": conversation}) for conversation in touched]


def text(message: dict[str, Any]) -> str:
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def _settle(answer: asyncio.Future[list[str]], outcome: list[str] | Exception) -> None:
    if answer.done():  # the screen left
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def _outcomes(studio: Studio, questions: Sequence[Question]) -> Sequence[list[str] | Exception]:
    """One for each question."""
    asked = defaultdict[tuple[str, str], set[str]](set)
    for question in questions:
        asked[question.pair] |= question.generations
    try:
        known = conversations.news(studio, asked)
    except Exception as error:  # whatever a database says while it is away; the screens hear of it, the desk goes on
        return [error] * len(questions)
    told = {pair: Told(news) for pair, news in known.items()}
    return [_messages(question, told.get(question.pair)) for question in questions]


def _messages(question: Question, told: Told | None) -> list[str] | Exception:
    if told is None:
        return NotFound("There is no such conversation, or it is not yours.")
    changed = question.generations
    messages = [written for generation, written in told.generations.items() if generation in changed]
    turns = [happened.facts.get("turn") for happened in question.happened if happened.kind == "turn.asked"]
    messages += [text({"type": "turn", "turn": turn}) for turn in turns]
    if any(happened.kind == "conversation.renamed" for happened in question.happened):
        messages.append(told.renamed)
    return messages
