"""Purge what is in the trash: rows go for good, and after them the files. What was paid stays countable.

Nothing goes that something refers to: an image that a turn uses stays for as long as there is that turn. What is left
of a purged conversation is the turns that made images which stay, and of the others the bare ledger, without words.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import events, known_store, log, strays
from core.studio import Studio
from core.tables import (
    RECEIVED,
    SENT,
    UNFINISHED,
    Attempt,
    Conversation,
    Generation,
    Image,
    Post,
    Reference,
    Share,
    Turn,
    Verdict,
)

IMAGES, CONVERSATIONS, TURNS = 200, 20, 500
"""Rows of one transaction: others write meanwhile."""


@dataclass(frozen=True)
class Purged:
    """What went for good."""

    images: int = 0
    conversations: int = 0
    uploads: int = 0
    """Pictures that were only used in conversations that went."""
    size: int = 0
    """Bytes of all originals."""

    def __add__(self, other: "Purged") -> "Purged":
        """Both together."""
        return Purged(
            self.images + other.images,
            self.conversations + other.conversations,
            self.uploads + other.uploads,
            self.size + other.size,
        )


def purge(studio: Studio, by: str, images: Sequence[Any] | None, conversations: Sequence[Any] | None) -> Purged:
    """Purge those in the trash of which these conditions are true; None is none of them, no condition is all.

    `by` is who wants it, for the audit. In small transactions: what a crash interrupts is done by the next call.
    Conversations first, because they may be what refers to an image. Raises StoreDown before anything goes when the
    store is not the one we know. What is at work in a conversation is waited for: the next call takes it.
    """
    threads = [] if conversations is None else [_gone(Conversation), ~_at_work(), *conversations]
    pictures = [] if images is None else [_gone(Image), ~_used(), ~_waited_for(), *images]
    done = Purged()
    if _any(studio, Conversation, threads) or _any(studio, Image, pictures):
        known_store.check(studio)
    while threads and (some := _some_conversations(studio, by, threads)):
        done += some
    while pictures and (some := _some_images(studio, by, pictures)):
        done += some
    return done


def staying(thread_goes: Callable[[Any], Any], image_goes: Callable[[Any], Any], *whose: Any) -> Any:
    """Which of these images would still be used once these conversations and these images are gone, by their `id`.

    A turn stays when its conversation does, or one of the images that it made; and that one stays, too, when it is used
    itself, and so on. `whose`: conditions on `Image` that leave out what nobody asks about.
    """
    made, answer, use = aliased(Image), aliased(Generation), aliased(Reference)
    turn, thread = aliased(Turn), aliased(Conversation)
    keeps = sa.exists().where(col(made.generation_id) == answer.id, col(answer.turn_id) == turn.id, ~image_goes(made))
    first = (
        sa.select(col(Image.id), col(Image.generation_id))
        .join(use, col(use.image_id) == Image.id)
        .join(turn, col(turn.id) == use.turn_id)
        .join(thread, col(thread.id) == turn.conversation_id)
        .where(image_goes(Image), *whose, sa.or_(~thread_goes(thread), keeps))
    )
    found = first.cte("staying", recursive=True)
    further = (
        sa.select(col(Image.id), col(Image.generation_id))
        .join(use, col(use.image_id) == Image.id)
        .join(answer, col(answer.turn_id) == use.turn_id)
        .join(found, found.c.generation_id == answer.id)
        .where(image_goes(Image), *whose)
    )
    return found.union(further)


def held(stays: Any) -> Any:
    """Whether an image is one of those (`staying`). Postgres takes a hundred times as long for the same with IN."""
    return sa.exists().where(stays.c.id == Image.id)


def _gone(table: Any) -> Any:
    there = col(table.deleted_at).is_not(None)
    return sa.and_(there, col(table.purged_at).is_(None)) if table is Conversation else there


def _used() -> Any:
    """Whether a turn uses this image, as source, mask or reference."""
    return sa.exists().where(col(Reference.image_id) == Image.id)


def _at_work() -> Any:
    """Whether something in this conversation is unfinished, or its answer may still come."""
    unfinished = sa.or_(col(Generation.status).in_(UNFINISHED), col(Attempt.state).in_((SENT, RECEIVED)))
    return (
        sa.exists()
        .where(col(Turn.conversation_id) == Conversation.id, unfinished)
        .where(col(Generation.turn_id) == Turn.id)
        .select_from(sa.outerjoin(Generation, Attempt, col(Attempt.generation_id) == Generation.id), Turn)
    )


def _waited_for() -> Any:
    """Whether this image keeps the words of a purged conversation in which something is at work, like its caption."""
    here = col(Conversation.id) == Image.conversation_id
    return sa.exists().where(here, col(Conversation.purged_at).is_not(None), _at_work())


def _any(studio: Studio, table: Any, conditions: Sequence[Any]) -> bool:
    with studio.reading() as db:
        return bool(conditions) and db.scalar(sa.select(table.id).where(*conditions).limit(1)) is not None


def _some_conversations(studio: Studio, by: str, conditions: Sequence[Any]) -> Purged | None:
    """The next few; None when there are no more."""
    wanted = sa.select(col(Conversation.id)).where(*conditions).order_by(col(Conversation.id)).limit(CONVERSATIONS)
    with studio.transaction() as db:
        ids = db.scalars(wanted).all()
        if not ids:
            return None
        these = col(Conversation.id).in_(ids)
        # Locked, then asked again: somebody may just have restored one, or asked for something in it.
        db.execute(sa.select(col(Conversation.id)).where(these).order_by(col(Conversation.id)).with_for_update())
        rows = db.execute(sa.select(col(Conversation.id), col(Conversation.user_id)).where(these, *conditions)).all()
        of_them = [row.id for row in rows]
        shares = sa.select(col(Share.id)).where(col(Share.conversation_id).in_(of_them))
        db.execute(sa.delete(Verdict).where(col(Verdict.share_id).in_(shares)))
        db.execute(sa.delete(Share).where(col(Share.conversation_id).in_(of_them)))
        went = sa.update(Conversation).where(col(Conversation.id).in_(of_them))
        db.execute(went.values(title="", purged_at=studio.now()))
        done = {row.user_id: Purged() for row in rows}
        for row in rows:
            done[row.user_id] += Purged(conversations=1) + _forget(studio, db, col(Turn.conversation_id) == row.id)
        _tell(studio, db, by, done)
    return sum(done.values(), Purged())


def _some_images(studio: Studio, by: str, conditions: Sequence[Any]) -> Purged | None:
    """The next few; None when there are no more."""
    wanted = sa.select(col(Image.id), col(Image.post_id)).where(*conditions).order_by(col(Image.id)).limit(IMAGES)
    with studio.transaction() as db:
        found = db.execute(wanted).all()
        if not found:
            return None
        _lock(db, Post, {row.post_id for row in found if row.post_id})  # posts before images, as everywhere
        _lock(db, Image, {row.id for row in found})
        # Asked again: somebody may just have restored one, or begun to use it.
        rows = _pictures(db, col(Image.id).in_([row.id for row in found]), *conditions)
        done = defaultdict[str, Purged](Purged)
        for row in rows:
            done[row.user_id] += Purged(images=1, size=row.size)
        _remove(studio, db, rows)
        made = sa.select(col(Generation.turn_id)).where(col(Generation.id).in_([row.generation_id for row in rows]))
        turns = db.scalars(made.distinct()).all()
        for user_id in done:
            done[user_id] += _forget(studio, db, col(Turn.id).in_(turns), col(Turn.user_id) == user_id)
        _tell(studio, db, by, done)
    return sum(done.values(), Purged())


def _lock(db: Session, table: Any, ids: set[str]) -> None:
    db.execute(sa.select(table.id).where(table.id.in_(ids)).order_by(table.id).with_for_update())


def _pictures(db: Session, *conditions: Any) -> Sequence[Any]:
    wanted = (Image.id, Image.user_id, Image.key, Image.size, Image.post_id, Image.generation_id)
    return db.execute(sa.select(*map(col, wanted)).where(*conditions)).all()


def _remove(studio: Studio, db: Session, rows: Sequence[Any]) -> None:
    """These images, what readers said of them, and posts that have no other; their files are noted."""
    ids = [row.id for row in rows]
    db.execute(sa.delete(Verdict).where(col(Verdict.image_id).in_(ids)))
    strays.note(db, (row.key for row in rows), studio.now())
    db.execute(sa.delete(Image).where(col(Image.id).in_(ids)))
    _remove_empty(db, {row.post_id for row in rows if row.post_id})


def _remove_empty(db: Session, post_ids: set[str]) -> None:
    """Those of these posts that have neither an image nor a caption of their own in a conversation."""
    _lock(db, Post, post_ids)
    pictured = sa.exists().where(col(Image.post_id) == Post.id)
    captioned = sa.exists().where(col(Generation.post_id) == Post.id)
    db.execute(sa.delete(Post).where(col(Post.id).in_(post_ids), ~pictured, ~captioned))


def _forget(studio: Studio, db: Session, *which: Any) -> Purged:
    """Take the words from those of these turns whose conversation was purged and that have no image left.

    What they used and nobody else does goes too, when it was uploaded; what it all cost stays.
    """
    imaged = sa.exists().where(col(Generation.turn_id) == Turn.id).where(col(Image.generation_id) == Generation.id)
    bare = (
        sa.select(col(Turn.id))
        .join(Conversation, col(Conversation.id) == Turn.conversation_id)
        .where(col(Conversation.purged_at).is_not(None), col(Turn.prompt) != "", ~imaged, *which)
        .limit(TURNS)
    )
    done = Purged()
    while turn_ids := db.scalars(bare).all():
        done += _forget_some(studio, db, turn_ids)
    return done


def _forget_some(studio: Studio, db: Session, turn_ids: Sequence[str]) -> Purged:
    of_these = col(Generation.turn_id).in_(turn_ids)
    generations = sa.select(col(Generation.id)).where(of_these)
    posts = set(db.scalars(sa.select(col(Post.id)).where(col(Post.turn_id).in_(turn_ids))))
    posts |= set(db.scalars(sa.select(col(Generation.post_id)).where(of_these, col(Generation.post_id).is_not(None))))
    used = set(db.scalars(sa.select(col(Reference.image_id)).where(col(Reference.turn_id).in_(turn_ids))))
    db.execute(sa.delete(Reference).where(col(Reference.turn_id).in_(turn_ids)))
    ledger = sa.update(Attempt).where(col(Attempt.generation_id).in_(generations))
    db.execute(ledger.values(sent={}, error=None))
    db.execute(sa.update(Generation).where(of_these).values(told=[], left_out=[], error=None, post_id=None))
    db.execute(sa.update(Turn).where(col(Turn.id).in_(turn_ids)).values(prompt="", settings={}))
    _remove_empty(db, posts)
    _lock(db, Image, used)  # somebody may just begin to use one
    uploads = _pictures(db, col(Image.id).in_(used), col(Image.generation_id).is_(None), ~_used())
    _remove(studio, db, uploads)
    return Purged(uploads=len(uploads), size=sum(row.size for row in uploads))


def _tell(studio: Studio, db: Session, by: str, done: dict[str, Purged]) -> None:
    """A line in the audit for each person, in the transaction in which it happens."""
    for user_id, purged in done.items():
        facts: dict[str, Any] = {
            "images": purged.images,
            "conversations": purged.conversations,
            "uploads": purged.uploads,
        }
        events.record(studio, db, "trash.purged", user_id, by=by, bytes=purged.size, **facts)
        count = purged.images + purged.conversations + purged.uploads
        log.step("trash.purged", user=user_id, kind=by, count=count, bytes=purged.size)
