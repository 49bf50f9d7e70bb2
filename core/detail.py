"""All that is known of one image: what it shows, how it was made, and which images stand beside it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from core import access
from core.access import Person
from core.columns import Moment
from core.errors import NotFound
from core.studio import Studio
from core.tables import SOURCE, Conversation, Generation, Image, Post, Reference, Turn
from core.tiles import milliseconds

OWN = ("id", "width", "height", "mime", "size", "placeholder", "post_id")
"""What is taken from the image itself."""


@dataclass(frozen=True)
class Sibling:
    """Another image: of the same turn, or the one that the turn started from."""

    id: str
    width: int
    height: int
    placeholder: str
    model: str


@dataclass(frozen=True)
class Detail:
    """Everything that the panel beside an image says."""

    id: str
    width: int
    height: int
    mime: str
    size: int
    """Bytes of the original."""
    placeholder: str
    caption: str
    prompt: str
    provider: str
    model: str
    practice: bool
    cost: Decimal | None
    cost_basis: str | None
    duration_ms: int | None
    seed: int | None
    left_out: tuple[str, ...]
    created_at: datetime
    conversation_id: str
    title: str
    post_id: str | None
    parent: Sibling | None
    """The generated image that it was derived from; None when there is none, or it is in the trash."""
    siblings: tuple[Sibling, ...]
    """All kept images of the turn, this one too, in the order of the conversation."""
    newer: str | None
    older: str | None
    position: int
    """How many images of the gallery are newer."""

    def wire(self) -> dict[str, Any]:
        """As plain JSON; money and seeds as text, because JavaScript would round them."""
        return asdict(self) | {
            "cost": None if self.cost is None else str(self.cost),
            "seed": None if self.seed is None else str(self.seed),
            "created_at": milliseconds(self.created_at),
        }


def of_image(studio: Studio, person: Person, image_id: str) -> Detail:
    """All about one kept image. Raises NotFound for what is not there, not yours, in the trash or an upload."""
    with studio.reading() as db:
        image = access.find(db, Image, image_id, person)
        if image.deleted_at is not None or image.generation_id is None:
            raise NotFound("This image is not in the gallery. It may be in the trash.")
        row = db.execute(_making_of(image)).one()
        siblings = db.execute(_siblings(row.turn_id)).all()
        parent = db.execute(_parent(person, row.turn_id)).first()
        newer, older, position = _around(db, person, image)
        plain = {name: getattr(image, name) for name in OWN}
        created_at = image.created_at
    facts = dict(row._mapping) | {"model": _label(studio, row), "left_out": tuple(row.left_out)}
    del facts["turn_id"]
    return Detail(
        **plain,
        **facts,
        created_at=created_at,
        parent=_sibling(studio, parent) if parent else None,
        siblings=tuple(_sibling(studio, row) for row in siblings),
        newer=newer,
        older=older,
        position=position,
    )


def _making_of(image: Image) -> Any:
    told = ("provider", "model", "practice", "cost", "cost_basis", "duration_ms", "seed", "left_out", "turn_id")
    return (
        sa.select(
            *(getattr(Generation, name) for name in told),
            col(Turn.prompt),
            col(Turn.conversation_id),
            func.coalesce(col(Post.caption), "").label("caption"),
            col(Conversation.title),
        )
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .join(Conversation, col(Conversation.id) == Turn.conversation_id)
        .outerjoin(Post, col(Post.id) == image.post_id)
        .where(col(Generation.id) == image.generation_id)
    )


def _siblings(turn_id: str) -> Any:
    """No word about the person here: the turn is theirs, and it would draw SQLite to read their whole gallery."""
    shown = (Image.id, Image.width, Image.height, Image.placeholder, Generation.provider, Generation.model)
    return (
        sa.select(*map(col, shown))
        .join(Generation, col(Generation.id) == Image.generation_id)
        .where(col(Generation.turn_id) == turn_id, col(Image.deleted_at).is_(None))
        .order_by(col(Generation.queued_at), col(Generation.id), col(Image.n))
    )


def _parent(person: Person, turn_id: str) -> Any:
    """The source of a turn, when it was generated and can still be looked at."""
    shown = (Image.id, Image.width, Image.height, Image.placeholder, Generation.provider, Generation.model)
    return (
        sa.select(*map(col, shown))
        .select_from(Reference)
        .join(Image, col(Image.id) == Reference.image_id)
        .join(Generation, col(Generation.id) == Image.generation_id)
        .where(col(Reference.turn_id) == turn_id, col(Reference.role) == SOURCE, *_kept(person))
    )


def _sibling(studio: Studio, row: Any) -> Sibling:
    return Sibling(row.id, row.width, row.height, row.placeholder, _label(studio, row))


def _around(db: Session, person: Person, image: Image) -> tuple[str | None, str | None, int]:
    place = sa.tuple_(col(Image.created_at), col(Image.id))
    here = sa.tuple_(sa.literal(image.created_at, Moment()), sa.literal(image.id))
    kept = sa.select(col(Image.id)).where(*_kept(person))
    newer = kept.where(place > here).order_by(col(Image.created_at), col(Image.id)).limit(1)
    older = kept.where(place < here).order_by(col(Image.created_at).desc(), col(Image.id).desc()).limit(1)
    before = select(func.count()).select_from(Image).where(*_kept(person), place > here)
    return db.scalar(newer), db.scalar(older), db.scalar(before) or 0


def _kept(person: Person) -> tuple[Any, ...]:
    """In the words of the partial index `tables.KEPT`, or the databases would not use it."""
    return (
        col(Image.user_id) == person.id,
        col(Image.deleted_at).is_(None),
        col(Image.generation_id).is_not(None),
    )


def _label(studio: Studio, row: Any) -> str:
    return studio.catalogue.label(f"{row.provider}/{row.model}")
