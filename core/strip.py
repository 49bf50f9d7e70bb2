"""Every kept image of a conversation in one line, in the order in which they were asked for."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core import access, views
from core.access import Person
from core.catalogue import Catalogue
from core.studio import Studio
from core.tables import Conversation, Generation, Image, Turn


@dataclass(frozen=True)
class Frame:
    """An image in the strip."""

    image: views.ImageView
    position: int
    """Of its turn, from 1."""
    model: str
    """Full name."""

    def wire(self, catalogue: Catalogue) -> dict[str, Any]:
        """As plain JSON for the strip."""
        shape = {"id": self.image.id, "w": self.image.width, "h": self.image.height}
        told = {"position": self.position, "model": catalogue.label(self.model), "selected": self.image.selected}
        return {**shape, **told, "placeholder": self.image.placeholder}


def frames(studio: Studio, person: Person, conversation_id: str) -> tuple[Frame, ...]:
    """All images of a conversation that are not in the trash, in two queries. Raises NotFound."""
    query = (
        sa.select(Image, col(Turn.position), col(Generation.provider), col(Generation.model))
        .join(Generation, col(Generation.id) == Image.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .where(col(Turn.conversation_id) == conversation_id)
        .where(col(Image.deleted_at).is_(None), col(Generation.deleted_at).is_(None))
        .order_by(col(Turn.position), col(Generation.queued_at), col(Generation.id), col(Image.n))
    )
    with studio.reading() as db:
        access.find(db, Conversation, conversation_id, person)
        rows = db.execute(query).all()
    return tuple(Frame(views.image(row), step, f"{provider}/{model}") for row, step, provider, model in rows)
