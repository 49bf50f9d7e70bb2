"""How long a model takes is told from its own last runs that succeeded, and from nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from core import pace
from core.database import open_database, reading
from core.pace import RUNS, Pace
from core.settings import Settings
from core.tables import CANCELED, FAILED, RUNNING, SUCCEEDED, Generation, new_id

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def db(furnished: Settings) -> Iterator[Session]:
    """A database whose generations may belong to nobody."""
    engine = open_database(furnished)
    with reading(engine) as db:
        db.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        yield db
    engine.dispose()


def test_a_model_without_a_run_has_no_pace(db: Session) -> None:
    assert pace.paces(db, ["sketch/sketch"]) == {}


def test_one_run_is_its_own_pace(db: Session) -> None:
    ran(db, [700])

    assert pace.paces(db, ["sketch/sketch"]) == {"sketch/sketch": Pace(p50=700, p90=700, runs=1)}


def test_half_the_runs_are_faster_than_p50_and_nine_of_ten_than_p90(db: Session) -> None:
    ran(db, [1100, *range(100, 1100, 100)])

    assert pace.paces(db, ["sketch/sketch"])["sketch/sketch"] == Pace(p50=600, p90=1000, runs=11)


def test_only_the_last_fifty_count(db: Session) -> None:
    ran(db, [9_000] * 20, before=timedelta(days=1))
    ran(db, [100] * RUNS)

    assert pace.paces(db, ["sketch/sketch"])["sketch/sketch"] == Pace(p50=100, p90=100, runs=50)


@pytest.mark.parametrize("status", [FAILED, CANCELED, RUNNING])
def test_what_did_not_succeed_does_not_count(db: Session, status: str) -> None:
    ran(db, [100])
    ran(db, [9_000] * 60, status=status)

    assert pace.paces(db, ["sketch/sketch"])["sketch/sketch"] == Pace(p50=100, p90=100, runs=1)


def test_a_run_without_a_duration_does_not_count(db: Session) -> None:
    ran(db, [100])
    ran(db, [None] * RUNS)

    assert pace.paces(db, ["sketch/sketch"])["sketch/sketch"] == Pace(p50=100, p90=100, runs=1)


def test_each_model_has_its_own(db: Session) -> None:
    ran(db, [100], name="sketch/sketch")
    ran(db, [5_000], name="openrouter/google/gemini-nano-banana-2.1")
    ran(db, [8_000], name="openrouter/google/other")

    found = pace.paces(db, ["openrouter/google/gemini-nano-banana-2.1", "sketch/sketch", "sketch/sketch", "a/b"])

    assert {name: known.p50 for name, known in found.items()} == {
        "openrouter/google/gemini-nano-banana-2.1": 5_000,
        "sketch/sketch": 100,
    }


def ran(
    db: Session,
    durations: list[int | None] | list[int],
    name: str = "sketch/sketch",
    status: str = SUCCEEDED,
    before: timedelta = timedelta(0),
) -> None:
    """Generations of this model, each a second after the one before."""
    provider, _, model = name.partition("/")
    base = {"user_id": new_id(), "provider": provider, "model": model, "status": status, "queued_at": NOON}
    rows = [
        Generation(
            **base, turn_id=new_id(), duration_ms=ms, finished_at=NOON - before + timedelta(seconds=n)
        ).model_dump()
        for n, ms in enumerate(durations)
    ]
    db.execute(sa.insert(Generation), rows)
