"""Timing in turns, and the table that a bench prints.

Other work on the machine slows a case and its reference alike when they take turns, so ratios travel and milliseconds
do not. A median of several rounds forgets the odd hiccup.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

ROUNDS = 7
COLUMNS = (62, 11, 46, 7, 8, 6)
HEAD = ("what", "measured", "reference", "ratio", "target", "")


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure, what it is compared with, and how many times that it may be."""

    name: str
    measured: float
    reference: float
    against: str
    """What the reference is, in a few words."""
    target: float | None = None
    """The ratio measured / reference that is wanted; None: only to be looked at."""
    at_least: bool = False
    """The target is a floor instead of a ceiling."""
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        """Measured by reference."""
        return self.measured / self.reference if self.reference else float("inf")

    @property
    def verdict(self) -> str:
        """Was the target reached?"""
        if self.target is None:
            return ""
        reached = self.ratio >= self.target if self.at_least else self.ratio <= self.target
        return "ok" if reached else "missed"

    def cells(self) -> tuple[str, ...]:
        """As it is printed."""
        wanted = "" if self.target is None else f"{'≥' if self.at_least else '≤'} {self.target:g}x"
        reference = f"{_figure(self.reference)} {self.unit} · {self.against}"
        return (
            self.name,
            f"{_figure(self.measured)} {self.unit}",
            reference,
            f"{self.ratio:.{2 if self.ratio > 0.1 else 3}f}x",
            wanted,
            self.verdict,
        )


def in_turns(
    *cases: Callable[[], object],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.perf_counter,
    most: float = math.inf,
) -> list[float]:
    """Median milliseconds of each case. They take turns, from both ends, after one round that does not count.

    With `time.process_time` as clock it is the work of all cores, which a busy machine changes less. A case that has
    taken `most` milliseconds sits out the rounds that are left.
    """
    taken: list[list[float]] = [[] for _ in cases]
    for number in range(rounds + 1):
        order = range(len(cases)) if number % 2 else reversed(range(len(cases)))
        for place in order:
            if sum(taken[place]) > most:
                continue
            began = clock()
            cases[place]()
            if number:
                taken[place].append((clock() - began) * 1000)
    return [median(times) for times in taken]


def milliseconds(case: Callable[[], object]) -> float:
    """How long it takes once."""
    began = time.perf_counter()
    case()
    return (time.perf_counter() - began) * 1000


def p95(values: Sequence[float]) -> float:
    """Nineteen of twenty are not above it."""
    return quantiles(values, n=20, method="inclusive")[-1]


def show_head() -> None:
    """Print the table's first line."""
    _line(HEAD)
    print("-" * (sum(COLUMNS) + 2 * len(COLUMNS)))


def show(row: Row) -> None:
    """Print a line as soon as it is known."""
    _line(row.cells())


def _line(cells: Sequence[str]) -> None:
    print("  ".join(cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=True)).rstrip(), flush=True)


def _figure(value: float) -> str:
    """Three digits that count, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"
