"""Conversations as cards with what they started from and their newest picture; a click opens one."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core import access
from core.access import Person
from core.conversations import Card
from core.studio import Studio
from pages.parts import frame
from pages.parts.components import component
from pages.parts.words import _, day, language, plural

CARDS = component("cards")

Act = Callable[[str], None]
"""Does something with the conversation of this id."""


def grid(
    studio: Studio,
    person: Person,
    cards: Sequence[Card],
    key: str,
    *,
    on_trash: Act | None = None,
    on_restore: Act | None = None,
    on_purge: Act | None = None,
) -> None:
    """Draw these conversations; leaves for the one that is clicked.

    With `on_trash`, `on_restore` or `on_purge` each card has a button for it; they are called before the page is drawn
    anew.
    """
    acts = {"trash": on_trash, "restore": on_restore, "purge": on_purge}
    picked = CARDS(
        key=key,
        data={
            "cards": [_wire(card) for card in cards],
            "base": f"/m/{access.media_token(studio, person)}/",
            "page": "/conversation?id=",
            "language": language().replace("_", "-"),
            "acts": [name for name, act in acts.items() if act],
            "words": {
                "working": _("Working…"),
                "news": _("New since you looked"),
                "now": _("just now"),
                "source": _("What it started from"),
                "trash": _("Move to the trash"),
                "restore": _("Restore"),
                "purge": _("Remove for good"),
            },
        },
        on_open_change=lambda: None,
        on_act_change=lambda: _do(acts, st.session_state[key].act),
    )
    if picked.open:
        frame.go("conversation", id=picked.open)


def _do(acts: dict[str, Act | None], told: dict[str, str] | None) -> None:
    act = acts.get(str(told.get("act"))) if told else None
    if told and act:
        act(str(told.get("id", "")))


def _wire(card: Card) -> dict[str, Any]:
    gone = card.purge_after and _("Gone for good after {day}").format(day=day(card.purge_after))
    return {
        "id": card.id,
        "title": card.title or _("Untitled"),
        "at": card.updated_at.isoformat(),
        "turns": plural("{n} turn", "{n} turns", card.turns),
        "images": _images(card),
        "gone": gone or "",
        "working": card.unfinished > 0,
        "unread": card.unread,
        "cover": card.cover and card.cover.id,
        "placeholder": card.cover and card.cover.placeholder,
        "source": card.source and card.source.id,
    }


def _images(card: Card) -> str:
    """How many it shows, or brings back with it."""
    kept = plural("{n} image", "{n} images", card.images)
    along = plural("{n} image went with it", "{n} images went with it", card.along)
    return " · ".join([*([kept] if card.images or not card.along else []), *([along] if card.along else [])])
