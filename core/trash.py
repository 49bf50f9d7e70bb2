"""Move images to the trash and take them back, see what is in it, and purge it for good."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from sqlmodel import col

from core import access, purging, strays, throwing, written
from core.access import AT_ONCE, Person
from core.files import StoreDown
from core.purging import Purged
from core.studio import Studio
from core.tables import Conversation, Image
from core.tiles import MOST, PAGE
from core.trashed import Thrown, Total, contents, ids, layout, mark, place, revision_of, these, total, total_of, wire

# From below, for screens.
__all__ = ["MOST", "PAGE", "Purged", "Thrown", "Total"]
__all__ += ["contents", "ids", "layout", "mark", "place", "revision_of", "these", "total", "total_of", "wire"]

BY = "person"
AT_HAND = 20
"""Images whose files go before a person's click is answered; the worker removes all others within a minute."""


def trash(
    studio: Studio, person: Person, image_ids: Iterable[str], since: throwing.Thrown | None = None
) -> Sequence[str]:
    """Put these images into the trash; those that were not there yet. Raises NotFound when none of them is there.

    How long they stay is settled here: another TRASH_DAYS later does not change it. `since` says when each went, for
    those that `restore` took back by mistake: what they went with is what they went with again.
    """
    with written.writing(studio, person) as db:
        now = studio.now()
        return throwing.throw(studio, db, person, {id: (since or {}).get(id, now) for id in image_ids})


def derived(studio: Studio, person: Person, image_ids: Iterable[str]) -> Sequence[str]:
    """The images outside of the trash that were derived from these, at any distance: what could follow them.

    Raises NotFound when none of these is there.
    """
    with studio.reading() as db:
        return throwing.derived(db, person, image_ids)


def restore(studio: Studio, person: Person, image_ids: Iterable[str]) -> throwing.Thrown:
    """Take these images back from the trash; those that were in it, and since when. Raises NotFound when none of them
    is there.

    Star, post, place in the conversation, project and shares are as they were. An image that was selected is so again,
    unless another one of its post was selected meanwhile: that was the later choice.
    """
    with written.writing(studio, person) as db:
        return throwing.take_back(studio, db, person, image_ids)


def purge(
    studio: Studio, person: Person, image_ids: Iterable[str] = (), conversation_ids: Iterable[str] = ()
) -> Purged:
    """Purge these for good, as far as they are in the trash; what a turn still uses stays there.

    Raises NotFound when none of the images is there or none of the conversations, and StoreDown when the store is not
    the one we know: then nothing went.
    """
    images, threads = tuple(image_ids), tuple(conversation_ids)
    with studio.reading() as db:
        found = [row.id for row in access.find_many(db, Image, images, person, lock=False)] if images else []
        opened = [row.id for row in access.find_many(db, Conversation, threads, person, lock=False)] if threads else []
    done = Purged()
    for start in range(0, len(opened), AT_ONCE):
        these = col(Conversation.id).in_(opened[start : start + AT_ONCE])
        done += purging.purge(studio, BY, None, [col(Conversation.user_id) == person.id, these])
    for start in range(0, len(found), AT_ONCE):
        of_them = col(Image.id).in_(found[start : start + AT_ONCE])
        done += purging.purge(studio, BY, [col(Image.user_id) == person.id, of_them], None)
    _clear(studio)
    return done


def empty(studio: Studio, person: Person, *, until: datetime | None = None) -> Purged:
    """Purge all that is in the person's trash; with `until`, only what was in it at that moment, when they were asked.

    What something outside of the trash still uses stays (`total` says how much). Raises StoreDown as `purge` does.
    """
    moment = until or studio.now()
    done = purging.purge(
        studio,
        BY,
        [col(Image.user_id) == person.id, col(Image.deleted_at) <= moment],
        [col(Conversation.user_id) == person.id, col(Conversation.deleted_at) <= moment],
    )
    _clear(studio)
    return done


def _clear(studio: Studio) -> None:
    with suppress(StoreDown):  # the rows are gone, the files are noted, and the worker tries every minute
        strays.clear(studio, AT_HAND)
