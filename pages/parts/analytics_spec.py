"""How a chart is drawn, in Vega-Lite: bars that stack, or lines; the same colours in light and dark."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from core.figures import COUNT, DOLLARS, MILLISECONDS
from pages.parts.words import _

# Told apart also by who does not see red from green; each stands clear of white and of black.
COLOURS = ("#6f6ce0", "#e2902f", "#2f9e8f", "#d2567d", "#8a9a3b", "#3d8fd1", "#8b8794")
BARS = {"type": "bar", "cornerRadiusEnd": 2, "width": {"band": 0.8}}
LINES = {"type": "line", "point": {"size": 36, "filled": True}, "strokeWidth": 2, "interpolate": "monotone"}
AXES: dict[str, dict[str, Any]] = {
    DOLLARS: {"format": "$,.2f"},
    COUNT: {"format": ",d", "tickMinStep": 1},
    MILLISECONDS: {"format": ",.1~f", "labelExpr": "datum.label + ' s'"},
}
"""By unit; a mark's value is in dollars, in pieces or in seconds."""


@dataclass(frozen=True)
class Mark:
    """One bar's part, or one point of a line."""

    day: date
    what: str
    value: float
    told: str
    """The value as people read it."""
    leads: str = ""
    """Where a click goes."""

    @property
    def label(self) -> str:
        """For who hears it."""
        return f"{self.what}, {self.day}: {self.told}"


def spec(marks: Sequence[Mark], unit: str, every: str, *, stacked: bool) -> dict[str, Any]:
    """What Vega-Lite draws. Days travel as dates of UTC: they are days of the person's own zone already."""
    names = list(dict.fromkeys(mark.what for mark in marks))
    step = "utcyearmonth" if every == "month" else "utcyearmonthdate"
    when = {"field": "day", "timeUnit": step, "type": "ordinal" if stacked else "temporal"}
    short, long = ("%b %Y", "%B %Y") if every == "month" else ("%b %-d", "%b %-d, %Y")
    colours = {"domain": names, "range": [COLOURS[n % len(COLOURS)] for n in range(len(names))]}
    legend = {"orient": "bottom", "title": None, "columns": 2, "labelLimit": 165, "symbolType": "circle"}
    encoding = {
        "x": {
            **when,
            "axis": {"title": None, "format": short, "labelOverlap": True, "labelAngle": 0, "grid": False},
        },
        "y": {"field": "value", "type": "quantitative", "axis": {"title": None, "tickCount": 4, **AXES[unit]}},
        "color": {
            "field": "what",
            "type": "nominal",
            "scale": colours,
            "legend": legend if len(names) > 1 else None,
        },
        "tooltip": [
            {**when, "type": "temporal", "title": _("From"), "format": long},
            {"field": "what", "type": "nominal", "title": _("What")},
            {"field": "told", "type": "nominal", "title": _("Value")},
        ],
    }
    encoding["description"] = {"field": "label", "type": "nominal"}
    if stacked:
        encoding["href"] = {"field": "leads", "type": "nominal"}
    rows = [{**asdict(mark), "day": mark.day.isoformat(), "label": mark.label} for mark in marks]
    return {"data": {"values": rows}, "mark": BARS if stacked else LINES, "encoding": encoding}
