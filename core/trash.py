"""Move images to the trash and take them back."""

from collections.abc import Iterable
from datetime import timedelta

from core import access, events, written
from core.access import Person
from core.studio import Studio
from core.tables import Image


def trash(studio: Studio, person: Person, image_ids: Iterable[str]) -> int:
    """Put these images into the trash; how many were not there yet. Raises NotFound when none of them is there."""
    until = studio.now() + timedelta(days=studio.settings.trash_days)
    with written.writing(studio, person) as db:
        rows = [row for row in access.find_many(db, Image, image_ids, person) if row.deleted_at is None]
        for row in rows:
            row.deleted_at, row.purge_after = studio.now(), until
            events.record(studio, db, "image.trashed", person.id, conversation=row.conversation_id, image=row.id)
    return len(rows)


def restore(studio: Studio, person: Person, image_ids: Iterable[str]) -> int:
    """Take these images back from the trash; how many were in it. Raises NotFound when none of them is there."""
    with written.writing(studio, person) as db:
        rows = [row for row in access.find_many(db, Image, image_ids, person) if row.deleted_at is not None]
        for row in rows:
            row.deleted_at = row.purge_after = None
            events.record(studio, db, "image.restored", person.id, conversation=row.conversation_id, image=row.id)
    return len(rows)
