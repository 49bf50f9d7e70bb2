"""What can be done with a turn: ask it again, take it into the ask box, replay its branch, put its failures away."""

import hashlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import conversations, replays
from core.access import Person
from core.conversations import Opened
from core.studio import Studio
from core.tables import REFERENCE, SOURCE
from core.views import TurnView
from pages.parts import ask_box, ask_pictures, drawer, replay, toast, undo
from pages.parts.source_strip import WORDS
from pages.parts.words import _, plural


def grant(studio: Studio, person: Person, opened: Opened, box: str, told: Mapping[str, str]) -> None:
    """Do what was chosen in a turn's menu; for callbacks. It comes from a browser, so every verb looks up the id."""
    act, target = told["act"], str(told.get("id", ""))
    turn = next((turn for turn in opened.turns if turn.id == target), None)
    if turn is None:
        return
    if act == "again":
        toast.after(
            lambda: conversations.again(studio, person, turn.id, _token(told)), _("Asked again, with new seeds.")
        )
    elif act == "duplicate":
        duplicate(studio, box, turn)
    elif act == "replay":
        replay.want(turn.id)
    elif act == "stopReplay":
        toast.after(lambda: replays.stop(studio, person, turn.id), _("The replay stopped. What is at work goes on."))
    elif act == "resumeReplay":
        toast.after(lambda: replays.resume(studio, person, turn.id), _("The replay goes on."))
    elif act == "remove":
        _remove(studio, person, turn)
    elif act == "back":
        toast.after(lambda: conversations.bring_back(studio, person, turn.id), _("They are back."))


def duplicate(studio: Studio, box: str, turn: TurnView) -> None:
    """Fill the ask box with this turn's words, settings and pictures, for a person to change them before asking."""
    ask_box.fill(box, turn.prompt)
    state, token = st.session_state, st.session_state[f"{box}-token"]
    for name, value in _settings(studio, turn).items():
        state[f"{box}-{name}"] = value
    source = next((i.id for i in turn.references if i.role == SOURCE), None)
    ask_pictures.fill(box, token, source, [i.id for i in turn.references if i.role == REFERENCE])
    state[f"{box}-begun"] = source or ""  # or the box would begin with the defaults of that source
    st.query_params["source"] = source or WORDS
    st.toast(_("Turn {n} is in the box below. Change what you like, then ask.").format(n=turn.position))


def _settings(studio: Studio, turn: TurnView) -> dict[str, Any]:
    """What the box can show: models that are still there, and what was set in the drawer."""
    offered = [model.name for model in studio.catalogue.models(studio.providers)]
    asked = turn.settings.get("models") or [answer.name for answer in turn.generations]
    names = ("ratio", "resolution", "count", "caption", *(knob.name for knob in drawer.KNOBS))
    chosen = {name: turn.settings.get(name) for name in names}
    chosen["count"] = min(int(chosen["count"] or 1), 8)
    return {
        "models": [name for name in dict.fromkeys(asked) if name in offered] or offered[:1],
        **{name: value for name, value in chosen.items() if value is not None or name in ("seed", "steps", "guidance")},
    }


def _remove(studio: Studio, person: Person, turn: TurnView) -> None:
    removed = toast.after(lambda: conversations.remove_failed(studio, person, turn.id))
    if removed:
        text = plural("{n} failed image was removed.", "{n} failed images were removed.", len(removed))
        undo.offer(text, "failed", turn.id, removed)


def _token(told: Mapping[str, str]) -> str:
    """The same for every telling of one click; whatever a browser sends as its name."""
    return hashlib.sha256(f"{told.get('id')} {told.get('wish')}".encode(errors="replace")).hexdigest()[:32]
