"""Calls whose outcome nobody knows, with what they may have cost, for who wants to look into the provider's bill."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select

from core import access
from core.access import Person
from core.question import Question
from core.studio import Studio
from core.tables import UNKNOWN, Attempt, Generation, Turn

MOST = 50


@dataclass(frozen=True)
class Lost:
    """One of them."""

    at: datetime
    model: str
    """Its full name."""
    possible: Decimal | None
    """US dollars, as the price said before; None when there was no price."""
    conversation_id: str


def lost(studio: Studio, person: Person, question: Question) -> tuple[Lost, ...]:
    """The latest of them, up to MOST. Raises Refused for a period that is none."""
    question.check()
    begins, ends = question.moments()
    query = (
        select(Attempt, Generation, Turn)
        .join(Generation, col(Generation.id) == Attempt.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .where(Attempt.state == UNKNOWN, col(Attempt.cost).is_(None))
        .where(Attempt.started_at >= begins, Attempt.started_at < ends, access.may_read(Generation, person))
    )
    if not question.practice:
        query = query.where(col(Generation.practice).is_(False))
    wanted = ((Generation.user_id, question.people), (Generation.project_id, question.projects))
    for column, values in wanted:
        query = query.where(col(column).in_(values)) if values else query
    if question.models:
        query = query.where((col(Generation.provider) + "/" + col(Generation.model)).in_(question.models))
    with studio.reading() as db:
        found = db.exec(query.order_by(col(Attempt.started_at).desc(), col(Attempt.id).desc()).limit(MOST)).all()
    return tuple(
        Lost(attempt.started_at, f"{made.provider}/{made.model}", attempt.reserved_cost, turn.conversation_id)
        for attempt, made, turn in found
    )
