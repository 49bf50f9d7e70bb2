"""Tidying by the team's rules: failed images off the page, images that nobody picked into the trash. Purges nothing.

Each night takes only what became old since the one before, so what a person took back is left to them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import events, throwing
from core.access import AT_ONCE, Person
from core.studio import Studio
from core.tables import CANCELED, FAILED, IMAGE, Event, Generation, Image, Reference, Turn

RAN = "tidy.ran"
EVER = datetime(2000, 1, 1, tzinfo=UTC)
OFTEN = timedelta(hours=23)
"""The worker tidies once a day, at about the same time."""


@dataclass(frozen=True)
class Tidied:
    """What went, or would go."""

    failed: int
    """Failed and canceled images off the page; turns can show them again."""
    unpicked: int
    """Images into the trash, which keeps them as long as anything else."""


def due(studio: Studio) -> Tidied:
    """What tidying would take now, of all people. Nothing while the rules are off."""
    with studio.reading() as db:
        failed, unpicked = _failed(studio, db), _unpicked(studio, db)
        return Tidied(_count(db, Generation, failed), _count(db, Image, unpicked))


def tidy(studio: Studio) -> Tidied:
    """Take what is due, and leave a line in the audit. Another kill or another worker in between does no harm."""
    rules = studio.rules.read()
    with studio.reading() as db:
        failed = _ids(db, Generation, _failed(studio, db))
        unpicked = _ids(db, Image, _unpicked(studio, db))
    for user_id, ids in failed:
        _take_off(studio, user_id, ids)
    for user_id, ids in unpicked:
        with studio.transaction() as db:
            theirs = (col(Image.id).in_(ids), col(Image.starred).is_(False), col(Image.selected).is_(False))
            still = db.exec(select(Image.id).where(*theirs, throwing.LIVING)).all()
            if still:  # a person may have picked some meanwhile
                throwing.throw(studio, db, Person(user_id, ""), dict.fromkeys(still, studio.now()))
    done = Tidied(sum(len(ids) for _, ids in failed), sum(len(ids) for _, ids in unpicked))
    if rules.failed_days or rules.unpicked_days:
        until = {"failed": _until(studio, rules.failed_days), "unpicked": _until(studio, rules.unpicked_days)}
        with studio.transaction() as db:
            events.record(studio, db, RAN, "", failed=done.failed, unpicked=done.unpicked, until=until)
    return done


def on_time(studio: Studio) -> Tidied | None:
    """What the worker calls every hour: tidies when a day is over since somebody did, else None."""
    latest = select(sa.func.max(col(Event.at))).where(Event.kind == RAN, col(Event.at) > studio.now() - OFTEN)
    with studio.reading() as db:
        return None if db.exec(latest).one() else tidy(studio)


def _failed(studio: Studio, db: Session) -> list[Any]:
    ended = (FAILED, CANCELED)
    window = _window(studio, db, "failed", studio.rules.read(db).failed_days, col(Generation.finished_at))
    return [*window, Generation.kind == IMAGE, col(Generation.status).in_(ended), col(Generation.deleted_at).is_(None)]


def _unpicked(studio: Studio, db: Session) -> list[Any]:
    """What a turn goes on from was picked, too."""
    window = _window(studio, db, "unpicked", studio.rules.read(db).unpicked_days, col(Image.created_at))
    used = sa.exists().where(col(Reference.image_id) == Image.id)
    picked = (col(Image.starred).is_(False), col(Image.selected).is_(False), ~used)
    return [*window, throwing.LIVING, col(Image.generation_id).is_not(None), *picked]


def _window(studio: Studio, db: Session, name: str, days: int | None, moment: Any) -> list[Any]:
    """What became that old since it was tidied last; nothing while the rule is off."""
    if days is None:
        return [sa.false()]
    ran = db.exec(select(Event.facts).where(Event.kind == RAN).order_by(col(Event.seq).desc())).all()
    before = [facts["until"][name] for facts in ran if facts["until"].get(name)]
    since = max(map(datetime.fromisoformat, before), default=EVER)
    return [moment > since, moment <= studio.now() - timedelta(days=days)]


def _until(studio: Studio, days: int | None) -> str | None:
    return None if days is None else (studio.now() - timedelta(days=days)).isoformat()


def _count(db: Session, table: Any, conditions: list[Any]) -> int:
    return db.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0


def _ids(db: Session, table: Any, conditions: list[Any]) -> list[tuple[str, list[str]]]:
    """By person, in pieces that one transaction takes."""
    rows = db.execute(sa.select(table.user_id, table.id).where(*conditions)).all()
    people: dict[str, list[str]] = {}
    for user_id, row_id in rows:
        people.setdefault(user_id, []).append(row_id)
    return [
        (user_id, sorted(ids)[start : start + AT_ONCE])
        for user_id, ids in people.items()
        for start in range(0, len(ids), AT_ONCE)
    ]


def _take_off(studio: Studio, user_id: str, ids: list[str]) -> None:
    with studio.transaction() as db:
        these = select(Generation).where(col(Generation.id).in_(ids), col(Generation.status).in_((FAILED, CANCELED)))
        for row in db.exec(these.order_by(col(Generation.id)).with_for_update()).all():
            row.deleted_at = studio.now()
            names = {"conversation": db.get_one(Turn, row.turn_id).conversation_id, "generation": row.id}
            events.record(studio, db, "generation.removed", user_id, **names)
