"""Conversations as cards with their newest picture; a click opens one."""

from collections.abc import Sequence
from typing import Any

from core import access
from core.access import Person
from core.conversations import Card
from core.studio import Studio
from pages.parts import frame
from pages.parts.components import component
from pages.parts.words import _, language, plural

CARDS = component("cards")


def grid(studio: Studio, person: Person, cards: Sequence[Card], key: str) -> None:
    """Draw these conversations; leaves for the one that is clicked."""
    picked = CARDS(
        key=key,
        data={
            "cards": [_wire(card) for card in cards],
            "base": f"/m/{access.media_token(studio, person)}/",
            "page": "/conversation?id=",
            "language": language().replace("_", "-"),
            "words": {"working": _("Working…"), "news": _("New since you looked"), "now": _("just now")},
        },
        on_open_change=lambda: None,
    )
    if picked.open:
        frame.go("conversation", id=picked.open)


def _wire(card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "title": card.title or _("Untitled"),
        "at": card.updated_at.isoformat(),
        "turns": plural("{n} turn", "{n} turns", card.turns),
        "images": plural("{n} image", "{n} images", card.images),
        "working": card.unfinished > 0,
        "unread": card.unread,
        "cover": card.cover and card.cover.id,
        "placeholder": card.cover and card.cover.placeholder,
    }
