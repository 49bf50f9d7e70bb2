"""What has lain in the trash long enough goes by the clock: daily at 03:00 UTC, or at the next start after that."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import events, known_store, purging, strays
from core.errors import Refused
from core.files import StoreDown
from core.purging import Purged
from core.studio import Studio
from core.tables import Conversation, Event, Image

HOUR = 3
SHARE, FEW = 4, 100
"""More than a fourth of everything, and more than this many, do not go at once. What goes in a night was thrown away in
one day a month ago; a fourth of everything means a wrong clock, a wrong hand or a wrong database."""
SILENCE = timedelta(days=60)
"""After so long without a sign of life the first night waits for the next: more likely the clock is wrong."""
A_MINUTE = 1_000
"""Images whose files are removed at a time: a bucket takes a while for each, and other work waits."""
RAN, REFUSED, POSTPONED = "purge.ran", "purge.refused", "purge.postponed"
CLOCK, OPERATOR = "clock", "operator"
LOCK = 0x50757267
"""An arbitrary number of ours: on Postgres one worker purges, the others have no need to."""


@dataclass(frozen=True)
class Due:
    """What is over its days, of how much there is in all."""

    images: int
    of_images: int
    """In all, in the trash or not."""
    used: int
    """Over their days too, but a turn uses them, so they stay."""
    size: int
    """Bytes of the originals that would go."""
    conversations: int
    of_conversations: int

    @property
    def unreasonable(self) -> bool:
        """Whether too much would go at once."""
        pairs = ((self.images, self.of_images), (self.conversations, self.of_conversations))
        return any(part > FEW and part * SHARE > whole for part, whole in pairs)


def due(studio: Studio) -> Due:
    """What a purge would take now, of all people."""
    now = studio.now()

    def ended(table: Any) -> Any:
        return sa.func.coalesce(table.purge_after <= now, sa.false())

    used = purging.held(purging.staying(ended, ended))
    with studio.reading() as db:
        images, size = db.execute(_sums(Image, ended(Image), ~used)).one()
        held, _size = db.execute(_sums(Image, ended(Image), used)).one()
        threads = db.scalar(_count(Conversation).where(*_trashed(Conversation), ended(Conversation)))
        return Due(
            images=images,
            of_images=_all(db, Image),
            used=held,
            size=size,
            conversations=threads or 0,
            of_conversations=_all(db, Conversation),
        )


def purge(studio: Studio, by: str = OPERATOR, *, anyway: bool = False, moved: bool = False) -> Purged:
    """Purge what is over its days; leaves a line in the audit.

    Raises Refused, with such a line, when an unreasonable share would go (`anyway` lets it), and StoreDown when the
    store is not the one we know (`moved` says that the files are in another one now): then nothing went.
    """
    found = due(studio)
    if found.unreasonable and not anyway:
        _record(studio, REFUSED, by=by, images=found.images, conversations=found.conversations)
        raise Refused(_sentence(found))
    if moved:
        known_store.check(studio, moved=True)
    now = studio.now()
    done = purging.purge(studio, by, [col(Image.purge_after) <= now], [col(Conversation.purge_after) <= now])
    facts = {"images": done.images, "conversations": done.conversations, "uploads": done.uploads}
    _record(studio, RAN, by=by, bytes=done.size, **facts)
    with suppress(StoreDown):  # the rows are gone and the files are noted: who does background work tries every minute
        strays.clear(studio, None if by == OPERATOR else A_MINUTE)
    return done


def on_time(studio: Studio) -> Purged | None:
    """What the worker calls every minute: purges when this day's 03:00 is over and nobody has since, else None.

    Files that an earlier purge could not remove are tried every time. Raises StoreDown; then the next minute tries.
    """
    strays.clear(studio, A_MINUTE)
    if not _owed(studio):
        return None
    with _alone(studio) as mine:
        if not mine or not _owed(studio):
            return None
        if _silent(studio):
            _record(studio, POSTPONED, by=CLOCK)
            return None
        try:
            return purge(studio, CLOCK)
        except Refused:
            return None  # it is in the audit, and the trash says so; the next night asks again


def refused() -> Any:
    """Whether the last night purged nothing because too much would have gone, for a query; NULL when none ran yet."""
    nights = sa.select(col(Event.kind) == REFUSED).where(col(Event.kind).in_((RAN, REFUSED)))
    return nights.order_by(col(Event.at).desc()).limit(1).scalar_subquery()


def _sums(table: Any, *conditions: Any) -> Any:
    return sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(table.size), 0)).where(*_trashed(table), *conditions)


def _trashed(table: Any) -> list[Any]:
    gone = [col(table.deleted_at).is_not(None)]
    return [*gone, col(table.purged_at).is_(None)] if table is Conversation else gone


def _count(table: Any) -> Any:
    return sa.select(sa.func.count()).select_from(table)


def _all(db: Session, table: Any) -> int:
    there = [col(table.purged_at).is_(None)] if table is Conversation else []
    return db.scalar(_count(table).where(*there)) or 0


def _sentence(found: Due) -> str:
    return (
        f"{found.images:,} of {found.of_images:,} images and {found.conversations:,} of {found.of_conversations:,} "
        f"conversations would go at once: more than a fourth, so nothing was purged. Look at the clock and at the "
        f"trash; if it is right, run `studio purge --anyway`, or let people empty their trash themselves."
    )


def _record(studio: Studio, kind: str, **facts: Any) -> None:
    with studio.transaction() as db:
        events.record(studio, db, kind, "", **facts)  # of nobody: people's own lines are in `purging`


def _owed(studio: Studio) -> bool:
    now = studio.now()
    today = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    last = today if today <= now else today - timedelta(days=1)
    done = sa.select(sa.func.max(col(Event.at))).where(col(Event.kind).in_((RAN, REFUSED, POSTPONED)))
    with studio.reading() as db:
        latest: datetime | None = db.scalar(done)
    return latest is None or latest < last


def _silent(studio: Studio) -> bool:
    with studio.reading() as db:
        last = db.scalar(sa.select(col(Event.at)).order_by(col(Event.seq).desc()).limit(1))
    return last is not None and studio.now() - last > SILENCE


@contextmanager
def _alone(studio: Studio) -> Iterator[bool]:
    """True for one worker at a time; on SQLite there is only one. Whoever dies lets go with its connection."""
    if studio.settings.on_sqlite:
        yield True
        return
    with studio.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = bool(connection.execute(sa.select(sa.func.pg_try_advisory_lock(LOCK))).scalar())
        try:
            yield mine
        finally:
            if mine:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(LOCK)))
