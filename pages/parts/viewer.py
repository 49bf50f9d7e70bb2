"""The lightbox on a screen: opens by the address, the address follows it, its actions lead to other screens."""

from collections.abc import Mapping

import streamlit as st

from core import access
from core.access import Person
from core.studio import Studio
from pages.parts import frame
from pages.parts.components import component
from pages.parts.words import _, language

LIGHTBOX = component("lightbox")
VIEW = "view"
"""The image in the address: `/gallery?view=<image id>`."""


def show(studio: Studio, person: Person) -> None:
    """Mount the lightbox; once per screen. It shows what `studio:open` names, see lightbox.js."""
    box = LIGHTBOX(
        key="lightbox",
        data={
            "view": st.query_params.get(VIEW, ""),
            "media": f"/m/{access.media_token(studio, person)}/",
            "locale": language().replace("_", "-"),
            "words": words(),
        },
        on_view_change=_follow,
        on_action_change=lambda: None,
        on_missing_change=lambda: None,
    )
    if box.missing:
        st.toast(_("This image is not here any more, or it is not yours."), icon=":material/hide_image:")
    act(box.action)


def act(action: Mapping[str, str] | None) -> None:
    """Do what a person chose for an image: take it to Create, open its conversation, or find all that used it."""
    if not action:
        return
    if action["act"] == "open":
        frame.go("conversation", id=action["conversation"])
    if action["act"] == "post":
        frame.go("post", id=action["post"])
    if action["act"] == "used":
        frame.go("conversations", image=action["id"])
    frame.go("create", **({"source": action["id"]} if "id" in action else {}))


def _follow() -> None:
    view = st.session_state["lightbox"][VIEW]
    if view:
        st.query_params[VIEW] = view
    else:
        st.query_params.pop(VIEW, None)


def words() -> dict[str, str]:
    """Every sentence of the component; `{…}` is filled in by the browser."""
    return {
        "lightbox": _("Image"),
        "place": _("{n} of {total}"),
        "previous": _("Previous image"),
        "next": _("Next image"),
        "close": _("Close"),
        "loading": _("Loading…"),
        "retry": _("Try again"),
        "unseen": _("This image could not be loaded. It is safe."),
        "no_details": _("The details could not be loaded."),
        "prompt": _("Prompt"),
        "create": _("Use in Create"),
        "conversation": _("Open conversation"),
        "post": _("Open post"),
        "used": _("All conversations with it"),
        "download": _("Download"),
        "model": _("Model"),
        "conversation_title": _("Conversation"),
        "size": _("Size"),
        "cost": _("Cost"),
        "duration": _("Duration"),
        "date": _("Made"),
        "seed": _("Seed"),
        "left_out": _("Left out"),
        "practice_free": _("Practice, free"),
        "cost_unknown": _("unknown"),
        "basis_reported": _("reported by the provider"),
        "basis_computed": _("computed from the price list"),
        "basis_estimated": _("estimated"),
        "basis_unknown": _("not certain"),
        "sibling": _("Image"),
        "siblings": _("Made in the same turn"),
        "parent": _("Derived from"),
    }
