"""Never lose a paid picture, never pay twice: kill -9 at any line and at any moment of making an image and its caption.

`make test` kills 500 times, `make kills` 10,000 times.
"""

import asyncio
import hashlib
import os
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image as Pillow
from sqlmodel import col, select

from core import generations, holds, spool
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import (
    CAPTION,
    RECEIVED,
    SENT,
    STORED,
    TEAM,
    UNKNOWN,
    Attempt,
    Generation,
    Image,
    Post,
    Spending,
    Turn,
)
from tests.conftest import unfinished
from tests.killing import Death, Mortals, mortals
from tests.vendors import Vendors

KILLS = int(os.environ.get("KILLS", "500"))
RANDOM_SHARE = 0.3
"""Of the kills, those that come at a moment instead of a line."""


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    picture = BytesIO()
    Pillow.effect_noise((64, 64), 60).convert("RGB").save(picture, "PNG")
    with Vendors(picture.getvalue(), seconds=0.005) as running:
        yield running


@pytest.fixture
def paying(settings: Settings, vendors: Vendors) -> Settings:
    """A studio's settings with providers that count what they charge."""
    return replace(settings, **vendors.settings())


@pytest.mark.timeout(7200)
def test_no_kill_loses_a_paid_picture_or_pays_twice(paying: Settings, vendors: Vendors) -> None:
    """Half of the kills on each home; after every few of them the studio starts again and tidies up."""
    studio = open_studio(paying)
    chance = random.Random(20261121)

    with mortals(_plain(paying)) as process:
        lines, seconds = _whole_life(process)
        died = 0
        for kill in range(KILLS // 2):
            began, lived = time.monotonic(), process.run(f"kill {kill}", _death(chance, lines, seconds))
            died += lived is None
            if lived:  # the kill came too late: lives are shorter since other tests leave them more of the machine
                seconds = min(seconds, time.monotonic() - began)
            if kill % 10 == 9:
                _start_again(studio)
    _start_again(studio)

    assert died > KILLS // 2 * 0.8
    _nobody_paid_twice(studio, vendors)
    _every_charge_is_kept_or_listed(studio, vendors)
    _nothing_is_left_over(studio)
    _budgets_count_what_the_ledger_says(studio)
    studio.engine.dispose()


def test_a_process_that_is_not_killed_makes_its_image(paying: Settings, vendors: Vendors) -> None:
    """Or the test above would pass for a pipeline that does nothing."""
    studio = open_studio(paying)

    with mortals(
        {name: str(v) if name == "data_dir" else v for name, v in asdict(paying).items()}, warm=False
    ) as process:
        process.run("a red fox")

    with studio.reading() as db:
        assert [a.state for a in db.exec(select(Attempt)).all()] == [STORED, STORED]
        assert len(db.exec(select(Image)).all()) == 1
        assert db.exec(select(Post)).one().caption
    studio.engine.dispose()


def _whole_life(process: Mortals) -> tuple[int, float]:
    """Lines and seconds of the shortest of some lives, so that hardly a kill comes too late."""
    lives = []
    for n in range(5):
        began = time.monotonic()
        lines = process.run(f"one that lives, {n}")
        assert lines and lines > 500
        lives.append((lines, time.monotonic() - began))
    return min(lines for lines, _ in lives), min(seconds for _, seconds in lives)


def _plain(settings: Settings) -> dict[str, Any]:
    return {name: str(value) if name == "data_dir" else value for name, value in asdict(settings).items()}


def _death(chance: random.Random, lines: int, seconds: float) -> Death:
    if chance.random() < RANDOM_SHARE:
        return Death(seconds=chance.uniform(0, seconds))
    return Death(line=chance.randint(1, lines))


def _start_again(studio: Studio) -> None:
    """What a start does: finish what the spool holds, then take up what the engine still has."""
    held = set(spool.waiting(studio.settings))
    generations.recover(studio)
    for generation_id, round in unfinished(studio):
        asyncio.run(generations.run(studio, generation_id, round))
    with studio.reading() as db:
        states = {a.id: a.state for a in db.exec(select(Attempt)).all()}
    assert {states[attempt] for attempt in held} <= {STORED}, "a spooled answer was not finished"


def _nobody_paid_twice(studio: Studio, vendors: Vendors) -> None:
    """One call at the most for every time a person asked."""
    charged = [(call.writes, call.prompt) for call in vendors.charges]
    assert len(charged) == len(set(charged))


def _budgets_count_what_the_ledger_says(studio: Studio) -> None:
    """And nothing is held any more for what is over."""
    with studio.reading() as db:
        assert holds.differences(db) == []
        team = db.exec(select(Spending).where(Spending.kind == TEAM)).all()
    assert [row.reserved for row in team] == [0] and team[0].spent > 0


def _every_charge_is_kept_or_listed(studio: Studio, vendors: Vendors) -> None:
    with studio.reading() as db:
        query = (
            select(Turn, Generation, Attempt)
            .join(Generation, col(Generation.turn_id) == Turn.id)
            .join(Attempt, col(Attempt.generation_id) == Generation.id)
        )
        rows = db.exec(query).all()
    state = {(generation.kind == CAPTION, turn.prompt): attempt.state for turn, generation, attempt in rows}
    assert not {SENT, RECEIVED} & set(state.values())
    for call in vendors.charges:
        assert state[call.writes, call.prompt] in (STORED, UNKNOWN)
    kept = sum(s == STORED for s in state.values())
    assert kept <= len(vendors.charges)
    for _, generation, attempt in rows:
        if attempt.state == UNKNOWN:
            assert generation.error_kind == "unknown"


def _nothing_is_left_over(studio: Studio) -> None:
    """Every row's files are there and whole, and there are no other files; the spool is empty."""
    with studio.reading() as db:
        images = db.exec(select(Image)).all()
    expected = {name for image in images for name in _names(image)}
    assert {stored.key for stored in studio.store.list()} == expected
    for image in images:
        assert hashlib.sha256(studio.store.get(image.key)).hexdigest() == image.sha256
    assert not list(spool.waiting(studio.settings))


def _names(image: Image) -> list[str]:
    stem = image.key.rpartition(".")[0]
    return [image.key, *(f"{stem}.{edge}.webp" for edge in (256, 512))]
