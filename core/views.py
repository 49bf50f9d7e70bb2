"""What screens see: frozen facts, read in a few queries, with no way back to the database."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from core.catalogue import Catalogue
from core.tables import CAPTION, FAILED, IMAGE, UNFINISHED, Generation, Image, Post, Reference, Turn


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
    post_id: str | None = None
    alt: str = ""
    role: str = ""
    """Only where it is a turn's reference: source, mask or reference."""


@dataclass(frozen=True)
class GenerationView:
    """One model's answer to a turn, as its tile needs it."""

    id: str
    turn_id: str
    conversation_id: str
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
    makes: str = IMAGE
    images: tuple[ImageView, ...] = ()
    post: "PostView | None" = None
    """Only of a caption: what it is written for."""
    removed: bool = False
    """Failed, and taken off the page; its cost counts all the same."""

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
            "makes": self.makes,
            "post": self.post and self.post.wire(),
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
                {
                    "id": i.id,
                    "w": i.width,
                    "h": i.height,
                    "mime": i.mime,
                    "placeholder": i.placeholder,
                    "post": i.post_id,
                    "selected": i.selected,
                }
                for i in self.images
            ],
        }


@dataclass(frozen=True)
class PostView:
    """A post's words, as the conversation and the post's own page need them."""

    id: str
    caption: str
    hashtags: tuple[str, ...]
    alt: str
    edited: bool
    version: int

    def wire(self) -> dict[str, Any]:
        """As plain JSON for the live socket and components."""
        return {"id": self.id, "caption": self.caption, "hashtags": list(self.hashtags), "edited": self.edited}


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
    """Its images; the caption is by itself."""
    caption: GenerationView | None = None
    """The newest, when a model was to write one, and all its images are in the one post that it is of."""
    removed: int = 0
    """Failed generations that were taken off the page and can be brought back."""

    @property
    def done(self) -> int:
        """How many generations are at their end."""
        return sum(not g.unfinished for g in self.generations)


def turns(db: Session, rows: Sequence[Turn]) -> tuple[TurnView, ...]:
    """These turns with their references, generations and images: three queries, however many there are."""
    ids = [turn.id for turn in rows]
    used, answers = _references(db, ids), defaultdict[str, list[GenerationView]](list)
    captions = defaultdict[str, list[GenerationView]](list)
    removed: Counter[str] = Counter()
    for view in generations(db, col(Generation.turn_id).in_(ids), removed=True):
        if view.removed:
            removed[view.turn_id] += 1
        elif view.makes == CAPTION:
            captions[view.turn_id].append(view)
        else:
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
            caption=_caption(answers[turn.id], captions[turn.id]),
            removed=removed[turn.id],
        )
        for turn in rows
    )


def generations(db: Session, *conditions: Any, removed: bool = False) -> tuple[GenerationView, ...]:
    """The generations of which these conditions are true, in the order of the page, each with its kept images or with
    the post that it writes a caption for: two queries. Those taken off the page come only with `removed`."""
    if not removed:
        conditions += (col(Generation.deleted_at).is_(None),)
    query = (
        select(Generation, Turn.conversation_id, Post)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .outerjoin(Post, col(Post.id) == Generation.post_id)
        .where(*conditions)
        .order_by(col(Turn.position), col(Generation.queued_at), col(Generation.id))
    )
    rows = db.exec(query).all()
    kept: dict[str, list[ImageView]] = defaultdict(list)
    pictures = select(Image).where(col(Image.generation_id).in_([row.id for row, _conversation, _post in rows]))
    for picture in db.exec(pictures.where(col(Image.deleted_at).is_(None)).order_by(col(Image.n))).all():
        kept[str(picture.generation_id)].append(image(picture))
    return tuple(_generation(row, conversation, kept[row.id], words) for row, conversation, words in rows)


def post(row: Post) -> PostView:
    """A row as screens need it."""
    edited = row.edited_at is not None
    return PostView(row.id, row.caption, tuple(row.hashtags), row.alt, edited, row.version)


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
        post_id=row.post_id,
        alt=row.alt,
        role=role,
    )


def _references(db: Session, turn_ids: Iterable[str]) -> dict[str, list[ImageView]]:
    used: dict[str, list[ImageView]] = defaultdict(list)
    query = (
        select(Reference, Image)
        .join(Image, col(Image.id) == Reference.image_id)
        .where(col(Reference.turn_id).in_(turn_ids))
        .order_by(col(Reference.role).desc(), col(Reference.position))  # the source first, a mask last
    )
    for reference, picture in db.exec(query).all():
        used[reference.turn_id].append(image(picture, reference.role))
    return used


def _caption(answers: Sequence[GenerationView], captions: Sequence[GenerationView]) -> GenerationView | None:
    """An edit has a post for each image: the words of one are not those of the others."""
    posts = {image.post_id for answer in answers for image in answer.images}
    posts |= {caption.post.id for caption in captions if caption.post}
    return captions[-1] if captions and len(posts) == 1 else None


def _generation(row: Generation, conversation: str, images: list[ImageView], words: Post | None) -> GenerationView:
    return GenerationView(
        id=row.id,
        turn_id=row.turn_id,
        conversation_id=conversation,
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
        makes=row.kind,
        images=tuple(images),
        post=post(words) if words else None,
        removed=row.deleted_at is not None,
    )


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
