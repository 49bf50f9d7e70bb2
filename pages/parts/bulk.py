"""What can be done with one image of the gallery or with many: offered by the grid, done when it says so."""

from functools import partial
from typing import Any

import streamlit as st

from core import marks, projects, trash
from core.access import Person
from core.studio import Studio
from pages.parts import saved_views, undo, wishes
from pages.parts.tile_words import literal
from pages.parts.wishes import Wish
from pages.parts.words import _, plural

KEY = "gallery"


def acts() -> list[dict[str, Any]]:
    """For the component, in order. To add one, add a line here and in `_DONE`.

    `one`: on each tile, `many`: for all that are picked, `key`: pressed in the grid, `leaves`: the images go from it,
    `goes`: the person does, `others`: also with images of others.
    """
    return [
        {"act": "star", "icon": "star", "label": _("Star"), "key": "s", "one": True, "many": True},
        {"act": "select", "icon": "choose", "label": _("Select"), "many": True},
        {"act": "project", "icon": "project", "label": _("Add to project"), "many": True},
        {"act": "trash", "icon": "trash", "label": _("Trash"), "key": "x", "one": True, "many": True, "leaves": True},
        {"act": "create", "icon": "create", "label": _("Use in Create"), "one": True, "goes": True, "others": True},
        {"act": "download", "icon": "download", "label": _("Download"), "key": "d", "one": True, "many": True}
        | {"others": True},
    ]


def grant(studio: Studio, person: Person, told: Any) -> None:
    """Do what the grid wishes, and the views above it. For callbacks; the answers go back with its data."""
    acts = {name: partial(verb, studio, person) for name, verb in _DONE.items()}
    wishes.grant(KEY, told, acts | saved_views.acts(studio, person))


def _star(studio: Studio, person: Person, wish: Wish) -> int:
    return marks.star(studio, person, wish["ids"], on=bool(wish["on"]))


def _select(studio: Studio, person: Person, wish: Wish) -> int:
    changed = marks.select(studio, person, wish["ids"], on=bool(wish["on"]))
    if wish["on"] and changed < len(wish["ids"]):
        st.toast(
            _("A post has one selected image: of several, the newest is selected."), icon=":material/check_circle:"
        )
    return changed


def _project(studio: Studio, person: Person, wish: Wish) -> int:
    """Into one of the person's projects, a new one, or none."""
    if "title" in wish:
        project, moved = marks.put_into_new(studio, person, wish["ids"], wish["title"])
    else:
        project, moved = wish["project"], marks.put_into(studio, person, wish["ids"], wish["project"])
    where = {project.id: project.title for project in projects.titles(studio, person)}.get(project, _("no project"))
    if moved:
        told = plural("{n} post went to:", "{n} posts went to:", len(moved))
        undo.offer(f"{told} {where}", "moved posts", project, moved)
    else:
        st.toast(_("Already there:") + f" {literal(where)}", icon=":material/folder:")
    return len(moved)


def _trash(studio: Studio, person: Person, wish: Wish) -> int:
    gone = trash.trash(studio, person, wish["ids"])
    if gone:
        undo.offer(undo.trashed(len(gone)), "images", gone, derived=trash.derived(studio, person, gone))
    return len(gone)


_DONE = {"star": _star, "select": _select, "project": _project, "trash": _trash}
