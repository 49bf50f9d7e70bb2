"""Every image of a conversation in one line on its screen: open one, or go on from it."""

from collections.abc import Callable

import streamlit as st

from core import access
from core.access import Person
from core.studio import Studio
from pages.parts.components import component
from pages.parts.words import _, language

STRIP = component("strip")
KEY = "film"


def show(
    studio: Studio,
    person: Person,
    opened_id: str,
    on_continue: Callable[[str], None],
    *,
    source: str | None = None,
    box: str = "",
    mark: str = "",
) -> None:
    """All images of this conversation, each with the number of its step; `source` is what the next one starts from.

    `on_continue` is called with the image that a person wants to go on from, before the page is drawn anew, and `box`
    is the CSS selector of where they then write. It looks again whenever `mark` is another one.
    """
    STRIP(
        key=KEY,
        data={
            "conversation": opened_id,
            "media": f"/m/{access.media_token(studio, person)}/",
            "locale": language().replace("_", "-"),
            "source": source,
            "box": box,
            "mark": mark,
            "words": words(),
        },
        on_continue_change=lambda: _go_on(on_continue),
    )


def words() -> dict[str, str]:
    """Every sentence of the strip; `{…}` is filled in by the browser."""
    return {
        "strip": _("All images of this conversation"),
        "nth": _("Turn {n}, {model}"),
        "continue": _("Continue from this"),
        "chosen": _("Next turn starts here"),
        "failed": _("The images could not be listed. They are safe."),
        "retry": _("Try again"),
    }


def _go_on(on_continue: Callable[[str], None]) -> None:
    image_id = st.session_state[KEY]["continue"]
    if image_id:
        on_continue(str(image_id))
