"""Values of the query line: amounts, durations and days, as people write them and as `Wanted` takes them."""

import math
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from core.errors import Refused

Between = tuple[Any, Any]
"""From, included, and to, not included; None is no end."""
MOST = 10**15
"""Grains; more of them is a slip."""
FIRST_YEAR, LAST_YEAR = 1970, 2999
_BOUND = re.compile(r"(>=|<=|≥|≤|>|<|=|)\s*(.*)")
_SIGNS = {"≥": ">=", "≤": "<=", "": "="}
_AMOUNT = re.compile(r"\$?\s*(\d{1,12}(?:\.\d{1,12})?|\.\d{1,12})()", re.ASCII)
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,12})?|\.\d{1,12})\s*(ms|s|sec|m|min|h|)", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", re.ASCII)
_AGO = re.compile(r"(\d{1,5})\s*([dwmy])", re.ASCII | re.IGNORECASE)
_SPANS = ("..", "…")


class Slip(Refused):
    """There is no such thing, but something near: `meant`."""

    def __init__(self, message: str, meant: str) -> None:
        super().__init__(f"{message} Did you mean “{meant}”?")
        self.meant = meant


@dataclass(frozen=True)
class Measure:
    """Something that is counted in whole grains, so that “more than” and “at least” are exact."""

    form: re.Pattern[str]
    """How a number and its unit are written."""
    units: Mapping[str, int]
    """Grains in one of each unit."""
    example: str
    value: Callable[[int], Any]
    """Grains as `Wanted` takes them."""

    def between(self, text: str) -> Between:
        """`>2`, `>=2`, `<2`, `<=2`, `2`, `2..5`, `2..`, `..5`. Raises Refused."""
        span = next((text.split(sign, 1) for sign in _SPANS if sign in text), None)
        if span:
            low, high = (self._read(end, text) if end.strip() else None for end in span)
            if low is None and high is None:
                raise self._unclear(text)
            if low is not None and high is not None and low > high:
                raise Slip(f"“{text}” ends before it begins.", f"{span[1].strip()}..{span[0].strip()}")
            return self._ends(None if low is None else math.ceil(low), None if high is None else math.floor(high) + 1)
        sign, number = _BOUND.fullmatch(text.strip()).groups()  # type: ignore[union-attr]  # it takes any text
        exact = self._read(number, text)
        if (sign := _SIGNS.get(sign, sign)) == "=":
            return self._ends(math.ceil(exact), math.floor(exact) + 1)
        up, after = math.ceil(exact), math.floor(exact) + 1
        return self._ends(*{">": (after, None), ">=": (up, None), "<": (None, up), "<=": (None, after)}[sign])

    def _ends(self, start: int | None, end: int | None) -> Between:
        return None if start is None else self.value(start), None if end is None else self.value(end)

    def _read(self, text: str, whole: str) -> Decimal:
        found = self.form.fullmatch(text.strip())
        exact = Decimal(found[1]) * self.units[found[2].lower()] if found else None
        if exact is None or exact > MOST * 1_000:
            raise self._unclear(whole)
        return exact

    def _unclear(self, text: str) -> Refused:
        if re.search(r"\d,\d", text):
            return Refused(f"Numbers are written with a point: “{text.replace(',', '.')}”.")
        return Refused(f"“{text}” is no amount that can be looked for. Write it like {self.example}.")


def _dollars(grains: int) -> Decimal:
    return Decimal(grains) / 1_000_000_000


MONEY = Measure(
    form=_AMOUNT,
    units={"": 1_000_000_000},
    example=">0.05, <1 or 0.02..0.10",
    value=_dollars,
)
"""US dollars, to a billionth."""
DURATION = Measure(
    form=_DURATION,
    units={"ms": 1, "": 1_000, "s": 1_000, "sec": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000},
    example=">10s, <1500ms or 5..20s",
    value=int,
)
"""Milliseconds; a number alone is seconds."""


def days(text: str, now: datetime, zone: tzinfo) -> Between:
    """From the first moment of a day, month or year to the first after it, in that zone. Raises Refused."""
    text = text.strip()
    moment = _moment(text)
    if moment:
        return moment, moment
    first, after = _span(text, now.astimezone(zone).date())
    return _midnight(first, zone), _midnight(after, zone)


def _span(text: str, today: date) -> tuple[date, date]:
    """The first day and the one after the last."""
    named = {"today": today, "yesterday": today - timedelta(days=1)}.get(text.lower())
    if named:
        return named, named + timedelta(days=1)
    if ago := _AGO.fullmatch(text):
        day = _checked(_earlier(today, int(ago[1]), ago[2].lower()), text)
        return day, day + timedelta(days=1)
    if written := _DAY.fullmatch(text):
        return _written(text, *(int(part) if part else None for part in written.groups()))
    raise _no_day(text)


def _earlier(today: date, n: int, unit: str) -> date | None:
    if unit in "dw":
        ordinal = today.toordinal() - n * (7 if unit == "w" else 1)
        return date.fromordinal(ordinal) if ordinal > 0 else None
    year, month = divmod(today.year * 12 + today.month - 1 - n * (12 if unit == "y" else 1), 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1])) if year > 0 else None


def _written(text: str, year: int | None, month: int | None, day: int | None) -> tuple[date, date]:
    try:
        first = _checked(date(year or 0, month or 1, day or 1), text)
    except ValueError:
        raise _no_day(text) from None
    if day:
        return first, first + timedelta(days=1)
    return first, date(first.year + (month in (None, 12)), 1 if month is None else first.month % 12 + 1, 1)


def _checked(day: date | None, text: str) -> date:
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _no_day(text)
    return day


def _moment(text: str) -> datetime | None:
    """A moment of universal time, like 2026-11-01T10:30:00Z."""
    if not (text.isascii() and "T" in text and text.endswith("Z")):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    _checked(moment.date(), text)
    return moment


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _no_day(text: str) -> Refused:
    return Refused(f"“{text}” is no day. Write it like 2026-11-01, 2026-11, 7d (seven days ago) or yesterday.")
