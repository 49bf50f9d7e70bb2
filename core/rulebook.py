"""The team's rules as they are now: one look-up for everybody, kept for a moment."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from core import database
from core.tables import Rule

FRESH = 2.0
"""Seconds until a change by another process is seen everywhere."""
STALE = 60.0
"""Seconds for which lists of models may be shown without looking again; longer than any transaction."""


@dataclass(frozen=True)
class Rules:
    """What the team decided; as they come when nobody changed them."""

    banned: tuple[str, ...] = ()
    """Words and phrases that no prompt may hold."""
    off: tuple[str, ...] = ()
    """Full names of models that nobody may ask, also of those that write."""
    at_once: int = 200
    """Images and captions that one person may have unfinished."""
    per_minute: int = 120
    """How often one person may ask within a minute."""
    uploads_gb: int | None = None
    """How many gigabytes of pictures one person may have uploaded; None for as many as there is room for."""
    moderation: bool = False
    """Whether OpenAI looks at every prompt before it is sent anywhere."""
    brief: Mapping[str, Any] = field(default_factory=dict)
    """What captions keep to where neither a project nor a person says otherwise; see `briefs.Brief.facts`."""
    failed_days: int | None = None
    """After how many days failed and canceled images go off the page; None for never."""
    unpicked_days: int | None = None
    """After how many days images that nobody starred or selected go to the trash; None for never."""


class Rulebook:
    """Looks the rules up in the database, at most once in FRESH seconds."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._clock = engine, clock
        self._known: tuple[float, Rules] | None = None

    def read(self, db: Session | None = None) -> Rules:
        """The rules. Who has a transaction gives it: a second connection from inside of it could wait for ever."""
        return self._known_for(FRESH) or self.again(db)

    def off(self) -> Collection[str]:
        """The models that are switched off. Whoever asks for one reads the rules before; so it does inside of a
        transaction too."""
        return (self._known_for(STALE) or self.again()).off

    def again(self, db: Session | None = None) -> Rules:
        """Look now: a rule was changed here."""
        asked = self._clock()
        if db is not None:
            rules = _rules(db)
        else:
            with database.reading(self._engine) as opened:
                rules = _rules(opened)
        self._known = (asked, rules)
        return rules

    def _known_for(self, seconds: float) -> Rules | None:
        known = self._known
        return known[1] if known is not None and self._clock() - known[0] < seconds else None


def _rules(db: Session) -> Rules:
    return told({rule.name: rule.value for rule in db.exec(select(Rule)).all()})


def told(values: Mapping[str, Any]) -> Rules:
    """Rules with these values; what another version of the studio decided is left alone."""
    names = {one.name for one in fields(Rules)}
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in names
    }
    return Rules(**known)
