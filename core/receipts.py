"""From an answer on disk to images that people see. Done again after a kill, it does the same thing again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import calls, captions, keeping, ledger, pictures, spool
from core.catalogue import cost
from core.errors import AnswerUnusable, ProviderRefused, Refused
from core.ledger import Bill, Entry
from core.providers import Result
from core.spool import Receipt
from core.store import StoreDown
from core.studio import Studio
from core.tables import CAPTION, STORED, Post

WAIT = 10.0
"""Seconds until a store that was down is tried again. Neither a receipt nor a turn's source has a hurry."""


def keep(studio: Studio, attempt_id: str) -> float | None:
    """Turn this attempt's receipt into kept images, or into a failure that says why there are none.

    Returns seconds to wait when the store is down, else None. Raises nothing about the answer, however odd it is.
    """
    receipt = spool.read(studio.settings, attempt_id)
    return settle(studio, receipt) if receipt else None


def settle(studio: Studio, receipt: Receipt) -> float | None:
    """The same for a receipt in hand."""
    with studio.reading() as db:
        found = ledger.entry(db, receipt.attempt_id)
    if found is None:  # what has calls under way is not purged: somebody brought an older database back
        spool.set_aside(studio.settings, receipt.attempt_id, spool.UNKNOWN)
        return None
    if found.attempt.state == STORED:
        spool.done(studio.settings, receipt.attempt_id)
        return None
    try:
        taken = (
            _caption(studio, found, receipt) if found.generation.kind == CAPTION else _images(studio, found, receipt)
        )
    except (ProviderRefused, AnswerUnusable) as error:
        _fail(studio, found, receipt, error)
        return None
    if taken is None:
        return WAIT  # the provider's key was taken away; the receipt waits for it
    try:
        _store(studio, found, receipt, taken)
    except StoreDown:
        return WAIT
    spool.done(studio.settings, receipt.attempt_id)
    return None


@dataclass(frozen=True)
class Taken:
    """What an answer held, ready to be kept."""

    bill: Bill
    kept: tuple[pictures.Kept, ...] = ()
    words: Mapping[str, Any] | None = None
    """A caption's fields."""
    seed: int | None = None
    request_id: str | None = None
    usage: Mapping[str, int] = field(default_factory=dict)


def _images(studio: Studio, found: Entry, receipt: Receipt) -> Taken | None:
    provider = studio.providers.get(found.generation.provider)
    if provider is None:
        return None
    result = provider.read(calls.plain_request(found.generation, found.turn), receipt.answer)
    try:
        kept = tuple(pictures.keep(data, pictures.ORIGINAL_BYTES) for data in result.pictures)
    except Refused as refusal:
        raise AnswerUnusable(f"The provider sent something we cannot show as a picture. {refusal}") from refusal
    bill = _bill(studio, found, result)
    return Taken(bill, kept, seed=result.seed, request_id=result.request_id, usage=result.usage)


def _caption(studio: Studio, found: Entry, receipt: Receipt) -> Taken | None:
    writer = studio.writers.get(found.generation.provider)
    if writer is None:
        return None
    with studio.reading() as db:
        post = db.get(Post, found.generation.post_id)
    result = writer.read(captions.plain_request(found.generation, found.turn, post), receipt.answer)
    words = captions.tidied(result.told, post.brief if post else {})
    amount, basis = captions.cost(studio, found.generation, result, found.attempt)
    return Taken(Bill(amount, basis), words=words, request_id=result.request_id, usage=result.usage)


def _store(studio: Studio, found: Entry, receipt: Receipt, taken: Taken) -> None:
    """Files first, rows second: a crash between leaves files that the next try writes again under the same keys."""
    rows = [
        keeping.image_row(
            picture,
            keeping.image_id(found.attempt.id, place),
            found.turn.user_id,
            found.turn.conversation_id,
            studio.now(),
        )
        for place, picture in enumerate(taken.kept)
    ]
    for row, picture in zip(rows, taken.kept, strict=True):
        keeping.put(studio.store, row.key, picture)
    ledger.store(
        studio,
        found.attempt.id,
        rows,
        taken.bill,
        seed=taken.seed,
        words=taken.words,
        request_id=taken.request_id,
        usage=dict(taken.usage) or None,
        duration_ms=receipt.duration_ms,
    )


def _fail(studio: Studio, found: Entry, receipt: Receipt, error: ProviderRefused | AnswerUnusable) -> None:
    """A refusal is hardly ever charged, an odd answer often is; neither says so, and the ledger does not pretend."""
    likely = found.attempt.reserved_cost if isinstance(error, AnswerUnusable) else None
    bill = Bill(likely, "unknown" if likely is None else "estimated")
    ledger.fail(studio, found.attempt.id, bill, error.kind, str(error), duration_ms=receipt.duration_ms)
    spool.set_aside(studio.settings, found.attempt.id)


def _bill(studio: Studio, found: Entry, result: Result) -> Bill:
    """Reported or computed from what was used; else what the price rule said before the call, with its pictures."""
    reserved = found.attempt.reserved_cost
    try:
        model = studio.catalogue.find(f"{found.generation.provider}/{found.generation.model}")
    except Refused:  # it ended after the call was made
        return Bill(result.cost, "reported") if result.cost is not None else Bill(reserved, "estimated")
    model = model.on(found.attempt.priced_on) if found.attempt.priced_on else model
    amount, basis = cost(model, calls.plain_request(found.generation, found.turn), result)
    return Bill(reserved if basis == "estimated" else amount, basis)
