"""Keys and secrets of the operator stay in the settings: nothing that is written, told, logged or sent holds one."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from core import access, conversations, doctor, ledger_export, log, metrics, parcels, replica
from core.access import Person
from core.errors import StudioError
from core.question import Question
from core.replica import Replica
from core.replica_calls import LEDGER
from core.settings import Settings
from core.studio import Studio, open_studio
from tests import answers, serving
from tests.conftest import wish
from tests.test_strangers import VERBS, given
from tests.vendor_answers import KEY
from tests.vendors import Vendors

SECRETS = {
    "openrouter_api_key": "sk-canary-openrouter-4711",
    "openai_api_key": "sk-canary-openai-4711",
    "gemini_api_key": "sk-canary-gemini-4711",
    "secret_key": "canary-secret-key-4711-that-is-long-enough",
    "oidc_client_secrets": "Acme=canary-client-secret-4711",
}
CANARY = "canary"


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(serving.picture()) as running:
        yield running


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process that serves people writes to stderr, and what anything else logs meanwhile."""
    ours, root, written = logging.getLogger("studio"), logging.getLogger(), io.StringIO()
    before = ours.handlers, ours.propagate, ours.level, log._strict, root.level
    handler = logging.StreamHandler(written)
    monkeypatch.setattr(sys, "stderr", written)
    log.setup()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    ours.handlers, ours.propagate, log._strict = before[0], before[1], before[3]
    ours.setLevel(before[2])
    root.setLevel(before[4])


@pytest.fixture
def studio(furnished: Settings, vendors: Vendors) -> Iterator[Studio]:
    opened = open_studio(replace(furnished, **vendors.settings() | SECRETS))
    yield opened
    opened.engine.dispose()


def everything_written(studio: Studio, folder: Path) -> str:
    """Every row, every file, and all that operators are told."""
    with studio.engine.connect() as db:
        rows = [repr(db.execute(sa.select(table)).all()) for table in SQLModel.metadata.sorted_tables]
    files = [path.read_bytes().decode(errors="replace") for path in folder.rglob("*") if path.is_file()]
    told = [repr(studio), repr(studio.settings), repr(doctor.look(studio.settings)), metrics.text().decode()]
    return "\n".join([*rows, *files, *told])


def everything_told(studio: Studio, person: Person, ids: list[str]) -> str:
    """What verbs answer to a person who asks them about all that they have."""
    said: list[str] = []
    for verb in [verb for verb in VERBS if verb.ids and not verb.name.endswith((".trash", ".purge", ".remove_failed"))]:
        for row_id in ids:
            try:
                said.append(repr(verb.call(studio, person, **given(verb, row_id))))
            except StudioError as refusal:
                said.append(str(refusal))
    return "\n".join(said)


def exported(studio: Studio, person: Person, images: list[str], folder: Path) -> str:
    """What leaves as files."""
    with Replica(studio, LEDGER).running():
        replica.of(studio, LEDGER).sync()
        question = Question(date(2025, 1, 1), date(2034, 12, 31), practice=True)
        ledger_export.calls(studio, person, question, "csv", folder / "calls.csv")
    zipped = b"".join(parcels.plan(studio, person, images).stream()) if images else b""
    return (folder / "calls.csv").read_text() + zipped.decode(errors="replace")


def ask(studio: Studio, person: Person) -> str:
    """One turn that every vendor is asked; its conversation."""
    offered = [model for model in studio.catalogue.models(studio.providers) if not model.practice]
    models = {model.provider: model.name for model in reversed(offered)}
    wanted = wish("a red fox", *(models[name] for name in ("openrouter", "openai", "gemini")), resolution="1K")
    asked = conversations.start(studio, person, wanted)
    answers.work(studio)
    return asked.conversation_id


def test_a_key_that_vendors_repeat_gets_nowhere(
    studio: Studio, alice: Person, vendors: Vendors, logged: io.StringIO, tmp_path: Path
) -> None:
    thread = ask(studio, alice)

    opened = conversations.opened(studio, alice, thread)
    errors = [generation.error or "" for turn in opened.turns for generation in turn.generations]
    assert len(vendors.calls) == 3 and all("[key]" in error for error in errors), errors
    everywhere = {
        "written": everything_written(studio, tmp_path),
        "told": everything_told(studio, alice, [thread, *(turn.id for turn in opened.turns)]),
        "exported": exported(studio, alice, [], tmp_path),
        "logged": logged.getvalue(),
        "shown": json.dumps(conversations.live(studio, alice, thread), default=str),
    }
    assert "generation" in everywhere["logged"] and "red fox" in everywhere["written"]
    assert [place for place, text in everywhere.items() if CANARY in text] == []


def test_a_key_that_is_used_gets_nowhere_but_to_its_vendor(
    furnished: Settings, vendors: Vendors, logged: io.StringIO, tmp_path: Path
) -> None:
    keys = {name: KEY for name in SECRETS if name.endswith("api_key")}
    studio = open_studio(replace(furnished, **vendors.settings() | SECRETS | keys))
    alice = access.person_named(studio, "alice", "Alice")

    opened = conversations.opened(studio, alice, ask(studio, alice))

    images = [image.id for image in opened.images]
    everywhere = [everything_written(studio, tmp_path), exported(studio, alice, images, tmp_path), logged.getvalue()]
    assert len(images) == 3
    assert all(KEY in str(call.headers) for call in vendors.calls)
    assert [text for text in everywhere if KEY in text or CANARY in text] == []
    studio.engine.dispose()
