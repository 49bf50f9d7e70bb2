"""What a turn is made with: models, ratio, resolution and how many of each."""

from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Any

import streamlit as st

from core.models import Model
from core.views import ImageView
from pages.parts.words import _

MOST_EACH = 8
CARRIED = ("ratio", "resolution", "count", "caption")
"""What a new box takes over beside the models."""
WIDTH = 104
"""Pixels of a small choice; three fit side by side on a phone."""

Settings = Mapping[str, Any]
"""A turn's settings as `TurnView.settings` and `Ask.settings` have them."""


def begin(
    key: str,
    offered: Mapping[str, Model],
    source: ImageView | None,
    defaults: Settings | Callable[[], Settings] | None,
) -> None:
    """Set what the person has not set: on the box's first look, and when it starts from another image."""
    state, begun = st.session_state, f"{key}-begun"
    start = source.id if source else ""
    if state.get(begun) == start:
        return
    given = (defaults() if callable(defaults) else defaults) or {}
    known = [name for name in given.get("models", ()) if name in offered] or list(offered)[:1]
    if begun not in state or source:
        state[f"{key}-models"] = known
    if begun not in state:
        state.update({f"{key}-{name}": given[name] for name in CARRIED if name in given})
    if source:
        state[f"{key}-ratio"] = _nearest(source, [ratio for name in known for ratio in offered[name].ratios])
    state[begun] = start


def anew(key: str) -> None:
    """Somebody brings an image to this box: it begins again with that, also when it started from it before."""
    if f"{key}-begun" in st.session_state:
        st.session_state[f"{key}-begun"] = None


def _nearest(source: ImageView, ratios: Sequence[str]) -> str:
    """An edit keeps the shape of its image, as near as the models come to it."""

    def far(ratio: str) -> float:
        wide, _colon, high = ratio.partition(":")
        return abs(log(float(wide) / float(high) * source.height / source.width))

    return min(ratios, key=far, default="1:1")


def chosen(key: str, offered: Mapping[str, Model]) -> list[Model]:
    """The models that are chosen now."""
    return [offered[name] for name in st.session_state.get(f"{key}-models", ()) if name in offered]


def models(key: str, offered: Mapping[str, Model]) -> None:
    """Draw the picker; `chosen` says what was picked."""

    def label(name: str) -> str:
        model = offered[name]
        marked = model.practice and _("practice") not in model.label.lower()
        return f"{model.label} · {_('practice')}" if marked else model.label

    st.multiselect(
        _("Models"),
        list(offered),
        format_func=label,
        key=f"{key}-models",
        placeholder=_("Pick one or more models"),
        select_all=False,  # a slip that costs money
        persist_state="session",
    )


def shape(key: str, chosen: Sequence[Model]) -> dict[str, Any]:
    """Draw ratio, resolution and how many, side by side; what was set, by the names of `Ask`."""
    with st.container(horizontal=True, gap="xsmall", key=f"{key}-shape"):
        ratio = _pick(key, "ratio", _("Ratio"), [m.ratios for m in chosen if m.ratios], "1:1")
        sizes = [m.resolutions for m in chosen if m.resolutions]
        resolution = _pick(key, "resolution", _("Resolution"), sizes, "1K")
        numbers = list(range(1, MOST_EACH + 1))
        count = st.selectbox(_("Images each"), numbers, key=f"{key}-count", width=WIDTH, persist_state="session")
    return {"ratio": ratio, "resolution": resolution, "count": count}


def _pick(key: str, name: str, label: str, offers: Sequence[Sequence[str]], usual: str) -> str:
    """One of what all chosen models offer; of what any offers when they have nothing in common."""
    everything = list(dict.fromkeys(value for offer in offers for value in offer)) or [usual]
    options = [value for value in everything if all(value in offer for offer in offers)] or everything
    if st.session_state.get(f"{key}-{name}") not in options:
        st.session_state[f"{key}-{name}"] = usual if usual in options else options[0]
    return st.selectbox(label, options, key=f"{key}-{name}", width=WIDTH, persist_state="session")
