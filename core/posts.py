"""Posts: a caption with its images. A first turn makes one for all its images, an edit makes one for each."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from core import events
from core.studio import Studio
from core.tables import CAPTION, SOURCE, Generation, Image, Post, Reference, Turn, new_id


def origin(db: Session, turn: Turn) -> Post | None:
    """The post of the image that a turn starts from: what it makes are edits of that post."""
    source = (
        select(Post).join(Image, col(Image.post_id) == Post.id).join(Reference, col(Reference.image_id) == Image.id)
    )
    return db.exec(source.where(Reference.turn_id == turn.id, Reference.role == SOURCE)).first()


def begin(studio: Studio, db: Session, turn: Turn, project_id: str | None, brief: Mapping[str, Any]) -> Post:
    """The one post of a first turn, still without words."""
    post = Post(
        id=new_id(),
        user_id=turn.user_id,
        project_id=project_id,
        turn_id=turn.id,
        brief=dict(brief),
        created_at=studio.now(),
        updated_at=studio.now(),
    )
    db.add(post)
    db.flush()
    return post


def locked(db: Session, post_id: str | None) -> Post | None:
    """The post as it is now, which nobody else changes until this transaction ends. Who locks its generation or image
    too locks that first."""
    query = select(Post).where(Post.id == post_id).with_for_update()
    return db.exec(query, execution_options={"populate_existing": True}).first() if post_id else None


def place(studio: Studio, db: Session, turn: Turn, image: Image) -> None:
    """Put a new image into its post: the turn's own, or one that inherits the words of what it was made from."""
    parent = origin(db, turn)
    if parent is not None:
        post = _inherited(studio, db, turn, locked(db, parent.id) or parent)
    else:
        first = db.exec(select(Post.id).where(Post.turn_id == turn.id).order_by(col(Post.id))).first()
        # None when it was asked by a version that made no posts
        post = locked(db, first) or begin(studio, db, turn, None, {})
    image.post_id, image.alt = post.id, post.alt


def write(studio: Studio, db: Session, generation: Generation, turn: Turn, told: Mapping[str, Any]) -> None:
    """Give a post the words that a model wrote; images without alt text take it.

    A person's own words stay, unless they asked for others after they wrote them.
    """
    post = locked(db, generation.post_id) if generation.kind == CAPTION else None
    if post is None or (post.edited_at is not None and post.edited_at >= generation.queued_at):
        return
    post.caption, post.hashtags, post.alt = told["caption"], told["hashtags"], told["alt"]
    post.edited_at, post.version, post.updated_at = None, post.version + 1, studio.now()
    for image in db.exec(select(Image).where(Image.post_id == post.id, Image.alt == "")).all():
        image.alt = post.alt
    names = {"conversation": turn.conversation_id, "generation": generation.id}
    events.record(studio, db, "post.captioned", turn.user_id, post=post.id, **names)


def _inherited(studio: Studio, db: Session, turn: Turn, parent: Post) -> Post:
    post = begin(studio, db, turn, parent.project_id, parent.brief)
    post.caption, post.hashtags, post.alt = parent.caption, list(parent.hashtags), parent.alt
    post.platforms = dict(parent.platforms)
    return post
