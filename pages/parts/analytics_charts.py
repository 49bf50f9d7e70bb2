"""The charts of the analytics page, as rows of a list: what each shows over time, and how it is drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from core.analytics import OTHERS, Point
from core.figures import DOLLARS, MILLISECONDS, UNITS
from pages.parts import analytics_words
from pages.parts.analytics_asked import Asked
from pages.parts.words import _

# Told apart also by who does not see red from green; each stands clear on white and on black.
COLOURS = ("#6f6ce0", "#e2902f", "#2f9e8f", "#d2567d", "#8a9a3b", "#3d8fd1", "#8b8794")
HEIGHT, WIDTH = 260, 520
BARS = {"type": "bar", "cornerRadiusEnd": 2, "width": {"band": 0.8}}
LINES = {"type": "line", "point": {"size": 36, "filled": True}, "strokeWidth": 2, "interpolate": "monotone"}
FORMATS = {DOLLARS: "$,.2~f", MILLISECONDS: ",.1~f"}


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
    stacked = labelled((point.key for point in shares), labels)
    with st.container(horizontal=True, gap="medium"):
        for chart in charts():
            with st.container(width=WIDTH):
                st.subheader(chart.title, anchor=False)
                rows = _stacked(chart, shares, stacked) if chart.stacked else _lined(chart, course)
                names = list(stacked.values()) if chart.stacked else _called(chart)
                st.vega_lite_chart(spec=_spec(chart, rows, names, asked.every), height=HEIGHT, alt=_told(chart, rows))


def _stacked(chart: Chart, points: Sequence[Point], labels: Mapping[str, str]) -> list[Mapping[str, Any]]:
    (name,) = chart.columns
    return [_row(point.day, labels[point.key], point.figures[name], name) for point in points]


def _lined(chart: Chart, points: Sequence[Point]) -> list[Mapping[str, Any]]:
    return [
        _row(point.day, called, point.figures[name], name)
        for name, called in zip(chart.columns, _called(chart), strict=True)
        for point in points
        if point.figures[name] is not None
    ]


def _called(chart: Chart) -> list[str]:
    return [analytics_words.columns()[name] for name in chart.columns]


def labelled(keys: Iterable[str], labels: Mapping[str, str]) -> dict[str, str]:
    """Those of the keys of a chart; no two the same, or they would be one."""
    found: dict[str, str] = {}
    for key in dict.fromkeys(keys):
        label = _("Others") if key == OTHERS else labels.get(key, key)
        found[key] = label if label not in found.values() else f"{label} ({key})"
    return found


def _row(day: date, what: str, value: Any, name: str) -> dict[str, Any]:
    number = 0.0 if value is None else float(value)
    told = analytics_words.written(name, value or 0)
    return {
        "day": day.isoformat(),
        "what": what,
        "value": number / (1000 if UNITS[name] == MILLISECONDS else 1),
        "told": told,
    }


def _spec(chart: Chart, rows: Sequence[Mapping[str, Any]], names: Sequence[str], every: str) -> dict[str, Any]:
    name, stacked = chart.columns[0], chart.stacked
    unit = UNITS[name]
    axis = {"format": FORMATS.get(unit, ",d"), "title": None, "tickCount": 4, "labelExpr": "datum.label + ' s'"}
    if unit != MILLISECONDS:
        del axis["labelExpr"]
    step = {"day": "yearmonthdate", "week": "yearmonthdate", "month": "yearmonth"}[every]
    day = {"field": "day", "type": "temporal" if not stacked else "ordinal", "timeUnit": f"utc{step}"}
    shown = "%b %Y" if every == "month" else "%b %-d"
    single = len(names) == 1
    return {
        "data": {"values": list(rows)},
        "mark": BARS if stacked else LINES,
        "encoding": {
            "x": {
                **day,
                "axis": {"title": None, "format": shown, "labelOverlap": True, "labelAngle": 0, "grid": False},
            },
            "y": {"field": "value", "type": "quantitative", "axis": axis, **({"stack": "zero"} if stacked else {})},
            "color": {
                "field": "what",
                "type": "nominal",
                "scale": {"domain": list(names), "range": [COLOURS[n % len(COLOURS)] for n in range(len(names))]},
                "legend": None if single else {"orient": "bottom", "title": None, "columns": 3, "labelLimit": 220},
            },
            "tooltip": [
                {
                    "field": "day",
                    "type": "temporal",
                    "timeUnit": f"utc{step}",
                    "title": _("When"),
                    "format": "%b %Y" if every == "month" else "%b %-d, %Y",
                },
                {"field": "what", "type": "nominal", "title": _("What")},
                {"field": "told", "type": "nominal", "title": analytics_words.columns()[name]},
            ],
        },
    }


def _told(chart: Chart, rows: Sequence[Mapping[str, Any]]) -> str:
    """For who hears the page."""
    if not rows:
        return _("{chart}: nothing to tell.").format(chart=chart.title)
    highest = max(rows, key=lambda row: row["value"])
    return _(
        "{chart} over time; the highest is {value} ({what}) at {day}. The same numbers are in the table below."
    ).format(chart=chart.title, value=highest["told"], what=highest["what"], day=highest["day"])
