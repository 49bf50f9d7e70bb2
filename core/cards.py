"""Conversations as cards in a list: the latest changed first, page by page, all of them or those somebody looks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, views
from core.access import Person
from core.columns import plain
from core.errors import NotFound
from core.studio import Studio
from core.tables import REFERENCE, SOURCE, UNFINISHED, Conversation, Generation, Image, Reference, Turn

PAGE = 12
MOST_WORDS = 8
"""Of a search; each is looked for in every prompt."""


@dataclass(frozen=True)
class Card:
    """A conversation in a list."""

    id: str
    title: str
    updated_at: datetime
    turns: int
    images: int
    """Those that are kept."""
    unfinished: int
    unread: bool
    """Something ended in it since the person last looked."""
    cover: views.ImageView | None
    """Its newest kept image; without any, the newest that went to the trash with it."""
    source: views.ImageView | None = None
    """What its first turn started from; None when that was words alone."""
    purge_after: datetime | None = None
    """When it is gone for good; None unless it is in the trash."""
    along: int = 0
    """Images that went to the trash with it, and come back with it."""


def cards(
    studio: Studio,
    person: Person,
    after: str | None = None,
    limit: int = PAGE,
    *,
    search: str = "",
    image: str | None = None,
    trashed: bool = False,
) -> tuple[tuple[Card, ...], str | None]:
    """A page of conversations, the latest changed first, and the cursor of the next page or None at the end.

    `search`: only those with each of these words in their title or in one of their prompts, in any case. `image`: only
    those that made this image or started from it. `trashed`: those in the trash instead of all others.
    Raises NotFound for a cursor that is none, or an image that is not there.
    """
    wanted = [Conversation.user_id == person.id, *_wanted(search, trashed), *([_before(after)] if after else [])]
    with studio.reading() as db:
        if image is not None:
            wanted.append(_with(access.find(db, Image, image, person)))
        return _page(db, wanted, limit)


def _page(db: Session, wanted: list[Any], limit: int) -> tuple[tuple[Card, ...], str | None]:
    latest = (col(Conversation.updated_at).desc(), col(Conversation.id).desc())
    rows = db.exec(select(Conversation).where(*wanted).order_by(*latest).limit(limit + 1)).all()
    shown = rows[:limit]
    following = f"{shown[-1].updated_at.isoformat()}~{shown[-1].id}" if len(rows) > limit else None
    return _drawn(db, shown), following


def _before(after: str) -> Any:
    """Whether a conversation comes after the page that ended with this cursor."""
    moment, _, row_id = after.partition("~")
    try:
        last = datetime.fromisoformat(moment), row_id
    except ValueError:
        raise NotFound("This page of the list is not there. Start from the first one.") from None
    return sa.tuple_(Conversation.updated_at, Conversation.id) < sa.tuple_(*last)


def _wanted(search: str, trashed: bool) -> list[Any]:
    gone = col(Conversation.deleted_at)
    words = plain(search).split()[:MOST_WORDS]
    purged = col(Conversation.purged_at)
    lying = sa.and_(gone.is_not(None), purged.is_(None))  # of a purged one there is only what it cost
    return [lying if trashed else gone.is_(None), *map(_says, words)]


def _says(word: str) -> Any:
    """Whether a title or a prompt holds the word. SQLite knows big letters of ASCII alone, so others are tried."""
    forms = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    prompts = sa.or_(*(col(Turn.prompt).icontains(form, autoescape=True) for form in forms))
    said = sa.exists().where(col(Turn.conversation_id) == Conversation.id, prompts)
    return sa.or_(*(col(Conversation.title).icontains(form, autoescape=True) for form in forms), said)


def _with(image: Image) -> Any:
    """Whether a conversation made this image or used it."""
    used = (
        sa.select(col(Turn.conversation_id))
        .join(Reference, col(Reference.turn_id) == Turn.id)
        .where(col(Reference.image_id) == image.id, col(Reference.role).in_((SOURCE, REFERENCE)))
    )
    return sa.or_(col(Conversation.id) == image.conversation_id, col(Conversation.id).in_(used))


def _drawn(db: Session, rows: Sequence[Conversation]) -> tuple[Card, ...]:
    """These conversations with what is in them: two queries, however many there are."""
    ids = [row.id for row in rows]
    work, (shown, sources) = _work(db, ids), _pictures(db, rows)
    cards = []
    for row in rows:
        turns, unfinished, ended = work.get(row.id, (0, 0, None))
        images, along, cover = shown.get(row.id, (0, 0, None))
        unread = bool(row.seen_at and ended and ended > row.seen_at)
        cards.append(
            Card(
                id=row.id,
                title=row.title,
                updated_at=row.updated_at,
                turns=turns,
                images=images,
                unfinished=unfinished,
                unread=unread,
                cover=cover,
                source=sources.get(row.id),
                purge_after=row.purge_after,
                along=along,
            )
        )
    return tuple(cards)


def _work(db: Session, ids: list[str]) -> dict[str, tuple[int, int, datetime | None]]:
    """How many turns there are, how many generations are under way, and when the last one ended."""
    turns = sa.func.count(col(Turn.id).distinct())
    unfinished = sa.func.sum(sa.case((col(Generation.status).in_(UNFINISHED), 1), else_=0))
    query: Any = select(Turn.conversation_id, turns, unfinished, sa.func.max(Generation.finished_at))
    query = query.outerjoin(Generation, col(Generation.turn_id) == Turn.id).where(col(Turn.conversation_id).in_(ids))
    rows = db.exec(query.group_by(Turn.conversation_id)).all()
    return {conversation: (count, int(working), ended) for conversation, count, working, ended in rows}


def _pictures(
    db: Session, rows: Sequence[Conversation]
) -> tuple[dict[str, tuple[int, int, views.ImageView]], dict[str, views.ImageView]]:
    """By conversation: how many images are kept, how many went to the trash along with it, and which is its cover; and
    what its first turn started from."""
    found = sa.union_all(_covers(rows), _sources([row.id for row in rows])).subquery()
    query: Any = select(Image, found.c.conversation, found.c.images, found.c.along).join(found, found.c.id == Image.id)
    told = [(conversation, images, along, views.image(row)) for row, conversation, images, along in db.exec(query)]
    covers = {of: (images - along, along, image) for of, images, along, image in told if images}
    return covers, {of: image for of, images, _, image in told if not images}


def _covers(rows: Sequence[Conversation]) -> Any:
    of_them, gone = col(Image.conversation_id), col(Image.deleted_at)
    went = [sa.and_(of_them == row.id, gone == row.deleted_at) for row in rows if row.deleted_at]  # at the same moment
    newest = (gone.is_not(None), col(Image.created_at).desc(), col(Image.id).desc())
    ranked = (
        sa.select(
            col(Image.id).label("id"),
            of_them.label("conversation"),
            sa.func.count().over(partition_by=of_them).label("images"),
            sa.func.count(gone).over(partition_by=of_them).label("along"),
            sa.func.row_number().over(partition_by=of_them, order_by=newest).label("rank"),
        )
        .where(of_them.in_([row.id for row in rows]), col(Image.generation_id).is_not(None))
        .where(sa.or_(gone.is_(None), *went))
        .subquery()
    )
    columns = ranked.c.id, ranked.c.conversation, ranked.c.images, ranked.c.along
    return sa.select(*columns).where(ranked.c.rank == 1)


def _sources(ids: list[str]) -> Any:
    return (
        sa.select(col(Image.id), col(Turn.conversation_id), sa.literal(0), sa.literal(0))
        .join(Reference, col(Reference.image_id) == Image.id)
        .join(Turn, col(Turn.id) == Reference.turn_id)
        .where(col(Turn.conversation_id).in_(ids), col(Turn.position) == 1, col(Reference.role) == SOURCE)
        .where(col(Image.deleted_at).is_(None))
    )
