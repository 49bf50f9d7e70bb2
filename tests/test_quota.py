"""How much one person may upload: as much as the team's rule says, and not a byte more by being quick."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from random import Random

import pytest
import sqlalchemy as sa
from PIL import Image as Pillow
from sqlmodel import col, func, select

from core import access, rules, uploads
from core.access import Person
from core.errors import Refused
from core.studio import Studio
from core.tables import ADMIN, UPLOADED, Event, Image

ROOM = 20_000
"""Bytes that are left; a picture of these tests has some 6,000."""


def picture(seed: int) -> bytes:
    """All noise, so that its bytes are as many as its pixels."""
    out = BytesIO()
    Pillow.frombytes("RGB", (48, 40), Random(seed).randbytes(48 * 40 * 3)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def ada(studio: Studio) -> Person:
    """Who may change rules."""
    return access.person_named(studio, "ada", "Ada", ADMIN)


@pytest.fixture
def nearly_full(studio: Studio, ada: Person, alice: Person) -> bytes:
    """Alice may have a gigabyte, and it is nearly taken by this picture."""
    rules.change(studio, ada, "uploads_gb", 1, 0)
    first = uploads.upload(studio, alice, picture(0))
    with studio.transaction() as db:
        access.find(db, Image, first.id, alice).size = uploads.GIGABYTE - ROOM
    return picture(0)


def uploaded(studio: Studio, person: Person) -> int:
    with studio.reading() as db:
        return db.exec(select(func.count()).select_from(Image).where(Image.user_id == person.id, UPLOADED)).one()


def went(studio: Studio, person: Person, seed: int) -> bool:
    try:
        uploads.upload(studio, person, picture(seed))
    except Refused:
        return False
    return True


def test_without_a_rule_there_is_no_limit(studio: Studio, alice: Person) -> None:
    first = uploads.upload(studio, alice, picture(0))
    with studio.transaction() as db:
        access.find(db, Image, first.id, alice).size = 2_000_000_000

    assert went(studio, alice, 1)


def test_what_has_no_room_is_refused_and_leaves_nothing(studio: Studio, alice: Person, nearly_full: bytes) -> None:
    while went(studio, alice, seed := uploaded(studio, alice)):
        pass

    with pytest.raises(Refused, match=r"1\.00 of the 1 GB .* not kept\. An admin can raise the limit"):
        uploads.upload(studio, alice, picture(seed))

    kept = uploaded(studio, alice)
    assert 1 < kept < 6
    assert len(list(studio.store.list(f"{alice.id}/"))) == 3 * kept
    assert not list(studio.settings.spool_dir.glob("*.intent"))


def test_a_picture_that_is_there_already_takes_no_room(studio: Studio, alice: Person, nearly_full: bytes) -> None:
    while went(studio, alice, uploaded(studio, alice)):
        pass

    assert uploads.upload(studio, alice, nearly_full)


def test_everybody_has_room_of_their_own(studio: Studio, alice: Person, bob: Person, nearly_full: bytes) -> None:
    while went(studio, alice, uploaded(studio, alice)):
        pass

    assert went(studio, bob, 1)


def test_a_higher_limit_makes_room(studio: Studio, ada: Person, alice: Person, nearly_full: bytes) -> None:
    while went(studio, alice, uploaded(studio, alice)):
        pass

    rules.change(studio, ada, "uploads_gb", 2, 1)

    assert went(studio, alice, 99)


def test_uploads_at_once_do_not_overshoot(studio: Studio, alice: Person, nearly_full: bytes) -> None:
    with ThreadPoolExecutor(8) as tabs:
        ends = list(tabs.map(lambda seed: went(studio, alice, seed), range(1, 9)))

    with studio.reading() as db:
        taken = db.exec(uploads._taken(alice)).one()
        told = db.exec(select(func.count()).select_from(Event).where(col(Event.kind) == "image.uploaded")).one()
    assert uploads.GIGABYTE - ROOM < taken <= uploads.GIGABYTE
    assert 0 < sum(ends) < 8
    assert uploaded(studio, alice) == told == sum(ends) + 1
    assert len(list(studio.store.list(f"{alice.id}/"))) == 3 * told


def test_how_much_it_is_tells_an_index_alone(studio: Studio, alice: Person) -> None:
    query = uploads._taken(alice).compile(studio.engine, compile_kwargs={"literal_binds": True})

    with studio.reading() as db:
        if studio.settings.on_sqlite:
            plan = db.execute(sa.text(f"EXPLAIN QUERY PLAN {query}")).all()
        else:  # few rows are read as they lie, unless that is forbidden
            db.execute(sa.text("SET LOCAL enable_seqscan = off"))
            plan = db.execute(sa.text(f"EXPLAIN {query}")).all()

    assert "ix_image_uploaded" in str(plan)
    assert "COVERING" in str(plan) or not studio.settings.on_sqlite
