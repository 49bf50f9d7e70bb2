"""The lightbox on a screen: opens by the address, the address follows it, its actions lead to other screens.

The address carries the image alone: a post is known by any of its images, and two names could contradict each other.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core import access, gallery, marks, trash
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from pages.parts import beginnings, frame, wishes
from pages.parts.components import component
from pages.parts.gallery_words import key_names
from pages.parts.wishes import Wish
from pages.parts.words import _, language, setting_names

LIGHTBOX = component("lightbox")
KEY = "lightbox"
VIEW = "view"
"""The image in the address: `/gallery?view=<image id>`."""
LOOKED_AT = "looked-at"
UNDO_SECONDS = 10


def show(
    studio: Studio, person: Person, *, plain: bool = False, acts: Mapping[str, Callable[[Wish], object]] | None = None
) -> None:
    """Mount the lightbox; once per screen. It shows what `studio:open` names, see lightbox.js.

    A `plain` one is for what is in the trash: it has no details, and an image can only be taken back. `acts` do what
    is wished in other ways than `grant` does.
    """
    if plain:
        _leave_what_is_back(studio, person)
    view = st.query_params.get(VIEW, "")
    gone = _("This image is not here any more, or it is not yours.")
    there = plain or not view or _there(studio, person, view)
    box = LIGHTBOX(
        key=KEY,
        data={
            "view": view,
            "plain": plain,
            "media": f"/m/{access.media_token(studio, person)}/",
            "locale": language().replace("_", "-"),
            "seconds": UNDO_SECONDS,
            "answers": wishes.answered(KEY),
            "words": words() if there else {**words(), "unseen": gone},  # its picture fails before its details do
        },
        on_view_change=_follow,
        on_wishes_change=lambda: grant(studio, person, st.session_state[KEY].wishes, acts),
        on_action_change=lambda: None,
        on_missing_change=lambda: None,
    )
    if box.missing:
        st.toast(gone, icon=":material/hide_image:")
    act(box.action)


def _leave_what_is_back(studio: Studio, person: Person) -> None:
    """An address may name what is not in the trash any more. What was restored a moment ago may still be looked at."""
    view = st.query_params.get(VIEW, "")
    if not view or st.session_state.get(LOOKED_AT) == view:
        return
    st.session_state[LOOKED_AT] = view
    try:
        trash.these(studio, person, [view])
    except NotFound:
        del st.query_params[VIEW]
        st.toast(_("This image is not in the trash. If it was restored, it is in the gallery."), icon=":material/info:")


def _there(studio: Studio, person: Person, image_id: str) -> bool:
    try:
        gallery.check(studio, person, image_id)
    except NotFound:
        return False
    return True


def act(action: Mapping[str, str] | None) -> None:
    """Go where a person chose to go with an image: to Create, its conversation or its post, to all that used it or
    look like it."""
    if not action:
        return
    image = str(action.get("id", ""))
    if action["act"] == "open":
        frame.go("conversation", id=action["conversation"])
    if action["act"] == "refine":
        frame.go("conversation", id=action["conversation"], source=image)
    if action["act"] == "post":
        frame.go("post", id=action["post"], image=image)
    if action["act"] == "used":
        frame.go("conversations", image=image)
    if action["act"] == "similar":
        frame.go("gallery", q=f"like:{image}")
    if image:
        beginnings.create(image)
    frame.go("create")


def grant(
    studio: Studio, person: Person, told: Any, other: Mapping[str, Callable[[Wish], object]] | None = None
) -> None:
    """Star, trash and restore what a browser names. The verbs look up again whose it is."""
    acts: dict[str, Callable[[Wish], object]] = {
        "star": lambda wish: marks.star(studio, person, [str(wish["id"])], on=bool(wish["on"])),
        "trash": lambda wish: trash.trash(studio, person, map(str, wish["ids"])),
        "restore": lambda wish: trash.restore(studio, person, map(str, wish["ids"])),
    }
    wishes.grant(KEY, told, acts | dict(other or {}))


def _follow() -> None:
    view = st.session_state[KEY][VIEW]
    st.session_state[LOOKED_AT] = view
    if view == st.query_params.get(VIEW, ""):
        return  # told again: written again, it would be another entry of the browser's history
    if view:
        st.query_params[VIEW] = view
    else:
        st.query_params.pop(VIEW, None)


def words() -> dict[str, Any]:
    """Every sentence of the component; `{…}` is filled in by the browser."""
    return {
        "lightbox": _("Image"),
        "place": _("{n} of {total}"),
        "percent": _("{n} %"),
        "already": _("Already shown at {n} %"),
        "keyed": _("{label} ({key})"),
        "previous": _("Previous image"),
        "next": _("Next image"),
        "star": _("Star"),
        "starred": _("Starred"),
        "trash": _("Move to trash"),
        "download": _("Download"),
        "edit": _("Edit in a new conversation"),
        "info": _("Details"),
        "full": _("Full size"),
        "keys": _("Keys"),
        "close": _("Close"),
        "loading": _("Loading…"),
        "retry": _("Try again"),
        "unseen": _("This image could not be loaded. It is safe."),
        "blurry": _("The original could not be loaded, so this is its preview. It is safe."),
        "no_details": _("The details could not be loaded."),
        "unsaved": _("The studio does not answer. What you did is kept here and tried again."),
        "binned": _("The image is in the trash."),
        "binned_many": _("{n} images are in the trash."),
        "derived_stay": _("{n} derived image stays."),
        "derived_stays": _("{n} derived images stay."),
        "follow": _("Trash too"),
        "undo": _("Undo"),
        "in_trash": _("In the trash"),
        "restore": _("Restore"),
        "in_use": _("In use: something that is not in the trash started from it, so it stays."),
        "key_names": key_names(),
        "keys_behind": _("In the grid behind it"),
        "key_walk": _("Previous or next image"),
        "key_ends": _("First or last image"),
        "key_switch": _("Another image of this post"),
        "key_zoom": _("Zoom in, out, fit"),
        "key_pan": _("Move the picture while zoomed"),
        "key_hint": _("Scroll, pinch or double-click to zoom; drag to move."),
        "refine": _("Refine"),
        "create": _("New conversation"),
        "post": _("Open post"),
        "similar": _("Find similar"),
        "copy_link": _("Copy link"),
        "copy_prompt": _("Copy prompt"),
        "copied": _("Copied"),
        "not_copied": _("Could not be copied"),
        "more": _("Show all"),
        "less": _("Show less"),
        "prompt": _("Prompt and parameters"),
        "model": _("Model"),
        "models": _("Models asked"),
        "size": _("Size"),
        "cost": _("Cost"),
        "tree": _("With all tries"),
        "tree_cost": _("{cost} in {n} calls, captions included"),
        "tree_possible": _("(up to {cost} more)"),
        "duration": _("Duration"),
        "date": _("Made"),
        "left_out": _("Not sent"),
        "settings": setting_names(),
        "selected": _("Selected for its post"),
        "practice_free": _("Practice, free"),
        "practice_price": _("Practice, free (would cost {cost})"),
        "cost_unknown": _("unknown"),
        "basis_reported": _("reported by the provider"),
        "basis_computed": _("computed from the price list"),
        "basis_estimated": _("estimated"),
        "basis_unknown": _("not certain"),
        "nth": _("Image {n}: {model}"),
        "siblings": _("Images of this post"),
        "turn_siblings": _("Made in the same turn"),
        "lineage": _("Came from"),
        "this": _("This image"),
        "uploaded": _("Uploaded"),
        "trashed_one": _("{model}, in the trash"),
        "derived": _("Derived from it"),
        "more_derived": _("and {n} more"),
        "threads": _("Conversations with this image"),
        "used": _("All {n} conversations with it"),
    }
