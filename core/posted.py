"""A post as its page shows it: words, images, what it was asked with, where it comes from and what happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from core import access, history, views
from core.access import Person
from core.briefs import Brief
from core.history import Step
from core.studio import Studio
from core.tables import (
    CANCELED,
    CAPTION,
    FAILED,
    IMAGE,
    SOURCE,
    SUCCEEDED,
    UNFINISHED,
    Conversation,
    Generation,
    Image,
    Post,
    Reference,
    Turn,
)

GENERATING_CAPTION, GENERATING_IMAGES = "generating caption", "generating images"
GENERATED, EDITED = "generated", "edited"


@dataclass(frozen=True)
class Variant:
    """One image of a post, with how it was made."""

    image: views.ImageView
    x: float
    y: float
    """The focal point, as shares from the top left."""
    model: str
    """Full name; empty for an image that nobody generated."""
    practice: bool
    cost: Decimal | None
    cost_basis: str | None
    duration_ms: int | None
    seed: int | None
    created_at: datetime


@dataclass(frozen=True)
class Run:
    """What became of one generation of a post: an image that is on its way or did not come, or a caption."""

    id: str
    model: str
    status: str
    error_kind: str | None
    error: str | None
    cost: Decimal | None
    cost_basis: str | None
    duration_ms: int | None
    practice: bool
    queued_at: datetime
    finished_at: datetime | None

    @property
    def unfinished(self) -> bool:
        """Waiting or at work."""
        return self.status in UNFINISHED


@dataclass(frozen=True)
class Origin:
    """The image that a post's turn starts from, and where that is."""

    image: views.ImageView
    trashed: bool
    conversation_id: str | None
    """None for an upload; then it has no post either."""
    title: str
    position: int

    @property
    def post_id(self) -> str | None:
        """The post whose words were inherited."""
        return self.image.post_id


@dataclass(frozen=True)
class OpenedPost:
    """A post with everything around it."""

    id: str
    words: views.PostView
    platforms: Mapping[str, str]
    """What a person wrote for one platform alone."""
    brief: Brief
    """What its caption was written to."""
    project_id: str | None
    turn_id: str | None
    conversation_id: str | None
    title: str
    position: int
    prompt: str
    settings: Mapping[str, Any]
    created_at: datetime
    origin: Origin | None
    variants: tuple[Variant, ...]
    making: tuple[Run, ...]
    """Its images' generations."""
    captions: tuple[Run, ...]
    """Every time somebody had its caption written, oldest first."""
    history: tuple[Step, ...]
    """Oldest first."""

    @property
    def caption(self) -> Run | None:
        """The newest writing of its caption; its id is what `generations.retry` takes."""
        return self.captions[-1] if self.captions else None

    @property
    def status(self) -> str:
        """Derived, never stored: generating caption, generating images, edited or generated."""
        if self.caption and self.caption.unfinished:
            return GENERATING_CAPTION
        if any(run.unfinished for run in self.making):
            return GENERATING_IMAGES
        return EDITED if self.words.edited or self.platforms else GENERATED

    @property
    def selected(self) -> Variant | None:
        """The image that was chosen."""
        return next((variant for variant in self.variants if variant.image.selected), None)

    @property
    def without_images(self) -> str | None:
        """Why there is no image and none on its way: failed, canceled or trashed; None when that is not so."""
        if self.variants or any(run.unfinished for run in self.making):
            return None
        ended = {run.status for run in self.making}
        return "trashed" if SUCCEEDED in ended or not ended else FAILED if FAILED in ended else CANCELED


def opened(studio: Studio, person: Person, post_id: str) -> OpenedPost:
    """The post with everything around it, in five queries. Raises NotFound."""
    with studio.reading() as db:
        post = access.find(db, Post, post_id, person)
        turn, conversation, origin = _asked(db, person, post)
        images = _images(db, post)
        runs = _runs(db, post, inherited=origin is not None and origin.post_id is not None)
        told = history.steps(db, post, turn, images, runs)
    captions = tuple(_run(row) for row in runs if row.kind == CAPTION)
    variants = tuple(_variant(image, row) for image, row in images)
    making = tuple(_run(row) for row in runs if row.kind == IMAGE)
    return OpenedPost(
        id=post.id,
        words=views.post(post),
        platforms=post.platforms,
        brief=Brief.read(post.brief),
        project_id=post.project_id,
        turn_id=post.turn_id,
        conversation_id=conversation.id if conversation else None,
        title=conversation.title if conversation else "",
        position=turn.position if turn else 0,
        prompt=turn.prompt if turn else "",
        settings=turn.settings if turn else {},
        created_at=post.created_at,
        origin=origin,
        variants=variants,
        making=making,
        captions=captions,
        history=told,
    )


def _asked(db: Session, person: Person, post: Post) -> tuple[Turn | None, Conversation | None, Origin | None]:
    """The turn that made the post, its conversation unless that was purged, and what it started from: one query."""
    made, before, home, there = aliased(Generation), aliased(Turn), aliased(Conversation), aliased(Conversation)
    used = sa.and_(col(Reference.turn_id) == Turn.id, col(Reference.role) == SOURCE, col(Reference.position) == 0)
    query = (
        sa.select(Turn, home, Image, before, col(there.title))
        .outerjoin(home, sa.and_(col(home.id) == Turn.conversation_id, col(home.purged_at).is_(None)))
        .outerjoin(Reference, used)
        .outerjoin(Image, sa.and_(col(Image.id) == Reference.image_id, col(Image.user_id) == person.id))
        .outerjoin(made, col(made.id) == Image.generation_id)
        .outerjoin(before, col(before.id) == made.turn_id)
        .outerjoin(there, col(there.id) == before.conversation_id)
        .where(col(Turn.id) == post.turn_id)
    )
    found = db.execute(query).first()
    if found is None:
        return None, None, None
    turn, conversation, image, parent, parents_title = found
    return turn, conversation, _origin(image, parent, parents_title) if image else None


def _origin(image: Image, turn: Turn | None, title: str | None) -> Origin:
    conversation = turn.conversation_id if turn else None
    trashed = image.deleted_at is not None
    return Origin(views.image(image, SOURCE), trashed, conversation, title or "", turn.position if turn else 0)


def _images(db: Session, post: Post) -> Sequence[tuple[Image, Generation | None]]:
    query = (
        sa.select(Image, Generation)
        .outerjoin(Generation, col(Generation.id) == Image.generation_id)
        .where(col(Image.post_id) == post.id, col(Image.deleted_at).is_(None))
        .order_by(col(Generation.queued_at), col(Generation.id), col(Image.n))
    )
    return [(image, row) for image, row in db.execute(query)]


def _runs(db: Session, post: Post, inherited: bool) -> Sequence[Generation]:
    """Captions that were written for it, and its images' generations: all of its turn, unless each image of that turn
    has a post of its own."""
    mine = col(Generation.id).in_(sa.select(col(Image.generation_id)).where(col(Image.post_id) == post.id))
    images = sa.and_(
        col(Generation.kind) == IMAGE, mine if inherited else col(Generation.turn_id) == (post.turn_id or "")
    )
    query = select(Generation).where(sa.or_(col(Generation.post_id) == post.id, images))
    shown = query.where(col(Generation.deleted_at).is_(None))
    return db.exec(shown.order_by(col(Generation.queued_at), col(Generation.id))).all()


def _variant(image: Image, row: Generation | None) -> Variant:
    return Variant(
        image=views.image(image),
        x=image.focus_x,
        y=image.focus_y,
        model=f"{row.provider}/{row.model}" if row else "",
        practice=bool(row and row.practice),
        cost=row.cost if row else None,
        cost_basis=row.cost_basis if row else None,
        duration_ms=row.duration_ms if row else None,
        seed=row.seed if row else None,
        created_at=image.created_at,
    )


def _run(row: Generation) -> Run:
    copied: dict[str, Any] = {f.name: getattr(row, f.name) for f in fields(Run) if f.name != "model"}
    return Run(model=f"{row.provider}/{row.model}", **copied)
