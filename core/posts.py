"""Posts: a caption with its images. A first turn makes one for all its images, an edit makes one for each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import events
from core.access import AT_ONCE
from core.studio import Studio
from core.tables import CAPTION, SOURCE, Generation, Image, Post, Reference, Turn, new_id
from core.views import ImageView


def origin(db: Session, turn: Turn) -> Post | None:
    """The post of the image that a turn starts from: what it makes are edits of that post."""
    source = (
        select(Post).join(Image, col(Image.post_id) == Post.id).join(Reference, col(Reference.image_id) == Image.id)
    )
    return db.exec(source.where(Reference.turn_id == turn.id, Reference.role == SOURCE)).first()


def begins(source: Image | ImageView | None) -> bool:
    """Whether a turn that starts from this image makes a post of its own: from words alone, or what is in no post."""
    return source is None or source.post_id is None


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


def lock(db: Session, post_ids: Iterable[str | None]) -> None:
    """Nobody else changes these posts until this transaction ends; None is none.

    Who also locks images locks their posts first, and reads the images again: they may have changed meanwhile.
    """
    wanted = sorted({post_id for post_id in post_ids if post_id})
    for start in range(0, len(wanted), AT_ONCE):
        those = col(Post.id).in_(wanted[start : start + AT_ONCE])
        db.execute(sa.select(col(Post.id)).where(those).order_by(col(Post.id)).with_for_update())
    if wanted:
        db.expire_all()


def locked(db: Session, post_id: str | None) -> Post | None:
    """The post as it is now, which nobody else changes until this transaction ends. Who locks its generation too locks
    that first, and images after it."""
    query = select(Post).where(Post.id == post_id).with_for_update()
    return db.exec(query, execution_options={"populate_existing": True}).first() if post_id else None


def count_for_projects(db: Session, moved: Iterable[Post]) -> None:
    """What was asked for these posts counts for the project that each is in now: the ledger keeps it by itself."""
    db.flush()
    for project_id, post_ids in _by_project(moved).items():
        for start in range(0, len(post_ids), AT_ONCE):
            some = post_ids[start : start + AT_ONCE]
            images = select(Image.generation_id).where(col(Image.post_id).in_(some))
            theirs = sa.or_(col(Generation.post_id).in_(some), col(Generation.id).in_(images))
            db.execute(sa.update(Generation).where(theirs).values(project_id=project_id))


def _by_project(moved: Iterable[Post]) -> dict[str | None, list[str]]:
    found: dict[str | None, list[str]] = defaultdict(list)
    for post in moved:
        found[post.project_id].append(post.id)
    return found


def place(studio: Studio, db: Session, turn: Turn, image: Image) -> Post:
    """Put a new image into its post: the turn's own, or one that inherits the words of what it was made from."""
    parent = origin(db, turn)
    if parent is not None:
        post = _inherited(studio, db, turn, locked(db, parent.id) or parent)
    else:
        first = db.exec(select(Post.id).where(Post.turn_id == turn.id).order_by(col(Post.id))).first()
        # None when it was asked by a version that made no posts
        post = locked(db, first) or begin(studio, db, turn, None, {})
    image.post_id, image.alt = post.id, post.alt
    return post


def write(studio: Studio, db: Session, generation: Generation, turn: Turn, told: Mapping[str, Any]) -> None:
    """Keep what a model wrote, and give it to its post; images without alt text take it.

    A person's own words stay, unless they asked for others after they wrote them; then they are kept beside.
    """
    post = locked(db, generation.post_id) if generation.kind == CAPTION else None
    wanted = post is not None and (post.edited_at is None or post.edited_at < generation.queued_at)
    if post is not None and wanted:
        keep(studio, db, generation, post)
    generation.told = [*generation.told, {**told, "at": studio.now().isoformat()}]
    if post is None or not wanted:
        return
    post.caption, post.hashtags, post.alt = told["caption"], told["hashtags"], told["alt"]
    post.edited_at, post.version, post.updated_at = None, post.version + 1, studio.now()
    _describe(db, post)
    names = {"conversation": turn.conversation_id, "generation": generation.id}
    events.record(studio, db, "post.captioned", turn.user_id, post=post.id, **names)
    _hand_down(studio, db, post)


def keep(studio: Studio, db: Session, generation: Generation, post: Post) -> None:
    """Note a post's words with this caption of it before others take their place, unless a model wrote them for it:
    then they are noted already. The generation has to be locked, and before the post."""
    written = select(Generation.told).where(Generation.post_id == post.id, Generation.kind == CAPTION)
    known = [(said["caption"], said["hashtags"]) for told in db.exec(written).all() for said in told]
    if (post.caption or post.hashtags) and (post.caption, post.hashtags) not in known:
        words = {"caption": post.caption, "hashtags": list(post.hashtags), "alt": post.alt}
        generation.told = [*generation.told, {**words, "at": studio.now().isoformat(), "before": True}]


def _inherited(studio: Studio, db: Session, turn: Turn, parent: Post) -> Post:
    post = begin(studio, db, turn, parent.project_id, parent.brief)
    _inherit(post, parent)
    return post


def _inherit(post: Post, parent: Post) -> None:
    post.caption, post.hashtags, post.alt = parent.caption, list(parent.hashtags), parent.alt
    post.platforms = {**parent.platforms, **post.platforms}


def _hand_down(studio: Studio, db: Session, parent: Post) -> None:
    """Edits that were done before these words came, and have none of their own, inherit them now."""
    started = select(Reference.turn_id).join(Image, col(Image.id) == Reference.image_id)
    edits = started.where(Image.post_id == parent.id, Reference.role == SOURCE)
    wordless = select(Post, Turn).join(Turn, col(Turn.id) == Post.turn_id).where(Post.id != parent.id)
    wordless = wordless.where(col(Turn.id).in_(edits), Post.caption == "", col(Post.edited_at).is_(None))
    waiting = wordless.order_by(col(Post.id)).with_for_update(of=Post)
    for post, turn in db.exec(waiting, execution_options={"populate_existing": True}).all():
        _inherit(post, parent)
        post.version, post.updated_at = post.version + 1, studio.now()
        _describe(db, post)
        events.record(studio, db, "post.captioned", post.user_id, conversation=turn.conversation_id, post=post.id)
        _hand_down(studio, db, post)


def _describe(db: Session, post: Post) -> None:
    for image in db.exec(select(Image).where(Image.post_id == post.id, Image.alt == "")).all():
        image.alt = post.alt
