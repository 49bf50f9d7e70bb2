"""The tables of the analytics page: figures by what they are told apart by, failures, calls of unknown outcome."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlencode

import streamlit as st

from core.analytics import Failures, Question, Row
from core.figures import COUNT, DOLLARS, MILLISECONDS, SHARE, UNITS
from core.line_keys import quoted
from core.lost import Lost
from pages.parts import analytics_words
from pages.parts.analytics_asked import Asked
from pages.parts.words import _, money

ORDER = (
    "spend",
    "images",
    "per_image",
    "selected",
    "per_selected",
    "success",
    "failed",
    "unknown",
    "possible",
    "typical",
    "slow",
    "waited",
    "waited_long",
    "calls",
    "turned_away",
)
KEYS = {"model": "model", "provider": "provider", "project": "project", "person": "by"}
"""By what figures are told apart by, the key of the gallery's line."""
MOST = 500
"""Pixels: longer tables scroll."""
ROW = 35


def figures(rows: Sequence[Row], labels: Mapping[str, str], asked: Asked) -> None:
    """One row each; its last cell leads to its images."""
    split, question = asked.split, asked.question
    st.subheader(_("By {split}").format(split=analytics_words.splits()[split].lower()), anchor=False)
    called = analytics_words.columns()
    table = {analytics_words.splits()[split]: [labels[row.key] for row in rows]}
    config = {}
    for name in ORDER:
        table[called[name]] = [_number(name, row.figures[name]) for row in rows]
        config[called[name]] = _column(name)
    if split in KEYS:
        table[_("Images behind it")] = [gallery(question, {KEYS[split]: row.key}) for row in rows]
        config[_("Images behind it")] = st.column_config.LinkColumn(display_text=_("Show"), width="small")
    st.dataframe(
        table,
        hide_index=True,
        column_config=config,
        height=min(MOST, ROW * (len(rows) + 1) + 3),
        alt=_("Figures by {split}").format(split=analytics_words.splits()[split]),
    )


def failures(found: Sequence[Failures], labels: Mapping[str, str]) -> None:
    """Why calls failed, and what that cost."""
    if not found:
        return
    st.subheader(_("Failures"), anchor=False)
    reasons = analytics_words.reasons()
    table = {
        _("Reason"): [reasons.get(one.error, one.error) for one in found],
        _("Model"): [labels.get(one.model, one.model) for one in found],
        _("Calls"): [one.calls for one in found],
        _("Billed"): [float(one.cost) for one in found],
    }
    config = {_("Billed"): st.column_config.NumberColumn(format="dollar")}
    st.dataframe(table, hide_index=True, column_config=config, alt=_("Failures by reason and model"))


def unknown(found: Sequence[Lost], labels: Mapping[str, str]) -> None:
    """Calls that nobody can say the end of, each with the way to its conversation."""
    if found:
        st.subheader(_("Unknown outcomes"), anchor=False)
    for one in found:
        cost = money(one.possible) if one.possible is not None else _("an unknown amount")
        told = _("{day}: {model} may have charged {cost}.").format(
            day=one.at.date().isoformat(), model=labels.get(one.model, one.model), cost=cost
        )
        st.markdown(f"{told} [{_('Open the conversation')}](/conversation?id={one.conversation_id})")


def gallery(question: Question, picked: Mapping[str, str]) -> str:
    """The address of the gallery with the images of this period, and of what is picked."""
    pieces = [f"after:{question.since}", f"before:{question.until + timedelta(1)}"]
    pieces += [] if question.practice else ["-is:practice"]
    for key, values in (("model", question.models), ("project", question.projects), ("by", question.people)):
        if key not in picked:
            pieces += [f"{key}:{_value(key, value)}" for value in values]
    if "by" not in picked and not question.people:
        pieces.append("by:everybody")
    pieces += [f"{key}:{_value(key, value)}" for key, value in picked.items()]
    return f"/gallery?{urlencode({'q': ' '.join(pieces)})}"


def _value(key: str, value: str) -> str:
    return quoted(value) if value else "none"


def _number(name: str, value: object) -> float | int | None:
    if value is None:
        return None
    return float(value) / 1000 if UNITS[name] == MILLISECONDS else (value if UNITS[name] == COUNT else float(value))


def _column(name: str) -> object:
    help_ = analytics_words.explanations().get(name)
    formats = {DOLLARS: "$%.2f" if name in ("spend", "possible") else "$%.4f", SHARE: "percent", MILLISECONDS: "%.1f s"}
    return st.column_config.NumberColumn(format=formats.get(UNITS[name], "localized"), help=help_)
