"""How a conversation grew, on a screen: its map."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import access, lineage
from core.access import Person
from core.studio import Studio
from pages.parts import frame
from pages.parts.components import component
from pages.parts.words import _, language, setting_names

MAP = component("lineage")
KEY = "lineage"


def show(
    studio: Studio, person: Person, opened_id: str, on_continue: Callable[[str], None], *, box: str = "", mark: str = ""
) -> None:
    """A button that opens the map of this conversation; the map asks for what it shows only then.

    `on_continue` is called with the image that a person wants to go on from, before the page is drawn anew, and `box`
    is the CSS selector of where they then write. An open map looks again whenever `mark` is another one.
    """
    told = MAP(
        key=KEY,
        data={
            "conversation": opened_id,
            "media": f"/m/{access.media_token(studio, person)}/",
            "locale": language().replace("_", "-"),
            "box": box,
            "mark": mark,
            "words": words(),
        },
        on_continue_change=lambda: _go_on(on_continue),
        on_leave_change=lambda: None,
    )
    if told.leave:
        frame.go("conversation", id=str(told.leave))


def _go_on(on_continue: Callable[[str], None]) -> None:
    image_id = st.session_state[KEY]["continue"]
    if image_id:
        on_continue(str(image_id))


def words() -> dict[str, Any]:
    """Every sentence of the map; `{…}` is filled in by the browser."""
    return {
        "map": _("Map"),
        "hint": _("See how the images came from each other"),
        "title": _("Map of this conversation"),
        "tree": _("Turns, each under the one it came from"),
        "oneTurn": _("1 turn"),
        "turns": _("{n} turns"),
        "keys": _(
            "Arrow keys walk · Enter opens · Space folds a branch · C marks two to compare, Shift+C compares with the"
            " turn before · G continues from here · / finds · 0 fits all"
        ),
        "loading": _("Drawing the map…"),
        "failed": _("The map could not be loaded. Check your connection, then try again."),
        "retry": _("Try again"),
        "empty": _("Nothing was asked in this conversation yet. Ask for an image, and it is the map's first turn."),
        "close": _("Close"),
        "find": _("Find a change, e.g. sign"),
        "hits": _("{n} of {total}"),
        "noHits": _("Nothing found"),
        "foldAll": _("Fold or unfold all branches"),
        "smaller": _("Smaller"),
        "larger": _("Larger"),
        "fit": _("Fit all"),
        **_of_turns(),
        **_of_changes(),
        **_of_pairs(),
    }


def _of_turns() -> dict[str, Any]:
    return {
        "about_turn": _("About this turn"),
        "turn": _("Turn {n}"),
        "theTurn": _("turn {n}"),
        "theOther": _("another conversation"),
        "theUpload": _("an upload"),
        "from": _("from {turn}"),
        "derived": _("Derived from {name}"),
        "fromWords": _("Began with words"),
        "elsewhere": _("Another conversation"),
        "upload": _("Upload"),
        "other": _("Open that conversation"),
        "trashed": _("In the trash"),
        "image": _("{n} image"),
        "images": _("{n} images"),
        "nth": _("Image {n}, {label}"),
        "selected": _("Selected"),
        "unseen": _("This image could not be loaded. It is safe."),
        "gonePictures": _("Images in the trash"),
        "counts": {
            "queued": _("{n} waiting"),
            "running": _("{n} at work"),
            "failed": _("{n} did not work"),
            "canceled": _("{n} canceled"),
        },
        "folded": _("{n} turns folded away"),
        "fold": _("Fold this branch"),
        "unfold": _("Unfold this branch"),
        "fold_n": _("Fold this branch ({n})"),
        "unfold_n": _("Unfold this branch ({n})"),
        "go_on": _("Continue from this"),
        "open": _("Open"),
        "model": _("Model"),
        "cost": _("Cost"),
        "duration": _("Duration"),
        "status": _("Status"),
        "date": _("Asked"),
        "practice": _("Practice, free"),
        "costUnknown": _("cost unknown"),
        "about": _("about {cost}"),
        "atLeast": _("{cost} or more"),
    }


def _of_changes() -> dict[str, Any]:
    return {
        "prompt": _("Prompt"),
        "changed": _("What was asked otherwise"),
        "added": _("added:"),
        "gone": _("removed:"),
        "sameWords": _("the same words"),
        "fromUpload": _("from an upload"),
        "unset": _("as it comes"),
        "settings": {name: setting_names()[name] for name in lineage.SETTINGS},
    }


def _of_pairs() -> dict[str, Any]:
    return {
        "marks": [_("First"), _("Second")],
        "mark": _("Mark to compare"),
        "unmark": _("Marked. Now mark another"),
        "with_marked": _("Compare with {name}"),
        "with_parent": _("Compare with {name}"),
        "compareTitle": _("Two images under one slider"),
        "divider": _("How much of the first image is shown"),
        "back": _("Back to the map"),
    }
