"""The tables of the analytics page: figures by what they are told apart by, failures, calls of unknown outcome."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from core.analytics import Failures, Row
from core.figures import COUNT, DOLLARS, MILLISECONDS, SHARE, UNITS
from core.lost import Lost
from pages.parts import analytics_links, analytics_words
from pages.parts.analytics_asked import Asked
from pages.parts.words import _

MOST, ROW = 15, 35
"""Rows that are shown without scrolling, and pixels of one."""


def figures(rows: Sequence[Row], labels: Mapping[str, str], asked: Asked) -> None:
    """One row each; its last cell leads to its images."""
    title = _("By {split}").format(split=analytics_words.splits()[asked.split].lower())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(title, anchor=False, width="content")
        _export(asked)
    table: dict[str, list[Any]] = {analytics_words.splits()[asked.split]: [labels[row.key] for row in rows]}
    config: dict[str, Any] = {}
    if asked.split in analytics_links.KEYS:
        table[_("Behind it")] = [analytics_links.row(asked, row.key) for row in rows]
        config[_("Behind it")] = st.column_config.LinkColumn(display_text=_("Images"), width="small")
    for name, called in analytics_words.columns().items():
        table[called] = [_number(name, row.figures[name]) for row in rows]
        config[called] = _column(name)
    st.dataframe(table, hide_index=True, column_config=config, placeholder="\u2013", alt=title, height=_height(rows))


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
    st.dataframe(table, hide_index=True, column_config=config, alt=_("Failures"), height=_height(found))


def unknown(found: Sequence[Lost], labels: Mapping[str, str]) -> None:
    """Calls that nobody can say the end of, each with the way to its conversation."""
    if not found:
        return
    st.subheader(_("Unknown outcomes"), anchor=False)
    told = _("These calls left us and no complete answer came back. Nothing was sent again; look into the bill.")
    st.markdown(f":small[{told}]")
    table = {
        _("When"): [one.at for one in found],
        _("Model"): [labels.get(one.model, one.model) for one in found],
        _("Possible"): [None if one.possible is None else float(one.possible) for one in found],
        _("Behind it"): [f"/conversation?id={one.conversation_id}" for one in found],
    }
    config = {
        _("When"): st.column_config.DatetimeColumn(format="localized"),
        _("Possible"): st.column_config.NumberColumn(format="dollar"),
        _("Behind it"): st.column_config.LinkColumn(display_text=_("Open conversation")),
    }
    st.dataframe(
        table,
        hide_index=True,
        column_config=config,
        placeholder="\u2013",
        alt=_("Unknown outcomes"),
        height=_height(found),
    )


def _export(asked: Asked) -> None:
    with st.popover(_("Export"), icon=":material/download:"):
        st.markdown(f":small[{_('This table, or every call of the period with what it cost and brought.')}]")
        for what, label in (("figures", _("This table")), ("calls", _("All calls"))):
            with st.container(horizontal=True):
                for form, name in (("csv", "CSV"), ("parquet", "Parquet")):
                    st.link_button(f"{label} ({name})", analytics_links.export(asked, what, form), width=190)


def _height(rows: Sequence[Any]) -> int | Literal["content"]:
    return "content" if len(rows) <= MOST else ROW * (MOST + 1)


def _number(name: str, value: object) -> float | int | None:
    if value is None:
        return None
    return float(value) / 1000 if UNITS[name] == MILLISECONDS else (value if UNITS[name] == COUNT else float(value))


def _column(name: str) -> object:
    help_ = analytics_words.explanations().get(name)
    formats = {DOLLARS: "$%.2f" if name in ("spend", "possible") else "$%.4f", SHARE: "percent", MILLISECONDS: "%.1f s"}
    return st.column_config.NumberColumn(format=formats.get(UNITS[name], "localized"), help=help_)
