"""What the address of the analytics page asks for: `?period=month&by=person&model=…`; how it is changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import streamlit as st

from core.analytics import EVERY, SPLITS, Question
from core.errors import Refused

OWN = "dates"
"""The period whose days are in the address: from, to."""


def _month(today: date) -> tuple[date, date]:
    return today.replace(day=1), today


def _last_month(today: date) -> tuple[date, date]:
    end = today.replace(day=1) - timedelta(1)
    return end.replace(day=1), end


def _last(days: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (today - timedelta(days - 1), today)


# To offer another period, add a line, and its label in `analytics_words`.
PERIODS: Mapping[str, Callable[[date], tuple[date, date]]] = {
    "7d": _last(7),
    "30d": _last(30),
    "month": _month,
    "last-month": _last_month,
    "90d": _last(90),
    "year": _last(365),
}
FILTERS = {"model": "models", "project": "projects", "person": "people"}
"""In the address, and in a question."""
NONE = "none"
"""In the address, what is in no project."""


@dataclass(frozen=True)
class Asked:
    """One view of the page."""

    question: Question
    period: str
    every: str
    split: str

    @property
    def address(self) -> dict[str, list[str]]:
        """All of it, as addresses of exports carry it."""
        wanted = {"from": [str(self.question.since)], "to": [str(self.question.until)], "by": [self.split]}
        wanted |= {"every": [self.every], "tz": [self.question.zone]}
        wanted |= {name: [value or NONE for value in getattr(self.question, own)] for name, own in FILTERS.items()}
        return wanted | ({"practice": ["1"]} if self.question.practice else {})


def read(params: Mapping[str, Sequence[str]], today: date, zone: str) -> Asked:
    """What these parameters ask for; what makes no sense is left out, as an old link may hold it.

    Raises Refused for a period that is none.
    """
    one = {name: values[-1] for name, values in params.items() if values}
    period = one.get("period", OWN if "from" in one else "30d")
    since, until = PERIODS.get(period, PERIODS["30d"])(today)
    if period == OWN:
        since, until = _day(one.get("from"), since), _day(one.get("to"), until)
    elif period not in PERIODS:
        period = "30d"
    question = Question(since, until, zone, practice=one.get("practice") == "1")
    for name, own in FILTERS.items():
        values = ("" if value == NONE else value for value in params.get(name, ()))
        question = replace(question, **{own: tuple(dict.fromkeys(values))})
    question.check()
    every = one.get("every", "")
    split = one.get("by", "")
    return Asked(
        question,
        period,
        every if every in EVERY else _fitting(question.days),
        split if split in SPLITS else "model",
    )


def asked(today: date) -> Asked:
    """What this address asks for. Raises Refused."""
    params = {name: st.query_params.get_all(name) for name in st.query_params}
    return read(params, today, st.context.timezone or "UTC")


def put(**values: str | Sequence[str]) -> None:
    """Ask for something else: these parameters change, and those that are empty go."""
    for name, value in values.items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def _day(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise Refused(f"“{text}” is no date. Write it as 2026-11-30.") from None


def _fitting(days: int) -> str:
    """So that a chart has some ten to fifty bars."""
    return "day" if days <= 45 else "week" if days <= 200 else "month"
