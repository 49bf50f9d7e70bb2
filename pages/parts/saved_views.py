"""Views of the gallery on its screen: the list that travels with the component, and what is done with one of them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from core import saved_views
from core.access import Person
from core.studio import Studio
from pages.parts.wishes import Wish
from pages.parts.words import _


def shown(studio: Studio, person: Person) -> list[dict[str, Any]]:
    """For the component, as its `views`."""
    views = saved_views.views(studio, person)
    return [{"id": v.id, "name": v.name, "line": v.line, "shared": v.shared, "owner": v.owner} for v in views]


def acts(studio: Studio, person: Person) -> dict[str, Callable[[Wish], object]]:
    """What the component can wish to be done with a view, for `wishes.grant`; each says in a toast that it is done."""
    return {name: partial(verb, studio, person) for name, verb in _DONE.items()}


def _save(studio: Studio, person: Person, wish: Wish) -> None:
    saved_views.save(studio, person, wish["name"], wish["line"])
    _told(_("The view is saved."))


def _rename(studio: Studio, person: Person, wish: Wish) -> None:
    saved_views.rename(studio, person, wish["id"], wish["name"])
    _told(_("Renamed."))


def _change(studio: Studio, person: Person, wish: Wish) -> None:
    saved_views.change(studio, person, wish["id"], wish["line"])
    _told(_("The view is changed."))


def _share(studio: Studio, person: Person, wish: Wish) -> None:
    on = bool(wish["on"])
    saved_views.share(studio, person, wish["id"], on=on)
    _told(_("The team sees it now, each over their own images.") if on else _("Only you see it now."))


def _remove(studio: Studio, person: Person, wish: Wish) -> None:
    saved_views.remove(studio, person, wish["id"])
    _told(_("The view is removed."))


def _told(done: str) -> None:
    st.toast(done, icon=":material/check:")


# To add something that can be done with a view, add a line: what the component says, and the verb that does it.
_DONE: Mapping[str, Callable[[Studio, Person, Wish], None]] = {
    "view.save": _save,
    "view.rename": _rename,
    "view.change": _change,
    "view.share": _share,
    "view.remove": _remove,
}
