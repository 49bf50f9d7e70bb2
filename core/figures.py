"""What is asked of the ledger's copy, as SQL for DuckDB: which calls count, what tells them apart, and the columns.

The numbers of `{stored}`, `{busy}` … are those of the copy (`replica_calls.Names`); dollars are billionths there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from core import zones
from core.question import Question
from core.replica_calls import SLOT

DOLLARS, COUNT, SHARE, MILLISECONDS = "dollars", "count", "share", "milliseconds"
EVERY = ("day", "week", "month")
SPLITS = ("model", "provider", "project", "person", "kind")
"""What calls are told apart by."""
EPOCH = date(1970, 1, 1)
SLOTS_A_DAY = 86_400 // SLOT


@dataclass(frozen=True)
class Column:
    """One figure of many calls."""

    name: str
    unit: str
    sql: str


MARKS = {
    **{state: ("state", state) for state in ("stored", "failed", "unknown", "sent", "received")},
    "busy": ("error", "busy"),
    "image": ("kind", "image"),
}
"""What stands in braces below: a value of a dimension, for which its number is put."""
_STORED = "state = {stored}"
_ENDED = "state IN ({stored}, {failed}, {unknown}) AND error <> {busy}"
"""A provider that was busy took nothing and charged nothing; it is asked again."""
FAILED = "state IN ({failed}, {unknown}) AND error <> {busy}"
_OPEN = "state IN ({sent}, {received}, {unknown}) AND cost IS NULL"
_BOTH = "quantile_cont({of}, [0.5, 0.95])"
"""The middle, and what nineteen of twenty stay below: who asks for both in the same words has them made once."""
_TOOK = _BOTH.format(of=f"CASE WHEN {_STORED} AND kind = {{image}} THEN took END")
_WAITED = _BOTH.format(of="waited")
# To add a figure, add a line, and its label in `pages/parts/analytics_words.py`.
COLUMNS = (
    Column("spend", DOLLARS, "sum(cost)"),
    Column("possible", DOLLARS, f"sum(reserved) FILTER ({_OPEN})"),
    Column("calls", COUNT, "count(*)"),
    Column("images", COUNT, "sum(images)"),
    Column("per_image", DOLLARS, "sum(cost) FILTER (kind = {image}) / nullif(sum(images), 0)"),
    Column("selected", COUNT, "sum(chosen)"),
    Column("success", SHARE, f"count(*) FILTER ({_STORED}) / nullif(count(*) FILTER ({_ENDED}), 0)"),
    Column("failed", COUNT, f"count(*) FILTER ({FAILED})"),
    Column("unknown", COUNT, "count(*) FILTER (state = {unknown})"),
    Column("turned_away", COUNT, "count(*) FILTER (error = {busy})"),
    Column("typical", MILLISECONDS, f"{_TOOK}[1]"),
    Column("slow", MILLISECONDS, f"{_TOOK}[2]"),
    Column("waited", MILLISECONDS, f"{_WAITED}[1]"),
    Column("waited_long", MILLISECONDS, f"{_WAITED}[2]"),
)
PER_SELECTED = Column("per_selected", DOLLARS, "")
"""What a selected image cost with all that led to it; see `analytics`."""
UNITS = {column.name: column.unit for column in (*COLUMNS, PER_SELECTED)}


def day(question: Question) -> str:
    """SQL of the local day that a call was made on, in days since 1970.

    The zone's offset changes at moments that are known before: so it is an addition, not a look-up for each call.
    """
    (_, offset), *later = _offsets(question)
    cases = "".join(f" WHEN slot >= {slot} THEN {moved}" for slot, moved in reversed(later))
    moved = f"CASE{cases} ELSE {offset} END" if later else str(offset)
    return f"((slot::INTEGER + {moved}) // {SLOTS_A_DAY})"


def bucket(question: Question, every: str) -> str:
    """SQL of the first day of a call's day, week (from Monday) or month, in days since 1970."""
    local = day(question)
    if every == "week":
        return f"({local} - ({local} + 3) % 7)"
    if every == "month":
        return f"date_diff('day', DATE '{EPOCH}', date_trunc('month', DATE '{EPOCH}' + {local}))"
    return local


def slots(question: Question) -> tuple[int, int]:
    """The first quarter of an hour that counts, and the first that does no more."""
    begins, ends = question.moments()
    return int(begins.timestamp()) // SLOT, int(ends.timestamp()) // SLOT


def starts(question: Question, every: str) -> list[date]:
    """The first days of all of them in the period, also those without any call."""
    found = {_start(question.since + timedelta(n), every) for n in range(question.days)}
    return sorted(found)


def select(columns: Sequence[Column], **groups: str) -> str:
    """SELECT of these columns, told apart by these groups, over `calls`."""
    named = [f"{sql} AS {name}" for name, sql in groups.items()]
    named += [f"{column.sql} AS {column.name}" for column in columns]
    return f"SELECT {', '.join(named)} FROM calls" + (" GROUP BY ALL" if groups else "")


def _start(day: date, every: str) -> date:
    if every == "week":
        return day - timedelta(day.weekday())
    return day.replace(day=1) if every == "month" else day


def _offsets(question: Question) -> list[tuple[int, int]]:
    """From which slot on the zone is how many slots ahead of UTC."""
    zone = zones.named(question.zone)
    found: list[tuple[int, int]] = []
    at = datetime.combine(question.since - timedelta(1), time(), UTC)
    end = datetime.combine(question.until + timedelta(2), time(), UTC)
    while at < end:
        offset = _offset(at, zone)
        if not found or found[-1][1] != offset:
            found.append((_changed(at, zone, offset) if found else 0, offset))
        at += timedelta(days=1)
    return found


def _changed(day: datetime, zone: Any, offset: int) -> int:
    """The first slot of the day before with the offset that this day begins with."""
    slot = int(day.timestamp()) // SLOT
    while _offset(datetime.fromtimestamp((slot - 1) * SLOT, UTC), zone) == offset:
        slot -= 1
    return slot


def _offset(at: datetime, zone: Any) -> int:
    ahead = at.astimezone(zone).utcoffset() or timedelta(0)
    return int(ahead.total_seconds()) // SLOT
