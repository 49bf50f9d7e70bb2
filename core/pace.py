"""How long a model takes, from the team's own last runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from core.tables import SUCCEEDED, Generation

RUNS = 50
"""Enough for a steady p90, few enough to follow a provider that got slower today."""


@dataclass(frozen=True)
class Pace:
    """Milliseconds of the provider call: half of the runs were faster than p50, nine of ten faster than p90."""

    p50: int
    p90: int
    runs: int


def paces(db: Session, names: Iterable[str]) -> dict[str, Pace]:
    """The pace of each of these models that has any history; one query each."""
    found = {name: _durations(db, name) for name in dict.fromkeys(names)}
    return {name: _pace(durations) for name, durations in found.items() if durations}


def _durations(db: Session, name: str) -> list[int]:
    provider, _, model = name.partition("/")
    query = (
        select(Generation.duration_ms)
        .where(Generation.provider == provider, Generation.model == model, Generation.status == SUCCEEDED)
        .where(col(Generation.duration_ms).is_not(None))
        .order_by(col(Generation.finished_at).desc())
        .limit(RUNS)
    )
    return sorted(ms for ms in db.exec(query).all() if ms is not None)


def _pace(durations: list[int]) -> Pace:
    last = len(durations) - 1
    return Pace(p50=durations[round(last * 0.5)], p90=durations[round(last * 0.9)], runs=len(durations))
