"""Conversations as cards in a list: the latest changed first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import views
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from core.tables import KEPT, UNFINISHED, Conversation, Generation, Image, Turn

PAGE = 12


@dataclass(frozen=True)
class Card:
    """A conversation in a list."""

    id: str
    title: str
    updated_at: datetime
    turns: int
    images: int
    unfinished: int
    unread: bool
    """Something ended in it since the person last looked."""
    cover: views.ImageView | None
    """Its newest kept image."""


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
        drawn = _drawn(db, shown)
    following = f"{shown[-1].updated_at.isoformat()}~{shown[-1].id}" if len(rows) > limit else None
    return drawn, following


def _drawn(db: Session, rows: Sequence[Conversation]) -> tuple[Card, ...]:
    """These conversations with what is in them: three queries, however many there are."""
    ids = [row.id for row in rows]
    turns, work, kept = _turns(db, ids), _work(db, ids), _kept(db, ids)
    cards = []
    for row in rows:
        (unfinished, ended), (images, cover) = work.get(row.id, (0, None)), kept.get(row.id, (0, None))
        unread = bool(row.seen_at and ended and ended > row.seen_at)
        cards.append(Card(row.id, row.title, row.updated_at, turns.get(row.id, 0), images, unfinished, unread, cover))
    return tuple(cards)


def _turns(db: Session, ids: list[str]) -> dict[str, int]:
    query = select(Turn.conversation_id, sa.func.count()).where(col(Turn.conversation_id).in_(ids))
    return dict(db.exec(query.group_by(Turn.conversation_id)).all())


def _work(db: Session, ids: list[str]) -> dict[str, tuple[int, datetime | None]]:
    """How many generations are under way, and when the last one ended."""
    unfinished = sa.func.sum(sa.case((col(Generation.status).in_(UNFINISHED), 1), else_=0))
    query: Any = select(Turn.conversation_id, unfinished, sa.func.max(Generation.finished_at))
    query = query.join(Generation, col(Generation.turn_id) == Turn.id).where(col(Turn.conversation_id).in_(ids))
    rows = db.exec(query.group_by(Turn.conversation_id)).all()
    return {conversation: (int(count), ended) for conversation, count, ended in rows}


def _kept(db: Session, ids: list[str]) -> dict[str, tuple[int, views.ImageView | None]]:
    """How many images are kept, and the newest."""
    newest = sa.func.row_number().over(
        partition_by=Image.conversation_id, order_by=(col(Image.created_at).desc(), col(Image.id).desc())
    )
    images = sa.func.count().over(partition_by=Image.conversation_id)
    ranked = (
        select(col(Image.id).label("id"), newest.label("rank"), images.label("images"))
        .where(col(Image.conversation_id).in_(ids), KEPT)
        .subquery()
    )
    query = select(Image, ranked.c.images).join(ranked, ranked.c.id == Image.id).where(ranked.c.rank == 1)
    return {str(row.conversation_id): (count, views.image(row)) for row, count in db.exec(query).all()}


def _cursor(after: str) -> tuple[datetime, str]:
    moment, _, row_id = after.partition("~")
    try:
        return datetime.fromisoformat(moment), row_id
    except ValueError:
        raise NotFound("This page of the list is not there. Start from the first one.") from None
