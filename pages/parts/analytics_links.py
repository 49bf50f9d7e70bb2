"""Where numbers lead: the gallery with the images behind them, and their download."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlencode

from core import figures
from core.analytics import OTHERS, Question
from core.line_keys import quoted
from pages.parts.analytics_asked import Asked

KEYS = {"model": "model", "provider": "provider", "project": "project", "person": "by"}
"""By what figures are told apart by, the key of the gallery's line."""


def gallery(question: Question, picked: Mapping[str, str]) -> str:
    """The gallery with the images of this period, and of what is picked by key."""
    pieces = [f"after:{question.since}", f"before:{question.until + timedelta(1)}"]
    pieces += [] if question.practice else ["-is:practice"]
    wanted = {"model": question.models, "project": question.projects, "by": question.people or ("everybody",)}
    wanted |= {key: (value,) for key, value in picked.items()}
    pieces += [f"{key}:{quoted(value) if value else 'none'}" for key, values in wanted.items() for value in values]
    return f"/gallery?{urlencode({'q': ' '.join(pieces)})}"


def row(asked: Asked, key: str) -> str:
    """The gallery with the images of one row; "" for what no line can say."""
    return gallery(asked.question, {KEYS[asked.split]: key}) if asked.split in KEYS else ""


def step(asked: Asked, day: date, key: str) -> str:
    """The same of one bar of a chart."""
    starts = figures.starts(asked.question, asked.every)
    following = next((start for start in starts if start > day), asked.question.until + timedelta(1))
    those = replace(asked.question, since=max(day, asked.question.since), until=following - timedelta(1))
    if key == OTHERS or asked.split not in KEYS:
        return gallery(those, {})
    return gallery(those, {KEYS[asked.split]: key})


def export(asked: Asked, what: str, form: str) -> str:
    """The address of a download: `figures` or `calls`, as `csv` or `parquet`."""
    return f"/api/analytics/{what}.{form}?{urlencode(asked.address, doseq=True)}"
