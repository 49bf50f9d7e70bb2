"""How somebody stands at this moment: their role, whether they are switched off, which of their sign-ins are over.

It is asked for with every click and every picture, so it is remembered for some seconds; what this process changes,
and what the live feed tells of other processes, counts at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import and_, col, or_, select

from core.errors import NotFound
from core.studio import Studio
from core.tables import Event, User

REMEMBERED = timedelta(seconds=3)
MOST = 10_000
"""Answers kept at once; far more than a team has people."""
OFF, ON, ROLE, TOLD, SIGNED_OUT = "person.off", "person.on", "person.role", "person.told", "person.signed_out"
"""Events: switched off and on, given a role by an admin, changed by what the sign-in says, signed out."""
KINDS = (OFF, ON, ROLE, TOLD, SIGNED_OUT)
_HELD = "standing"


@dataclass(frozen=True)
class Standing:
    """A person of the team as the database knows them."""

    id: str
    name: str
    email: str
    role: str
    off: bool
    told: float
    """The moment of the newest sign-in that changed name, address or role; an older one changes nothing any more."""
    over: frozenset[str]
    """Sign-ins that ended before their time, because the person signed out."""


def of(studio: Studio, person_id: str) -> Standing | None:
    """How the person with this id stands; None when there is no such person."""
    return _remember(studio, person_id, User.id == person_id)


def of_subject(studio: Studio, subject: str) -> Standing | None:
    """As `of`, of the person whom the sign-in calls by this subject."""
    return _remember(studio, f"subject {subject}", User.subject == subject)


def refuse_off(studio: Studio, person_id: str) -> None:
    """Raise NotFound when the person with this id is switched off."""
    known = of(studio, person_id)
    if known and known.off:
        raise NotFound("You are switched off in Image Studio. Ask an admin of your team.")


def remembered(studio: Studio, person_id: str) -> bool:
    """Whether the next question for this id is answered without the database."""
    return _fresh(studio, person_id) is not None


def forget(studio: Studio) -> None:
    """Ask the database anew from here on."""
    studio.held.pop(_HELD, None)


def _remember(studio: Studio, key: str, whom: Any) -> Standing | None:
    known = _fresh(studio, key)
    if known:
        return known[1]
    remembered: dict[str, Any] = studio.held.setdefault(_HELD, {})
    if len(remembered) >= MOST:
        remembered.clear()
    found = _read(studio, whom)
    remembered[key] = (studio.now() + REMEMBERED, found)  # lost, and so asked again, when it was forgotten meanwhile
    if found:
        remembered[found.id] = remembered[key]
    return found


def _fresh(studio: Studio, key: str) -> tuple[datetime, Standing | None] | None:
    known: tuple[datetime, Standing | None] | None = studio.held.get(_HELD, {}).get(key)
    now = studio.now()
    return known if known and now < known[0] <= now + REMEMBERED else None  # a clock that went back keeps nothing


def _read(studio: Studio, whom: Any) -> Standing | None:
    """One query, as a page may take few: the person beside what happened to their sign-ins."""
    since = studio.now() - timedelta(hours=studio.settings.sign_in_hours + 1)
    kinds = or_(Event.kind == TOLD, and_(Event.kind == SIGNED_OUT, col(Event.at) >= since))
    happened = and_(Event.user_id == User.id, kinds)
    query = select(User, Event.kind, Event.facts).outerjoin(Event, happened).where(whom)
    with studio.reading() as db:
        rows = db.exec(query).all()
        return _standing(rows) if rows else None


def _standing(rows: Sequence[Any]) -> Standing:
    user = rows[0][0]
    return Standing(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        off=user.off_at is not None,
        told=max((float(facts["began"]) for _, kind, facts in rows if kind == TOLD), default=0.0),
        over=frozenset(str(facts["sign_in"]) for _, kind, facts in rows if kind == SIGNED_OUT),
    )
