"""From queued to kept: one paid call at a time, with the ledger written before each is sent.

Every step can be killed at any line and done again: the attempt row says what was sent, the spool holds what came back,
and ids and keys of images follow from the attempt. What is never done again by itself is the call.
"""

import asyncio
import random
import time
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import (
    access,
    banned,
    calls,
    captions,
    events,
    fairness,
    holds,
    jobs,
    ledger,
    log,
    metrics,
    receipts,
    screening,
    spool,
    tally,
)
from core.access import Person
from core.errors import NotFound, OutcomeUnknown, ProviderBusy, ProviderRefused, Refused, StudioError
from core.ledger import Entry
from core.providers import Call
from core.spool import Receipt
from core.store import StoreDown
from core.studio import Studio
from core.tables import (
    CANCELED,
    CAPTION,
    QUEUED,
    RECEIVED,
    SENT,
    SUCCEEDED,
    UNFINISHED,
    Attempt,
    Conversation,
    Generation,
    Post,
    Turn,
)

TRIES = 6
"""Calls that a provider may turn away before a generation fails; with doubling waits that is some five minutes."""
LONGEST_WAIT = 120.0
DISK_WAIT = 2.0
"""Seconds between two tries to write a receipt to a disk that does not take it."""
NOWHERE = "The answer came, but neither disk nor store took it. It was charged; make room before you try again."
NOT_SET_UP = "Its provider is not set up on the machine that works, so nothing was sent. Pick another model."
ELSEWHERE, ELSEWHERE_WAIT = timedelta(days=1), 60.0
"""How long an answer on another machine's disk is waited for before it counts as lost; seconds between looks."""
GRACE = timedelta(minutes=2)
"""Beyond the provider's deadline, before a call that nobody waits for counts as lost."""


def retry(studio: Studio, person: Person, generation_id: str) -> None:
    """Ask again for this one alone. After an unknown outcome it may cost twice: asking is the person's decision.

    Raises Refused while it is under way or when it succeeded, for a caption whose post has one on its way or has a
    person's own words, and as asking does for rules, limits and budgets; NotFound.
    """
    jobs.ready(studio)
    studio.refuse_when_full()
    studio.rules.read()
    with studio.transaction() as db:
        _refuse_purged(db, generation_id, person)
        generation = access.find(db, Generation, generation_id, person, lock=True)
        if generation.status in (*UNFINISHED, SUCCEEDED):
            raise Refused("This one is done or on its way already. Ask a new turn for another picture.")
        if generation.practice != studio.catalogue.practises(f"{generation.provider}/{generation.model}"):
            raise Refused("This is sample content and cannot be tried again. Ask a new turn to make a real one.")
        if generation.kind == CAPTION:
            captions.refuse_unwanted(db, generation)
        turn = db.get_one(Turn, generation.turn_id)
        banned.refuse(studio.rules.read(db).banned, turn.prompt)
        studio.catalogue.refuse_off(f"{generation.provider}/{generation.model}")
        fairness.admit(studio, db, person.id, 1)
        generation.status, generation.round = QUEUED, generation.round + 1
        generation.error_kind = generation.error = None
        generation.next_at = generation.started_at = generation.finished_at = None
        generation.queued_at, generation.deleted_at = studio.now(), None
        fairness.submit(studio, db, generation)
        _tell(studio, db, generation, "generation.retried")
        holds.reserve(studio, db, [(generation, _price(studio, db, generation, turn))])


def cancel(studio: Studio, person: Person, generation_id: str) -> None:
    """Stop waiting for it. A call that is under way is cut; it may still be charged, and the ledger says so.

    Raises Refused when it has ended, NotFound.
    """
    jobs.ready(studio)
    with studio.transaction() as db:
        generation = access.find(db, Generation, generation_id, person, lock=True)
        if generation.status not in UNFINISHED:
            raise Refused("This one has ended already; there is nothing to cancel.")
        generation.status, generation.finished_at = CANCELED, studio.now()
        generation.error_kind = generation.error = None
        _tell(studio, db, generation, "generation.canceled")
        holds.settle(db, generation)
    tally.round_ended(generation, CANCELED)
    jobs.cancel(studio, generation_id, generation.round)


async def run(studio: Studio, generation_id: str, round: int) -> float | None:
    """Take a round one call further. Returns seconds to wait before the next step, or None at its end.

    Safe to call again after any kill. asyncio.CancelledError cuts a call that is under way.
    """
    going = await asyncio.to_thread(_unfinished_attempt, studio, generation_id, round)
    if going is not None:
        return await asyncio.to_thread(_finish, studio, going)
    prepared = await asyncio.to_thread(_prepare, studio, generation_id, round)
    if prepared is None or isinstance(prepared, float):
        return prepared
    call, generation, turn = prepared
    if (no := await screening.look(studio, generation, turn)) is not None:
        return await asyncio.to_thread(ledger.give_up, studio, generation_id, round, no.kind, str(no))
    found = await asyncio.to_thread(ledger.send, studio, generation_id, round, call.reserved, call.sent)
    if found is None:
        return None
    answer = await _send(studio, call, found)
    if not isinstance(answer, Receipt):
        return answer
    # Shielded: a cancel now is too late, the answer is here and is kept.
    return await asyncio.shield(asyncio.to_thread(_received, studio, answer))


def recover(studio: Studio) -> None:
    """Finish answers that lie in the spool, and book calls that nobody waits for any more as lost.

    For every start and every minute. Safe beside running work: all of it may happen twice.
    """
    for attempt_id in spool.waiting(studio.settings):
        try:
            receipts.keep(studio, attempt_id)
        except Exception as error:
            log.broken(error)  # one damaged receipt must not keep the others waiting
    spool.sweep(studio.settings, older_than=time.time() - 3600)
    patience = timedelta(seconds=studio.settings.provider_deadline) + GRACE
    with studio.reading() as db:
        lost = select(Attempt.id).where(
            sa.or_(
                sa.and_(col(Attempt.state) == SENT, col(Attempt.started_at) < studio.now() - patience),
                sa.and_(col(Attempt.state) == RECEIVED, col(Attempt.started_at) < studio.now() - ELSEWHERE),
            )
        )
        lost_ids = db.exec(lost).all()
        stuck = select(Generation).where(col(Generation.status).in_(UNFINISHED))
        stuck_rows = db.exec(stuck.where(Generation.queued_at < studio.now() - patience)).all()
    for attempt_id in lost_ids:
        if spool.read(studio.settings, attempt_id) is None:
            ledger.lose(studio, attempt_id)
    for row in stuck_rows:
        if jobs.given_up(studio, row.id, row.round):
            ledger.give_up(studio, row.id, row.round, "ours", "This stopped on our side and was not sent. Try again.")


def _price(studio: Studio, db: Session, generation: Generation, turn: Turn) -> Decimal | None:
    """None for practice, which costs nothing."""
    if generation.practice:
        return None
    if generation.kind == CAPTION:
        post = db.get(Post, generation.post_id) if generation.post_id else None
        return captions.price_again(studio, generation, turn, post)
    return calls.price(studio, db, generation, turn)


def _refuse_purged(db: Session, generation_id: str, person: Person) -> None:
    """Keeps its conversation from being purged meanwhile, or what nobody can see any more would be paid for."""
    generation = access.find(db, Generation, generation_id, person)
    purged = select(Conversation.purged_at).join(Turn, col(Turn.conversation_id) == Conversation.id)
    this = purged.where(Turn.id == generation.turn_id).with_for_update(of=Conversation, read=True, key_share=True)
    if db.exec(this).one() is not None:
        raise NotFound("The conversation of this picture was purged. Ask for it in a new one.")
    db.expire_all()


def _unfinished_attempt(studio: Studio, generation_id: str, round: int) -> str | None:
    """A call of this round that was sent by somebody who did not live to see its end."""
    with studio.reading() as db:
        if ledger.due(db, generation_id, round) is None:
            return None
        made = ledger.attempts(db, generation_id, round)
    return made[-1].id if made and made[-1].state in (SENT, RECEIVED) else None


def _finish(studio: Studio, attempt_id: str) -> float | None:
    with studio.reading() as db:
        elsewhere = db.get_one(Attempt, attempt_id).state == RECEIVED
    if spool.read(studio.settings, attempt_id) is not None:
        return receipts.keep(studio, attempt_id)
    if elsewhere:
        return ELSEWHERE_WAIT
    ledger.lose(studio, attempt_id)
    return None


def _prepare(studio: Studio, generation_id: str, round: int) -> tuple[Call, Generation, Turn] | float | None:
    """What can go wrong before paying goes wrong here, but for the look at the prompt; then comes the ledger."""
    with studio.reading() as db:
        found = ledger.due(db, generation_id, round)
        if found is None:
            return None
        generation, turn = found
        uses = calls.used(db, turn)
        post = db.get(Post, generation.post_id) if generation.post_id else None
    try:
        studio.refuse_when_full()
        if generation.kind == CAPTION:
            call = captions.call(studio, generation, turn, post)
        else:
            call = calls.call(studio, generation, turn, uses)
    except StoreDown:
        return receipts.WAIT
    except StudioError as refusal:
        ledger.give_up(studio, generation_id, round, "request", str(refusal))
        return None
    if call is None:
        ledger.give_up(studio, generation_id, round, "account", NOT_SET_UP)
        return None
    return call, generation, turn


async def _send(studio: Studio, call: Call, found: Entry) -> Receipt | float | None:
    """The one paid line. Everything but an answer is booked here."""
    attempt_id, began = found.attempt.id, time.monotonic()
    try:
        answer = await call.send()
    except ProviderBusy as busy:
        return await asyncio.to_thread(_turned_away, studio, found, busy)
    except ProviderRefused as refusal:
        return await asyncio.to_thread(ledger.fail, studio, attempt_id, ledger.FREE, refusal.kind, str(refusal))
    except Refused as refusal:  # it could not even be put into the provider's form, so nothing left us
        return await asyncio.to_thread(ledger.fail, studio, attempt_id, ledger.FREE, "request", str(refusal))
    except OutcomeUnknown as unknown:
        return await asyncio.to_thread(ledger.lose, studio, attempt_id, f"{unknown} Nothing was sent again.")
    except asyncio.CancelledError:
        ledger.lose(studio, attempt_id)
        raise
    except Exception as error:  # nobody foresaw it, so nobody can say that nothing was charged
        log.broken(error)
        return await asyncio.to_thread(ledger.lose, studio, attempt_id)
    return Receipt(attempt_id, round((time.monotonic() - began) * 1000), answer)


def _turned_away(studio: Studio, found: Entry, busy: ProviderBusy) -> float | None:
    with studio.reading() as db:
        tried = len(ledger.attempts(db, found.generation.id, found.attempt.round))
    if tried >= TRIES:
        sentence = f"{busy} We asked {tried} times. Nothing was charged; try again later."
        ledger.fail(studio, found.attempt.id, ledger.FREE, busy.kind, sentence)
        return None
    wait = min(max(busy.wait, 2.0**tried) * random.uniform(1, 1.25), LONGEST_WAIT)
    ledger.wait(studio, found.attempt.id, busy, wait)
    return wait


def _received(studio: Studio, receipt: Receipt) -> float | None:
    """Hold on to the answer until the disk or the store has it, for as long as the call itself might have taken."""
    ends = time.monotonic() + studio.settings.provider_deadline
    while True:
        try:
            spool.write(studio.settings, receipt)
        except OSError as error:
            metrics.STORAGE_ERRORS.inc()
            log.broken(error)
        else:
            ledger.receive(studio, receipt.attempt_id, receipt.duration_ms)
            return receipts.keep(studio, receipt.attempt_id)
        if receipts.settle(studio, receipt) is None:
            return None
        if time.monotonic() > ends:
            ledger.lose(studio, receipt.attempt_id, NOWHERE)
            return None
        time.sleep(DISK_WAIT)


def _tell(studio: Studio, db: Session, generation: Generation, kind: str) -> None:
    turn = db.get_one(Turn, generation.turn_id)
    events.record(studio, db, kind, generation.user_id, conversation=turn.conversation_id, generation=generation.id)
