"""What happened to a post: asked, captioned, imaged, and what people did with it; told from rows and events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from core.tables import CAPTION, FAILED, SUCCEEDED, Event, Generation, Image, Post, Turn

TOLD = ("post.edited", "post.caption_asked", "image.selected", "image.unselected", "image.described", "image.focused")
"""Events of a post's history; what was made, and when, is in the rows themselves."""
MOST_TOLD = 200


@dataclass(frozen=True)
class Step:
    """Something in a post's history."""

    kind: str
    """asked, captioned, kept, imaged, failed, or an event of TOLD."""
    at: datetime
    facts: Mapping[str, Any]
    """Of captioned and kept the words: caption, hashtags, alt."""


def steps(
    db: Session,
    post: Post,
    turn: Turn | None,
    images: Sequence[tuple[Image, Generation | None]],
    runs: Sequence[Generation],
) -> tuple[Step, ...]:
    """Everything that happened to this post with these images and generations, oldest first: one query."""
    told = [Step("asked", turn.created_at, {"turn": turn.position})] if turn else []
    told += [Step("imaged", image.created_at, {"model": _name(row), "image": image.id}) for image, row in images]
    for run in runs:
        told += _of_run(run)
    ours = {image.id for image, _row in images}
    told += [Step(e.kind, e.at, e.facts) for e in _happened(db, post, turn) if _of_post(e, post, ours)]
    return tuple(sorted(told, key=lambda step: step.at))


def _of_run(run: Generation) -> Iterator[Step]:
    """How a generation failed, or what a caption's answers said."""
    model = {"model": _name(run)}
    for said in run.told:
        yield Step("kept" if said.get("before") else "captioned", datetime.fromisoformat(said["at"]), {**model, **said})
    if run.finished_at and run.status == FAILED:
        yield Step("failed", run.finished_at, {**model, "what": "captioned" if run.kind == CAPTION else "imaged"})
    elif run.finished_at and run.kind == CAPTION and run.status == SUCCEEDED and not run.told:
        yield Step("captioned", run.finished_at, model)  # by a version that did not note what it said


def _name(row: Generation | None) -> str:
    return f"{row.provider}/{row.model}" if row else ""


def _happened(db: Session, post: Post, turn: Turn | None) -> Sequence[Event]:
    """By kind and time, as the index has it: a post's own events are few among those since it was made."""
    query = select(Event).where(
        col(Event.kind).in_(TOLD),
        col(Event.at) >= post.created_at,
        Event.user_id == post.user_id,
        col(Event.conversation_id) == (turn.conversation_id if turn else None),
    )
    return db.exec(query.order_by(col(Event.seq).desc()).limit(MOST_TOLD)).all()[::-1]


def _of_post(event: Event, post: Post, images: set[str]) -> bool:
    return event.facts.get("post") == post.id or event.facts.get("image") in images
