"""Everything that a person keeps, newest first, from the database itself along one index: without filters.

Always up to date, and there while the replica is not.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from core import access, cursors, tile_rows
from core.access import Person
from core.columns import Moment
from core.studio import Studio
from core.tables import Event, Image
from core.tiles import PAGE, UNIT, Layout, Page, Tile, milliseconds

CHANGES = ("image.trashed", "image.restored")
"""Events after which the same number of images may be other images."""


def page(studio: Studio, person: Person, after: str | None = None, limit: int = PAGE) -> Page:
    """Strictly after the cursor; one query. Raises Refused when the cursor is none of ours."""
    with studio.reading() as db:
        rows = db.execute(page_query(person, after, limit)).all()
    tiles = tuple(tile_rows.tile(studio, row, person) for row in rows)
    return Page(tiles, _cursor(rows[-1]) if len(rows) == limit else None)


def page_query(person: Person, after: str | None, limit: int) -> Any:
    """The query behind `page`, by itself so that its plan can be looked at."""
    query = tile_rows.joined(_newest_first(person, *tile_rows.columns())).limit(limit)
    return query.where(_place() < _read_cursor(after)) if after else query


def tiles(studio: Studio, person: Person, ids: Sequence[str]) -> tuple[Tile, ...]:
    """Those of these images that are kept and that the person may read, in this order; one query."""
    query = tile_rows.joined(sa.select(*tile_rows.columns()).select_from(Image))
    query = query.where(col(Image.id).in_(ids), access.may_read(Image, person), *_in_gallery())
    with studio.reading() as db:
        rows = {row.id: row for row in db.execute(query)}
    return tuple(tile_rows.tile(studio, rows[image_id], person) for image_id in ids if image_id in rows)


def layout(studio: Studio, person: Person) -> Layout:
    """The shape of the whole, from two passes along the index."""
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
    """Changes when the person's gallery does, and when somebody throws away or takes back; a few milliseconds, so that
    an unchanged layout need not be made anew."""
    with studio.reading() as db:
        return _revision(db, person)


def _kept(person: Person) -> tuple[Any, ...]:
    """In the words of the partial index `tables.KEPT`, or the databases would not use it."""
    return (col(Image.user_id) == person.id, *_in_gallery())


def _in_gallery() -> tuple[Any, ...]:
    return col(Image.deleted_at).is_(None), col(Image.generation_id).is_not(None)


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
    return cursors.write(row.created_at, row.id)


def _read_cursor(cursor: str) -> Any:
    at, image_id, _ = cursors.read(cursor)
    return sa.tuple_(sa.literal(at, Moment()), sa.literal(image_id))


def _revision(db: Session, person: Person) -> str:
    count = db.scalar(select(func.count()).select_from(Image).where(*_kept(person)))
    newest = db.scalar(_newest(person))
    changed = db.scalar(select(func.max(Event.at)).where(col(Event.kind).in_(CHANGES)))
    return f"{count}-{newest or ''}-{milliseconds(changed) if changed else 0}"
