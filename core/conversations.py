"""Threads of image work: start one, ask the next turn, open it, page through them, trash and restore it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from core import access, events, log, pace, throwing, turns, views, written
from core.access import Person
from core.asks import Ask, Asked, Quote, quote
from core.cards import Card, cards
from core.errors import NotFound, Refused
from core.opened import TURNS, Opened, opened
from core.studio import Studio
from core.tables import UNFINISHED, Conversation, Generation, Image, Turn
from core.turns import again, ask, bring_back, remove_failed, start

# From below, for screens.
__all__ = ["Ask", "Asked", "Card", "Opened", "Quote", "again", "ask", "bring_back"]
__all__ += ["cards", "opened", "quote", "remove_failed", "start"]


@dataclass(frozen=True)
class News:
    """A conversation as live screens hear of it."""

    title: str
    generations: tuple[dict[str, Any], ...]
    """Plain JSON, in the order of the page."""


def live(studio: Studio, person: Person, conversation_id: str) -> list[dict[str, Any]]:
    """The generations of the newest turns, and all that are unfinished, as plain JSON with their model's pace.

    A screen that shows older turns read them already: what ended there can only be missing here, and it asks again.
    Raises NotFound, also for what is in the trash.
    """
    last = select(func.max(Turn.position)).where(Turn.conversation_id == conversation_id).scalar_subquery()
    newest = col(Turn.position) > last - TURNS
    with studio.reading() as db:
        if access.find(db, Conversation, conversation_id, person).deleted_at is not None:
            raise NotFound("This conversation is in the trash. Restore it to see it work.")
        moving = col(Generation.status).in_(UNFINISHED)
        shown = views.generations(db, Turn.conversation_id == conversation_id, sa.or_(newest, moving))
        return _wires(studio, db, shown)


def news(studio: Studio, asked: Mapping[tuple[str, str], Collection[str]]) -> dict[tuple[str, str], News]:
    """What live screens wait for, of any number of people and conversations at once: four queries.

    Generations are asked for by (their person's id, their conversation's id). A pair that is missing in the answer is
    no conversation of that person, or one in the trash.
    """
    theirs = (
        select(Conversation.user_id, Conversation.id, Conversation.title)
        .where(sa.tuple_(Conversation.user_id, Conversation.id).in_(list(asked)))
        .where(col(Conversation.deleted_at).is_(None))
    )
    with studio.reading() as db:
        found = db.exec(theirs).all()
        wanted = {generation for user, id, _title in found for generation in asked[user, id]}
        of_theirs = col(Turn.conversation_id).in_([id for _user, id, _title in found])
        shown = views.generations(db, of_theirs, col(Generation.id).in_(wanted)) if wanted else ()
        wires = _wires(studio, db, shown)
    told = defaultdict[str, list[dict[str, Any]]](list)
    for view, wire in zip(shown, wires, strict=True):
        told[view.conversation_id].append(wire)
    return {(user, id): News(title, tuple(told[id])) for user, id, title in found}


def last_settings(studio: Studio, person: Person, conversation_id: str) -> dict[str, Any]:
    """What the newest turn was asked with; a new ask box begins with it. Raises NotFound."""
    query = select(Turn).where(Turn.conversation_id == conversation_id).order_by(col(Turn.position).desc())
    with studio.reading() as db:
        access.find(db, Conversation, conversation_id, person)
        turn = db.exec(query.limit(1)).first()
    return turn.settings if turn else {}


def seen(studio: Studio, person: Person, conversation_id: str) -> None:
    """The person is looking at it: what ended until now is no news any more. Raises NotFound."""
    with studio.transaction() as db:
        access.find(db, Conversation, conversation_id, person).seen_at = studio.now()


def rename(studio: Studio, person: Person, conversation_id: str, title: str, version: int) -> None:
    """Give it another title. Raises Refused when somebody renamed it since `version` was read."""
    with studio.transaction() as db:
        row = access.find(db, Conversation, conversation_id, person, lock=True)
        if row.version != version:
            raise Refused(f"Somebody just renamed this to “{row.title}”. Reload to see it, then rename again.")
        row.title, row.version = turns.title(title), version + 1
        events.record(studio, db, "conversation.renamed", person.id, conversation=row.id)


def images(studio: Studio, person: Person, conversation_id: str) -> int:
    """How many images outside of the trash were made in it: those that could go with it. Raises NotFound."""
    with studio.reading() as db:
        access.find(db, Conversation, conversation_id, person)
        return len(throwing.made_in(db, person, conversation_id, throwing.LIVING))


def went_along(studio: Studio, person: Person, conversation_id: str) -> int:
    """How many images went to the trash with it, and come back with it. Raises NotFound."""
    with studio.reading() as db:
        row = access.find(db, Conversation, conversation_id, person)
        return len(throwing.made_in(db, person, row.id, _with(row)))


def trash(studio: Studio, person: Person, conversation_id: str, along: Collection[str] | None = ()) -> Sequence[str]:
    """Take it off every list until it is restored, or purged when the days of the trash are over. Twice is once.

    Of its images those `along` go with it, all for None; the others stay where they are, because they were paid for.
    Those that went are returned. What is at work in it goes on and is kept. Raises NotFound.
    """
    with written.writing(studio, person) as db:
        row = access.find(db, Conversation, conversation_id, person, lock=True)
        if row.deleted_at is not None:
            return []
        row.deleted_at = now = studio.now()
        row.purge_after = now + timedelta(days=studio.settings.trash_days)
        events.record(studio, db, "conversation.trashed", person.id, conversation=row.id)
        living = throwing.made_in(db, person, row.id, throwing.LIVING)
        going = [image_id for image_id in living if along is None or image_id in along]
        gone = throwing.throw(studio, db, person, dict.fromkeys(going, now)) if going else []
    log.step("conversation.trashed", conversation=conversation_id)
    return gone


def restore(studio: Studio, person: Person, conversation_id: str) -> Sequence[str]:
    """Take it out of the trash, as it was, with the images that went there with it; those. Twice is once.

    Raises NotFound.
    """
    with written.writing(studio, person) as db:
        row = access.find(db, Conversation, conversation_id, person, lock=True)
        if row.deleted_at is None:
            return []
        coming = throwing.made_in(db, person, row.id, _with(row))
        row.deleted_at = row.purge_after = None
        events.record(studio, db, "conversation.restored", person.id, conversation=row.id)
        back = list(throwing.take_back(studio, db, person, coming)) if coming else []
    log.step("conversation.restored", conversation=conversation_id)
    return back


def _with(row: Conversation) -> Any:
    """Images that went to the trash with it went at the same moment."""
    return col(Image.deleted_at) == row.deleted_at if row.deleted_at else sa.false()


def _wires(studio: Studio, db: Session, shown: Sequence[views.GenerationView]) -> list[dict[str, Any]]:
    paced = pace.paces(db, [g.name for g in shown if g.unfinished])
    return [g.wire(studio.catalogue) | {"pace": _pace(paced.get(g.name))} for g in shown]


def _pace(known: pace.Pace | None) -> dict[str, int] | None:
    return {"p50": known.p50, "p90": known.p90, "runs": known.runs} if known else None
