"""The advanced drawer: only what at least one of the chosen models can do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import posts
from core.captions import AUTO, NONE
from core.fitting import SEED_MAX
from core.models import Model, Range, TextModel
from core.views import ImageView
from pages.parts.words import _

Draw = Callable[[str, Sequence[Model]], Any]
"""Gets the widget's key and the models that have it; returns None for "as the model likes"."""


@dataclass(frozen=True)
class Knob:
    """One setting of a turn: its name in `Ask`, which models have it, how it is drawn."""

    name: str
    fits: Callable[[Model], bool]
    draw: Draw
    edits_only: bool = False
    """Means something only when the turn starts from an image."""


def show(key: str, models: Sequence[Model], source: ImageView | None, writers: Sequence[TextModel]) -> dict[str, Any]:
    """Draw the drawer; what was set in it, by the names of `Ask`. Draws nothing when there is nothing to set.

    Who writes the caption can be chosen where there are `writers` and the turn begins a post; until then the choice
    is only carried on.
    """
    able = {knob: [m for m in models if knob.fits(m)] for knob in KNOBS if source or not knob.edits_only}
    shown = {knob: having for knob, having in able.items() if having}
    labels = {AUTO: _("Written by itself"), NONE: _("None")} | {model.name: model.label for model in writers}
    captioned = bool(writers) and posts.begins(source)
    values: dict[str, Any] = {"caption": _carried(f"{key}-caption", labels)}
    if not (shown or captioned):
        return values
    with st.expander(_("Advanced"), icon=":material/tune:", key=f"{key}-advanced", type="compact"):
        columns = st.columns(2, gap="medium")
        for i, (knob, having) in enumerate(shown.items()):
            with columns[i % 2]:
                values[knob.name] = knob.draw(f"{key}-{knob.name}", having)
        if captioned:
            with columns[len(shown) % 2]:
                values["caption"] = _caption(f"{key}-caption", labels)
    return values


def _carried(key: str, labels: Mapping[str, str]) -> str:
    """What was chosen, if it is still there."""
    if st.session_state.get(key) not in labels:
        st.session_state[key] = AUTO
    return str(st.session_state[key])


def _caption(key: str, labels: Mapping[str, str]) -> str:
    """Who writes it, when it is not the first that fits, or that nobody shall."""
    return st.selectbox(_("Caption"), list(labels), format_func=labels.__getitem__, key=key, persist_state="session")


def _seed(key: str, models: Sequence[Model]) -> int | None:
    return st.number_input(
        _("Seed"),
        min_value=0,
        max_value=SEED_MAX,
        value=None,
        step=1,
        key=key,
        placeholder=_("A new one each time"),
        help=_("The same seed and words give the same picture again."),
        persist_state="session",
    )


def _negative(key: str, models: Sequence[Model]) -> str | None:
    text = st.text_input(
        _("Leave out"),
        key=key,
        placeholder=_("What must not be in the picture"),
        on_change="ignore",
        persist_state="session",
    )
    return text.strip() or None


def _steps(key: str, models: Sequence[Model]) -> int | None:
    span = _span([model.steps for model in models])
    help = _("More steps take longer and show more detail, up to a point.")
    value = _number(_("Steps"), key, round(span.low), round(span.high), 1, round(span.default), help)
    return None if value is None else int(value)


def _guidance(key: str, models: Sequence[Model]) -> float | None:
    span = _span([model.guidance for model in models])
    help = _("How closely the picture follows the words.")
    return _number(_("Guidance"), key, float(span.low), float(span.high), 0.5, float(span.default), help)


def _span(spans: Sequence[Range | None]) -> Range:
    """From the lowest to the highest number that any of the models takes."""
    known = [span for span in spans if span]
    return Range(min(s.low for s in known), max(s.high for s in known), known[0].default)


def _number(label: str, key: str, low: float, high: float, step: float, usual: float, help: str) -> float | None:
    if (value := st.session_state.get(key)) is not None and not low <= value <= high:
        st.session_state[key] = None  # set for another model
    return st.number_input(
        label,
        min_value=low,
        max_value=high,
        value=None,
        step=step,
        key=key,
        placeholder=f"{usual:g}",
        help=help,
        persist_state="session",
    )


def _strength(key: str, models: Sequence[Model]) -> float:
    return st.slider(
        _("Change"),
        min_value=0.05,
        max_value=1.0,
        value=0.6,
        step=0.05,
        key=key,
        help=_("How far the new picture may go from the one it starts from."),
        persist_state="session",
    )


def _choice(
    label: Callable[[], str], values: Callable[[Model], Sequence[str]]
) -> Callable[[str, Sequence[Model]], Any]:
    """A list of what any of the models offers, in the models' own order."""

    def draw(key: str, models: Sequence[Model]) -> str | None:
        options = list(dict.fromkeys(value for model in models for value in values(model)))
        if st.session_state.get(key) not in options:
            st.session_state.pop(key, None)
        return st.selectbox(
            label(), options, index=None, key=key, placeholder=_("As the model likes"), persist_state="session"
        )

    return draw


# To add a knob, add a line. It appears for the models whose catalogue entry has it.
KNOBS = (
    Knob("quality", lambda m: bool(m.qualities), _choice(lambda: _("Quality"), lambda m: m.qualities)),
    Knob("seed", lambda m: m.seed, _seed),
    Knob("negative_prompt", lambda m: m.negative_prompt, _negative),
    Knob("steps", lambda m: bool(m.steps), _steps),
    Knob("guidance", lambda m: bool(m.guidance), _guidance),
    Knob("scheduler", lambda m: bool(m.schedulers), _choice(lambda: _("Scheduler"), lambda m: m.schedulers)),
    Knob("strength", lambda m: m.strength, _strength, edits_only=True),
)
