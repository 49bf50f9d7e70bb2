"""What stands above the figures: the period, what they are told apart by, and what is left out."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.analytics import SPLITS
from core.question import FILTERS, NONE
from pages.parts import analytics_words
from pages.parts.analytics_asked import OWN, PERIODS, Asked, put
from pages.parts.words import _

Choices = Mapping[str, Mapping[str, str]]
"""By filter, what can be picked: labels by value."""


def show(asked: Asked, choices: Choices) -> None:
    """Whoever changes something changes the address; widgets follow it, also on Back."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _pick("period", (*PERIODS, OWN), asked.period, analytics_words.periods(), _("Period"))
        if asked.period == OWN:
            _dates(asked)
        offered = [split for split in SPLITS if split != "person" or len(choices["person"]) > 1]
        _pick("by", offered, asked.split, analytics_words.splits(), _("By"))
        _filters(asked, choices)


def filtered(asked: Asked) -> int:
    """How many filters are set."""
    return sum(len(getattr(asked.question, own)) for own in FILTERS.values()) + asked.question.practice


def _pick(name: str, options: Sequence[str], now: str, labels: Mapping[str, str], label: str) -> None:
    key = f"analytics-{name}-{now}"  # of its value, so that another address makes another widget
    st.selectbox(
        label,
        options,
        index=options.index(now) if now in options else 0,
        format_func=lambda option: labels[option],
        key=key,
        on_change=lambda: _picked(name, st.session_state[key]),
        width=190,
    )


def _picked(name: str, value: str) -> None:
    put(**{name: value})
    if name == "period" and value != OWN:
        put(**{"from": "", "to": ""})


def _dates(asked: Asked) -> None:
    now = (asked.question.since, asked.question.until)
    key = f"analytics-dates-{now[0]}-{now[1]}"

    def changed() -> None:
        picked = st.session_state[key]
        if len(picked) == 2:
            put(**{"from": str(picked[0]), "to": str(picked[1])}, period=OWN)

    st.date_input(_("From … to …"), now, key=key, on_change=changed, format="YYYY-MM-DD", width=250)


def _filters(asked: Asked, choices: Choices) -> None:
    n = filtered(asked)
    with st.popover(_("Filters ({n})").format(n=n) if n else _("Filters"), icon=":material/filter_list:"):
        for name, label in (("model", _("Models")), ("project", _("Projects")), ("person", _("People"))):
            offered = {**choices[name], **{value: value for value in getattr(asked.question, FILTERS[name])}}
            offered |= choices[name]
            if name != "person" or len(choices["person"]) > 1:
                _several(name, label, offered, getattr(asked.question, FILTERS[name]))
        key = f"analytics-practice-{asked.question.practice}"
        st.toggle(
            _("Practice runs too"),
            asked.question.practice,
            key=key,
            on_change=lambda: put(practice="1" if st.session_state[key] else ""),
            help=_("Practice and sample content cost nothing; what they say they cost, the real thing would."),
        )
        if n:
            st.button(_("Clear filters"), key="analytics-clear", on_click=clear, type="tertiary")


def _several(name: str, label: str, offered: Mapping[str, str], now: Sequence[str]) -> None:
    key = f"analytics-{name}-{'|'.join(now)}"
    st.multiselect(
        label,
        list(offered),
        default=list(now),
        format_func=lambda value: offered[value],
        key=key,
        on_change=lambda: put(**{name: [value or NONE for value in st.session_state[key]]}),
    )


def clear() -> None:
    """No filters any more."""
    put(**dict.fromkeys((*FILTERS, "practice"), ""))
