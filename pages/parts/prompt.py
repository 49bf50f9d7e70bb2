"""The words of an ask: a text area that loses nothing to another screen or to a reload of the browser."""

from functools import partial

import streamlit as st

from core import drafts
from core.access import Person
from core.studio import Studio
from pages.parts.components import component

KEEPER = component("prompt")

# "Press Ctrl+Enter to apply" is said of fields whose words need that; here the same keys ask, and the button says so.
STYLE = """
<style>.st-key-{key}-prompt [data-testid="InputInstructions"] {{ display: none }}</style>
"""


def show(studio: Studio, person: Person, key: str, token: str, label: str) -> str:
    """Draw the text area of the ask with this token in the box with this key; its words."""
    area, keeper = f"{key}-prompt-{token}", f"{key}-keeper-{token}"
    st.html(STYLE.format(key=key))
    with st.container(key=f"{key}-prompt", gap=None):
        words = st.text_area(
            label,
            key=area,
            height=110,
            placeholder=label,
            label_visibility="collapsed",
            on_change="ignore",  # the words travel with the next run; typing alone draws nothing anew
            persist_state="session",
        )
        KEEPER(
            key=keeper,
            data=_data(person, key, token),
            on_kept_change=partial(_look_up, studio, person, key, keeper),
        )
    return words


def fill(key: str, token: str, words: str) -> None:
    """Write these words into the text area; for callbacks."""
    st.session_state[f"{key}-prompt-{token}"] = words
    st.session_state[f"{key}-filled"] = _filled(key) + 1


def button(key: str, token: str) -> str:
    """The key of the button that asks; what runs in the browser finds it by this."""
    return f"{key}-go-{token}"


def _data(person: Person, key: str, token: str) -> dict[str, object]:
    """Where the words are and are kept, what asks them, for which ask they are, and which kept ones were asked."""
    return {
        "area": f".st-key-{key}-prompt-{token} textarea",
        "button": f".st-key-{button(key, token)} button",
        "place": f"draft {person.id} {key}",
        "token": token,
        "filled": _filled(key),
        "spent": st.session_state.get(f"{key}-sent"),
        "known": st.session_state.get(f"{key}-known"),
    }


def _filled(key: str) -> int:
    """How often words were filled in: what the browser kept before that is out of date."""
    return int(st.session_state.get(f"{key}-filled", 0))


def _look_up(studio: Studio, person: Person, key: str, keeper: str) -> None:
    """A browser that was loaded anew has words of an ask this visit knows nothing about."""
    told = st.session_state.get(keeper)  # nothing when somebody left the screen at the same moment
    token = str((told and told.kept) or "")
    st.session_state[f"{key}-known"] = {"token": token, "asked": drafts.asked(studio, person, token)}
