"""Images on their way into the trash and out of it, by themselves or with the conversation that they were made in."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import access, events
from core.access import AT_ONCE, Person
from core.studio import Studio
from core.tables import SOURCE, Generation, Image, Post, Reference

LIVING = col(Image.deleted_at).is_(None)
"""Not in the trash."""


def throw(studio: Studio, db: Session, person: Person, image_ids: Iterable[str], now: datetime) -> list[str]:
    """Put these images into the trash at this moment; those that were not there yet. Raises NotFound as `find_many`."""
    rows = [row for row in access.find_many(db, Image, image_ids, person) if row.deleted_at is None]
    for row in rows:
        row.deleted_at, row.purge_after = now, now + timedelta(days=studio.settings.trash_days)
    return _tell(studio, db, person, "image.trashed", rows)


def take_back(studio: Studio, db: Session, person: Person, image_ids: Iterable[str]) -> list[str]:
    """Take these images out of the trash; those that were in it. Raises NotFound as `find_many`.

    Of a post's images one is selected: what was chosen meanwhile stays, else the newest of these that was.
    """
    wanted = tuple(image_ids)
    taken = _chosen(db, access.find_many(db, Image, wanted, person, lock=False))
    rows = [row for row in access.find_many(db, Image, wanted, person) if row.deleted_at is not None]
    for row in reversed(rows):
        row.deleted_at = row.purge_after = None
        row.selected = row.selected and row.post_id not in taken
        taken |= {row.post_id} if row.selected and row.post_id else set()
    return _tell(studio, db, person, "image.restored", rows)


def made_in(db: Session, person: Person, conversation_id: str, *conditions: Any) -> Sequence[str]:
    """Ids of the person's images that were made in this conversation; what was uploaded into it is none of them."""
    made = col(Image.conversation_id) == conversation_id, col(Image.generation_id).is_not(None)
    return db.scalars(sa.select(col(Image.id)).where(col(Image.user_id) == person.id, *made, *conditions)).all()


def derived(db: Session, person: Person, image_ids: Iterable[str]) -> Sequence[str]:
    """Ids of the person's living images that were derived from these, at any distance. Raises NotFound as `find_many`.

    Of more than AT_ONCE only those are told that came of the first so many. Whose they are is asked of the generation:
    asked of the image, SQLite would read the whole gallery.
    """
    found = access.find_many(db, Image, islice(image_ids, AT_ONCE), person, lock=False)
    roots = [row.id for row in found]
    family = sa.select(col(Image.id)).where(col(Image.id).in_(roots)).cte("family", recursive=True)
    further = (
        sa.select(col(Image.id))
        .select_from(family)
        .join(Reference, sa.and_(col(Reference.image_id) == family.c.id, col(Reference.role) == SOURCE))
        .join(Generation, col(Generation.turn_id) == Reference.turn_id)
        .join(Image, col(Image.generation_id) == Generation.id)
        .where(col(Generation.user_id) == person.id)
    )
    family = family.union(further)
    theirs = (
        sa.select(col(Image.id)).join(family, family.c.id == Image.id).where(col(Image.user_id) == person.id, LIVING)
    )
    return db.scalars(theirs.where(col(Image.id).not_in(roots))).all()


def _chosen(db: Session, rows: Sequence[Image]) -> set[str]:
    """Posts of these images that have a selected image outside of the trash. Posts are locked before images."""
    posts = sorted({row.post_id for row in rows if row.post_id})
    chosen: set[str] = set()
    for start in range(0, len(posts), AT_ONCE):
        some = posts[start : start + AT_ONCE]
        db.execute(sa.select(col(Post.id)).where(col(Post.id).in_(some)).order_by(col(Post.id)).with_for_update())
        living = sa.select(col(Image.post_id)).where(col(Image.post_id).in_(some), LIVING)
        chosen |= set(db.scalars(living.where(col(Image.selected).is_(True))))
    db.expire_all()  # what was read before the lock may have changed
    return chosen


def _tell(studio: Studio, db: Session, person: Person, kind: str, rows: Sequence[Image]) -> list[str]:
    for row in rows:
        events.record(studio, db, kind, person.id, conversation=row.conversation_id, image=row.id)
    return [row.id for row in rows]
