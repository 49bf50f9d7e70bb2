"""What was sent to providers, what came back, what it cost. One transaction for every step a generation takes.

An attempt is `sent` before its call leaves us; then `received` once the answer is on disk, `stored` once its images are
rows, `failed` when the provider gave none, or `unknown` when nobody can say what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, func, select, update

from core import bills, events, holds, log, posts, tally
from core.columns import plain
from core.errors import ProviderError
from core.studio import Studio
from core.tables import (
    FAILED,
    QUEUED,
    RECEIVED,
    RUNNING,
    SENT,
    STORED,
    SUCCEEDED,
    UNFINISHED,
    UNKNOWN,
    Attempt,
    Conversation,
    Generation,
    Image,
    Turn,
    new_id,
)

LOST = (
    "We do not know whether this went through: the call left us and no complete answer came back. "
    "It may have been charged. Nothing was sent again."
)


LONGEST_MS = 2**31 - 1
"""Some 25 days: what a column for milliseconds takes on Postgres."""


@dataclass(frozen=True)
class Entry:
    """An attempt with what it belongs to."""

    attempt: Attempt
    generation: Generation
    turn: Turn


@dataclass(frozen=True)
class Bill:
    """What a call cost, in US dollars, and how we know."""

    cost: Decimal | None
    basis: str


FREE = Bill(Decimal(0), "reported")
"""Of calls that a provider did not accept."""
POSSIBLE = Bill(None, UNKNOWN)


def due(db: Session, generation_id: str, round: int) -> tuple[Generation, Turn] | None:
    """The generation with its turn when this round of it still has something to do."""
    generation = db.get(Generation, generation_id)
    if generation is None or generation.round != round or generation.status not in UNFINISHED:
        return None
    turn = db.get(Turn, generation.turn_id)
    return (generation, turn) if turn else None


def attempts(db: Session, generation_id: str, round: int) -> Sequence[Attempt]:
    """This round's calls, in order."""
    query = select(Attempt).where(Attempt.generation_id == generation_id, Attempt.round == round)
    return db.exec(query.order_by(col(Attempt.number))).all()


def entry(db: Session, attempt_id: str) -> Entry | None:
    """The attempt of that id with its generation and turn."""
    query = (
        select(Attempt, Generation, Turn)
        .join(Generation, col(Generation.id) == Attempt.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .where(Attempt.id == attempt_id)
    )
    found = db.exec(query).first()
    return Entry(*found) if found else None


def send(
    studio: Studio, generation_id: str, round: int, reserved: Decimal | None, parameters: dict[str, Any]
) -> Entry | None:
    """Book a call that is about to be made, with what it should cost.

    None when it must not be made: canceled meanwhile, or another process that took over has a call of this round.
    """
    with studio.transaction() as db:
        _lock(db, generation_id)
        found = due(db, generation_id, round)
        before = attempts(db, generation_id, round)
        if found is None or any(made.state != FAILED for made in before):
            return None
        generation, turn = found
        now = studio.now()
        since = before[-1].finished_at if before else generation.queued_at
        number = len(db.exec(select(Attempt.id).where(Attempt.generation_id == generation_id)).all()) + 1
        attempt = Attempt(
            id=new_id(),
            generation_id=generation_id,
            number=number,
            round=round,
            reserved_cost=reserved,
            sent=parameters,
            waited_ms=min(max(0, (now - (since or now)) // timedelta(milliseconds=1)), LONGEST_MS),
            priced_on=now.date(),
            started_at=now,
        )
        db.add(attempt)
        generation.status, generation.error_kind, generation.error = RUNNING, None, None
        generation.next_at = None
        generation.started_at = attempt.started_at
        _tell(studio, db, "generation.running", Entry(attempt, generation, turn))
    sent = Entry(attempt, generation, turn)
    log.step("generation.sent", **_names(sent))
    return sent


def receive(studio: Studio, attempt_id: str, duration_ms: int) -> None:
    """Note that the whole answer is on disk."""
    with studio.transaction() as db:
        found = _locked_entry(db, attempt_id)
        if found is None:
            return
        if found.attempt.state == SENT:
            found.attempt.state, found.attempt.duration_ms = RECEIVED, duration_ms
    log.step("generation.received", ms=duration_ms, **_names(found))


def store(
    studio: Studio,
    attempt_id: str,
    images: Sequence[Image],
    bill: Bill,
    seed: int | None = None,
    words: Mapping[str, Any] | None = None,
    **facts: Any,
) -> None:
    """Make an answer's images or words visible and settle its cost. Files must be in the store. Twice is once."""
    with studio.transaction() as db:
        found = _locked_entry(db, attempt_id)
        if found is None or found.attempt.state == STORED:
            return
        _settle(studio, found, STORED, bill, images=len(images), **facts)
        found.generation.seed = found.generation.seed if seed is None else seed
        if words is not None:
            posts.write(studio, db, found.generation, found.turn, words)
        _succeed(studio, db, found, images)
        holds.settle(db, found.generation)
    _count(found, SUCCEEDED, bill, last=True)


def wait(studio: Studio, attempt_id: str, error: ProviderError, seconds: float) -> None:
    """The provider did not take this call now; the generation goes back to waiting, for that long."""
    again = studio.now() + timedelta(seconds=seconds)
    _close(studio, attempt_id, FAILED, FREE, error.kind, str(error), status=QUEUED, next_at=again)


def fail(studio: Studio, attempt_id: str, bill: Bill, kind: str, sentence: str, **facts: Any) -> None:
    """The provider gave no picture: this round is over."""
    _close(studio, attempt_id, FAILED, bill, kind, sentence, **facts)


def lose(studio: Studio, attempt_id: str, sentence: str = LOST) -> None:
    """Nobody can say what became of this call. It is booked as a possible charge and shown to the person."""
    _close(studio, attempt_id, UNKNOWN, POSSIBLE, UNKNOWN, sentence)


def give_up(studio: Studio, generation_id: str, round: int, kind: str, sentence: str) -> None:
    """End a round without any call, or after its calls have ended: our side could not go on."""
    with studio.transaction() as db:
        _lock(db, generation_id)
        found = due(db, generation_id, round)
        if found is None:
            return
        generation, turn = found
        generation.status, generation.error_kind, generation.error = FAILED, kind, sentence
        generation.finished_at = studio.now()
        names: dict[str, Any] = {"conversation": turn.conversation_id, "generation": generation_id}
        events.record(studio, db, "generation.failed", turn.user_id, why=kind, **names)
        holds.settle(db, generation)
    tally.round_ended(generation, kind)
    log.step("generation.failed", kind=kind, round=round, **names)


def _lock(db: Session, generation_id: str) -> None:
    db.exec(select(Generation.id).where(Generation.id == generation_id).with_for_update()).first()


def _locked_entry(db: Session, attempt_id: str) -> Entry | None:
    attempt = db.get(Attempt, attempt_id)
    if attempt is None:
        return None
    _lock(db, attempt.generation_id)
    db.expire_all()
    return entry(db, attempt_id)


def _close(
    studio: Studio,
    attempt_id: str,
    state: str,
    bill: Bill,
    kind: str,
    sentence: str,
    *,
    status: str = FAILED,
    next_at: datetime | None = None,
    **facts: Any,
) -> None:
    """End an attempt without images, and with it the round, unless somebody ended that or began another already."""
    with studio.transaction() as db:
        found = _locked_entry(db, attempt_id)
        if found is None or found.attempt.state not in (SENT, RECEIVED):
            return
        attempt, generation, sentence = found.attempt, found.generation, plain(sentence)
        attempt.error_kind, attempt.error = kind, sentence
        _settle(studio, found, state, bill, **facts)
        bills.add_up(db, generation)
        waited_for = generation.status in UNFINISHED and generation.round == attempt.round
        if waited_for:
            generation.status, generation.error_kind, generation.error = status, kind, sentence
            generation.next_at = next_at
            generation.finished_at = studio.now() if status == FAILED else None
        _tell(studio, db, "generation.failed" if status == FAILED else "generation.waiting", found, why=kind)
        holds.settle(db, generation)
    _count(found, kind, bill, last=waited_for and status == FAILED)


def _settle(studio: Studio, found: Entry, state: str, bill: Bill, **facts: Any) -> None:
    """`facts` are further columns of the attempt: request_id, duration_ms, images, usage."""
    attempt = found.attempt
    attempt.state, attempt.cost, attempt.cost_basis = state, bill.cost, bill.basis
    attempt.finished_at = studio.now()
    for name, value in facts.items():
        setattr(attempt, name, plain(value) if isinstance(value, str) else value)


def _succeed(studio: Studio, db: Session, found: Entry, images: Sequence[Image]) -> None:
    """A cancel, or a failure by mistake, that came before these images does not take them away; nor does a person who
    took it off the page when it seemed to have none."""
    attempt, generation, turn = found.attempt, found.generation, found.turn
    already = db.exec(select(func.max(Image.n)).where(Image.generation_id == generation.id)).one() or 0
    for place, image in enumerate(images, start=already + 1):
        image.generation_id, image.attempt_id, image.n = generation.id, attempt.id, place
        generation.project_id = posts.place(studio, db, turn, image).project_id
        db.add(image)
        _tell(studio, db, "image.kept", found, image=image.id)
    db.flush()
    generation.status, generation.error_kind, generation.error = SUCCEEDED, None, None
    generation.deleted_at = None
    bills.add_up(db, generation)
    latest = update(Conversation).where(col(Conversation.id) == turn.conversation_id)
    db.execute(latest.values(updated_at=studio.now()))
    generation.duration_ms, generation.finished_at = attempt.duration_ms, studio.now()
    _tell(studio, db, "generation.succeeded", found)


def _tell(studio: Studio, db: Session, kind: str, found: Entry, **facts: Any) -> None:
    turn, generation = found.turn, found.generation
    events.record(studio, db, kind, turn.user_id, conversation=turn.conversation_id, generation=generation.id, **facts)


def _names(found: Entry) -> dict[str, Any]:
    return {
        "conversation": found.turn.conversation_id,
        "generation": found.generation.id,
        "attempt": found.attempt.id,
        "provider": found.generation.provider,
        "model": found.generation.model,
        "round": found.attempt.round,
    }


def _count(found: Entry, outcome: str, bill: Bill, *, last: bool) -> None:
    """`last`: with this call its generation came to an end."""
    generation, attempt = found.generation, found.attempt
    tally.call_ended(attempt, generation, outcome)
    if last:
        tally.round_ended(generation, outcome)
    cost = None if bill.cost is None else str(bill.cost)
    facts: dict[str, Any] = {"outcome": outcome, "status": generation.status, "cost": cost, "basis": bill.basis}
    log.step("attempt.ended", ms=attempt.duration_ms, **facts, **_names(found))
