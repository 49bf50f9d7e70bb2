"""One gallery over everything that was made: all of it newest first, or what is looked for in the order that is wanted.

The replica finds; what is shown comes from the database. All of it, newest first, is read from the database alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core import access, newest, shelves, written
from core.access import Person, Sight
from core.errors import NotFound, Refused
from core.shelves import EVERYTHING, Behind, Wanted
from core.studio import Studio
from core.tables import Image
from core.tiles import MOST, PAGE, Layout, Page

__all__ = ["EVERYTHING", "MOST", "PAGE", "Behind", "Wanted"]  # from below, for screens


def page(
    studio: Studio, person: Person, after: str | None = None, limit: int = PAGE, wanted: Wanted = EVERYTHING
) -> Page:
    """What the person keeps of it, strictly after the cursor; two queries, of all of it one.

    Raises Refused when the cursor is none of ours or the limit is not between 1 and PAGE, and Behind for what only the
    replica can find while there is none.
    """
    if not 1 <= limit <= PAGE:
        raise Refused(f"A page of the gallery has 1 to {PAGE} images. Ask for fewer at once.")
    if wanted == EVERYTHING:
        return newest.page(studio, person, after, limit)
    return _found(studio, person, after, limit, wanted, written.seen(studio, person))


def beginning(
    studio: Studio, person: Person, limit: int, wanted: Wanted = EVERYTHING, sight: Sight | None = None
) -> tuple[Page, str]:
    """The first page, and the revision that it is of. Raises as `page` and `revision` do.

    `sight`: whose images they see, so that who has read the line with it asks for that once.
    """
    sight = sight or Sight(studio, person)
    token = written.seen(studio, person)
    if wanted == EVERYTHING:
        return newest.page(studio, person, None, limit), _revision(studio, person, wanted, token)
    found = _found(studio, person, None, limit, wanted, token, sight)
    return found, _revision(studio, person, wanted, token, sight)


def check(studio: Studio, person: Person, image_id: str) -> None:
    """Raises NotFound unless this is an image of the gallery, of anybody whom the person sees."""
    with studio.reading() as db:
        image = access.look(db, Image, image_id, person)
    if image.deleted_at is not None or image.generation_id is None:
        raise NotFound("This image is not in the gallery any more.")


def layout(studio: Studio, person: Person, wanted: Wanted = EVERYTHING) -> Layout:
    """The shape of all of it. Raises Behind for what only the replica can find while there is none."""
    token = written.seen(studio, person)
    try:
        mark = shelves.mark(studio, person, wanted, token=token)
        shape = shelves.shape(studio, person, wanted, token=token)
    except Behind:
        if wanted != EVERYTHING:
            raise
        return newest.layout(studio, person)
    return Layout(
        total=shape.total,
        revision=mark,
        newest=shape.newest,
        ratios=shape.ratios,
        cursors=shape.cursors,
        dates=tuple(int(date.timestamp()) for date in shape.dates),
        order=shape.order,
        stacked=wanted.stacked,
    )


def revision(studio: Studio, person: Person, wanted: Wanted = EVERYTHING) -> str:
    """Changes when what is found does; a few milliseconds, so that an unchanged layout need not be made anew.

    Raises Behind for what only the replica can find while there is none.
    """
    return _revision(studio, person, wanted, written.seen(studio, person))


def ids(
    studio: Studio, person: Person, wanted: Wanted = EVERYTHING, after: str | None = None, limit: int = MOST
) -> Sequence[str]:
    """Only the ids, up to MOST at once; for who picks many. Raises as `page`."""
    return shelves.ids(studio, person, wanted, after, limit, token=written.seen(studio, person))


def place(studio: Studio, person: Person, at: datetime, wanted: Wanted = EVERYTHING) -> int:
    """How many images stand before this moment in the order of time.

    Raises Refused when they are in another order, and Behind while there is no replica.
    """
    return shelves.place(studio, person, wanted, at, token=written.seen(studio, person))


def _found(
    studio: Studio,
    person: Person,
    after: str | None,
    limit: int,
    wanted: Wanted,
    token: str,
    sight: Sight | None = None,
) -> Page:
    found = shelves.page(studio, person, wanted, after, limit=limit, token=token, sight=sight)
    piles = dict(zip(found.ids, found.piles, strict=False))
    tiles = newest.tiles(studio, person, found.ids)
    return Page(tuple(replace(tile, pile=piles.get(tile.id, 1)) for tile in tiles), found.next)


def _revision(studio: Studio, person: Person, wanted: Wanted, token: str, sight: Sight | None = None) -> str:
    try:
        return shelves.mark(studio, person, wanted, token=token, sight=sight)
    except Behind:
        if wanted != EVERYTHING:
            raise
        return newest.revision(studio, person)
