"""How the studio is, for admins: what waits, how calls end, what is in doubt, and what it all stands on."""

import math
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from core import jobs, log, migrations, replica, spool
from core.access import Person
from core.columns import Dollars
from core.errors import Refused, StudioError
from core.release import version
from core.replica_calls import LEDGER
from core.replica_gallery import GALLERY
from core.replica_layout import Layout
from core.studio import Studio
from core.tables import ADMIN, FAILED, QUEUED, RUNNING, STORED, UNFINISHED, UNKNOWN, Attempt, Generation

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = timedelta(minutes=5)
"""How long a generation or an answer may wait before somebody should know; when all is well, seconds."""
PATIENCE = 5.0
"""Seconds that the file store has to answer."""
STALE = 60.0
"""Seconds after which a copy that does not follow is worth a look; a cold start of millions takes less."""
MOST = 20_000
"""Calls of the last hour that are looked at; the limits of all providers let fewer through."""
FEW = 4
"""Calls of a provider, of which half have to fail before it counts as failing."""
ASKERS = ("busy", "moderation", "request")
"""Why calls end without a picture although the provider works: it is asked again, or something else is asked."""
INDEXES = (GALLERY, LEDGER)


@dataclass(frozen=True)
class Queue:
    """What waits for a worker and what is at work, of everybody."""

    queued: int = 0
    running: int = 0
    oldest: timedelta = timedelta()
    """How long the one has waited that waits longest."""


@dataclass(frozen=True)
class Doubt:
    """Generations of unknown outcome that nobody has decided on, and what they may have cost; without practice."""

    generations: int = 0
    possible: Decimal = Decimal(0)


@dataclass(frozen=True)
class Service:
    """How the calls of one provider ended within the last hour."""

    provider: str
    calls: int
    succeeded: int
    reasons: Mapping[str, int]
    """Of the others, by why; also what was never sent."""
    typical_ms: int | None
    """Half of the answers took no longer."""
    slow_ms: int | None
    """Nineteen of twenty took no longer."""
    success: float | None = None
    """The share of calls that brought something; those that were turned away and made again do not count."""

    @property
    def failing(self) -> bool:
        """Whether half of the calls fail for reasons that who asks can do nothing about."""
        failed = sum(count for reason, count in self.reasons.items() if reason not in ASKERS)
        return self.succeeded + failed >= FEW and failed >= self.succeeded


@dataclass(frozen=True)
class Disk:
    """Bytes where the studio keeps its data."""

    free: int
    floor: int
    """Below this nothing new is paid for."""


@dataclass(frozen=True)
class Spool:
    """Raw answers on this machine."""

    waiting: int
    oldest: timedelta
    aside: int
    """Without a picture, kept for support."""


@dataclass(frozen=True)
class Index:
    """A read copy of this process."""

    folder: str
    rows: int | None
    """None while there is no copy."""
    behind: float | None
    """Seconds since it was like the database."""


@dataclass(frozen=True)
class Status:
    """All of it at one moment."""

    at: datetime
    version: str
    queue: Queue
    doubt: Doubt
    services: tuple[Service, ...]
    disk: Disk
    spool: Spool
    files: str | None
    """Why the file store cannot be used; None when it can."""
    bucket: str
    """Where files are; "" is a folder."""
    database: str
    """sqlite or postgresql."""
    revision: str
    """Whose tables it has, and `newest` whose it should have."""
    newest: str
    workers: Mapping[str, float]
    """Processes that do background work, by name, with the seconds since their last sign of life."""
    indexes: tuple[Index, ...]

    @property
    def troubles(self) -> tuple[str, ...]:
        """What somebody should look after, the most pressing first, as TROUBLES name it."""
        return tuple(name for name, is_so in TROUBLES.items() if is_so(self))


# To look for another trouble, add a line, and its words in `pages/parts/status_words.py`.
TROUBLES: Mapping[str, Callable[[Status], bool]] = {
    "files": lambda status: status.files is not None,
    "full": lambda status: status.disk.free < status.disk.floor,
    "tables": lambda status: status.revision != status.newest,
    "nobody": lambda status: not status.workers,
    "stuck": lambda status: status.queue.oldest > LATE,
    "answers": lambda status: status.spool.oldest > LATE,
    "failing": lambda status: any(service.failing for service in status.services),
    "unknown": lambda status: status.doubt.generations > 0,
    "filling": lambda status: status.disk.floor <= status.disk.free < 2 * status.disk.floor,
    "behind": lambda status: any((index.behind or 0) > STALE for index in status.indexes),
}


def now(studio: Studio, person: Person) -> Status:
    """How it is at this moment. Raises Refused for who is no admin; changes nothing but a file that it takes away."""
    with studio.reading() as db:
        role, revision = db.execute(_WHO, {"id": person.id}).one()
        if role != ADMIN:
            raise Refused("Only admins see how the studio is. Ask one of them.")
        at = studio.now()
        waits, doubt, calls = queue(db, at), doubtful(db), services(db, at)
    return Status(
        at=at,
        version=version(),
        queue=waits,
        doubt=doubt,
        services=calls,
        disk=disk(studio),
        spool=spooled(studio),
        files=_tried(studio),
        bucket=studio.settings.s3_bucket,
        database=studio.engine.dialect.name,
        revision=revision,
        newest=migrations.newest(),
        workers=jobs.workers(studio),
        indexes=tuple(_index(studio, layout) for layout in INDEXES),
    )


def queue(db: Session, at: datetime) -> Queue:
    """What is unfinished, of everybody."""
    query = select(Generation.status, func.count(), func.min(Generation.queued_at))
    unfinished = query.where(col(Generation.status).in_(UNFINISHED)).group_by(Generation.status)
    found = {status: (count, since) for status, count, since in db.exec(unfinished).all()}
    queued, since = found.get(QUEUED, (0, None))
    return Queue(queued, found.get(RUNNING, (0, None))[0], max(timedelta(), at - since) if since else timedelta())


def doubtful(db: Session) -> Doubt:
    """What waits for somebody's decision."""
    query = select(func.count(func.distinct(Generation.id)), func.sum(Attempt.reserved_cost, type_=Dollars))
    open_ones = (Generation.status == FAILED, Generation.error_kind == UNKNOWN, col(Generation.practice).is_(False))
    calls = query.join(Attempt, col(Attempt.generation_id) == Generation.id).where(*open_ones)
    count, possible = db.exec(calls.where(Attempt.state == UNKNOWN, col(Attempt.cost).is_(None))).one()
    return Doubt(count, possible or Decimal(0))


def services(db: Session, at: datetime) -> tuple[Service, ...]:
    """Every provider that was asked, or should have been, within the last hour; by name."""
    since = at - HOUR
    ended = (col(Attempt.state).in_((STORED, FAILED, UNKNOWN)), col(Attempt.started_at) >= since)
    calls = (
        sa.select(col(Generation.provider), col(Attempt.state), col(Attempt.error_kind), col(Attempt.duration_ms))
        .join(Attempt, col(Attempt.generation_id) == Generation.id)
        .where(*ended)
    )
    sent = sa.exists().where(
        col(Attempt.generation_id) == col(Generation.id), col(Attempt.round) == col(Generation.round)
    )
    given_up = (col(Generation.status) == FAILED, col(Generation.finished_at) >= since, ~sent)
    unsent = sa.select(
        col(Generation.provider), sa.literal(_UNSENT), col(Generation.error_kind), sa.null().label("took")
    ).where(*given_up, col(Generation.queued_at) >= at - DAY)  # a day, so that an index finds them
    found: dict[str, list[tuple[str, str, int | None]]] = defaultdict(list)
    for provider, state, why, took in db.execute(sa.union_all(calls, unsent).limit(MOST)).all():
        found[provider].append((state, why or "", took))
    return tuple(_service(provider, found[provider]) for provider in sorted(found))


def disk(studio: Studio) -> Disk:
    """As it is now."""
    free = shutil.disk_usage(studio.settings.data_dir).free
    return Disk(free, studio.settings.free_space_floor_mb * 1_000_000)


def spooled(studio: Studio) -> Spool:
    """As it is now."""
    folder = studio.settings.spool_dir
    made: list[float] = []
    for path in folder.glob("*.answer"):
        with suppress(FileNotFoundError):  # it was kept meanwhile
            made.append(path.stat().st_mtime)
    oldest = timedelta(seconds=max(0.0, time.time() - min(made))) if made else timedelta()
    return Spool(len(made), oldest, sum(1 for _ in (folder / spool.UNUSABLE).glob("*.answer")))


_UNSENT = "unsent"
_WHO = sa.text(
    "SELECT (SELECT role FROM person WHERE id = :id AND off_at IS NULL), (SELECT version_num FROM alembic_version)"
)
"""Who asks, and whose tables these are, in one question."""


def _service(provider: str, calls: Sequence[tuple[str, str, int | None]]) -> Service:
    reasons: dict[str, int] = defaultdict(int)
    for state, why, _ in calls:
        if state != STORED:
            reasons[why] += 1
    took = sorted(took for state, _, took in calls if state == STORED and took is not None)
    made = [state for state, _, _ in calls if state != _UNSENT]
    ended = [state for state, why, _ in calls if state != _UNSENT and why != "busy"]
    success = ended.count(STORED) / len(ended) if ended else None
    frequent = dict(sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0])))
    return Service(provider, len(made), made.count(STORED), frequent, _below(took, 0.5), _below(took, 0.95), success)


def _below(took: Sequence[int], share: float) -> int | None:
    """What this share of them do not exceed."""
    return took[max(0, math.ceil(len(took) * share) - 1)] if took else None


def _index(studio: Studio, layout: Layout) -> Index:
    try:
        state = replica.of(studio, layout).state()
    except replica.Behind:
        state = None
    return Index(layout.folder, *(state or (None, None)))


def _tried(studio: Studio) -> str | None:
    """Why the file store cannot be used. A store that hangs is not waited for: this is looked at when it does."""
    said: list[str | None] = []
    looking = threading.Thread(target=lambda: said.append(_said(studio)), daemon=True)
    looking.start()
    looking.join(PATIENCE)
    return said[0] if said else f"The file store gave no answer within {PATIENCE:g} seconds."


def _said(studio: Studio) -> str | None:
    try:
        studio.store.check()
    except StudioError as error:
        return str(error)
    except Exception as error:  # whatever a disk or a server may say is an answer here
        return f"The file store does not work: {type(error).__name__} ({log.broken(error)})."
    return None
