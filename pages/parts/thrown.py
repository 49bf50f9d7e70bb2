"""What the trash shows: trashed conversations as cards, trashed images in the gallery's grid, and the ways back."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from core import access, conversations, trash
from core.access import Person
from core.studio import Studio
from core.trash import Total
from pages.parts import card, frame, parting, throwing, undo, wishes
from pages.parts.components import component
from pages.parts.gallery_words import words
from pages.parts.wishes import Wish
from pages.parts.words import _, language, plural

GRID = component("gallery")
KEY = "thrown"
FIRST = 48
"""Images that travel with the page itself."""
CARDS = 5
"""Conversations that are shown here; all of them have a page."""


def threads(studio: Studio, person: Person) -> None:
    """The conversations in the trash, the latest changed first."""
    cards, following = conversations.cards(studio, person, limit=CARDS, trashed=True)
    card.grid(
        studio,
        person,
        cards,
        key="thrown-conversations",
        on_restore=lambda conversation_id: throwing.restore(studio, person, conversation_id),
        on_purge=lambda conversation_id: parting.want((), (conversation_id,)),
    )
    if following:
        label = _("All conversations in the trash")
        st.page_link(
            frame.PAGES / "conversations.py", label=label, icon=":material/forum:", query_params={"trash": "1"}
        )


def images(studio: Studio, person: Person, total: Total) -> None:
    """The images in the trash, the last thrown away first."""
    first = trash.contents(studio, person, limit=FIRST)
    GRID(
        key=KEY,
        data={
            "source": "/api/trash",
            "q": "",
            "first": trash.wire(first, _, plural),
            "revision": trash.revision_of(studio, total, first),
            "answers": wishes.answered(KEY),
            "acts": _acts(),
            "parted": parting.done(),
            "projects": [],
            "media": f"/m/{access.media_token(studio, person)}/",
            "locale": language().replace("_", "-"),
            "words": words() | _words(),
        },
        on_wishes_change=lambda: _grant(studio, person, st.session_state[KEY].wishes),
        on_action_change=lambda: None,
    )


def large_acts(studio: Studio, person: Person) -> dict[str, Callable[[Wish], object]]:
    """What is done with an image that is looked at large."""
    return {"restore": partial(_restore, studio, person)}


def _acts() -> list[dict[str, Any]]:
    purge = {"act": "purge", "icon": "purge", "label": _("Remove for good"), "key": "delete", "one": True, "many": True}
    back = {"act": "restore", "icon": "restore", "label": _("Restore"), "key": "r", "one": True, "many": True}
    return [back | {"leaves": True}, purge]


def _words() -> dict[str, str]:
    return {
        "gallery": _("Images in the trash"),
        "nothing": _("The trash is empty"),
        "nothing_text": _("What you throw away waits here, so that you can take it back."),
        "first": "",
    }


def _grant(studio: Studio, person: Person, told: Any) -> None:
    acts = {"restore": partial(_restore, studio, person), "purge": lambda wish: parting.want(wish["ids"])}
    wishes.grant(KEY, told, acts)


def _restore(studio: Studio, person: Person, wish: Wish) -> None:
    since = trash.restore(studio, person, wish["ids"])
    if since:
        undo.offer(undo.restored(len(since)), "restored images", tuple(since), since)
