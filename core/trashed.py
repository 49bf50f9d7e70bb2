"""What is in a person's trash: images in pages, the last thrown away first, their shape, and how much it is in all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func

from core import cursors, purging, retention, tile_rows
from core.access import Person
from core.columns import Moment
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import Conversation, Event, Generation, Image, Post, Turn
from core.tiles import MOST, PAGE, UNIT, Layout, Page, Tile, milliseconds

DAY = timedelta(days=1)
GONE = "None of these images is in your trash any more."
CHANGES = ("image.trashed", "image.restored", "trash.purged")
"""Events after which as many images may be other images."""


@dataclass(frozen=True)
class Thrown(Tile):
    """An image in the trash."""

    days_left: int = 0
    """Days until it is gone for good, begun ones too; 0 when the next night takes it."""
    used: bool = False
    """Something that is not in the trash started from it, so it stays."""
    thrown_at: datetime = cursors.EPOCH

    def note(self, text: Callable[[str], str], plural: Callable[[str, str, int], str]) -> str:
        """How long it stays, in few words: `text` and `plural` say them in the person's language."""
        if self.used:
            return text("In use")
        return plural("{n} day left", "{n} days left", self.days_left) if self.days_left else text("Gone tonight")


@dataclass(frozen=True)
class Total:
    """How much is in the trash."""

    images: int
    used: int
    """Of the images: those that stay when the trash is emptied, because something that is not in it uses them."""
    conversations: int
    size: int
    """Bytes of the originals that would go."""
    refused: bool = False
    """The last night purged nothing of anybody's, because too much would have gone."""

    @property
    def going(self) -> int:
        """Images that would go."""
        return self.images - self.used


def wire(page: Page, text: Callable[[str], str], plural: Callable[[str, str, int], str]) -> dict[str, Any]:
    """A page as the grid reads it: dates are when images were thrown away, and each says how long it stays."""
    thrown = [tile for tile in page.tiles if isinstance(tile, Thrown)]
    dates = [milliseconds(tile.thrown_at) for tile in thrown]
    notes, used = [tile.note(text, plural) for tile in thrown], [int(tile.used) for tile in thrown]
    return page.wire() | {"created_at": dates, "note": notes, "used": used}


def contents(studio: Studio, person: Person, after: str | None = None, limit: int = PAGE) -> Page:
    """A page of the images in the person's trash (`Thrown`), strictly after the cursor; one query.

    Raises Refused when the cursor is none of ours or the limit is not between 1 and PAGE.
    """
    if not 1 <= limit <= PAGE:
        raise Refused(f"A page of the trash has 1 to {PAGE} images. Ask for fewer at once.")
    rows = _rows(studio, person, contents_query(person, after, limit))
    tiles = tuple(_tile(studio, row) for row in rows)
    return Page(tiles, _cursor(rows[-1]) if len(rows) == limit else None)


def these(studio: Studio, person: Person, image_ids: Sequence[str]) -> tuple[Thrown, ...]:
    """Those of these images that are in the person's trash, the last thrown away first; at most a page of them.

    Raises NotFound when none is.
    """
    wanted = image_ids[:PAGE]
    query = contents_query(person, None, PAGE).where(col(Image.id).in_(wanted))
    found = tuple(_tile(studio, row) for row in _rows(studio, person, query))
    if not found:
        raise NotFound(GONE)
    return found


def contents_query(person: Person, after: str | None, limit: int) -> Any:
    """What `contents` shows, by itself so that its plan can be looked at."""
    query = (
        _last_first(person, *tile_rows.columns(), col(Image.deleted_at), col(Image.purge_after))
        .outerjoin(Generation, col(Generation.id) == Image.generation_id)
        .outerjoin(Turn, col(Turn.id) == Generation.turn_id)
        .outerjoin(Post, col(Post.id) == Image.post_id)
        .limit(limit)
    )
    return query.where(_place() < _read(after)) if after else query


def layout(studio: Studio, person: Person) -> Layout:
    """The shape of all images in the person's trash."""
    with studio.reading() as db:
        seen = _seen(studio, db, person)
        shape = col(Image.width) * UNIT // col(Image.height)
        rows = db.execute(_last_first(person, col(Image.id), col(Image.deleted_at), shape.label("shape"))).all()
    starts = rows[PAGE - 1 : -1 : PAGE]
    return Layout(
        total=len(rows),
        revision=seen,
        newest=rows[0].id if rows else None,
        ratios=bytes(min(max(row.shape, 1), 255) for row in rows),
        cursors=(None, *map(_cursor, starts)),
        dates=tuple(int(start.deleted_at.timestamp()) for start in starts),
    )


def ids(studio: Studio, person: Person, after: str | None = None, limit: int = MOST) -> Sequence[str]:
    """Only the ids; for who picks many. Raises Refused when the cursor is none of ours."""
    query = _last_first(person, col(Image.id)).limit(limit)
    with studio.reading() as db:
        return db.scalars(query.where(_place() < _read(after)) if after else query).all()


def place(studio: Studio, person: Person, at: datetime) -> int:
    """How many images were thrown away at this moment or later."""
    with studio.reading() as db:
        return db.scalar(_count(person, col(Image.deleted_at) >= at)) or 0


def mark(studio: Studio, person: Person) -> str:
    """Is another one when the layout is, or when somebody threw away, took back or purged since; read from the index
    alone, however much there is."""
    latest = (sa.select(func.max(Event.at)).where(col(Event.kind) == kind).scalar_subquery() for kind in CHANGES)
    with studio.reading() as db:
        moments = db.execute(sa.select(*latest)).one()
        return "-".join([_seen(studio, db, person), *(at.isoformat() if at else "" for at in moments)])


def revision_of(studio: Studio, total: Total, first: Page) -> str:
    """As the layout's revision, of what was read already: how much it is, and its first page."""
    last = next((tile for tile in first.tiles if isinstance(tile, Thrown)), None)
    return _revision(studio, total.images, cursors.write(last.thrown_at, last.id) if last else "")


def total(studio: Studio, person: Person) -> Total:
    """How much is in the person's trash, and how much of it would go if it were emptied."""
    return _total(studio, person)


def total_of(studio: Studio, person: Person, image_ids: Sequence[str]) -> Total:
    """The same of these images alone. Raises NotFound when none of them is in the person's trash."""
    found = _total(studio, person, col(Image.id).in_(image_ids))
    if not found.images:
        raise NotFound(GONE)
    return found


def _total(studio: Studio, person: Person, *among: Any) -> Total:
    threads = sa.select(func.count()).where(col(Conversation.user_id) == person.id, *_in_trash(Conversation))
    all_of_it = _sums(person, *among).subquery()
    going = _sums(person, *among, ~purging.held(_used())).subquery()
    at_once = sa.select(*all_of_it.c, *going.c, threads.scalar_subquery(), retention.refused())
    with studio.reading() as db:
        found = db.execute(at_once.select_from(all_of_it.join(going, sa.true())), {"owner": person.id}).one()
    images, _size, gone, size, conversations, refused = found
    return Total(images, images - gone, conversations, int(size), bool(refused))


def days_left(now: datetime, purge_after: datetime) -> int:
    """Days until then, begun ones too; 0 when the next night takes it."""
    return max(0, -((now - purge_after) // DAY))


def _rows(studio: Studio, person: Person, found: Any) -> Sequence[Any]:
    page, stays = found.subquery("page"), _used()
    told = sa.select(*page.c, stays.c.id.is_not(None).label("used")).outerjoin_from(
        page, stays, stays.c.id == page.c.id
    )
    with studio.reading() as db:
        return db.execute(told.order_by(page.c.deleted_at.desc(), page.c.id.desc()), {"owner": person.id}).all()


def _seen(studio: Studio, db: Session, person: Person) -> str:
    last = db.execute(_last_first(person, col(Image.id), col(Image.deleted_at)).limit(1)).first()
    return _revision(studio, db.scalar(_count(person)) or 0, _cursor(last) if last else "")


def _revision(studio: Studio, count: int, last: str) -> str:
    """Changes when what is in the trash does, and every day, because fewer days are left."""
    return f"{count}-{last}-{studio.now().date().toordinal()}"


def _in_trash(table: Any) -> list[Any]:
    purged = [col(table.purged_at).is_(None)] if table is Conversation else []
    return [col(table.deleted_at).is_not(None), *purged]


@cache
def _used() -> Any:
    """Made once, for whoever is named when it runs: to write it down takes longer than to run it."""
    theirs = col(Image.user_id) == sa.bindparam("owner")
    return purging.staying(lambda thread: thread.deleted_at.is_not(None), lambda i: i.deleted_at.is_not(None), theirs)


def _last_first(person: Person, *columns: Any) -> Any:
    """In the words of the index `ix_image_trash`, or the databases would not use it."""
    theirs = sa.select(*columns).select_from(Image).where(col(Image.user_id) == person.id, *_in_trash(Image))
    return theirs.order_by(col(Image.deleted_at).desc(), col(Image.id).desc())


def _place() -> Any:
    return sa.tuple_(col(Image.deleted_at), col(Image.id))


def _count(person: Person, *conditions: Any) -> Any:
    return sa.select(func.count()).where(col(Image.user_id) == person.id, *_in_trash(Image), *conditions)


def _sums(person: Person, *conditions: Any) -> Any:
    sums = sa.select(func.count(), func.coalesce(func.sum(col(Image.size)), 0))
    return sums.where(col(Image.user_id) == person.id, *_in_trash(Image), *conditions)


def _tile(studio: Studio, row: Any) -> Thrown:
    facts = dict(row._mapping)
    provider, gone = facts.pop("provider"), facts.pop("purge_after")
    del facts["user_id"]  # nobody looks into another's trash
    facts["thrown_at"] = facts.pop("deleted_at")
    facts["model"] = studio.catalogue.label(f"{provider}/{row.model}") if provider else ""
    facts["practice"], facts["text"] = bool(row.practice), row.text or ""
    return Thrown(**facts, days_left=days_left(studio.now(), gone))


def _cursor(row: Any) -> str:
    return cursors.write(row.deleted_at, row.id)


def _read(cursor: str) -> Any:
    at, image_id, _ = cursors.read(cursor)
    return sa.tuple_(sa.literal(at, Moment()), sa.literal(image_id))
