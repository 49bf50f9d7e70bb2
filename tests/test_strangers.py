"""A second person, with every id of the first in hand, reaches nothing: asked of every verb there is."""

import asyncio
import importlib
import inspect
import tempfile
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, select

from core import access, conversations, generations, replica, saved_views, shared, sharing
from core.access import Person
from core.briefs import Brief
from core.errors import NotFound
from core.posting import Words
from core.question import Question
from core.replica import Replica
from core.replica_calls import LEDGER
from core.replica_gallery import GALLERY
from core.settings import Settings
from core.sharing import Terms
from core.studio import Studio, open_studio
from core.tables import Budget, Hold, Image, Note, Project, Spending
from core.wanted import Wanted
from tests.conftest import unfinished, wish

CORE = Path(__file__).parent.parent / "core"
# What verbs want beside ids, by the name of the argument; with its module before it where another one is meant. It has
# to be right, so that a verb refuses the id alone; a function is asked with the id. A verb that wants something else
# fails until it is told here.
GIVEN: dict[str, object] = {
    "ask": wish("mine now"),
    "title": "mine now",
    "version": 1,
    "terms": Terms(),
    "brief": Brief(voice="mine now"),
    "token": "0" * 32,
    "words": Words("mine now"),
    "platform": "instagram",
    "text": "mine now",
    "alt": "mine now",
    "x": 0.1,
    "y": 0.1,
    "model": "sketch/ink",
    "wanted": Wanted(),
    "after": None,
    "limit": 10,
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "ids": (),
    "word": "fax",
    "run": "1",
    "posting.model": "sketch/caption",
    "question": Question(date(2026, 1, 1), date(2026, 12, 31), practice=True),
    "split": "model",
    "form": "csv",
    "into": lambda _: Path(tempfile.mkdtemp()) / "file",
    "values": {"model": ("sketch/ink",)},
    "moved": lambda row_id: {row_id: row_id},
    "kind": "project",
    "usd": Decimal(5),
    "role": "lead",
}
TAKES_NEW_THINGS = ("asks.quote", "uploads.upload", "drafts.asked")
"""Verbs that want no id: the ask's images are tested below, the others take a person's own new thing."""
ADMINS_ALONE = ("rules.change", "people.everybody", "people.found", "status.now")
"""Verbs that want no id and refuse everybody but admins; their own tests say so."""
NOBODYS = ("person", "heartbeat", "known_store", "stray", "rule")
"""Tables whose rows are not anybody's."""
MAKES_THINGS = {"demo.fill": {"images": 3}}
"""Verbs that want nothing and would make a lot."""


@dataclass(frozen=True)
class Verb:
    """A public function that takes a studio and a person."""

    name: str
    call: Callable[..., object]
    wants: tuple[inspect.Parameter, ...]

    @property
    def ids(self) -> list[str]:
        """The arguments that say which thing is meant."""
        return [p.name for p in self.wants if p.name.endswith(("_id", "_ids"))]


def verbs() -> Iterator[Verb]:
    for file in sorted(CORE.glob("*.py")):
        module = importlib.import_module(f"core.{file.stem}") if file.stem != "__init__" else types.ModuleType("none")
        for name, found in vars(module).items():
            ours = isinstance(found, types.FunctionType) and found.__module__ == module.__name__
            if not ours or name.startswith("_"):
                continue
            names = list(inspect.signature(found).parameters)
            if names[:2] == ["studio", "person"]:
                wants = tuple(inspect.signature(found).parameters.values())[2:]
                yield Verb(f"{file.stem}.{name}", found, wants)


VERBS = list(verbs())
WITH_IDS = [verb for verb in VERBS if verb.ids]


@pytest.fixture(scope="module", params=["laptop", "servers"])
def studio(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One for all tests on each home: what strangers ask changes nothing, and each test sees that it did not."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("data"), sketch_delay=0, sketch_detail=0.02, free_space_floor_mb=1
    )
    if request.param == "servers":
        s3, database = request.getfixturevalue("s3"), request.getfixturevalue("postgres").new_database()
        where = {"s3_endpoint": s3.endpoint, "s3_bucket": s3.new_bucket(), "s3_region": s3.region}
        settings = replace(settings, database_url=database, s3_key=s3.key, s3_secret=s3.secret, **where)
    opened = open_studio(settings)
    with Replica(opened).running(), Replica(opened, LEDGER).running():
        yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def alices(studio: Studio) -> set[str]:
    """Everything that a person can have, by its ids."""
    alice = access.person_named(studio, "alice", "Alice")
    asked = conversations.start(studio, alice, wish("a red fox", caption="auto", count=2))
    for generation_id, round in unfinished(studio):
        while asyncio.run(generations.run(studio, generation_id, round)) is not None:
            pass
    fox = conversations.opened(studio, alice, asked.conversation_id).images[0]
    conversations.ask(studio, alice, asked.conversation_id, wish("bluer", source=fox.id))
    link = sharing.share(studio, alice, asked.conversation_id, Terms(takes_verdicts=True))
    shared.judge(studio, link.token, fox.id, "approve", "")
    saved_views.save(studio, alice, "Foxes", "fox")
    with studio.transaction() as db:
        dates = {"created_at": studio.now(), "updated_at": studio.now()}
        db.add(winter := Project(user_id=alice.id, title="Winter", **dates))
        db.flush()
        db.add(Note(project_id=winter.id, user_id=alice.id, stage="draft", body="Snow", updated_at=studio.now()))
        for kind, of_id in (("project", winter.id), ("person", alice.id)):
            db.add(Budget(kind=kind, of_id=of_id, usd=Decimal(5), changed_at=studio.now(), changed_by=alice.id))
            db.add(Spending(kind=kind, of_id=of_id, month="2026-01", reserved=Decimal(0), spent=Decimal(1)))
        db.add(Hold(generation_id="0" * 32, round=0, user_id=alice.id, month="2026-01", usd=Decimal(1), settled=True))
    return {row["id"] for rows in everything(studio).values() for row in rows if row.get("id")}


def everything(studio: Studio) -> dict[str, list[dict[str, Any]]]:
    """Every row of the studio, but for those that are not anybody's."""
    tables = [table for table in SQLModel.metadata.sorted_tables if table.name not in NOBODYS]
    with studio.engine.connect() as connection:
        return {table.name: [dict(r._mapping) for r in connection.execute(sa.select(table))] for table in tables}


def given(verb: Verb, row_id: str) -> dict[str, object]:
    """Arguments for a verb, with this id wherever it wants one."""
    told: dict[str, object] = {}
    for wanted in verb.wants:
        own = f"{verb.name.partition('.')[0]}.{wanted.name}"
        if wanted.name in verb.ids:
            told[wanted.name] = [row_id] if wanted.name.endswith("_ids") else row_id
        elif own in GIVEN or wanted.name in GIVEN:
            value = GIVEN.get(own, GIVEN.get(wanted.name))
            told[wanted.name] = value(row_id) if isinstance(value, types.FunctionType) else value
        elif wanted.default is inspect.Parameter.empty:
            pytest.fail(f"{verb.name} wants {wanted.name}: say in GIVEN what a stranger would give it")
    return told


def test_there_are_verbs_to_ask() -> None:
    assert len(WITH_IDS) > 12


def test_there_is_something_of_everything_to_reach(studio: Studio, alices: set[str]) -> None:
    assert [name for name, rows in everything(studio).items() if not rows] == []


@pytest.mark.parametrize("verb", WITH_IDS, ids=lambda verb: verb.name)
def test_no_verb_lets_a_stranger_reach_anything_by_its_id(
    studio: Studio, bob: Person, alices: set[str], verb: Verb
) -> None:
    before = everything(studio)

    for row_id in sorted(alices):
        with pytest.raises(NotFound) as said:
            verb.call(studio, bob, **given(verb, row_id))
        assert "fox" not in str(said.value)

    assert everything(studio) == before


def test_a_stranger_cannot_use_an_image_in_any_role(studio: Studio, bob: Person, alices: set[str]) -> None:
    with studio.reading() as db:
        fox = db.exec(select(Image.id)).first()
    before = everything(studio)

    for use in ({"source": fox}, {"source": fox, "mask": fox}, {"references": (fox,)}):
        for verb in (conversations.start, conversations.quote):
            with pytest.raises(NotFound):
                verb(studio, bob, wish("mine now", **use))

    assert everything(studio) == before


def test_a_stranger_finds_no_conversation_by_anothers_image(studio: Studio, bob: Person, alices: set[str]) -> None:
    for row_id in alices:
        with pytest.raises(NotFound):
            conversations.cards(studio, bob, image=row_id)


@pytest.mark.parametrize("verb", [v for v in VERBS if not v.ids], ids=lambda verb: verb.name)
def test_what_is_listed_for_a_stranger_names_nothing_of_another_person(
    studio: Studio, alice: Person, bob: Person, alices: set[str], verb: Verb
) -> None:
    if verb.name in (*TAKES_NEW_THINGS, *ADMINS_ALONE):
        return
    for layout in (GALLERY, LEDGER):
        replica.of(studio, layout).sync()

    listed = repr(verb.call(studio, bob, **(MAKES_THINGS.get(verb.name) or given(verb, ""))))

    assert not [row_id for row_id in alices if row_id in listed]
    assert alice.id not in listed
