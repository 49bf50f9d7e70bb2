"""Threads of image work: start one, ask the next turn, open it, page through them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, events, jobs, log, pace, views
from core.access import Person
from core.asks import Ask, Asked, Quote, add_turn, check, quote
from core.cards import Card, cards
from core.columns import plain
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import Conversation, Generation, Project, Turn, new_id

__all__ = ["Ask", "Asked", "Card", "Opened", "Quote", "cards", "quote"]  # from below, for screens

TITLE = 60


@dataclass(frozen=True)
class Opened:
    """A conversation with its turns."""

    id: str
    title: str
    version: int
    created_at: datetime
    turns: tuple[views.TurnView, ...]

    @property
    def images(self) -> tuple[views.ImageView, ...]:
        """All kept images, oldest first."""
        return tuple(i for turn in self.turns for g in turn.generations for i in g.images)


@dataclass(frozen=True)
class News:
    """A conversation as live screens hear of it."""

    title: str
    generations: tuple[dict[str, Any], ...]
    """Plain JSON, in the order of the page."""


def start(studio: Studio, person: Person, ask: Ask, project_id: str | None = None) -> Asked:
    """Begin a conversation with its first turn. Nothing is kept when the ask is refused (Refused, NotFound)."""
    try:
        with _asking(studio, person, ask) as (db, before):
            asked = before or add_turn(studio, db, person, _begun(studio, db, person, ask, project_id), ask)
    except sa.exc.IntegrityError:  # the same form at the same moment, and the other one was first
        asked = _asked_before(studio, person, ask)
    log.step("turn.asked", conversation=asked.conversation_id, turn=asked.turn_id, count=ask.count * len(ask.models))
    return asked


def ask(studio: Studio, person: Person, conversation_id: str, ask: Ask) -> Asked:
    """Ask the next turn. Two people asking at once get two turns in order. Raises Refused or NotFound."""
    try:
        with _asking(studio, person, ask) as (db, before):
            asked = before or add_turn(studio, db, person, _continued(studio, db, person, conversation_id), ask)
    except sa.exc.IntegrityError:
        asked = _asked_before(studio, person, ask)
    log.step("turn.asked", conversation=asked.conversation_id, turn=asked.turn_id, count=ask.count * len(ask.models))
    return asked


def opened(studio: Studio, person: Person, conversation_id: str) -> Opened:
    """The conversation with all its turns, in five queries. Raises NotFound."""
    with studio.reading() as db:
        row = access.find(db, Conversation, conversation_id, person)
        turns = db.exec(select(Turn).where(Turn.conversation_id == row.id).order_by(col(Turn.position))).all()
        return Opened(row.id, row.title, row.version, row.created_at, views.turns(db, turns))


def live(studio: Studio, person: Person, conversation_id: str) -> list[dict[str, Any]]:
    """All generations of a conversation as plain JSON for the live socket, with their model's pace.

    Raises NotFound, also for what is in the trash.
    """
    with studio.reading() as db:
        if access.find(db, Conversation, conversation_id, person).deleted_at is not None:
            raise NotFound("This conversation is in the trash. Restore it to see it work.")
        rows = db.exec(_told().where(Turn.conversation_id == conversation_id)).all()
        return _wires(studio, db, [generation for generation, _conversation in rows])


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
        rows = db.exec(_told().where(of_theirs, col(Generation.id).in_(wanted))).all() if wanted else []
        wires = _wires(studio, db, [generation for generation, _conversation in rows])
    told = defaultdict[str, list[dict[str, Any]]](list)
    for (_generation, conversation), wire in zip(rows, wires, strict=True):
        told[conversation].append(wire)
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
        row.title, row.version = _title(title), version + 1
        events.record(studio, db, "conversation.renamed", person.id, conversation=row.id)


def _told() -> Any:
    """Generations that a live screen may show, with their conversation's id, in the order of the page."""
    return (
        select(Generation, Turn.conversation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .where(col(Generation.deleted_at).is_(None))
        .order_by(col(Turn.position), col(Generation.queued_at), col(Generation.id))
    )


def _wires(studio: Studio, db: Session, rows: Sequence[Generation]) -> list[dict[str, Any]]:
    shown = views.generations(db, rows)
    paced = pace.paces(db, [g.name for g in shown if g.unfinished])
    return [g.wire(studio.catalogue) | {"pace": _pace(paced.get(g.name))} for g in shown]


def _pace(known: pace.Pace | None) -> dict[str, int] | None:
    return {"p50": known.p50, "p90": known.p90, "runs": known.runs} if known else None


def _asked_before(studio: Studio, person: Person, ask: Ask) -> Asked:
    with studio.reading() as db:
        turn = db.exec(select(Turn).where(Turn.user_id == person.id, Turn.token == ask.token)).one()
    return Asked(turn.conversation_id, turn.id)


@contextmanager
def _asking(studio: Studio, person: Person, ask: Ask) -> Iterator[tuple[Session, Asked | None]]:
    """The transaction of an ask; with what the same form asked before, if it did."""
    check(studio, ask)
    jobs.ready(studio)
    with studio.transaction() as db:
        turn = db.exec(select(Turn).where(Turn.user_id == person.id, Turn.token == ask.token)).first()
        yield db, Asked(turn.conversation_id, turn.id) if turn else None


def _begun(studio: Studio, db: Session, person: Person, ask: Ask, project_id: str | None) -> Conversation:
    if project_id:
        access.find(db, Project, project_id, person)
    conversation = Conversation(
        id=new_id(),
        user_id=person.id,
        project_id=project_id,
        title=_title(ask.prompt),
        created_at=studio.now(),
        updated_at=studio.now(),
        seen_at=studio.now(),
    )
    db.add(conversation)
    db.flush()
    events.record(studio, db, "conversation.started", person.id, conversation=conversation.id)
    return conversation


def _continued(studio: Studio, db: Session, person: Person, conversation_id: str) -> Conversation:
    conversation = access.find(db, Conversation, conversation_id, person, lock=True)
    conversation.updated_at = studio.now()
    return conversation


def _title(prompt: str) -> str:
    """The first words of the prompt, cut between words."""
    words = " ".join(plain(prompt).split())
    if not words:
        raise Refused("A title needs at least one word.")
    return words if len(words) <= TITLE else words[:TITLE].rsplit(" ", 1)[0] + "…"
