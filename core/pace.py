"""How long a model takes, from the team's own last runs."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core.tables import SUCCEEDED, Generation

PRACTICE = "sketch"
"""Sample content has other providers' names on practice rows; their durations are invented."""
RUNS = 50
"""Enough for a steady p90, few enough to follow a provider that got slower today."""


@dataclass(frozen=True)
class Pace:
    """Milliseconds of the provider call: half of the runs were faster than p50, nine of ten faster than p90."""

    p50: int
    p90: int
    runs: int


def paces(db: Session, names: Iterable[str]) -> dict[str, Pace]:
    """The pace of each of these models that has any history: one query, however many they are."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    durations = defaultdict[str, list[int]](list)
    for row in db.connection().execute(sa.union_all(*[_last_runs(name) for name in wanted])).mappings():
        durations[row["name"]].append(row["ms"])
    return {name: _pace(sorted(durations[name])) for name in wanted if name in durations}


def _last_runs(name: str) -> sa.Select[tuple[str, int]]:
    provider, _, model = name.partition("/")
    runs = (
        sa.select(sa.literal(name).label("name"), col(Generation.duration_ms).label("ms"))
        .where(col(Generation.provider) == provider, col(Generation.model) == model)
        .where(col(Generation.status) == SUCCEEDED, col(Generation.duration_ms).is_not(None))
        .where(sa.or_(col(Generation.provider) == PRACTICE, col(Generation.practice).is_(False)))
        .order_by(col(Generation.finished_at).desc())
        .limit(RUNS)
        .subquery()  # SQLite takes no LIMIT inside a UNION otherwise
    )
    return sa.select(runs.c.name, runs.c.ms)


def _pace(durations: list[int]) -> Pace:
    last = len(durations) - 1
    return Pace(p50=durations[round(last * 0.5)], p90=durations[round(last * 0.9)], runs=len(durations))
