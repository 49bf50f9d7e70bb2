"""Background work goes on in other processes, after kills and restarts, and stops when it is canceled."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from io import BytesIO
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from PIL import Image as Pillow
from sqlmodel import select

from core import access, conversations, generations, jobs, spool
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import UNFINISHED, Attempt, new_id
from tests.conftest import Clock, wish
from tests.processes import program
from tests.servers import Postgres
from tests.vendors import Vendors

PATIENCE = 60.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Both homes; a dead worker is noticed after three seconds."""
    return replace(settings, worker_dead_seconds=3, sketch_delay=0.5)


@contextmanager
def worker(settings: Settings) -> Iterator[BaseProcess]:
    """`studio worker` with these settings."""
    process = program("core.cli", "worker", environment=_environment(settings), log=_log(settings))
    try:
        yield process
    finally:
        process.terminate()
        process.join(PATIENCE)
        assert process.exitcode is not None, "it did not stop"


def _log(settings: Settings) -> Path:
    return settings.data_dir.with_name("worker.log")


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until it is so; how long it may take is no promise of these tests."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def statuses(studio: Studio, person: Person, conversation_id: str) -> list[str]:
    return [g.status for turn in conversations.opened(studio, person, conversation_id).turns for g in turn.generations]


def test_a_worker_does_what_was_asked_before_it_started(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", count=3))

    with worker(studio.settings):
        eventually(lambda: statuses(studio, alice, asked.conversation_id) == ["succeeded"] * 3)

    with studio.reading() as db:
        assert len(db.exec(select(Attempt)).all()) == 3


def test_what_a_killed_worker_left_is_taken_up_again_and_nothing_is_asked_twice(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", count=6))
    with worker(studio.settings) as first:
        eventually(lambda: "running" in statuses(studio, alice, asked.conversation_id))
        first.kill()
        first.join()

    with worker(studio.settings):
        eventually(lambda: not set(UNFINISHED) & set(statuses(studio, alice, asked.conversation_id)))

    with studio.reading() as db:
        made = db.exec(select(Attempt)).all()
    assert len(made) == len({a.generation_id for a in made}) == 6
    assert {a.state for a in made} == {"stored", "unknown"}


def test_workers_killed_at_random_moments_lose_nothing_and_ask_nothing_twice(studio: Studio, alice: Person) -> None:
    """With the engine in the middle of its own bookkeeping too, not only the pipeline."""
    chance = random.Random(20261121)
    quick = replace(studio.settings, sketch_delay=0.2)
    asked = conversations.start(studio, alice, wish("a red fox", count=12))

    for _ in range(3):
        with worker(quick) as doomed:
            eventually(lambda: _calls(studio) > 0 or not doomed.is_alive())
            time.sleep(chance.uniform(0, 1.5))
            doomed.kill()
            doomed.join()
    with worker(quick):
        eventually(lambda: not set(UNFINISHED) & set(statuses(studio, alice, asked.conversation_id)))

    with studio.reading() as db:
        made = db.exec(select(Attempt)).all()
    assert len(made) == len({a.generation_id for a in made}) == 12
    assert {a.state for a in made} <= {"stored", "unknown"}
    assert not list(spool.waiting(studio.settings))


def test_work_waits_for_a_machine_that_has_the_key_of_its_provider(
    laptop: Settings, postgres: Postgres, ready_postgres: str
) -> None:
    with Vendors(_picture()) as vendors:
        keyed = replace(laptop, database_url=postgres.new_database(ready_postgres), **vendors.settings())
        studio = open_studio(keyed)
        alice = access.local_person(studio)
        asked = conversations.start(studio, alice, wish("a red fox", "sketch/sketch", "openai/gpt-image-2"))

        with worker(replace(keyed, openai_api_key="", sketch_delay=0)):
            eventually(lambda: "succeeded" in statuses(studio, alice, asked.conversation_id))
            assert sorted(statuses(studio, alice, asked.conversation_id)) == ["queued", "succeeded"]

        with worker(keyed):
            eventually(lambda: statuses(studio, alice, asked.conversation_id) == ["succeeded"] * 2)


def test_a_running_call_is_cut_from_another_process(studio: Studio, alice: Person) -> None:
    slow = replace(studio.settings, sketch_delay=600.0)
    asked = conversations.start(studio, alice, wish("a red fox"))
    [generation] = conversations.opened(studio, alice, asked.conversation_id).turns[0].generations

    with worker(slow):
        eventually(lambda: statuses(studio, alice, asked.conversation_id) == ["running"])
        generations.cancel(studio, alice, generation.id)
        eventually(lambda: _states(studio) == ["unknown"])

    assert statuses(studio, alice, asked.conversation_id) == ["canceled"]


def test_a_worker_that_is_told_to_stop_lets_a_paid_call_finish(studio: Studio, alice: Person) -> None:
    slow = replace(studio.settings, sketch_delay=4.0)
    asked = conversations.start(studio, alice, wish("a red fox"))

    with worker(slow):
        eventually(lambda: statuses(studio, alice, asked.conversation_id) == ["running"])

    assert statuses(studio, alice, asked.conversation_id) == ["succeeded"]


def test_an_ask_that_is_rolled_back_leaves_no_work(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))
    [generation] = conversations.opened(studio, alice, asked.conversation_id).turns[0].generations

    with pytest.raises(RuntimeError), studio.transaction() as db:
        jobs.submit(studio, db, "sketch", generation.id, 7)
        raise RuntimeError

    assert jobs.given_up(studio, generation.id, 7)
    assert not jobs.given_up(studio, generation.id, 0)


def test_work_is_submitted_while_another_studio_makes_its_tables(furnished: Settings, clock: Clock) -> None:
    here, other = open_studio(furnished, clock), open_studio(furnished, clock)
    jobs.ready(here)

    with here.transaction() as db, ThreadPoolExecutor(1) as beside:
        getting_ready = beside.submit(jobs.ready, other)
        eventually(jobs._client_lock.locked)
        jobs.submit(here, db, "sketch", new_id(), 0)
        waited_for = not getting_ready.done()
        db.commit()

    assert waited_for
    assert getting_ready.result() is None


def test_an_embedded_database_has_one_worker(laptop: Settings) -> None:
    """Two engines on it would each take the other's running calls for abandoned, and pay again."""
    with worker(laptop) as first:
        eventually(lambda: _is_working(laptop))

        with worker(laptop) as second:
            second.join(PATIENCE)

        assert second.exitcode == 1
        assert "Traceback" not in _log(laptop).read_text()
        assert first.is_alive()


def _picture() -> bytes:
    out = BytesIO()
    Pillow.effect_noise((64, 64), 60).convert("RGB").save(out, "PNG")
    return out.getvalue()


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **{name.upper(): str(value) for name, value in asdict(settings).items()}}


def _is_working(settings: Settings) -> bool:
    """Some process holds the lock of the embedded database's work. Looked up, because trying it would hold it."""
    lock = settings.data_dir / "worker.lock"
    return lock.exists() and f":{lock.stat().st_ino} " in Path("/proc/locks").read_text()


def _calls(studio: Studio) -> int:
    return len(_states(studio))


def _states(studio: Studio) -> list[str]:
    with studio.reading() as db:
        return [a.state for a in db.exec(select(Attempt)).all()]


def test_a_studio_takes_up_the_work_when_the_other_process_leaves(laptop: Settings) -> None:
    """`studio generate` held the work for a moment while the studio started; the studio then never worked."""
    settings = replace(laptop, sketch_delay=0)
    studio = open_studio(settings)
    person = access.local_person(studio)
    with worker(settings) as other:
        eventually(lambda: _is_working(settings))
        patient = subprocess.Popen([sys.executable, "-c", PATIENT], env=_environment(settings))
        other.terminate()
        other.join(PATIENCE)

    asked = conversations.start(studio, person, wish("a red fox"))

    eventually(lambda: statuses(studio, person, asked.conversation_id) == ["succeeded"])
    patient.terminate()
    patient.wait(PATIENCE)


PATIENT = """
import signal, threading
from core import worker
from core.studio import current
left = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: left.set())
worker.start(current(), patient=True)
left.wait()
worker.stop(current())
"""
