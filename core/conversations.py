"""Threads of image work: start one, ask the next turn, open it, page through them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, events, jobs, log, pace, views
from core.access import Person
from core.asks import Ask, Asked, Quote, add_turn, check, quote
from core.columns import plain
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import (
    KEPT,
    UNFINISHED,
    Conversation,
    Generation,
    Image,
    Turn,
    new_id,
)

__all__ = ["Ask", "Asked", "Card", "Opened", "Quote", "ask", "cards", "live", "opened", "quote", "rename", "start"]

PAGE = 12
TITLE = 60


@dataclass(frozen=True)
class Card:
    """A conversation in a list."""

    id: str
    title: str
    updated_at: datetime
    turns: int
    images: int
    unfinished: int
    cover: views.ImageView | None
    """Its newest kept image."""


@dataclass(frozen=True)
class Opened:
    """A conversation with its turns."""

    id: str
    title: str
    version: int
    created_at: datetime
    turns: tuple[views.TurnView, ...]

    @property
    def images(self) -> tuple[views.ImageView, ...]:
        """All kept images, oldest first."""
        return tuple(i for turn in self.turns for g in turn.generations for i in g.images)


def start(studio: Studio, person: Person, ask: Ask, project_id: str | None = None) -> Asked:
    """Begin a conversation with its first turn. Nothing is kept when the ask is refused (Refused, NotFound)."""
    try:
        with _asking(studio, person, ask) as (db, before):
            asked = before or add_turn(studio, db, person, _begun(studio, db, person, ask, project_id), ask)
    except sa.exc.IntegrityError:  # the same form at the same moment, and the other one was first
        asked = _asked_before(studio, person, ask)
    log.step("turn.asked", conversation=asked.conversation_id, turn=asked.turn_id, count=ask.count * len(ask.models))
    return asked


def ask(studio: Studio, person: Person, conversation_id: str, ask: Ask) -> Asked:
    """Ask the next turn. Two people asking at once get two turns in order. Raises Refused or NotFound."""
    try:
        with _asking(studio, person, ask) as (db, before):
            asked = before or add_turn(studio, db, person, _continued(studio, db, person, conversation_id), ask)
    except sa.exc.IntegrityError:
        asked = _asked_before(studio, person, ask)
    log.step("turn.asked", conversation=asked.conversation_id, turn=asked.turn_id, count=ask.count * len(ask.models))
    return asked


def cards(
    studio: Studio, person: Person, after: str | None = None, limit: int = PAGE
) -> tuple[tuple[Card, ...], str | None]:
    """A page of conversations, the latest changed first, and the cursor of the next page or None at the end."""
    query = (
        select(Conversation)
        .where(Conversation.user_id == person.id, col(Conversation.deleted_at).is_(None))
        .order_by(col(Conversation.updated_at).desc(), col(Conversation.id).desc())
        .limit(limit + 1)
    )
    if after:
        query = query.where(sa.tuple_(Conversation.updated_at, Conversation.id) < sa.tuple_(*_cursor(after)))
    with studio.reading() as db:
        rows = db.exec(query).all()
        shown = rows[:limit]
        facts = _facts(db, [row.id for row in shown])
    following = f"{shown[-1].updated_at.isoformat()}~{shown[-1].id}" if len(rows) > limit else None
    return tuple(Card(row.id, row.title, row.updated_at, *facts[row.id]) for row in shown), following


def opened(studio: Studio, person: Person, conversation_id: str) -> Opened:
    """The conversation with all its turns, in five queries. Raises NotFound."""
    with studio.reading() as db:
        row = access.find(db, Conversation, conversation_id, person)
        turns = db.exec(select(Turn).where(Turn.conversation_id == row.id).order_by(col(Turn.position))).all()
        return Opened(row.id, row.title, row.version, row.created_at, views.turns(db, turns))


def live(
    studio: Studio, person: Person, conversation_id: str, generation_ids: list[str] | None = None
) -> list[dict[str, Any]]:
    """All generations of a conversation, or only these, as plain JSON for the live socket, with their model's pace.

    Raises NotFound.
    """
    query = (
        select(Generation)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .where(Turn.conversation_id == conversation_id, col(Generation.deleted_at).is_(None))
        .order_by(col(Turn.position), col(Generation.queued_at), col(Generation.id))
    )
    if generation_ids is not None:
        query = query.where(col(Generation.id).in_(generation_ids))
    with studio.reading() as db:
        access.find(db, Conversation, conversation_id, person)
        shown = views.generations(db, db.exec(query).all())
        paced = pace.paces(db, [g.name for g in shown if g.unfinished])
    return [g.wire(studio.catalogue.label(g.name)) | {"pace": _pace(paced.get(g.name))} for g in shown]


def rename(studio: Studio, person: Person, conversation_id: str, title: str, version: int) -> None:
    """Give it another title. Raises Refused when somebody renamed it since `version` was read."""
    with studio.transaction() as db:
        row = access.find(db, Conversation, conversation_id, person, lock=True)
        if row.version != version:
            raise Refused(f"Somebody just renamed this to “{row.title}”. Reload to see it, then rename again.")
        row.title, row.version = _title(title), version + 1
        events.record(studio, db, "conversation.renamed", person.id, conversation=row.id)


def _asked_before(studio: Studio, person: Person, ask: Ask) -> Asked:
    with studio.reading() as db:
        turn = db.exec(select(Turn).where(Turn.user_id == person.id, Turn.token == ask.token)).one()
    return Asked(turn.conversation_id, turn.id)


@contextmanager
def _asking(studio: Studio, person: Person, ask: Ask) -> Iterator[tuple[Session, Asked | None]]:
    """The transaction of an ask; with what the same form asked before, if it did."""
    check(studio, ask)
    jobs.ready(studio)
    with studio.transaction() as db:
        turn = db.exec(select(Turn).where(Turn.user_id == person.id, Turn.token == ask.token)).first()
        yield db, Asked(turn.conversation_id, turn.id) if turn else None


def _begun(studio: Studio, db: Session, person: Person, ask: Ask, project_id: str | None) -> Conversation:
    conversation = Conversation(
        id=new_id(),
        user_id=person.id,
        project_id=project_id,
        title=_title(ask.prompt),
        created_at=studio.now(),
        updated_at=studio.now(),
    )
    db.add(conversation)
    db.flush()
    events.record(studio, db, "conversation.started", person.id, conversation=conversation.id)
    return conversation


def _continued(studio: Studio, db: Session, person: Person, conversation_id: str) -> Conversation:
    conversation = access.find(db, Conversation, conversation_id, person, lock=True)
    conversation.updated_at = studio.now()
    return conversation


def _facts(db: Session, ids: list[str]) -> dict[str, tuple[int, int, int, views.ImageView | None]]:
    """Turns, kept images, unfinished generations and newest image of these conversations: three queries."""
    turn_count = _count(db, select(Turn.conversation_id, sa.func.count()), Turn.conversation_id, ids)
    working = (
        select(Turn.conversation_id, sa.func.count())
        .join(Generation, col(Generation.turn_id) == Turn.id)
        .where(col(Generation.status).in_(UNFINISHED))
    )
    unfinished = _count(db, working, Turn.conversation_id, ids)
    newest = sa.func.row_number().over(
        partition_by=Image.conversation_id, order_by=(col(Image.created_at).desc(), col(Image.id).desc())
    )
    images = sa.func.count().over(partition_by=Image.conversation_id)
    ranked = (
        select(col(Image.id).label("id"), newest.label("rank"), images.label("images"))
        .where(col(Image.conversation_id).in_(ids), KEPT)
        .subquery()
    )
    covers = db.exec(
        select(Image, ranked.c.images).join(ranked, ranked.c.id == Image.id).where(ranked.c.rank == 1)
    ).all()
    kept = {str(row.conversation_id): (images, views.image(row)) for row, images in covers}
    none: tuple[int, views.ImageView | None] = (0, None)
    return {i: (turn_count.get(i, 0), kept.get(i, none)[0], unfinished.get(i, 0), kept.get(i, none)[1]) for i in ids}


def _count(db: Session, query: Any, column: Any, ids: list[str]) -> dict[str, int]:
    return dict(db.exec(query.where(col(column).in_(ids)).group_by(column)).all())


def _cursor(after: str) -> tuple[datetime, str]:
    moment, _, row_id = after.partition("~")
    try:
        return datetime.fromisoformat(moment), row_id
    except ValueError:
        raise NotFound("This page of the list is not there. Start from the first one.") from None


def _pace(known: pace.Pace | None) -> dict[str, int] | None:
    return {"p50": known.p50, "p90": known.p90, "runs": known.runs} if known else None


def _title(prompt: str) -> str:
    """The first words of the prompt, cut between words."""
    words = " ".join(plain(prompt).split())
    if not words:
        raise Refused("A title needs at least one word.")
    return words if len(words) <= TITLE else words[:TITLE].rsplit(" ", 1)[0] + "…"
