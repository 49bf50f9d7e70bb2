"""What a browser wants done: each wish is done once and answered, with a sentence when it was refused.

A browser tells a wish again until it hears the answer, see wishes.js.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core import log
from core.errors import StudioError
from pages.parts import door
from pages.parts.words import _

LATEST = 20
"""Answers that travel with a page; a browser that misses one tells its wish again."""

Wish = Mapping[str, Any]
Answer = dict[str, str | None]


def grant(whose: str, wishes: Any, acts: Mapping[str, Callable[[Wish], object]]) -> None:
    """Do these wishes of one component, those that were done before not again; for callbacks."""
    answers: dict[str, Answer] = st.session_state.setdefault(_key(whose), {})
    for wish in wishes or ():
        name = str(wish.get("wish"))
        known = answers.pop(name, None)  # told again, so it was not heard: it belongs to the newest once more
        answers[name] = known or {"wish": wish.get("wish"), "error": _done(acts, wish)}


def answered(whose: str) -> list[Answer]:
    """What came of its newest wishes."""
    answers: dict[str, Answer] = st.session_state.get(_key(whose), {})
    return [*answers.values()][-LATEST:]


def _done(acts: Mapping[str, Callable[[Wish], object]], wish: Wish) -> str | None:
    try:
        door.refuse()
        acts[str(wish.get("act"))](wish)
    except StudioError as error:
        return str(error)
    except Exception as error:  # above a callback is nothing but Streamlit's traceback, and whoever wished waits
        return _(
            "Something broke on our side, and this was not done. Try again; if it stays, tell whoever runs the "
            "studio this number: {number}"
        ).format(number=log.broken(error))
    return None


def _key(whose: str) -> str:
    return f"{whose}-answers"
