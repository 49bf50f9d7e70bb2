"""Bills computed anew, on purpose, after prices were put right. What a provider reported itself is never touched."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select

from core import bills, calls, captions, events, holds
from core.errors import Refused
from core.prices import of_usage
from core.studio import Studio
from core.tables import CAPTION, Attempt, Generation, Post, Turn

OURS = ("computed", "estimated")
"""Bases of costs that are our own arithmetic."""
AT_ONCE = 500
"""Calls in one transaction."""


@dataclass(frozen=True)
class Corrected:
    """What changes for one model. Dollars."""

    model: str
    calls: int
    before: Decimal
    after: Decimal


def reprice(
    studio: Studio, since: date, until: date, models: Sequence[str] = (), *, dry_run: bool = True
) -> tuple[Corrected, ...]:
    """Compute every bill of these days anew that a price rule gave, by the prices of the day when it was sent.

    Only what differs is told, and unless it is a dry run written: into the ledger, what it adds up to, the budgets and
    the audit, some hundred calls at a time; done again it finds nothing. Raises Refused for days that are none.
    """
    if since > until:
        raise Refused("The days end before they begin. Nothing was changed.")
    found: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    after = ""
    while True:
        with studio.reading() if dry_run else studio.transaction() as db:
            batch = _batch(db, since, until, models, after, lock=not dry_run)
            for attempt, made, turn in batch:
                cost = _anew(studio, db, attempt, made, turn)
                if cost is None or cost == attempt.cost:
                    continue
                found[f"{made.provider}/{made.model}"].append((attempt.cost or Decimal(0), cost))
                if not dry_run:
                    _write(studio, db, attempt, made, turn, cost)
        if len(batch) < AT_ONCE:
            return tuple(_summed(found))
        after = batch[-1][0].id


def _batch(
    db: Session, since: date, until: date, models: Sequence[str], after: str, *, lock: bool
) -> Sequence[tuple[Attempt, Generation, Turn]]:
    query = (
        select(Attempt, Generation, Turn)
        .join(Generation, col(Generation.id) == Attempt.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .where(col(Attempt.cost_basis).in_(OURS), col(Generation.practice).is_(False), Attempt.id > after)
        .where(col(Attempt.priced_on) >= since, col(Attempt.priced_on) <= until)
    )
    if models:
        query = query.where((col(Generation.provider) + "/" + col(Generation.model)).in_(models))
    query = query.order_by(col(Attempt.id)).limit(AT_ONCE)
    return db.exec(query.with_for_update(of=Generation) if lock else query).all()


def _anew(studio: Studio, db: Session, attempt: Attempt, made: Generation, turn: Turn) -> Decimal | None:
    """None where nobody can say: the model is gone, or has no price."""
    assert attempt.priced_on  # it was asked for
    rule = studio.catalogue.priced(f"{made.provider}/{made.model}", attempt.priced_on)
    if rule is None:
        return None
    if attempt.cost_basis == "computed":
        return _exact(of_usage(rule, attempt.usage)) if attempt.usage else None
    try:
        if made.kind == CAPTION:
            post = db.get(Post, made.post_id) if made.post_id else None
            return _exact(captions.price_again(studio, made, turn, post, attempt.priced_on))
        return _exact(calls.price(studio, db, made, turn, attempt.priced_on))
    except Refused:
        return None


def _write(studio: Studio, db: Session, attempt: Attempt, made: Generation, turn: Turn, cost: Decimal) -> None:
    facts = {"attempt": attempt.id, "before": str(attempt.cost), "after": str(cost)}
    attempt.cost = cost
    bills.add_up(db, made)
    holds.settle(db, made)
    names = {"conversation": turn.conversation_id, "generation": made.id}
    events.record(studio, db, "attempt.repriced", made.user_id, **names, **facts)


def _exact(usd: Decimal) -> Decimal:
    """As the ledger keeps it."""
    return (usd * 1_000_000_000).to_integral_value() / 1_000_000_000


def _summed(found: dict[str, list[tuple[Decimal, Decimal]]]) -> Iterator[Corrected]:
    for model, costs in sorted(found.items()):
        before, after = (sum(values, Decimal(0)) for values in zip(*costs, strict=True))
        yield Corrected(model, len(costs), before, after)
