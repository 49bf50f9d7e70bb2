"""A part of the image to change: painted with a brush, kept as a mask of the image's own size."""

from typing import Any

import streamlit as st

from core import access
from core.access import Person
from core.studio import Studio
from core.views import ImageView
from pages.parts.components import component
from pages.parts.words import _, language

MASK = component("mask")


def paint(studio: Studio, person: Person, key: str, source: ImageView) -> str | None:
    """Let the person paint on `source`; the id of the mask that counts (white = change), None when nothing is painted.

    A mask belongs to one mount and one source: another `key` or another source starts with nothing painted.
    """
    kept = f"{key}-kept"

    def keep() -> None:
        st.session_state[kept] = st.session_state[key].mask

    present = _of(st.session_state.get(kept), source)
    base = f"/m/{access.media_token(studio, person)}/{source.id}/"
    MASK(
        key=key,
        data={
            "key": key,
            "source": {
                "id": source.id,
                "width": source.width,
                "height": source.height,
                "placeholder": source.placeholder,
            },
            "picture": f"{base}preview",
            "small": f"{base}256",
            "mask": present,
            "locale": language().replace("_", "-"),
            "words": words(),
        },
        on_mask_change=keep,
    )
    return present


def _of(told: Any, source: ImageView) -> str | None:
    """The mask's id when what a browser told is a mask of this source; whose it is, is checked when it is used."""
    known = isinstance(told, dict) and told.get("source") == source.id and isinstance(told.get("id"), str)
    return str(told["id"]) if known else None


def words() -> dict[str, str]:
    return {
        "open": _("Change only a part…"),
        "again": _("Paint on…"),
        "remove": _("Change all of it"),
        "counts": _("Only the painted {n} % may change"),
        "kept": _("Only the painted part may change"),
        "unused": _("What you painted is not in use yet"),
        "small": _("The image with its painted part"),
        "title": _("Paint what may change"),
        "cancel": _("Cancel"),
        "done": _("Done"),
        "keeping": _("Keeping…"),
        "tools": _("Tools"),
        "brush": _("Brush"),
        "erase": _("Eraser"),
        "box": _("Rectangle"),
        "size": _("Size"),
        "size_keys": _("Size of the brush (keys [ and ])"),
        "pixels": _("{n} pixels"),
        "undo": _("Undo"),
        "redo": _("Redo"),
        "invert": _("Invert"),
        "clear": _("Clear"),
        "source": _("The image that is painted on"),
        "canvas": _("Painting area"),
        "help": _("Arrow keys move the brush, with Shift further. Space paints. [ and ] change its size."),
        "place": _("{x} % from the left, {y} % from the top"),
        "nothing": _("Nothing is painted yet"),
        "little": _("Less than 1 % of the image is painted"),
        "painted": _("{n} % of the image is painted"),
        "unseen": _("The image could not be loaded. It is safe. Close this and open it again."),
        "unreachable": _(
            "What you painted did not reach the studio. It is still here: check the connection and press Done again."
        ),
    }
