"""The figures that matter most, each with how it changed; or what to do where there is nothing to count."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Literal

import streamlit as st

from core.analytics import Behind
from pages.parts import analytics_bar, analytics_words, frame
from pages.parts.analytics_asked import Asked, put
from pages.parts.words import _, day, money, plural

LOOK_SECONDS = 2
_LOOKED = "analytics-looked"
Better = Literal["inverse", "normal", "off"]
# To show another figure here, add a line: whether more of it is good ("normal"), bad ("inverse") or neither.
TILES: tuple[tuple[str, Better], ...] = (
    ("spend", "off"),
    ("images", "off"),
    ("per_image", "inverse"),
    ("per_selected", "inverse"),
    ("success", "normal"),
    ("typical", "inverse"),
)


def show(totals: Mapping[str, Any], before: Mapping[str, Any], projection: Decimal | None, asked: Asked) -> None:
    """A row of tiles, and a sentence about the month."""
    called, explained = analytics_words.columns(), analytics_words.explanations()
    with st.container(horizontal=True, gap="small"):
        for name, better in TILES:
            st.metric(
                called[name],
                analytics_words.written(name, totals[name]),
                analytics_words.change(totals[name], before[name]),
                delta_color=better,
                help=explained.get(name),
                border=True,
                width="stretch",
            )
    told = " ".join(_told(totals, projection, asked)).replace("$", "\\$")  # two of them would be a formula
    st.markdown(f":small[{told}]")


@contextmanager
def gathered() -> Iterator[None]:
    """While the copy is made, which takes a minute for millions of calls: says so, and looks again by itself."""
    try:
        yield
    except Behind:
        st.info(_("The figures are being gathered. They will be here in a moment."), icon=":material/hourglass_top:")
        _look_again()
        st.stop()


@st.fragment(run_every=LOOK_SECONDS)
def _look_again() -> None:
    if st.session_state.pop(_LOOKED, False):
        st.rerun()
    st.session_state[_LOOKED] = True


def nothing(asked: Asked, *, anything: bool) -> None:
    """Nothing was counted: why, and what to do."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.subheader(_("Nothing to count here"), anchor=False, text_alignment="center")
        hint = _("Practice and sample content cost nothing and are left out.") if not asked.question.practice else ""
        other = _("Choose a longer period.") if anything else _("Figures come with the first image that you make.")
        st.markdown(f"{hint} {other}", text_alignment="center")
        with st.container(horizontal=True, horizontal_alignment="center"):
            if anything and not asked.question.practice:
                st.button(_("Count practice runs too"), type="primary", on_click=lambda: put(practice="1"))
            elif not anything and st.button(_("Create an image"), type="primary"):
                frame.go("create")
            if analytics_bar.filtered(asked):
                st.button(_("Clear filters"), key="analytics-clear-all", on_click=analytics_bar.clear)
        st.space("small")


def _told(totals: Mapping[str, Any], projection: Decimal | None, asked: Asked) -> list[str]:
    first, last = day(asked.question.since), day(asked.question.until)
    days = asked.question.days
    against = plural("Arrows compare with the day before.", "Arrows compare with the {n} days before.", days)
    told = [f"{first} \u2013 {last}." if first != last else f"{first}.", against]
    if asked.question.practice:
        told.append(_("Practice runs are counted: they cost nothing, whatever they say the real thing would."))
    if totals["possible"]:
        told.append(
            _("Up to {cost} more may come from calls that have no end yet.").format(cost=money(totals["possible"]))
        )
    if projection is not None:
        told.append(
            _("At the pace of the last two weeks this month comes to about {cost}.").format(cost=money(projection))
        )
    return told
