"""Analytics over ten million calls: each question of the page, against SQLite as it is and against DuckDB on Parquet.

CALLS sets how many, 10,000,000 by default; it takes some fifteen minutes, most of them to write the ledger.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import sqlalchemy as sa

from core import analytics, figures
from core.analytics import Analytics, Question
from core.figures import COLUMNS, Column
from core.replica import Replica
from core.replica_calls import LEDGER
from core.settings import Settings
from core.studio import Studio, open_studio
from tests.bench import ledger
from tests.bench.apart import until
from tests.bench.crowd import BEGAN, SPAN
from tests.bench.measure import Row, in_turns, milliseconds, p95

CALLS = int(os.environ.get("CALLS", "10000000"))
ROUNDS = 20
LAST = (BEGAN + SPAN).date() - timedelta(1)
ALL = Question(BEGAN.date(), LAST, practice=True)
MONTH = Question(LAST - timedelta(29), LAST, practice=True)
COST, HOW_LONG = ([column for column in COLUMNS if column.name in names] for names in (("spend",), ("typical", "slow")))


@dataclass(frozen=True)
class Asked:
    """One question in three dialects, and what facts/duckdb.md wants of ours at ten million (milliseconds, p95)."""

    name: str
    ours: tuple[Question, list[Column]]
    on_sqlite: str | None
    on_parquet: str
    wanted: float


JOINED = "FROM attempt JOIN generation ON generation.id = attempt.generation_id"
ON_SQLITE_DAY = "substr(attempt.started_at, 1, 10), provider || '/' || model"
QUESTIONS = (
    Asked(
        "cost by model by day, two years",
        (ALL, COST),
        f"SELECT {ON_SQLITE_DAY}, sum(attempt.cost) {JOINED} GROUP BY 1, 2",
        "SELECT slot // 96 AS day, model, sum(cost) FROM {parquet} GROUP BY ALL",
        160,
    ),
    Asked(
        "p50 and p95 duration by model by day, two years",
        (ALL, HOW_LONG),
        None,
        "SELECT slot // 96 AS day, model, quantile_cont(took, [0.5, 0.95]) FROM {parquet} GROUP BY ALL",
        250,
    ),
    Asked(
        "cost by model by day, the last thirty days",
        (MONTH, COST),
        f"SELECT {ON_SQLITE_DAY}, sum(attempt.cost) {JOINED} WHERE attempt.started_at >= '{MONTH.since}' GROUP BY 1, 2",
        "SELECT slot // 96 AS day, model, sum(cost) FROM {parquet} WHERE slot >= {since} GROUP BY ALL",
        25,
    ),
)


def rows() -> Iterator[Row]:
    """Write, follow, ask."""
    with tempfile.TemporaryDirectory(prefix="counting-") as folder:
        studio = open_studio(Settings(data_dir=Path(folder)))
        lead = ledger.fill(studio, CALLS)
        with Replica(studio, LEDGER).running() as copy:
            started = milliseconds(lambda: until(lambda: _there(copy), patience=1800))
            yield Row("copy of the ledger made anew (ms)", started, started, "itself")
            with analytics.opened(studio, lead) as asked:
                yield from _questions(studio, asked, Path(folder))
                yield from _page(asked)
        studio.engine.dispose()


def _there(copy: Replica) -> None:
    with copy.reading():
        pass


def _questions(studio: Studio, asked: Analytics, folder: Path) -> Iterator[Row]:
    parquet = folder / "calls.parquet"
    asked.cursor.execute(f"COPY (FROM call) TO '{parquet}' (FORMAT parquet, ROW_GROUP_SIZE 122880)")
    with duckdb.connect(config={"threads": 2}) as beside:
        for one in QUESTIONS:
            since = figures.slots(MONTH)[0]
            on_parquet = one.on_parquet.format(parquet=f"'{parquet}'", since=since)
            question, columns = one.ours
            sql = figures.select(columns, day=figures.day(question), key="model")
            ours, theirs = in_turns(
                lambda of=question, sql=sql: asked.answer(of, sql),
                lambda sql=on_parquet: beside.execute(sql).fetchall(),
                rounds=5,
            )
            yield Row(f"{one.name}: against Parquet", ours, theirs, "DuckDB on Parquet", 1)
            times = [milliseconds(lambda of=question, sql=sql: asked.answer(of, sql)) for _ in range(ROUNDS)]
            yield Row(f"{one.name}: p95", p95(times), one.wanted, "wanted", 1)
            if one.on_sqlite:
                with studio.engine.connect() as connection:
                    took = milliseconds(lambda sql=one.on_sqlite: connection.execute(sa.text(sql)).all())
                yield Row(f"{one.name}: against SQLite", ours, took, "SQLite as it is", 1)


def _page(asked: Analytics) -> Iterator[Row]:
    """Everything that one look at the page asks."""
    today = date.fromisoformat(str(LAST))
    for name, question, every in (("thirty days", MONTH, "day"), ("two years", ALL, "month")):

        def look(question: Question = question, every: str = every) -> None:
            asked.totals(question), asked.totals(question.before()), asked.projection(question, today)
            asked.by(question, "model"), asked.shares(question, every, "model"), asked.course(question, every)
            asked.failures(question), asked.occurring(("model", "project", "person"))

        times = [milliseconds(look) for _ in range(6)][1:]
        yield Row(f"the whole page, {name} of everybody", p95(times), p95(times), "itself")
