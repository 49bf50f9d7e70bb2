"""All that is known of one image: what it shows, how it was made, what it came from and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func

from core import access
from core.access import Person
from core.columns import Moment
from core.errors import NotFound
from core.studio import Studio
from core.tables import REFERENCE, SOURCE, Conversation, Generation, Image, Post, Reference, Turn
from core.tiles import milliseconds

OWN = ("id", "width", "height", "mime", "size", "placeholder", "alt", "starred", "selected", "post_id", "created_at")
"""What is taken from the image itself."""
MADE = ("provider", "model", "practice", "cost", "cost_basis", "duration_ms", "seed", "left_out", "turn_id")
"""What is taken from its generation."""
SHOWN = ("id", "width", "height", "placeholder")
"""What is taken from other images."""
FARTHEST = 100
"""How many steps back the lineage is told; who goes further opens one of them."""
THIS, OWNER = sa.bindparam("image_id", type_=sa.String()), sa.bindparam("owner", type_=sa.String())
"""The image and whose it is. Every query is built once: to build them took three times as long as to ask them."""
STARTS = (col(Reference.role) == SOURCE, col(Reference.position) == 0)
"""Which reference is the image that a turn starts from."""
KEPT = (col(Image.user_id) == OWNER, col(Image.deleted_at).is_(None), col(Image.generation_id).is_not(None))
"""In the words of the partial index `tables.KEPT`, or the databases would not use it."""
DERIVED = 12
THREADS = 4
"""How many derived images and conversations are told beside their number."""


@dataclass(frozen=True)
class Sibling:
    """Another image that this one leads to."""

    id: str
    width: int
    height: int
    placeholder: str
    model: str | None
    """As people know it; None for an upload."""
    trashed: bool = False


@dataclass(frozen=True)
class Thread:
    """A conversation that made the image or used it."""

    id: str
    title: str
    updated_at: datetime


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
    alt: str
    starred: bool
    selected: bool
    post_id: str | None
    created_at: datetime
    caption: str
    prompt: str
    settings: dict[str, Any]
    """What its turn was asked with, see `asks.Ask`."""
    asked: tuple[str, ...]
    """The models that its turn asked, as people know them."""
    provider: str
    model: str
    practice: bool
    cost: Decimal | None
    cost_basis: str | None
    duration_ms: int | None
    seed: int | None
    left_out: tuple[str, ...]
    conversation_id: str | None
    """None when it was purged: nobody can open it any more."""
    title: str
    siblings: tuple[Sibling, ...]
    """All kept images of its post, this one too, or of its turn when it has none; in the order of the conversation."""
    ancestors: tuple[Sibling, ...]
    """What it was derived from, the first image first; also uploads and what is in the trash, for the whole chain."""
    derived: tuple[Sibling, ...]
    """Kept images that were derived from it, newest first; the newest DERIVED of them."""
    derived_total: int
    threads: tuple[Thread, ...]
    """Its own conversation, then those that used it, the latest changed first; THREADS of them. None in the trash."""
    threads_total: int
    newer: str | None
    older: str | None
    position: int | None
    """How many images of the gallery are newer; None unless that was asked."""

    def wire(self) -> dict[str, Any]:
        """As plain JSON; money and seeds as text, because JavaScript would round them."""
        return asdict(self) | {
            "cost": None if self.cost is None else str(self.cost),
            "seed": None if self.seed is None else str(self.seed),
            "created_at": milliseconds(self.created_at),
            "threads": [asdict(one) | {"updated_at": milliseconds(one.updated_at)} for one in self.threads],
        }


def of_image(studio: Studio, person: Person, image_id: str, *, placed: bool = False) -> Detail:
    """All about one kept image, in five queries; `placed` also counts which of the gallery it is.

    Raises NotFound for what is not there, not yours, in the trash or an upload.
    """
    with studio.reading() as db:
        image = access.look(db, Image, image_id, person)
        if image.deleted_at is not None or image.generation_id is None:
            raise NotFound("This image is not in the gallery. It may be in the trash.")
        whose = Person(image.user_id, "")  # a lead looks at it among the others of whoever made it
        mine = whose.id == person.id
        given = {name: getattr(image, name) for name in ("generation_id", "post_id", "created_at")}
        given |= {"image_id": image.id, "owner": whose.id}
        made = dict(db.execute(_making(placed), given).one()._mapping)
        given |= {"turn_id": made.pop("turn_id"), "conversation_id": made["conversation_id"]}
        siblings = db.execute(_siblings(bool(image.post_id)), given).all()
        ancestors, derived = _lineage(db, given)
        threads = db.execute(_threads(), given).all() if mine else []
        own = {name: getattr(image, name) for name in OWN}
    if made.pop("purged_at") or not mine:
        made["conversation_id"] = None
    if not mine:
        own["post_id"] = None
    facts = made | {"left_out": tuple(made["left_out"]), "model": _label(studio, made["provider"], made["model"])}
    return Detail(
        **own,
        **facts,
        asked=tuple(studio.catalogue.label(name) for name in dict.fromkeys(made["settings"].get("models") or ())),
        siblings=_told(studio, siblings),
        ancestors=_told(studio, ancestors),
        derived=_told(studio, derived),
        derived_total=derived[0].total if derived else 0,
        threads=tuple(Thread(row.id, row.title, row.updated_at) for row in threads),
        threads_total=threads[0].total if threads else 0,
    )


@cache
def _making(placed: bool) -> Any:
    """How it was made, and who stands beside it in the gallery."""
    place = sa.tuple_(col(Image.created_at), col(Image.id))
    here = sa.tuple_(sa.bindparam("created_at", type_=Moment()), THIS)
    kept = sa.select(col(Image.id)).where(*KEPT)
    newer = kept.where(place > here).order_by(col(Image.created_at), col(Image.id)).limit(1)
    older = kept.where(place < here).order_by(col(Image.created_at).desc(), col(Image.id).desc()).limit(1)
    before = sa.select(func.count()).select_from(Image).where(*KEPT, place > here)
    return (
        sa.select(
            *_columns(Generation, *MADE),
            *_columns(Turn, "prompt", "settings", "conversation_id"),
            func.coalesce(col(Post.caption), "").label("caption"),
            *_columns(Conversation, "title", "purged_at"),
            newer.scalar_subquery().label("newer"),
            older.scalar_subquery().label("older"),
            (before.scalar_subquery() if placed else sa.null()).label("position"),
        )
        .select_from(Generation)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .join(Conversation, col(Conversation.id) == Turn.conversation_id)
        .outerjoin(Post, col(Post.id) == sa.bindparam("post_id", type_=sa.String()))
        .where(col(Generation.id) == sa.bindparam("generation_id"))
    )


@cache
def _siblings(posted: bool) -> Any:
    """No word about the person here: post and turn are theirs, and it would draw SQLite to read their whole gallery."""
    together = (
        col(Image.post_id) == sa.bindparam("post_id") if posted else col(Generation.turn_id) == sa.bindparam("turn_id")
    )
    return (
        sa.select(
            *_columns(Image, *SHOWN), col(Generation.provider), col(Generation.model), sa.false().label("trashed")
        )
        .join(Generation, col(Generation.id) == Image.generation_id)
        .where(together, col(Image.deleted_at).is_(None))
        .order_by(col(Generation.queued_at), col(Generation.id), col(Image.n))
    )


def _lineage(db: Session, given: Mapping[str, Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """What it came from, the first one first, and what came of it, the newest first: one query."""
    rows = db.execute(_back_and_forth(), given).all()
    back = sorted((row for row in rows if row.step > 0), key=lambda row: -row.step)
    return back, sorted((row for row in rows if row.step < 0), key=lambda row: row.id, reverse=True)


@cache
def _back_and_forth() -> Any:
    return sa.union_all(_ancestors(), _derived())


def _ancestors() -> Any:
    carried = (*SHOWN, "generation_id", "deleted_at")
    chain = sa.select(*_columns(Image, *carried), sa.literal(0).label("step")).where(col(Image.id) == THIS)
    walked = chain.cte("chain", recursive=True)
    source = aliased(Image)
    further = (
        sa.select(*_columns(source, *carried), walked.c.step + 1)
        .select_from(walked)
        .join(Generation, col(Generation.id) == walked.c.generation_id)
        .join(Reference, sa.and_(col(Reference.turn_id) == Generation.turn_id, *STARTS))
        .join(source, col(source.id) == Reference.image_id)
        .where(col(source.user_id) == OWNER, walked.c.step < FARTHEST)
    )
    walked = walked.union_all(further)
    return (
        sa.select(
            walked.c.step,
            *_columns(walked.c, *SHOWN),
            col(Generation.provider),
            col(Generation.model),
            walked.c.deleted_at.is_not(None).label("trashed"),
            sa.literal(0).label("total"),
        )
        .outerjoin(Generation, col(Generation.id) == walked.c.generation_id)
        .where(walked.c.step > 0)
    )


def _derived() -> Any:
    """Whose they are is asked of the generation: asked of the image, SQLite would read the whole gallery."""
    found = (
        sa.select(
            sa.literal(-1).label("step"),
            *_columns(Image, *SHOWN),
            col(Generation.provider),
            col(Generation.model),
            sa.false().label("trashed"),
            func.count().over().label("total"),
        )
        .select_from(Reference)
        .join(Generation, col(Generation.turn_id) == Reference.turn_id)
        .join(Image, col(Image.generation_id) == Generation.id)
        .where(col(Reference.image_id) == THIS, *STARTS)
        .where(col(Generation.user_id) == OWNER, col(Image.deleted_at).is_(None))
        .order_by(col(Image.id).desc())
        .limit(DERIVED)
    )
    return sa.select(found.subquery())


@cache
def _threads() -> Any:
    own = sa.bindparam("conversation_id", type_=sa.String())
    used = (
        sa.select(col(Turn.conversation_id))
        .join(Reference, col(Reference.turn_id) == Turn.id)
        .where(col(Reference.image_id) == THIS, col(Reference.role).in_((SOURCE, REFERENCE)))
        .where(col(Turn.user_id) == OWNER)
    )
    these = col(Conversation.id).in_(used.union(sa.select(own)))
    return (
        sa.select(*_columns(Conversation, "id", "title", "updated_at"), func.count().over().label("total"))
        .where(these, col(Conversation.deleted_at).is_(None))
        .order_by(sa.case((col(Conversation.id) == own, 0), else_=1), col(Conversation.updated_at).desc())
        .limit(THREADS)
    )


def _columns(of: Any, *names: str) -> list[Any]:
    return [getattr(of, name) for name in names]


def _told(studio: Studio, rows: Sequence[Any]) -> tuple[Sibling, ...]:
    return tuple(
        Sibling(
            id=row.id,
            width=row.width,
            height=row.height,
            placeholder=row.placeholder,
            model=_label(studio, row.provider, row.model) if row.provider else None,
            trashed=bool(row.trashed),
        )
        for row in rows
    )


def _label(studio: Studio, provider: str, model: str) -> str:
    return studio.catalogue.label(f"{provider}/{model}")
