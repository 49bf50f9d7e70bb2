"""What the address of the analytics page asks for: `?period=month&by=person&model=…`; how it is changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from core.analytics import EVERY, SPLITS, Question
from core.question import read as read_question

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


@dataclass(frozen=True)
class Asked:
    """One view of the page."""

    question: Question
    period: str
    every: str
    split: str

    @property
    def address(self) -> Mapping[str, Sequence[str]]:
        """All of it, as addresses of exports carry it."""
        return {**self.question.address(), "by": [self.split], "every": [self.every]}


def read(params: Mapping[str, Sequence[str]], today: date, zone: str) -> Asked:
    """What these parameters ask for; what makes no sense is left out, as an old link may hold it.

    Raises Refused for a period that is none.
    """
    one = {name: values[-1] for name, values in params.items() if values}
    period = one.get("period", OWN if "from" in one else "30d")
    period = period if period in (*PERIODS, OWN) else "30d"
    days = PERIODS.get(period, PERIODS["30d"])(today)
    own = params if period == OWN else {name: values for name, values in params.items() if name not in ("from", "to")}
    question = read_question({**own, "tz": [zone]}, *days)
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


def _fitting(days: int) -> str:
    """So that a chart has some ten to fifty bars."""
    return "day" if days <= 45 else "week" if days <= 200 else "month"
