"""Budgets: caps in US dollars for each calendar month in UTC, of the team, a project or a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, events
from core.access import Person
from core.errors import NotFound, Refused
from core.rules import only_admins
from core.studio import Studio
from core.tables import (
    EVERYBODY,
    PERSON,
    PROJECT,
    SEEING,
    TEAM,
    Budget,
    Project,
    Spending,
    User,
)

WARN_AT = Decimal("0.8")
"""The part of a budget from which on screens say so."""
MOST = Decimal(10_000_000)
NOTHING = Decimal(0)
ORDER = (TEAM, PROJECT, PERSON)
"""How counters are locked and budgets are told."""


@dataclass(frozen=True)
class State:
    """One budget in one month. Dollars."""

    kind: str
    of_id: str
    usd: Decimal
    """The cap."""
    reserved: Decimal
    """For what is on its way."""
    spent: Decimal
    """What came, and what may have been charged."""

    @property
    def left(self) -> Decimal:
        """What may still be asked for; never below nothing."""
        return max(self.usd - self.reserved - self.spent, NOTHING)

    @property
    def used(self) -> Decimal:
        """The part that is held or spent; 1 at the cap."""
        return (self.reserved + self.spent) / self.usd if self.usd else Decimal(1)


def foresee(studio: Studio, db: Session, user_id: str, project_id: str | None, usd: Decimal) -> str | None:
    """For who wants to ask for this much: a sentence when WARN_AT of a budget that it counts for are used, of the
    fullest one. Raises Refused when it could not be held now; holds nothing."""
    states = _states(studio, db, user_id, project_id)
    for state in states:
        if usd > state.left:
            raise Refused(too_much(studio, state.kind, usd, state.left, state.usd, ""))
    return _sentence(studio, states)


def _sentence(studio: Studio, states: Sequence[State]) -> str | None:
    full = max(states, key=lambda state: state.used, default=None)
    if full is None or full.used < WARN_AT:
        return None
    now = studio.now().astimezone(UTC)
    return (
        f"{int(full.used * 100)} % of {_NAMES[full.kind]} for {now:%B} are used: {money(full.left)} of "
        f"{money(full.usd)} are left until {_next_month(now)} (UTC)."
    )


def caps(studio: Studio, person: Person) -> tuple[State, ...]:
    """Every budget of this month that counts for the person; for who sees everybody's work, all there are."""
    with studio.reading() as db:
        found = _all(studio, db, sa.true())
    everybody = access.leads(studio, person)
    mine = {(TEAM, EVERYBODY), (PERSON, person.id)} | {(PROJECT, project) for project in _projects(studio, person)}
    return tuple(state for state in found if everybody or (state.kind, state.of_id) in mine)


def set_cap(studio: Studio, person: Person, kind: str, of_id: str, usd: Decimal | None) -> None:
    """Give the team (id EVERYBODY), a project or a person so many US dollars a month; None takes the cap away.

    Raises NotFound for what this person does not see, and Refused for who is no admin or for an odd amount.
    """
    with studio.transaction() as db:
        _find(db, kind, of_id, person)
        only_admins(db, person)
        if usd is not None and not (usd.is_finite() and 0 <= usd <= MOST):
            raise Refused(f"A budget is from $0 to ${MOST:,} a month. Nothing was changed.")
        row = db.get(Budget, (kind, of_id), with_for_update=True)
        if usd is None:
            if row is not None:
                db.delete(row)
        else:
            row = row or Budget(kind=kind, of_id=of_id, usd=usd, changed_at=studio.now(), changed_by=person.id)
            row.usd, row.changed_at, row.changed_by = usd, studio.now(), person.id
            db.add(row)
        facts = {"of": kind, "of_id": of_id, "usd": None if usd is None else str(usd)}
        events.record(studio, db, "budget.changed", person.id, **facts)


def money(usd: Decimal) -> str:
    """Dollars for a sentence: cents, and what is finer where it matters."""
    return f"${usd:,.2f}" if usd >= Decimal("0.1") or not usd else f"${usd:.4f}"


def too_much(studio: Studio, kind: str, usd: Decimal, left: Decimal, cap: Decimal, instead: str) -> str:
    """Why an ask is refused: which budget, what it has left, until when, and what to ask instead."""
    now = studio.now().astimezone(UTC)
    told = (
        f"This would cost about {money(usd)}, and {_NAMES[kind]} for {now:%B} has {money(left)} of {money(cap)} left. "
        f"It begins anew on {_next_month(now)} (UTC). Nothing was spent."
    )
    return f"{told} {instead}".strip()


def month_of(moment: datetime) -> str:
    """The calendar month in UTC, e.g. "2026-11"."""
    return f"{moment.astimezone(UTC):%Y-%m}"


_NAMES = {TEAM: "the team's budget", PROJECT: "this project's budget", PERSON: "your budget"}


def _next_month(now: datetime) -> str:
    first = now.replace(year=now.year + now.month // 12, month=now.month % 12 + 1, day=1)
    return f"{first.day} {first:%B}"


def _states(studio: Studio, db: Session, user_id: str, project_id: str | None) -> list[State]:
    of = [(TEAM, EVERYBODY), (PROJECT, project_id or ""), (PERSON, user_id)]
    return _all(studio, db, sa.tuple_(Budget.kind, Budget.of_id).in_(of))


def _all(studio: Studio, db: Session, condition: sa.ColumnElement[bool]) -> list[State]:
    month = month_of(studio.now())
    this = sa.and_(col(Spending.kind) == Budget.kind, col(Spending.of_id) == Budget.of_id, col(Spending.month) == month)
    query = select(Budget, Spending).outerjoin(Spending, this).where(condition)
    found = [
        State(cap.kind, cap.of_id, cap.usd, sums.reserved if sums else NOTHING, sums.spent if sums else NOTHING)
        for cap, sums in db.exec(query).all()
    ]
    return sorted(found, key=lambda state: (ORDER.index(state.kind), state.of_id))


def _projects(studio: Studio, person: Person) -> list[str]:
    with studio.reading() as db:
        return list(db.exec(select(Project.id).where(Project.user_id == person.id)).all())


def _find(db: Session, kind: str, of_id: str, person: Person) -> None:
    if kind == TEAM and of_id == EVERYBODY:
        return
    if kind == PROJECT:
        access.look(db, Project, of_id, person)
    elif kind != PERSON or (of_id != person.id and not _seen(db, of_id, person)):
        raise NotFound("There is no such thing, or it is not yours.")


def _seen(db: Session, of_id: str, person: Person) -> bool:
    role = db.exec(select(User.role).where(User.id == person.id)).first()
    return role in SEEING and db.exec(select(User.id).where(User.id == of_id)).first() is not None
