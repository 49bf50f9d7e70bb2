"""Team rules: read by everybody, changed by admins."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from core import briefs, events
from core.access import Person
from core.banned import folded
from core.briefs import Brief
from core.columns import plain
from core.errors import Refused
from core.rulebook import Rules
from core.studio import Studio
from core.tables import ADMIN, Rule, User

LONGEST_WORD, MOST_WORDS = 100, 1_000
MOST = 100_000
"""What a limit or a number of days may be at the most."""


@dataclass(frozen=True)
class Told:
    """One rule as it is now."""

    name: str
    value: Any
    version: int
    """0 while nobody changed it."""
    changed_at: datetime | None = None
    changed_by: str | None = None
    """That admin's name."""


def told(studio: Studio, person: Person) -> tuple[Told, ...]:
    """Every rule with when it was changed and by whom, in the order of `NAMES`."""
    with studio.reading() as db:
        rows = {row.name: row for row in db.exec(select(Rule)).all()}
        changers = col(User.id).in_([row.changed_by for row in rows.values()])
        names = {user.id: user.name for user in db.exec(select(User).where(changers)).all()}
    return tuple(_told(name, rows.get(name), names) for name in NAMES)


def change(studio: Studio, person: Person, name: str, value: Any, version: int) -> None:
    """Decide one rule. It holds at once here, and within seconds in other processes.

    Raises Refused for who is no admin, for a value that the rule cannot have, and when somebody changed it since
    `version` was read; then nothing was changed.
    """
    with studio.transaction() as db:
        only_admins(db, person)
        if name not in NAMES:
            raise Refused(f"There is no rule called “{name}”. Nothing was changed.")
        value = NAMES[name](studio, value)
        row = db.exec(select(Rule).where(Rule.name == name).with_for_update()).first()
        if version != (row.version if row else 0):
            raise Refused("Somebody changed this rule meanwhile. Look at it again; nothing was changed.")
        row = row or Rule(name=name, value=value, version=0, changed_at=studio.now(), changed_by=person.id)
        row.value, row.version = value, row.version + 1
        row.changed_at, row.changed_by = studio.now(), person.id
        db.add(row)
        shown = {"count": len(value)} if isinstance(value, list | dict) else {"value": value}
        events.record(studio, db, "rule.changed", person.id, rule=name, version=row.version, **shown)
    studio.rules.again()


def only_admins(db: Session, person: Person) -> None:
    """Raise Refused for everybody else."""
    if db.exec(select(User.role).where(User.id == person.id)).first() != ADMIN:
        raise Refused("Only an admin can change this. Nothing was changed.")


def _told(name: str, row: Rule | None, names: dict[str, str]) -> Told:
    if row is None:
        return Told(name, getattr(Rules(), name), 0)
    value = tuple(row.value) if isinstance(row.value, list) else row.value
    return Told(name, value, row.version, row.changed_at, names.get(row.changed_by))


def _words(_studio: Studio, value: Any) -> list[str]:
    words = [" ".join(plain(word).split()) for word in _listed(value)]
    if any(len(word) > LONGEST_WORD for word in words) or len(words) > MOST_WORDS:
        raise Refused(f"Up to {MOST_WORDS:,} words of up to {LONGEST_WORD} characters each. Nothing was changed.")
    if wordless := next((word for word in words if word and not folded(word)), None):
        raise Refused(f"“{wordless}” holds no letter or digit, so it would never be found. Nothing was changed.")
    return list({folded(word): word for word in words if word}.values())


def _models(studio: Studio, value: Any) -> list[str]:
    names = list(dict.fromkeys(_listed(value)))
    if unknown := next((name for name in names if studio.catalogue.label(name) == name), None):
        raise Refused(f"There is no model called “{unknown}”. Nothing was changed.")
    return names


def _listed(value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise Refused("This rule is a list of words. Nothing was changed.")
    return list(value)


def _number(_studio: Studio, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise Refused(f"This rule is a whole number from 1 to {MOST:,}. Nothing was changed.")
    return value


def _number_or_never(studio: Studio, value: Any) -> int | None:
    return None if value is None else _number(studio, value)


def _switch(_studio: Studio, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused("This rule is on or off. Nothing was changed.")
    return value


def _brief(_studio: Studio, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != Brief().facts().keys():
        raise Refused("A brief has a voice, readers, a language, hashtags and words to avoid. Nothing was changed.")
    return briefs.tidied(Brief.read(value)).facts()


# To add a rule, add a line here and a field to `rulebook.Rules`: what brings a value into form or refuses it.
NAMES: dict[str, Callable[[Studio, Any], Any]] = {
    "banned": _words,
    "off": _models,
    "at_once": _number,
    "per_minute": _number,
    "uploads_gb": _number_or_never,
    "moderation": _switch,
    briefs.TEAMS: _brief,
    "failed_days": _number_or_never,
    "unpicked_days": _number_or_never,
}
