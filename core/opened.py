"""One conversation as its page needs it: its newest turns, or those before one, and what all of them come to."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, views
from core.access import Person
from core.studio import Studio
from core.tables import UNKNOWN, Conversation, Generation, Image, Turn

TURNS = 12
"""How many are read at a time, however many there are."""


@dataclass(frozen=True)
class Totals:
    """What all turns of a conversation come to, shown or not."""

    turns: int = 0
    images: int = 0
    practice: int = 0
    """Generations that cost nothing because they were for practice."""
    paid: int = 0
    """All others."""
    cost: Decimal = Decimal(0)
    """US dollars that are known to have been paid; also for what was removed from the page."""
    doubtful: int = 0
    """Generations that may have been charged: nobody knows."""


@dataclass(frozen=True)
class Opened:
    """A conversation with some of its turns, oldest first."""

    id: str
    title: str
    version: int
    created_at: datetime
    turns: tuple[views.TurnView, ...]
    totals: Totals
    purge_after: datetime | None = None
    """When it is gone for good; None unless it is in the trash."""

    @property
    def images(self) -> tuple[views.ImageView, ...]:
        """The kept images of these turns, oldest first."""
        return tuple(i for turn in self.turns for g in turn.generations for i in g.images)

    @property
    def earlier(self) -> int:
        """How many turns come before these."""
        return self.turns[0].position - 1 if self.turns else 0

    @property
    def later(self) -> int:
        """How many turns come after these."""
        return self.totals.turns - self.turns[-1].position if self.turns else 0


def opened(
    studio: Studio,
    person: Person,
    conversation_id: str,
    before: int | None = None,
    limit: int = TURNS,
    since: int | None = None,
) -> Opened:
    """The conversation with its newest turns, or the last ones before a position: five queries however long it is.

    With `since` all from that position on, whatever the limit. Raises NotFound. A conversation in the trash opens too;
    its `purge_after` says so.
    """
    with studio.reading() as db:
        row = access.find(db, Conversation, conversation_id, person)
        turns, totals = _page(db, row, before, limit, since)
        shown = views.turns(db, turns) if turns else ()
        return Opened(row.id, row.title, row.version, row.created_at, shown, totals, row.purge_after)


def _page(
    db: Session, row: Conversation, before: int | None, limit: int, since: int | None
) -> tuple[Sequence[Turn], Totals]:
    """The turns with the totals beside each of them, so that both are one query."""
    of_this = col(Turn.conversation_id) == row.id
    totals = _totals(row.id)
    query: Any = select(Turn, *totals.c).join(totals, sa.true()).where(of_this)
    if before is not None:
        query = query.where(col(Turn.position) < before)
    query = query.limit(limit) if since is None else query.where(col(Turn.position) >= since)
    found = db.exec(query.order_by(col(Turn.position).desc())).all()
    if not found:
        return [], Totals()
    sums: dict[str, Any] = {field.name: getattr(found[0], field.name) or field.default for field in fields(Totals)}
    return [row[0] for row in reversed(found)], Totals(**sums)


def _totals(conversation_id: str) -> Any:
    """One row, its columns in the order of `Totals`."""
    images = (
        sa.select(sa.func.count())
        .where(
            col(Image.conversation_id) == conversation_id,
            col(Image.deleted_at).is_(None),
            col(Image.generation_id).is_not(None),
        )
        .scalar_subquery()
    )
    paid = col(Generation.practice).is_(False)
    doubtful = sa.and_(paid, col(Generation.cost_basis) == UNKNOWN)
    return (
        sa.select(
            sa.func.count(col(Turn.id).distinct()).label("turns"),
            images.label("images"),
            sa.func.count(sa.case((col(Generation.practice), 1))).label("practice"),
            sa.func.count(sa.case((paid, 1))).label("paid"),
            sa.func.sum(sa.case((paid, col(Generation.cost)))).label("cost"),
            sa.func.count(sa.case((doubtful, 1))).label("doubtful"),
        )
        .select_from(Turn)
        .outerjoin(Generation, col(Generation.turn_id) == Turn.id)
        .where(col(Turn.conversation_id) == conversation_id)
        .subquery()
    )
