"""Images on their way into the trash and out of it, by themselves or with the conversation that they were made in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import access, events, posts
from core.access import AT_ONCE, Person
from core.studio import Studio
from core.tables import SOURCE, Generation, Image, Reference

LIVING = col(Image.deleted_at).is_(None)
"""Not in the trash."""
Thrown = Mapping[str, datetime]
"""Images by id, and when each went to the trash."""


def throw(studio: Studio, db: Session, person: Person, wanted: Thrown) -> list[str]:
    """Put these images into the trash as of these moments; those that were not there yet. Raises NotFound as
    `find_many`."""
    rows = [row for row in access.find_many(db, Image, wanted, person) if row.deleted_at is None]
    for row in rows:
        row.deleted_at = wanted[row.id]
        row.purge_after = wanted[row.id] + timedelta(days=studio.settings.trash_days)
    _tell(studio, db, person, "image.trashed", rows)
    return [row.id for row in rows]


def take_back(studio: Studio, db: Session, person: Person, image_ids: Iterable[str]) -> Thrown:
    """Take these images out of the trash; those that were in it. Raises NotFound as `find_many`.

    Of a post's images one is selected: what was chosen meanwhile stays, else the newest of these that was.
    """
    wanted = tuple(image_ids)
    posts.lock(db, {row.post_id for row in access.find_many(db, Image, wanted, person, lock=False)})
    rows = [row for row in access.find_many(db, Image, wanted, person) if row.deleted_at]
    taken = _chosen(db, sorted({row.post_id for row in rows if row.post_id}))
    thrown = {row.id: row.deleted_at for row in rows if row.deleted_at}
    for row in reversed(rows):
        row.deleted_at = row.purge_after = None
        row.selected = row.selected and row.post_id not in taken
        taken |= {row.post_id} if row.selected and row.post_id else set()
    _tell(studio, db, person, "image.restored", rows)
    return thrown


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


def _chosen(db: Session, post_ids: Sequence[str]) -> set[str]:
    """Those of these posts, which are locked, that have a selected image outside of the trash."""
    chosen: set[str] = set()
    for start in range(0, len(post_ids), AT_ONCE):
        of_them = col(Image.post_id).in_(post_ids[start : start + AT_ONCE])
        chosen |= set(db.scalars(sa.select(col(Image.post_id)).where(of_them, LIVING, col(Image.selected).is_(True))))
    return chosen


def _tell(studio: Studio, db: Session, person: Person, kind: str, rows: Sequence[Image]) -> None:
    for row in rows:
        events.record(studio, db, kind, person.id, conversation=row.conversation_id, image=row.id)
