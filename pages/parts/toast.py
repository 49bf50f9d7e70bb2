"""Do what was clicked, and say in a toast what came of it, because the click may be anywhere on the page."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.errors import StudioError
from pages.parts import door
from pages.parts.tile_words import literal
from pages.parts.whole import whole

Result = TypeVar("Result")


@whole
def after(verb: Callable[[], Result], done: str = "", icon: str = ":material/check:") -> Result | None:
    """What the verb returned, with `done` as a toast; None with its sentence when it was refused. For callbacks."""
    try:
        door.refuse()
        result = verb()
    except StudioError as error:
        st.toast(literal(str(error)), icon=":material/error:", duration="long")
        return None
    if done:
        st.toast(done, icon=icon)
    return result
