"""What a browser wants done to a post: each wish is done once and answered, with a sentence when it was refused."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core import generations, posting
from core.access import Person
from core.errors import StudioError
from core.posting import Words
from core.studio import Studio

ANSWERS = "post-answers"
LATEST = 20
"""Wishes that a browser may still tell again."""

Answer = dict[str, str | None]


def grant(studio: Studio, person: Person, post_id: str, wishes: Any) -> None:
    """Do these wishes, those that were done before not again. They come from a browser, so every verb looks up again
    whose everything is."""
    answers: list[Answer] = st.session_state.setdefault(ANSWERS, [])
    known = {answer["wish"] for answer in answers}
    for wish in wishes or ():
        if wish.get("wish") not in known:
            answers.append({"wish": wish.get("wish"), "error": _done(studio, person, post_id, wish)})


def answered() -> list[Answer]:
    """What came of the newest wishes."""
    newest: list[Answer] = st.session_state.get(ANSWERS, [])[-LATEST:]
    return newest


def _done(studio: Studio, person: Person, post_id: str, wish: Mapping[str, Any]) -> str | None:
    target = str(wish.get("id", ""))
    acts: dict[str, Callable[[], None]] = {
        "save": lambda: _save(studio, person, post_id, wish),
        "cancel": lambda: generations.cancel(studio, person, target),
        "retry": lambda: generations.retry(studio, person, target),
        "select": lambda: posting.select(studio, person, target),
        "unselect": lambda: posting.unselect(studio, person, target),
        "focus": lambda: posting.focus(studio, person, target, float(wish["x"]), float(wish["y"])),
        "alt": lambda: posting.edit_alt(studio, person, target, str(wish["text"])),
    }
    try:
        acts[str(wish.get("act"))]()
    except StudioError as error:
        return str(error)
    return None


def _save(studio: Studio, person: Person, post_id: str, wish: Mapping[str, Any]) -> None:
    """All or nothing, so that what is refused is still whole where it was written."""
    words = Words(str(wish["caption"]), tuple(map(str, wish["hashtags"]))) if wish["words"] else None
    own = {str(platform): str(text) for platform, text in wish["own"].items()}
    posting.edit(studio, person, post_id, words, int(wish["version"]), own)
