"""One gallery over everything that was made: newest first, in pages."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from core.access import Person
from core.columns import Moment
from core.errors import Refused
from core.studio import Studio
from core.tables import Event, Generation, Image, Post, Turn
from core.tiles import TEXT, UNIT, Layout, Page, Tile, milliseconds

PAGE = 200
"""Images in a page; the layout says where each page starts."""
CHANGES = ("image.trashed", "image.restored", "image.purged")
"""Events after which the same number of images may be other images."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9a-f]{1,16})\.([0-9a-f]{0,32})", re.ASCII)
"""Microseconds since 1970 and an id; gallery_shelf.js writes one too."""


def page(studio: Studio, person: Person, after: str | None = None, limit: int = PAGE) -> Page:
    """The person's kept images, newest first, strictly after the cursor; one query.

    Raises Refused when the cursor is none of ours or the limit is not between 1 and PAGE.
    """
    if not 1 <= limit <= PAGE:
        raise Refused(f"A page of the gallery has 1 to {PAGE} images. Ask for fewer at once.")
    with studio.reading() as db:
        rows = db.execute(page_query(person, after, limit)).all()
    tiles = tuple(_tile(studio, row) for row in rows)
    return Page(tiles, _cursor(rows[-1]) if len(rows) == limit else None)


def page_query(person: Person, after: str | None, limit: int) -> Any:
    """The query behind `page`, by itself so that its plan can be looked at."""
    shown = (Image.id, Image.width, Image.height, Image.placeholder, Image.created_at)
    made = (Generation.provider, Generation.model, Generation.practice)
    query = (
        _newest_first(person, *map(col, shown + made), func.substr(_text(), 1, TEXT).label("text"))
        .join(Generation, col(Generation.id) == Image.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .outerjoin(Post, col(Post.id) == Image.post_id)
        .limit(limit)
    )
    return query.where(_place() < _read_cursor(after)) if after else query


def layout(studio: Studio, person: Person) -> Layout:
    """The shape of the person's whole gallery, from two passes along the index of kept images."""
    with studio.reading() as db:
        ratios = db.scalars(_newest_first(person, col(Image.width) * UNIT // col(Image.height))).all()
        ends = db.execute(_page_ends(person)).all()
        newest, seen = db.scalar(_newest(person)), _revision(db, person)
    starts = [end for end in ends if end.number < len(ratios)]
    return Layout(
        total=len(ratios),
        revision=seen,
        newest=newest,
        ratios=bytes(min(max(ratio, 1), 255) for ratio in ratios),
        cursors=(None, *map(_cursor, starts)),
        dates=tuple(int(start.created_at.timestamp()) for start in starts),
    )


def revision(studio: Studio, person: Person) -> str:
    """Changes when the person's gallery does; a few milliseconds, so that an unchanged layout need not be made anew."""
    with studio.reading() as db:
        return _revision(db, person)


def _text() -> Any:
    return func.coalesce(func.nullif(col(Post.caption), ""), col(Turn.prompt))


def _kept(person: Person) -> tuple[Any, ...]:
    """In the words of the partial index `tables.KEPT`, or the databases would not use it."""
    return (
        col(Image.user_id) == person.id,
        col(Image.deleted_at).is_(None),
        col(Image.generation_id).is_not(None),
    )


def _newest_first(person: Person, *columns: Any) -> Any:
    return (
        sa.select(*columns)
        .select_from(Image)
        .where(*_kept(person))
        .order_by(col(Image.created_at).desc(), col(Image.id).desc())
    )


def _newest(person: Person) -> Any:
    return _newest_first(person, col(Image.id)).limit(1)


def _page_ends(person: Person) -> Any:
    """The last image of every full page and its number. The window runs along the index: no row is read for it."""
    number = func.row_number().over(order_by=(col(Image.created_at).desc(), col(Image.id).desc())).label("number")
    counted = _newest_first(person, col(Image.created_at), col(Image.id), number).subquery()
    return sa.select(counted).where(counted.c.number % PAGE == 0).order_by(counted.c.number)


def _place() -> Any:
    """Where an image stands: by time, and by id among those of the same moment."""
    return sa.tuple_(col(Image.created_at), col(Image.id))


def _cursor(row: Any) -> str:
    return f"{(row.created_at - EPOCH) // timedelta(microseconds=1):x}.{row.id}"


def _read_cursor(cursor: str) -> Any:
    """An empty id stands right before the first image of that microsecond."""
    written = _CURSOR.fullmatch(cursor)
    try:
        at = EPOCH + timedelta(microseconds=int(written[1], 16)) if written else None
    except OverflowError:
        at = None
    if not written or not at:
        raise Refused("This place in the gallery cannot be read. Reload the page to start from the newest.")
    return _spot(at, written[2])


def _spot(at: datetime, image_id: str) -> Any:
    return sa.tuple_(sa.literal(at, Moment()), sa.literal(image_id))


def _tile(studio: Studio, row: Any) -> Tile:
    facts = dict(row._mapping) | {"model": _label(studio, row)}
    del facts["provider"]
    return Tile(**facts)


def _revision(db: Session, person: Person) -> str:
    count = db.scalar(select(func.count()).select_from(Image).where(*_kept(person)))
    newest = db.scalar(_newest(person))
    changed = db.scalar(select(func.max(Event.at)).where(col(Event.kind).in_(CHANGES)))
    return f"{count}-{newest or ''}-{milliseconds(changed) if changed else 0}"


def _label(studio: Studio, row: Any) -> str:
    return studio.catalogue.label(f"{row.provider}/{row.model}")
