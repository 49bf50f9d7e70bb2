"""Rows of the ledger as the pipeline would have left them, without asking any provider."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from core.access import Person
from core.studio import Studio
from core.tables import (
    FAILED,
    IMAGE,
    STORED,
    SUCCEEDED,
    UNKNOWN,
    Attempt,
    Conversation,
    Generation,
    Image,
    Turn,
    new_id,
)

MODELS = (("openai", "gpt-image-2"), ("openrouter", "google/gemini-3-pro-image"), ("sketch", "sketch"))


@dataclass
class Books:
    """Books that calls are written into."""

    studio: Studio
    turns: dict[str, Turn] = field(default_factory=dict)

    def call(self, person: Person, at: datetime, cost: str | None = "0.04", **facts: Any) -> str:
        """One call with its generation, and its images when it was stored; returns the turn's id."""
        with self.studio.transaction() as db:
            return self.add(db, person, at, cost, **facts)

    def add(
        self,
        db: Session,
        person: Person,
        at: datetime,
        cost: str | None = "0.04",
        *,
        model: tuple[str, str] = MODELS[0],
        state: str = STORED,
        error: str | None = None,
        kind: str = IMAGE,
        practice: bool = False,
        project: str | None = None,
        root: str | None = None,
        images: int = 1,
        chosen: int = 0,
        took: int | None = 8_000,
        waited: int | None = 300,
        reserved: str | None = "0.05",
    ) -> str:
        """The same in a transaction."""
        thread = Conversation(user_id=person.id, title="Books", created_at=at, updated_at=at)
        db.add(thread)
        db.flush()
        turn = Turn(
            conversation_id=thread.id,
            user_id=person.id,
            root_id=root,
            position=1,
            prompt="a fox",
            token=new_id(),
            created_at=at,
        )
        db.add(turn)
        db.flush()
        made = Generation(
            turn_id=turn.id,
            user_id=person.id,
            provider=model[0],
            model=model[1],
            kind=kind,
            practice=practice,
            project_id=project,
            status=SUCCEEDED if state == STORED else FAILED,
            queued_at=at,
        )
        db.add(made)
        db.flush()
        attempt = Attempt(
            generation_id=made.id,
            number=1,
            state=state,
            error_kind=error,
            started_at=at,
            duration_ms=took,
            waited_ms=waited,
            images=images if state == STORED else 0,
            cost=None if cost is None else Decimal(cost),
            reserved_cost=None if reserved is None else Decimal(reserved),
        )
        db.add(attempt)
        db.flush()
        for n in range(images if state == STORED else 0):
            db.add(_image(person, thread.id, made.id, attempt.id, n, at, selected=n < chosen))
        return turn.id


def scattered(
    studio: Studio, people: Sequence[Person], projects: Sequence[str], n: int, end: datetime, seed: int
) -> None:
    """Calls of all kinds over a year before `end`."""
    chance, books, roots = random.Random(seed), Books(studio), [None]
    with studio.transaction() as db:
        for _ in range(n):
            state = chance.choice((STORED, STORED, STORED, FAILED, UNKNOWN, "sent"))
            turn = books.add(
                db,
                chance.choice(people),
                end - timedelta(seconds=chance.randrange(365 * 86_400)),
                {UNKNOWN: None, "sent": None}.get(state, str(Decimal(chance.randrange(10**9)) / 10**9)),
                model=chance.choice(MODELS),
                state=state,
                error={FAILED: chance.choice(("busy", "moderation")), UNKNOWN: "unknown"}.get(state),
                kind=chance.choice(("image", "image", "caption")),
                practice=chance.random() < 0.2,
                project=chance.choice((None, *projects)),
                root=chance.choice(roots),
                images=chance.choice((1, 1, 2)),
                chosen=chance.choice((0, 0, 1)),
                took=chance.choice((None, chance.randrange(90_000))),
                waited=chance.choice((None, chance.randrange(9_000))),
                reserved=chance.choice((None, "0.07")),
            )
            roots = [*roots[-9:], turn]


def _image(person: Person, thread: str, made: str, attempt: str, n: int, at: datetime, *, selected: bool) -> Image:
    image_id = new_id()
    return Image(
        id=image_id,
        user_id=person.id,
        conversation_id=thread,
        generation_id=made,
        attempt_id=attempt,
        n=n,
        key=f"{person.id}/{thread}/{image_id}.png",
        mime="image/png",
        width=96,
        height=96,
        size=1,
        sha256=image_id * 2,
        crc32=0,
        dhash=0,
        placeholder="",
        selected=selected,
        created_at=at,
    )
