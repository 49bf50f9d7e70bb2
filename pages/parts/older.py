"""Which turns of a conversation are on the screen: the newest, those around a turn, and more of them when wanted."""

from collections.abc import Callable

import streamlit as st

from core import conversations
from core.access import Person
from core.conversations import Opened
from core.studio import Studio
from pages.parts.words import plural

TURN = "turn"
"""A turn's position in the address: `/conversation?id=…&turn=3`."""
FIRST = 6
"""Turns that a conversation opens with: what fits on a screen or two, so that a long one opens as fast as a short."""
MORE = 12
BEFORE = 2
"""Turns shown before the turn that somebody asked for."""


def opened(studio: Studio, person: Person, conversation_id: str) -> Opened:
    """The conversation with the turns that this visit wants to see. Raises NotFound."""
    window = _window(conversation_id)
    if "since" in window:
        return conversations.opened(studio, person, conversation_id, **window)
    found, turn = conversations.opened(studio, person, conversation_id, limit=FIRST), _turn()
    if turn and 1 <= turn <= found.earlier:
        window["before"] = turn - BEFORE + FIRST
        found = conversations.opened(studio, person, conversation_id, window["before"], FIRST)
    if found.turns:  # they stay on the screen while others come
        window["since"] = found.turns[0].position
    return found


def newest(studio: Studio, person: Person, opened: Opened) -> Opened:
    """The same conversation with its newest turns, whichever are on the screen."""
    return opened if opened.later == 0 else conversations.opened(studio, person, opened.id, limit=FIRST)


def goal(opened: Opened) -> int | None:
    """The position that the page shall show at first."""
    turn = _turn()
    return turn if turn in {turn.position for turn in opened.turns} else None


def earlier(opened: Opened) -> None:
    """A button above the turns, when there are more before them."""
    if opened.earlier:
        label = plural("Show earlier turns ({n})", "Show earlier turns ({n})", opened.earlier)
        _button(label, ":material/expand_less:", "earlier", lambda: _widen(opened.id, up=MORE))


def later(opened: Opened) -> None:
    """A button below the turns, when there are more after them."""
    if opened.later:
        label = plural("Show later turns ({n})", "Show later turns ({n})", opened.later)
        _button(label, ":material/expand_more:", "later", lambda: _widen(opened.id, down=MORE))


def _button(label: str, icon: str, key: str, on_click: Callable[[], None]) -> None:
    with st.container(horizontal_alignment="center", key=f"{key}-turns"):
        st.button(label, icon=icon, key=key, type="tertiary", on_click=on_click)


def _widen(conversation_id: str, up: int = 0, down: int = 0) -> None:
    window = _window(conversation_id)
    window["since"] = max(1, window["since"] - up)
    if down and window.get("before"):
        window["before"] += down


def _window(conversation_id: str) -> dict[str, int]:
    """What `conversations.opened` is asked for; it begins anew with another conversation or turn."""
    wanted = (conversation_id, st.query_params.get(TURN))
    kept = st.session_state.get("turns-shown")
    if kept is None or kept[0] != wanted:
        kept = st.session_state["turns-shown"] = (wanted, {})
    window: dict[str, int] = kept[1]
    return window


def _turn() -> int | None:
    turn = st.query_params.get(TURN, "")
    return int(turn) if turn.isascii() and turn.isdigit() and len(turn) < 7 else None
