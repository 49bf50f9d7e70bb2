"""What screens see: frozen facts, read in a few queries, with no way back to the database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from core.catalogue import Catalogue
from core.tables import FAILED, UNFINISHED, Generation, Image, Reference, Turn


@dataclass(frozen=True)
class ImageView:
    """A kept picture as a tile needs it; its bytes are at `/m/<token>/<id>/<256 | 512 | preview | full>`."""

    id: str
    width: int
    height: int
    mime: str
    placeholder: str
    starred: bool
    selected: bool
    role: str = ""
    """Only where it is a turn's reference: source, mask or reference."""


@dataclass(frozen=True)
class GenerationView:
    """One model's answer to a turn, as its tile needs it."""

    id: str
    turn_id: str
    provider: str
    model: str
    n: int
    status: str
    error_kind: str | None
    error: str | None
    cost: Decimal | None
    cost_basis: str | None
    duration_ms: int | None
    seed: int | None
    practice: bool
    left_out: tuple[str, ...]
    round: int
    queued_at: datetime
    next_at: datetime | None
    """When a provider that was busy is asked again."""
    started_at: datetime | None
    images: tuple[ImageView, ...] = ()

    @property
    def name(self) -> str:
        """The model's full name, as the catalogue knows it."""
        return f"{self.provider}/{self.model}"

    @property
    def unfinished(self) -> bool:
        """Waiting or at work."""
        return self.status in UNFINISHED

    @property
    def unknown(self) -> bool:
        """Failed with an outcome that nobody knows: it may have been charged."""
        return self.status == FAILED and self.error_kind == "unknown"

    def wire(self, catalogue: Catalogue) -> dict[str, Any]:
        """As plain JSON for the live socket and the tiles component. Times are milliseconds since 1970."""
        sample = self.practice and not catalogue.practises(self.name)
        return {
            "id": self.id,
            "turn": self.turn_id,
            "model": self.name,
            "label": catalogue.label(self.name),
            "n": self.n,
            "status": self.status,
            "kind": self.error_kind,
            "error": self.error,
            "cost": None if self.cost is None else str(self.cost),
            "basis": self.cost_basis,
            "ms": self.duration_ms,
            "seed": self.seed,
            "practice": self.practice,
            "leftOut": list(self.left_out),
            "round": self.round,
            "sample": sample,
            "queued": _milliseconds(self.queued_at),
            "next": _milliseconds(self.next_at),
            "started": _milliseconds(self.started_at),
            "images": [
                {"id": i.id, "w": i.width, "h": i.height, "mime": i.mime, "placeholder": i.placeholder}
                for i in self.images
            ],
        }


@dataclass(frozen=True)
class TurnView:
    """One thing that was asked, with what came of it."""

    id: str
    conversation_id: str
    position: int
    prompt: str
    settings: dict[str, Any]
    created_at: datetime
    references: tuple[ImageView, ...]
    generations: tuple[GenerationView, ...]

    @property
    def done(self) -> int:
        """How many generations are at their end."""
        return sum(not g.unfinished for g in self.generations)


def turns(db: Session, rows: Sequence[Turn]) -> tuple[TurnView, ...]:
    """These turns with their references, generations and images: three queries, however many there are."""
    ids = [turn.id for turn in rows]
    used, answers = _references(db, ids), defaultdict(list)
    for view in generations(db, db.exec(_generations_of(ids)).all()):
        answers[view.turn_id].append(view)
    return tuple(
        TurnView(
            id=turn.id,
            conversation_id=turn.conversation_id,
            position=turn.position,
            prompt=turn.prompt,
            settings=turn.settings,
            created_at=turn.created_at,
            references=tuple(used[turn.id]),
            generations=tuple(answers[turn.id]),
        )
        for turn in rows
    )


def generations(db: Session, rows: Sequence[Generation]) -> tuple[GenerationView, ...]:
    """These generations with their kept images: one query."""
    kept: dict[str, list[ImageView]] = defaultdict(list)
    query = select(Image).where(col(Image.generation_id).in_([g.id for g in rows]), col(Image.deleted_at).is_(None))
    for picture in db.exec(query.order_by(col(Image.n))).all():
        kept[str(picture.generation_id)].append(image(picture))
    return tuple(_generation(row, kept[row.id]) for row in rows)


def image(row: Image, role: str = "") -> ImageView:
    """A row as a tile needs it."""
    return ImageView(
        id=row.id,
        width=row.width,
        height=row.height,
        mime=row.mime,
        placeholder=row.placeholder,
        starred=row.starred,
        selected=row.selected,
        role=role,
    )


def _generations_of(turn_ids: Iterable[str]) -> Any:
    return (
        select(Generation)
        .where(col(Generation.turn_id).in_(turn_ids), col(Generation.deleted_at).is_(None))
        .order_by(col(Generation.queued_at), col(Generation.id))
    )


def _references(db: Session, turn_ids: Iterable[str]) -> dict[str, list[ImageView]]:
    used: dict[str, list[ImageView]] = defaultdict(list)
    query = (
        select(Reference, Image)
        .join(Image, col(Image.id) == Reference.image_id)
        .where(col(Reference.turn_id).in_(turn_ids))
        .order_by(col(Reference.position))
    )
    for reference, picture in db.exec(query).all():
        used[reference.turn_id].append(image(picture, reference.role))
    return used


def _generation(row: Generation, images: list[ImageView]) -> GenerationView:
    return GenerationView(
        id=row.id,
        turn_id=row.turn_id,
        provider=row.provider,
        model=row.model,
        n=row.n,
        status=row.status,
        error_kind=row.error_kind,
        error=row.error,
        cost=row.cost,
        cost_basis=row.cost_basis,
        duration_ms=row.duration_ms,
        seed=row.seed,
        practice=row.practice,
        left_out=tuple(row.left_out),
        round=row.round,
        queued_at=row.queued_at,
        next_at=row.next_at,
        started_at=row.started_at,
        images=tuple(images),
    )


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
