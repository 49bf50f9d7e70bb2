"""Turns: the first one, the next one, one once more; and failed images off the page."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, events, jobs, log
from core.access import Person
from core.asks import Ask, Asked, add_turn, check
from core.columns import plain
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import (
    CANCELED,
    FAILED,
    IMAGE,
    MASK,
    REFERENCE,
    SOURCE,
    Conversation,
    Generation,
    Project,
    Reference,
    Turn,
    new_id,
)

TITLE = 60
_STORED = {field.name for field in fields(Ask)} - {"prompt", "token", "models", "source", "mask", "references"}


def start(studio: Studio, person: Person, ask: Ask, project_id: str | None = None) -> Asked:
    """Begin a conversation with its first turn. Nothing is kept when the ask is refused (Refused, NotFound)."""
    try:
        with _asking(studio, person, ask) as (db, before):
            asked = before or add_turn(studio, db, person, _begun(studio, db, person, ask, project_id), ask)
    except sa.exc.IntegrityError:  # the same form at the same moment, and the other one was first
        asked = _asked_before(studio, person, ask)
    log.step("turn.asked", conversation=asked.conversation_id, turn=asked.turn_id, count=ask.count * len(ask.models))
    return asked


def ask(
    studio: Studio, person: Person, conversation_id: str, ask: Ask, still: Callable[[Session], None] = lambda db: None
) -> Asked:
    """Ask the next turn. Two people asking at once get two turns in order.

    `still` is called when nobody else can change the conversation any more; what it raises keeps the turn from being
    asked. Raises NotFound, and Refused also for a conversation in the trash.
    """
    try:
        with _asking(studio, person, ask) as (db, before):
            asked = before or add_turn(studio, db, person, _continued(studio, db, person, conversation_id, still), ask)
    except sa.exc.IntegrityError:
        asked = _asked_before(studio, person, ask)
    log.step("turn.asked", conversation=asked.conversation_id, turn=asked.turn_id, count=ask.count * len(ask.models))
    return asked


def again(studio: Studio, person: Person, turn_id: str, token: str) -> Asked:
    """Ask the same once more, with new seeds: a turn of its own. Asking twice with one token is asking once.

    Raises Refused when a model cannot do it any more, NotFound.
    """
    with studio.reading() as db:
        turn = access.find(db, Turn, turn_id, person)
        same = replace(asked(db, turn), token=f"again.{token}", seed=None)
    return ask(studio, person, turn.conversation_id, same)


def asked(db: Session, turn: Turn) -> Ask:
    """What this turn asked, word for word, with its own token."""
    uses = db.exec(select(Reference).where(Reference.turn_id == turn.id).order_by(col(Reference.position))).all()
    images: dict[str, list[str]] = {SOURCE: [], MASK: [], REFERENCE: []}
    for use in uses:
        images[use.role].append(use.image_id)
    return Ask(
        prompt=turn.prompt,
        models=tuple(turn.settings.get("models") or _models(db, turn)),
        token=turn.token,
        source=next(iter(images[SOURCE]), None),
        mask=next(iter(images[MASK]), None),
        references=tuple(images[REFERENCE]),
        **{name: value for name, value in turn.settings.items() if name in _STORED},
    )


def remove_failed(studio: Studio, person: Person, turn_id: str) -> tuple[str, ...]:
    """Take this turn's failed and canceled images off the page; which these were. What they cost still counts.

    Raises NotFound.
    """
    with studio.transaction() as db:
        turn = access.find(db, Turn, turn_id, person, lock=True)
        failed = _of(db, turn, col(Generation.status).in_((FAILED, CANCELED)), col(Generation.deleted_at).is_(None))
        for row in failed:
            row.deleted_at = studio.now()
            _tell(studio, db, turn, row, "generation.removed")
        return tuple(row.id for row in failed)


def bring_back(studio: Studio, person: Person, turn_id: str, only: Collection[str] | None = None) -> int:
    """Show what was removed from this turn again, all of it or `only` these generations; how many there were.

    Raises NotFound.
    """
    with studio.transaction() as db:
        turn = access.find(db, Turn, turn_id, person, lock=True)
        removed = [
            row for row in _of(db, turn, col(Generation.deleted_at).is_not(None)) if only is None or row.id in only
        ]
        for row in removed:
            row.deleted_at = None
            _tell(studio, db, turn, row, "generation.restored")
    return len(removed)


def title(words: str) -> str:
    """The first words, cut between words. Raises Refused when there are none."""
    short = " ".join(plain(words).split())
    if not short:
        raise Refused("A title needs at least one word.")
    return short if len(short) <= TITLE else short[:TITLE].rsplit(" ", 1)[0] + "…"


def _of(db: Session, turn: Turn, *conditions: Any) -> list[Generation]:
    query = select(Generation).where(Generation.turn_id == turn.id, Generation.kind == IMAGE, *conditions)
    return list(db.exec(query.with_for_update()).all())


def _tell(studio: Studio, db: Session, turn: Turn, row: Generation, kind: str) -> None:
    events.record(studio, db, kind, turn.user_id, conversation=turn.conversation_id, generation=row.id)


def _models(db: Session, turn: Turn) -> list[str]:
    """Of a turn whose settings do not name them, as sample content has it."""
    query = select(Generation.provider, Generation.model).where(Generation.turn_id == turn.id, Generation.kind == IMAGE)
    return list(
        dict.fromkeys(f"{provider}/{model}" for provider, model in db.exec(query.order_by(Generation.id)).all())
    )


def _asked_before(studio: Studio, person: Person, ask: Ask) -> Asked:
    with studio.reading() as db:
        turn = db.exec(select(Turn).where(Turn.user_id == person.id, Turn.token == ask.token)).first()
    if turn is None:  # it was no other form, but a purge that took what this one starts from
        raise NotFound("A picture that this starts from was just removed for good. Choose another one.")
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
        title=title(ask.prompt),
        created_at=studio.now(),
        updated_at=studio.now(),
        seen_at=studio.now(),
    )
    db.add(conversation)
    db.flush()
    events.record(studio, db, "conversation.started", person.id, conversation=conversation.id)
    return conversation


def _continued(
    studio: Studio, db: Session, person: Person, conversation_id: str, still: Callable[[Session], None]
) -> Conversation:
    conversation = access.find(db, Conversation, conversation_id, person, lock=True)
    if conversation.deleted_at is not None:
        raise Refused("This conversation is in the trash. Restore it to go on with it.")
    still(db)
    conversation.updated_at = studio.now()
    return conversation
