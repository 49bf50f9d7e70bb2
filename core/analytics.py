"""What it cost and how long it took: in all, over time, and told apart. Read from the ledger's copy."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from core import figures, replica, written
from core.access import Person, Sight
from core.errors import NotFound, Refused
from core.figures import (
    COLUMNS,
    COUNT,
    DOLLARS,
    EPOCH,
    EVERY,
    MARKS,
    MILLISECONDS,
    PER_SELECTED,
    SPLITS,
    Column,
)
from core.question import Question
from core.replica import LONG, Behind, Cursor
from core.replica_calls import LEDGER, Names
from core.studio import Studio

__all__ = ["EVERY", "OTHERS", "SPLITS", "Analytics", "Behind", "Question"]  # from below, for screens

Figures = Mapping[str, Any]
"""By column: Decimal dollars, int counts and milliseconds, a share as float; None where there is nothing to tell."""
ADDED = tuple(column for column in COLUMNS if column.name in ("spend", "possible", "calls", "images", "selected"))
"""What may be added up over groups."""
OTHERS = "*"
"""The key of all that have no key of their own."""
MOST = 6
"""Keys of their own that a course is told apart by."""
USUAL_DAYS = 14
"""The days before today that a projection goes by."""


@dataclass(frozen=True)
class Row:
    """The figures of one group."""

    key: str
    """A model's name, a person's id … as the split says; "" where there is none."""
    figures: Figures


@dataclass(frozen=True)
class Point:
    """The figures of one group in one day, week or month."""

    day: date
    """The first one."""
    key: str
    figures: Figures


@dataclass(frozen=True)
class Failures:
    """Calls of one model that failed for one reason."""

    error: str
    model: str
    calls: int
    cost: Decimal


@contextmanager
def opened(studio: Studio, person: Person, sight: Sight | None = None) -> Iterator["Analytics"]:
    """The copy at one moment, with all that this person wrote, for as many questions as they have.

    `sight`: whose work they see, so that who shows their names asks for that once. Raises Behind without a copy.
    """
    with replica.of(studio, LEDGER).counting(written.seen(studio, person), LONG) as (cursor, names):
        yield Analytics(person, sight or Sight(studio, person), cursor, names)


@dataclass
class Analytics:
    """Every answer counts the calls of the question that this person may see, and no others.

    Each raises Refused for a period that is none, NotFound for people whose work the person does not see.
    """

    person: Person
    sight: Sight
    cursor: Cursor
    names: Names

    def totals(self, question: Question) -> Figures:
        """All of it as one."""
        (row,) = self._rows(question) or [Row("", {**_nothing(COLUMNS), PER_SELECTED.name: None})]
        return row.figures

    def by(self, question: Question, split: str) -> tuple[Row, ...]:
        """One row for each value of the split, the dearest first."""
        _check(split, SPLITS)
        rows = self._rows(question, split)
        return tuple(sorted(rows, key=lambda row: (-(row.figures["spend"] or 0), -row.figures["calls"], row.key)))

    def course(self, question: Question, every: str) -> tuple[Point, ...]:
        """Day by day, week by week or month by month, also where nothing was."""
        there = {point.day: point for point in self._points(question, COLUMNS, every)}
        return tuple(there.get(day, Point(day, "", _nothing(COLUMNS))) for day in figures.starts(question, every))

    def shares(self, question: Question, every: str, split: str) -> tuple[Point, ...]:
        """The same, of what adds up, told apart: by the MOST dearest values of the split, and OTHERS."""
        _check(split, SPLITS)
        return _folded(self._points(question, ADDED, every, split), figures.starts(question, every))

    def failures(self, question: Question) -> tuple[Failures, ...]:
        """By reason and model, the most frequent first; unknown outcomes are among them."""
        counted = (Column("n", COUNT, "count(*)"), Column("cost", DOLLARS, "coalesce(sum(cost), 0)"))
        rows = self.answer(question, figures.select(counted, error="error", model="model"), figures.FAILED)
        found = [
            Failures(self._value("error", error), self._value("model", model), n, _dollars(cost))
            for error, model, n, cost in rows
        ]
        return tuple(sorted(found, key=lambda one: (-one.calls, one.error, one.model)))

    def projection(self, question: Question, today: date) -> Decimal | None:
        """What this month will have cost at its end if it goes on as in the last two weeks, whatever the question's own
        period; None where nothing was spent."""
        begins = today.replace(day=1)
        left = ((begins + timedelta(31)).replace(day=1) - today).days - 1
        month = replace(question, since=begins, until=today)
        usual = replace(question, since=today - timedelta(USUAL_DAYS), until=today - timedelta(1))
        spent, recently = self._spent(month), self._spent(usual)
        if spent is None and recently is None:
            return None
        return (spent or Decimal(0)) + (recently or Decimal(0)) / USUAL_DAYS * left

    def occurring(self, dims: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """By dimension, every value that a call has which the person sees, whenever it was made."""
        own = f" WHERE person IN ({', '.join(map(str, self._seen))})" if self._alone else ""
        found = {dim: self.cursor.execute(f"SELECT DISTINCT {dim} FROM call{own}").fetchall() for dim in dims}
        return {dim: tuple(self._value(dim, number) for (number,) in rows) for dim, rows in found.items()}

    def scope(self, question: Question) -> str:
        """The condition, in DuckDB's SQL over `call`, for the calls that count and are seen."""
        question.check()
        if not set(question.people) <= {self.person.id} and not self.sight.reaches(question.people):
            raise NotFound("There is no such person, or you do not see their work.")
        first, end = figures.slots(question)
        wanted = {dim: [self._number(dim, value) for value in values] for dim, values in question.filters().items()}
        wanted["person"] = wanted["person"] or (self._seen if self._alone else [])
        conditions = [f"slot >= {first} AND slot < {end}", "true" if question.practice else "NOT practice"]
        conditions += [f"{dim} IN ({', '.join(map(str, numbers))})" for dim, numbers in wanted.items() if numbers]
        return " AND ".join(conditions)

    def answer(self, question: Question, sql: str, condition: str = "true") -> list[Any]:
        """Rows of this SQL over `calls`, which are those of the question that the person sees and the condition holds
        for."""
        marks = {mark: self._number(*of) for mark, of in MARKS.items()}
        calls = f"WITH calls AS (FROM call WHERE {self.scope(question)} AND {condition}) {sql}"
        return self.cursor.execute(calls.format_map(marks)).fetchall()

    # ---- how ----

    @cached_property
    def _alone(self) -> bool:
        return len(self.sight.people) < 2

    @cached_property
    def _seen(self) -> list[int]:
        return [self._number("person", one) for one in (self.sight.people if not self._alone else (self.person.id,))]

    def _value(self, dim: str, number: int) -> str:
        return self.names.value(self.cursor, dim, number)

    def _number(self, dim: str, value: str) -> int:
        return self.names.number(self.cursor, dim, value)

    def _rows(self, question: Question, split: str = "") -> list[Row]:
        found = self.answer(question, figures.select(COLUMNS, key=split or "0"))
        selected = self._per_selected(question, split or "0")
        return [
            Row(
                self._value(split, key) if split else "",
                {**_figures(COLUMNS, row), PER_SELECTED.name: selected.get(key)},
            )
            for key, *row in found
        ]

    def _points(self, question: Question, columns: Sequence[Column], every: str, split: str = "") -> list[Point]:
        _check(every, EVERY)
        sql = figures.select(columns, day=figures.bucket(question, every), key=split or "0")
        return [
            Point(EPOCH + timedelta(int(day)), self._value(split, key) if split else "", _figures(columns, row))
            for day, key, *row in self.answer(question, sql)
        ]

    def _spent(self, question: Question) -> Decimal | None:
        [(cost,)] = self.answer(question, "SELECT sum(cost) FROM calls")
        return None if cost is None else _dollars(cost)

    def _per_selected(self, question: Question, group: str) -> dict[int, Decimal]:
        """By group, what a selected image cost with everything that led to it: all calls of its tree, whenever they
        were made, shared equally by the selected images of that tree."""
        found = self.answer(
            question,
            f"""
            , picked AS (SELECT tree, {group} AS key, sum(chosen) AS n FROM calls WHERE chosen > 0 GROUP BY ALL),
            trees AS (
                SELECT tree, sum(cost) AS cost, sum(chosen) AS n FROM call
                WHERE tree IN (SELECT tree FROM picked) GROUP BY tree)
            SELECT key, sum(trees.cost * picked.n / trees.n) / sum(picked.n)
            FROM picked JOIN trees USING (tree) GROUP BY key""",
        )
        return {key: _dollars(cost) for key, cost in found if cost is not None}


def _figures(columns: Sequence[Column], row: Sequence[Any]) -> Figures:
    return {column.name: _value(column.unit, value) for column, value in zip(columns, row, strict=True)}


def _value(unit: str, value: Any) -> Any:
    if unit == COUNT:
        return int(value or 0)
    if value is None:
        return None
    if unit == DOLLARS:
        return _dollars(value)
    return round(value) if unit == MILLISECONDS else float(value)


def _dollars(billionths: Any) -> Decimal:
    return Decimal(round(billionths)) / 1_000_000_000


def _nothing(columns: Sequence[Column]) -> dict[str, Any]:
    return {column.name: 0 if column.unit == COUNT else None for column in columns}


def _folded(points: Sequence[Point], days: Sequence[date]) -> tuple[Point, ...]:
    weights: dict[str, tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    for point in points:
        spend, calls = weights[point.key]
        weights[point.key] = spend + (point.figures["spend"] or 0), calls + point.figures["calls"]
    ranked = sorted(weights, key=lambda key: (*(-weight for weight in weights[key]), key))
    sums: dict[tuple[date, str], dict[str, Any]] = defaultdict(lambda: _nothing(ADDED))
    for point in points:
        into = sums[point.day, point.key if point.key in ranked[:MOST] else OTHERS]
        for name, value in point.figures.items():
            into[name] = value if into[name] is None else into[name] + (value or 0)
    keys = [*ranked[:MOST], *([OTHERS] if len(ranked) > MOST else [])]
    return tuple(Point(day, key, sums[day, key]) for day in days for key in keys)


def _check(value: str, among: Sequence[str]) -> None:
    if value not in among:
        raise Refused(f"“{value}” is none of {', '.join(among)}.")
