"""What an ask box begins with: an image from elsewhere, and the settings that go with it."""

from collections.abc import Sequence

from core import access, conversations, views
from core.access import Person
from core.conversations import Card
from core.studio import Studio
from core.tables import Generation, Image, Turn
from core.views import ImageView
from pages.parts import choices, frame
from pages.parts.choices import Settings

KEY = "create"
"""The box of the Create page."""


def create(image_id: str) -> None:
    """Go to Create with this image, its model and its shape, whatever was chosen there before. Does not return."""
    choices.anew(KEY)
    frame.go("create", source=image_id)


def source(studio: Studio, person: Person, image_id: str) -> ImageView:
    """The image to start from. Raises NotFound for what is not there, or somebody else's."""
    with studio.reading() as db:
        return views.image(access.find(db, Image, image_id, person))


def settings(studio: Studio, person: Person, source: ImageView | None, cards: Sequence[Card]) -> Settings:
    """How the source was made, with its own model; else what the newest of these conversations asked for last."""
    return (source and _of_source(studio, person, source.id)) or _of_last(studio, person, cards)


def _of_source(studio: Studio, person: Person, image_id: str) -> Settings:
    """Nothing for an uploaded image."""
    with studio.reading() as db:
        image = access.find(db, Image, image_id, person)
        if image.generation_id is None:
            return {}
        generation = access.find(db, Generation, image.generation_id, person)
        turn = access.find(db, Turn, generation.turn_id, person)
        return {**turn.settings, "models": [f"{generation.provider}/{generation.model}"], "count": 1}


def _of_last(studio: Studio, person: Person, cards: Sequence[Card]) -> Settings:
    return conversations.last_settings(studio, person, cards[0].id) if cards else {}
