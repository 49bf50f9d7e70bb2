"""Admins see how the studio is: what waits, what is in doubt, how calls end, what it stands on. Others see nothing."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import access, conversations, generations, jobs, ledger, migrations, status, worker
from core.access import Person
from core.errors import Refused
from core.replica import Replica
from core.settings import Settings
from core.studio import Studio
from core.tables import ADMIN, LEAD, MEMBER, Generation, Heartbeat, User
from tests.books import MODELS, Books
from tests.conftest import Clock, unfinished, wish
from tests.test_generations import NANO, NOISE
from tests.vendors import Vendors

MOST_QUERIES = 5


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(NOISE) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, vendors: Vendors) -> Settings:
    return replace(settings, **vendors.settings())


@pytest.fixture
def ada(studio: Studio) -> Person:
    return access.person_named(studio, "ada", "Ada", ADMIN)


def ask(studio: Studio, person: Person, model: str = NANO) -> str:
    conversations.start(studio, person, wish("a red fox", model))
    return unfinished(studio)[-1][0]


def step(studio: Studio, generation_id: str) -> float | None:
    return asyncio.run(generations.run(studio, generation_id, 0))


@pytest.mark.parametrize("role", [MEMBER, LEAD])
def test_who_is_no_admin_sees_nothing(studio: Studio, role: str) -> None:
    other = access.person_named(studio, "olga", "Olga", role)

    with pytest.raises(Refused, match="admin"):
        status.now(studio, other)


def test_an_admin_who_is_switched_off_sees_nothing(studio: Studio, ada: Person) -> None:
    with studio.transaction() as db:
        db.get_one(User, ada.id).off_at = studio.now()

    with pytest.raises(Refused, match="admin"):
        status.now(studio, ada)


def test_an_empty_studio_has_nothing_that_waits_and_says_what_it_stands_on(studio: Studio, ada: Person) -> None:
    now = status.now(studio, ada)

    assert now.queue == status.Queue()
    assert now.doubt == status.Doubt()
    assert now.services == ()
    assert now.files is None
    assert (now.database, now.bucket) == (studio.engine.dialect.name, studio.settings.s3_bucket)
    assert now.revision == now.newest == migrations.newest()
    assert now.disk.free > now.disk.floor == 1_000_000
    assert now.version[0].isdigit()
    assert now.troubles == ("nobody",)


def test_it_takes_few_queries_however_much_there_is(studio: Studio, ada: Person, alice: Person) -> None:
    books = Books(studio)
    for n in range(40):
        books.call(alice, studio.now() - timedelta(minutes=n), model=MODELS[n % 3])
    ask(studio, alice)
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    sa.event.listen(studio.engine, "before_cursor_execute", note)
    status.now(studio, ada)
    sa.event.remove(studio.engine, "before_cursor_execute", note)

    assert 0 < len(seen) <= MOST_QUERIES, seen


def test_what_waits_and_what_is_at_work_is_of_everybody(
    studio: Studio, ada: Person, alice: Person, bob: Person, clock: Clock
) -> None:
    first = ask(studio, alice)
    clock.skip(minutes=7)
    ask(studio, bob)
    running = ask(studio, bob)
    assert ledger.send(studio, running, 0, Decimal(1), {})

    now = status.now(studio, ada)

    assert (now.queue.queued, now.queue.running) == (2, 1)
    assert timedelta(minutes=7) <= now.queue.oldest < timedelta(minutes=8)
    assert "stuck" in now.troubles

    generations.cancel(studio, alice, first)
    assert "stuck" not in status.now(studio, ada).troubles


def test_an_unknown_outcome_is_in_doubt_with_what_it_may_have_cost_until_somebody_decides(
    studio: Studio, ada: Person, alice: Person, vendors: Vendors
) -> None:
    vendors.next("cut")
    generation_id = ask(studio, alice)
    step(studio, generation_id)

    now = status.now(studio, ada)

    assert now.doubt.generations == 1
    assert Decimal("0.01") < now.doubt.possible < Decimal("0.1")
    assert "unknown" in now.troubles

    generations.retry(studio, alice, generation_id)
    assert status.now(studio, ada).doubt == status.Doubt()


def test_practice_is_never_in_doubt(studio: Studio, ada: Person, alice: Person) -> None:
    generation_id = ask(studio, alice, "sketch/sketch")
    booked = ledger.send(studio, generation_id, 0, Decimal(1), {})
    assert booked
    ledger.lose(studio, booked.attempt.id)

    assert status.now(studio, ada).doubt == status.Doubt()


def test_calls_of_the_last_hour_are_told_by_provider_and_reason(studio: Studio, ada: Person, alice: Person) -> None:
    books, now = Books(studio), studio.now()
    for n in range(1, 21):
        books.call(alice, now - timedelta(minutes=n), took=n * 1_000)
    for error in ("busy", "busy", "moderation"):
        books.call(alice, now - timedelta(minutes=2), "0", state="failed", error=error)
    books.call(alice, now - timedelta(minutes=61), "0", state="failed", error="account")
    books.call(alice, now, model=MODELS[1], state="sent", took=None)
    books.call(alice, now, model=MODELS[1], took=3_000)

    openai, openrouter = status.now(studio, ada).services

    assert (openai.provider, openai.calls, openai.succeeded) == ("openai", 23, 20)
    assert list(openai.reasons.items()) == [("busy", 2), ("moderation", 1)]
    assert (openai.typical_ms, openai.slow_ms, openai.success) == (10_000, 19_000, 20 / 21)
    assert (openrouter.calls, openrouter.succeeded, dict(openrouter.reasons)) == (1, 1, {})
    assert openrouter.typical_ms == openrouter.slow_ms == 3_000


def test_what_failed_without_a_call_is_told_too(studio: Studio, ada: Person, alice: Person) -> None:
    ledger.give_up(studio, ask(studio, alice), 0, "account", "Its provider is not set up.")

    [openrouter] = status.now(studio, ada).services

    assert (openrouter.provider, openrouter.calls) == ("openrouter", 0)
    assert (openrouter.reasons, openrouter.success) == ({"account": 1}, None)


@pytest.mark.parametrize(
    ("ends", "failing"),
    [
        (["account"] * 4, True),
        (["unknown"] * 4 + ["stored"] * 4, True),
        (["unknown"] * 3 + ["stored"] * 4, False),
        (["account"] * 3, False),
        (["moderation", "request", "busy"] * 4, False),
    ],
)
def test_a_provider_fails_when_half_of_what_it_could_have_done_does(ends: list[str], failing: bool) -> None:
    calls = [("stored" if end == "stored" else "failed", "" if end == "stored" else end, None) for end in ends]

    assert status._service("openai", calls).failing is failing


def test_a_store_in_trouble_and_a_full_disk_are_said(studio: Studio, ada: Person) -> None:
    full = replace(studio, settings=replace(studio.settings, free_space_floor_mb=10**9), store=Broken())

    now = status.now(full, ada)

    assert now.files == "The file store does not work: RuntimeError (" + str(now.files)[-10:]
    assert now.troubles[:2] == ("files", "full")


class Broken:
    """A store as nobody foresaw it."""

    def check(self) -> None:
        raise RuntimeError("canary")


class Hanging:
    """A store that gives no answer."""

    def check(self) -> None:
        time.sleep(3)


def test_a_store_that_hangs_is_not_waited_for(studio: Studio, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "PATIENCE", 0.05)

    began = time.monotonic()
    now = status.now(replace(studio, store=Hanging()), ada)

    assert time.monotonic() - began < 2
    assert "no answer" in str(now.files)


def test_answers_that_wait_for_long_are_a_trouble(studio: Studio, ada: Person) -> None:
    spool = studio.settings.spool_dir
    (spool / "unusable").mkdir(exist_ok=True)
    (spool / "unusable" / f"{'1' * 32}.answer").write_text("{}")
    for name, age in (("a", 10), ("b", 900)):
        path = spool / f"{name * 32}.answer"
        path.write_text(json.dumps({}))
        os.utime(path, (time.time() - age, time.time() - age))

    now = status.now(studio, ada)

    assert (now.spool.waiting, now.spool.aside) == (2, 1)
    assert timedelta(seconds=899) < now.spool.oldest < timedelta(seconds=960)
    assert "answers" in now.troubles


@pytest.mark.parametrize("settings", ["servers"], indirect=True)
def test_workers_are_told_by_their_signs_of_life(studio: Studio, ada: Person) -> None:
    jobs._beat(studio, "rome-12-abc")
    with studio.transaction() as db:
        db.add(Heartbeat(executor_id="oslo-7-def", beat_ms=1))

    now = status.now(studio, ada)

    assert list(now.workers) == ["rome-12"]
    assert 0 <= now.workers["rome-12"] < 30
    assert now.troubles == ()


@pytest.mark.parametrize("settings", ["furnished"], indirect=True)
def test_on_the_embedded_database_whoever_has_the_lock_works(studio: Studio, ada: Person) -> None:
    assert worker.start(studio)
    try:
        assert list(status.now(studio, ada).workers) == ["embedded"]
    finally:
        worker.stop(studio)

    assert dict(status.now(studio, ada).workers) == {}


def test_the_indexes_of_this_process_say_how_much_they_hold(studio: Studio, ada: Person, alice: Person) -> None:
    Books(studio).call(alice, studio.now(), images=2)
    assert [index.rows for index in status.now(studio, ada).indexes] == [None, None]

    with Replica(studio).running() as gallery, Replica(studio, status.LEDGER).running() as calls:
        gallery.sync()
        calls.sync()
        indexes = status.now(studio, ada).indexes

    assert [(index.folder, index.rows) for index in indexes] == [("replica", 2), ("replica-calls", 1)]
    assert all(0 <= (index.behind or 0) < status.STALE for index in indexes)


def test_tables_of_another_version_are_said(studio: Studio, ada: Person) -> None:
    with studio.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")

    now = status.now(studio, ada)

    assert (now.revision, now.newest) == ("0000", migrations.newest())
    assert "tables" in now.troubles


def test_nothing_of_it_changes_anything(studio: Studio, ada: Person, alice: Person) -> None:
    generation_id = ask(studio, alice)
    with studio.reading() as db:
        before = db.get_one(Generation, generation_id).model_dump()

    status.now(studio, ada)

    with studio.reading() as db:
        assert db.get_one(Generation, generation_id).model_dump() == before
    assert list(studio.settings.spool_dir.glob("*.answer")) == []
