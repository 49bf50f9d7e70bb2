"""Kill -9 at any line of purging: no row is without its file, and the next run leaves nothing over."""

import random
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from core import conversations, purging, retention, strays, trash, uploads
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import SOURCE, Conversation, Event, Image, Reference, Stray, Turn
from tests import many
from tests.killing import Lines
from tests.processes import PROCESSES
from tests.serving import picture

FILES = ("purging", "strays", "retention", "known_store", "disk", "store", "files", "database", "studio")
"""Where a kill may fall."""
IMAGES, KILLS = 4, 6


def test_purging_survives_kill_9_at_any_line(studio: Studio, alice: Person, settings: Settings) -> None:
    chance = random.Random(20261121)
    fill(studio, alice, 0)
    lines = purged_in_a_process(settings, None)
    assert lines and lines > 200
    nothing_is_left(studio)

    deaths = 0
    for kill in range(1, KILLS + 1):
        fill(studio, alice, kill)
        deaths += purged_in_a_process(settings, chance.randint(1, lines)) is None
        every_image_can_be_opened(studio)
        retention.purge(studio, anyway=True)
        nothing_is_left(studio)

    assert deaths > KILLS / 2
    assert told(studio) == (KILLS + 1) * (IMAGES + 1)


def fill(studio: Studio, person: Person, seed: int) -> None:
    """Images over their days with their conversations, and one conversation that started from an upload."""
    made = many.images(studio, person, IMAGES)
    many.thumbs(studio, person, made)
    upload = uploads.upload(studio, person, picture("PNG", (16 + seed, 16))).id
    with studio.transaction() as db:
        turn = db.scalars(sa.select(col(Turn.id)).order_by(col(Turn.id).desc()).limit(1)).one()
        db.add(Reference(turn_id=turn, image_id=upload, role=SOURCE))
        theirs = list(db.exec(select(Conversation.id).where(col(Conversation.deleted_at).is_(None))).all())
    trash.trash(studio, person, made)
    for conversation in theirs:
        conversations.trash(studio, person, conversation)
    with studio.transaction() as db:
        for table in (Image, Conversation):
            db.execute(sa.update(table).where(col(table.deleted_at).is_not(None)).values(purge_after=studio.now()))


def purged_in_a_process(settings: Settings, line: int | None) -> int | None:
    """Purge in a process that dies at this line. How many lines it ran when it lived to the end, else None."""
    here, there = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=_purge, args=(settings, line, there), daemon=True)
    process.start()
    there.close()
    try:
        return int(here.recv())
    except EOFError:
        return None
    finally:
        process.join()


def _purge(settings: Settings, line: int | None, told: Any) -> None:
    purging.IMAGES = purging.CONVERSATIONS = purging.TURNS = 2  # more seams
    studio = open_studio(settings)
    with Lines(line, FILES) as lines:
        retention.purge(studio, anyway=True)
    told.send(lines.seen)


def every_image_can_be_opened(studio: Studio) -> None:
    with studio.reading() as db:
        keys = db.exec(select(Image.key)).all()
        noted = set(db.exec(select(Stray.key)).all())
    for key in keys:
        assert studio.store.head(key) is not None
        assert studio.store.head(f"{key.rpartition('.')[0]}.256.webp") is not None
    known = {Path(key).name[:32] for key in {*keys, *noted}}
    assert {Path(stored.key).name[:32] for stored in studio.store.list()} <= known


def nothing_is_left(studio: Studio) -> None:
    strays.clear(studio)
    with studio.reading() as db:
        assert db.exec(select(Image.id)).all() == []
        assert db.exec(select(Stray.key).where(col(Stray.removed_at).is_(None))).all() == []
        assert set(db.exec(select(Turn.prompt)).all()) <= {""}
    assert list(studio.store.list()) == []


def told(studio: Studio) -> int:
    """How many pictures the audit says went for good."""
    with studio.reading() as db:
        facts = db.exec(select(Event.facts).where(Event.kind == "trash.purged")).all()
    return sum(fact["images"] + fact["uploads"] for fact in facts)
