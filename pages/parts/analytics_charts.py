"""The charts of the analytics page, as rows of a list: what each shows over time, its numbers as a table under it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.analytics import OTHERS, Point
from core.figures import UNITS
from pages.parts import analytics_links, analytics_words
from pages.parts.analytics_asked import Asked
from pages.parts.analytics_spec import Mark, spec
from pages.parts.words import _

HEIGHT = 280
COLUMNS = 2


@dataclass(frozen=True)
class Chart:
    """Some figures over time."""

    title: str
    columns: tuple[str, ...]
    stacked: bool = False
    """One figure that adds up, in the colours of what the page tells apart; else each is a line of its own."""


def charts() -> tuple[Chart, ...]:
    """To add a chart, add a line."""
    return (
        Chart(_("Spend"), ("spend",), stacked=True),
        Chart(_("Images"), ("images",), stacked=True),
        Chart(_("How long calls take"), ("typical", "slow")),
        Chart(_("How long they wait before"), ("waited", "waited_long")),
    )


def show(shares: Sequence[Point], course: Sequence[Point], labels: Mapping[str, str], asked: Asked) -> None:
    """All of them, two beside each other where there is room."""
    called = labelled((point.key for point in shares), labels)
    every = charts()
    for start in range(0, len(every), COLUMNS):
        for chart, place in zip(every[start : start + COLUMNS], st.columns(COLUMNS, gap="large"), strict=False):
            with place:
                st.subheader(chart.title, anchor=False)
                marks = _stacked(chart, shares, called, asked) if chart.stacked else _lined(chart, course)
                _draw(chart, marks, asked)


def labelled(keys: Iterable[str], labels: Mapping[str, str]) -> dict[str, str]:
    """Those of the keys of a chart; no two the same, or they would be one."""
    found: dict[str, str] = {}
    for key in dict.fromkeys(keys):
        label = _("Others") if key == OTHERS else labels.get(key, key)
        found[key] = label if label not in found.values() else f"{label} ({key})"
    return found


def _draw(chart: Chart, marks: Sequence[Mark], asked: Asked) -> None:
    st.vega_lite_chart(
        spec=spec(marks, UNITS[chart.columns[0]], asked.every, stacked=chart.stacked),
        height=HEIGHT,
        alt=_("{chart} over time").format(chart=chart.title),
    )
    with st.expander(_("As a table")):
        names = list(dict.fromkeys(mark.what for mark in marks))
        told = {(mark.day, mark.what): mark.told for mark in marks}
        days = sorted({mark.day for mark in marks})
        table = {_("From"): [day.isoformat() for day in days]}
        table |= {name: [told.get((day, name), "\u2013") for day in days] for name in names}
        st.dataframe(table, hide_index=True, alt=chart.title)


def _stacked(chart: Chart, points: Sequence[Point], called: Mapping[str, str], asked: Asked) -> list[Mark]:
    """Each leads to its images. Of what is nothing one is kept, so that its day has a place."""
    (name,) = chart.columns
    first = points[0].key if points else ""
    return [
        Mark(
            point.day,
            called[point.key],
            float(point.figures[name] or 0),
            analytics_words.written(name, point.figures[name] or 0),
            analytics_links.step(asked, point.day, point.key),
        )
        for point in points
        if point.figures[name] or point.key == first
    ]


def _lined(chart: Chart, points: Sequence[Point]) -> list[Mark]:
    """In seconds."""
    return [
        Mark(point.day, analytics_words.columns()[name], value / 1000, analytics_words.written(name, value))
        for name in chart.columns
        for point in points
        if (value := point.figures[name]) is not None
    ]
