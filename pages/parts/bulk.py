"""What can be done with one image of the gallery or with many: offered by the grid, done when it says so."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import marks, projects, trash
from core.access import Person
from core.studio import Studio
from pages.parts import saved_views, toast, undo
from pages.parts.words import _, plural

REFUSED = "acts-refused"
"""How many were; the grid then reads anew what it has shown too early."""


def acts() -> list[dict[str, Any]]:
    """For the component, in order. To add one, add a line here and in `_DONE`.

    `one`: on each tile, `many`: for all that are picked, `key`: pressed in the grid, `leaves`: the images go from it.
    """
    return [
        {"act": "star", "icon": "star", "label": _("Star"), "key": "s", "one": True, "many": True},
        {"act": "select", "icon": "choose", "label": _("Select"), "many": True},
        {"act": "project", "icon": "project", "label": _("Add to project"), "many": True},
        {"act": "trash", "icon": "trash", "label": _("Trash"), "key": "x", "one": True, "many": True, "leaves": True},
        {"act": "create", "icon": "create", "label": _("Use in Create"), "one": True},
        {"act": "download", "icon": "download", "label": _("Download"), "key": "d", "one": True, "many": True},
    ]


def act(studio: Studio, person: Person, action: Mapping[str, Any]) -> None:
    """Do it, when it is one of these or something about a view. For callbacks: a refusal becomes a toast."""
    if saved_views.act(studio, person, action):
        return
    verb = _DONE.get(action.get("act", ""))
    if verb and toast.after(lambda: verb(studio, person, action)) is None:
        st.session_state[REFUSED] = refused() + 1


def refused() -> int:
    """How often something was refused on this page."""
    return int(st.session_state.get(REFUSED, 0))


def _star(studio: Studio, person: Person, action: Mapping[str, Any]) -> int:
    return marks.star(studio, person, action["ids"], on=bool(action["on"]))


def _select(studio: Studio, person: Person, action: Mapping[str, Any]) -> int:
    return marks.select(studio, person, action["ids"], on=bool(action["on"]))


def _project(studio: Studio, person: Person, action: Mapping[str, Any]) -> int:
    """Into one of the person's projects, a new one, or none."""
    begun = projects.start(studio, person, action["title"]) if "title" in action else action["project"]
    moved = marks.put_into(studio, person, action["ids"], begun)
    where = {project.id: project.title for project in projects.titles(studio, person)}.get(begun, _("no project"))
    st.toast(plural("{n} post went to:", "{n} posts went to:", moved) + f" {where}", icon=":material/folder:")
    return moved


def _trash(studio: Studio, person: Person, action: Mapping[str, Any]) -> int:
    trashed = trash.trash(studio, person, action["ids"])
    said = plural("{n} image is in the trash.", "{n} images are in the trash.", trashed)
    undo.offer(said, "images", action["ids"])
    return trashed


_DONE = {"star": _star, "select": _select, "project": _project, "trash": _trash}
