"""What waits is done by the real pipeline, but nobody draws: what a practice model would have made is there already."""

import asyncio

from sqlmodel import col, select

from core import generations, keeping, ledger
from core.pictures import Kept
from core.studio import Studio
from core.tables import IMAGE, UNFINISHED, Generation
from tests.branches import ready


def answer(studio: Studio, *, files: bool = False, but: str = "") -> None:
    """Do all that waits, `but` what makes this. Practice images have files only where a test opens them."""
    for number, row in enumerate(_waiting(studio, but)):
        if row.practice and row.kind == IMAGE:
            _show(studio, row, ready()[number % len(ready())], files)
        else:
            run(studio, row.id, row.round)


def work(studio: Studio) -> None:
    """Do all that waits, and draw too."""
    for row in _waiting(studio):
        run(studio, row.id, row.round)


def run(studio: Studio, generation_id: str, round: int) -> None:
    """Do this one, without waiting between its steps."""
    while asyncio.run(generations.run(studio, generation_id, round)) is not None:
        pass


def _waiting(studio: Studio, but: str = "") -> list[Generation]:
    with studio.reading() as db:
        rows = select(Generation).where(col(Generation.status).in_(UNFINISHED), Generation.kind != but)
        return list(db.exec(rows.order_by(col(Generation.id))).all())


def _show(studio: Studio, row: Generation, kept: Kept, files: bool) -> None:
    booked = ledger.send(studio, row.id, row.round, ledger.FREE.cost, {})
    if booked is None:
        return
    name = keeping.image_id(booked.attempt.id, 0)
    image = keeping.image_row(kept, name, row.user_id, booked.turn.conversation_id, studio.now())
    if files:
        keeping.put(studio.store, image.key, kept)
    ledger.store(studio, booked.attempt.id, [image], ledger.FREE, duration_ms=1_200)
