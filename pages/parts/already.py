"""Before paying: was this made already? Then a dialog offers what there is, for nothing, or to make it anyway."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core import access, alike
from core.access import Person
from core.alike import Made
from core.conversations import Ask
from core.studio import Studio
from pages.parts import ask_box, frame, price, viewer
from pages.parts.components import component
from pages.parts.words import _, day, money, plural

MADE = component("made")
ANYWAY = "made-anyway"

Make = Callable[[Ask], None]
"""Asks, and leads to where the answer will be. It may leave the script."""


def ask_first(studio: Studio, person: Person, key: str, ask: Ask, make: Make) -> None:
    """Make this ask of the box with this key, unless the person has its answer already: then they are asked.

    Whoever just said that they want it made anyway is not asked about the same thing again.
    """
    again = st.session_state.get(ANYWAY) == _without_token(ask)
    found = () if again else alike.already_made(studio, person, ask)
    if found:
        st.dialog(_("You already made this"), width="medium")(_inside)(studio, person, key, ask, make, found)
    else:
        make(ask)


def _inside(studio: Studio, person: Person, key: str, ask: Ask, make: Make, found: Sequence[Made]) -> None:
    st.markdown(
        plural(
            "The same words, asked in the same way, gave this image. Using it costs nothing.",
            "The same words, asked in the same way, gave these images. Using one costs nothing.",
            len(found),
        )
    )
    picked = MADE(
        key=f"{key}-made-{ask.token}",
        data={
            "images": [_wire(studio, made) for made in found],
            "media": f"/m/{access.media_token(studio, person)}/",
            "words": {"use": _("Use this one"), "starred": _("Starred"), "selected": _("Selected")},
        },
        on_use_change=lambda: None,
    )
    if picked.use in [made.id for made in found]:
        _use(key, picked.use)
    with frame.sentences():
        if st.button(_label(studio, person, ask), icon=":material/auto_awesome:", key=f"{key}-anyway-{ask.token}"):
            st.session_state[ANYWAY] = _without_token(ask)
            make(ask)


def _use(key: str, image_id: str) -> None:
    """Shown large, with all that can be done with it; what was typed has its answer, so the box is empty again."""
    ask_box.sent(key)
    st.query_params[viewer.VIEW] = image_id
    st.rerun()


def _without_token(ask: Ask) -> Ask:
    return replace(ask, token="")


def _label(studio: Studio, person: Person, ask: Ask) -> str:
    return _("Make it anyway, {price}").format(price=price.cost(studio, person, ask)).replace("$", r"\$")


def _wire(studio: Studio, made: Made) -> dict[str, Any]:
    return {
        "id": made.id,
        "w": made.width,
        "h": made.height,
        "placeholder": made.placeholder,
        "model": studio.catalogue.label(made.model),
        "facts": f"{day(made.created_at)} · {_cost(made)}",
        "starred": made.starred,
        "selected": made.selected,
    }


def _cost(made: Made) -> str:
    if made.practice:
        return _("practice, free")
    return _("cost unknown") if made.cost is None else money(made.cost)
