"""Views of the gallery on its screen: the list that travels with the component, and what is done with one of them."""

from collections.abc import Callable, Mapping
from typing import Any

from core import saved_views
from core.access import Person
from core.studio import Studio
from pages.parts import toast
from pages.parts.words import _


def shown(studio: Studio, person: Person) -> list[dict[str, Any]]:
    """For the component, as its `views`."""
    views = saved_views.views(studio, person)
    return [{"id": v.id, "name": v.name, "line": v.line, "shared": v.shared, "owner": v.owner} for v in views]


def act(studio: Studio, person: Person, action: Mapping[str, Any]) -> bool:
    """Do it, when it is something about a view; whether it was. For callbacks: a refusal becomes a toast."""
    wish = _WISHES.get(action.get("act", ""))
    if not wish:
        return False
    verb, done = wish(studio, person, action)
    toast.after(verb, done)
    return True


Wish = Callable[[Studio, Person, Mapping[str, Any]], tuple[Callable[[], object], str]]


def _save(studio: Studio, person: Person, action: Mapping[str, Any]) -> tuple[Callable[[], object], str]:
    return lambda: saved_views.save(studio, person, action["name"], action["line"]), _("The view is saved.")


def _rename(studio: Studio, person: Person, action: Mapping[str, Any]) -> tuple[Callable[[], object], str]:
    return lambda: saved_views.rename(studio, person, action["id"], action["name"]), _("Renamed.")


def _change(studio: Studio, person: Person, action: Mapping[str, Any]) -> tuple[Callable[[], object], str]:
    return lambda: saved_views.change(studio, person, action["id"], action["line"]), _("The view is changed.")


def _share(studio: Studio, person: Person, action: Mapping[str, Any]) -> tuple[Callable[[], object], str]:
    on = bool(action["on"])
    done = _("The team sees it now, each over their own images.") if on else _("Only you see it now.")
    return lambda: saved_views.share(studio, person, action["id"], on=on), done


def _remove(studio: Studio, person: Person, action: Mapping[str, Any]) -> tuple[Callable[[], object], str]:
    return lambda: saved_views.remove(studio, person, action["id"]), _("The view is removed.")


# To add something that can be done with a view, add a line: what the component says, and what is done and told then.
_WISHES: Mapping[str, Wish] = {
    "view.save": _save,
    "view.rename": _rename,
    "view.change": _change,
    "view.share": _share,
    "view.remove": _remove,
}
