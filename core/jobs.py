"""Background work that survives restarts. The only file that knows the engine: DBOS, a library in our own database.

One paid call is one workflow on its provider's queue. The engine promises that it runs at least once; that it is paid
at most once is the ledger's promise (`core.generations`). Underscore calls of the engine are pinned by version and
covered by the kill tests.
"""

import fcntl
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import IO

import sqlalchemy as sa
from dbos import DBOS, DBOSClient
from sqlmodel import Session

from core import log
from core.limits import Limit
from core.studio import Studio
from core.tables import Heartbeat

NAME = "image-studio"
VERSION = "1"
"""Constant: with a version made from the code, queued work of the old code would never run again."""
POLL = 0.25
BEATS = 6
"""Signs of life in the time without one after which a process counts as dead."""
HISTORY = timedelta(days=7)

Run = Callable[[str, int], Awaitable[float | None]]
"""Does one round of a generation; returns seconds to wait before going on, or None at its end."""

_client_lock = threading.Lock()


class _Here:
    """What this process runs: at most one engine, because the engine is one per process."""

    run: Run | None = None
    lock: IO[str] | None = None
    stopping: threading.Event | None = None
    heart: threading.Thread | None = None
    leaving = False
    rounds = 0
    """Rounds at work now; all of them run on the engine's one loop, so counting needs no lock."""


def ready(studio: Studio) -> None:
    """Make sure that the engine's tables are there; call it before the transaction that submits."""
    _client(studio)


def submit(studio: Studio, db: Session, provider: str, generation_id: str, round: int, place: int = 1) -> None:
    """Queue one round of a generation, in the caller's transaction: both commit or neither. Twice is once.

    Those with the smaller `place` are run first, and of one place those that came first.
    """
    _client(studio).enqueue_in_transaction(
        db,
        {
            "queue_name": _queue(provider),
            "workflow_name": "generate",
            "workflow_id": _work_id(generation_id, round),
            "app_version": VERSION,
            "priority": place,
        },
        generation_id,
        round,
    )


def cancel(studio: Studio, generation_id: str, round: int) -> None:
    """Take it out of the queue, or stop the call within about a second, whichever process has it."""
    _client(studio).cancel_workflow(_work_id(generation_id, round))


def start(studio: Studio, run: Run, limits: Mapping[str, Limit]) -> bool:
    """Begin to work in this process. False when another process works on this embedded database already."""
    if studio.settings.on_sqlite and not _take_lock(studio):
        return False
    try:
        _launch(studio, run, limits)
    except BaseException:
        _leave()  # or nobody could work on this database until this process ends
        raise
    return True


def _launch(studio: Studio, run: Run, limits: Mapping[str, Limit]) -> None:
    ready(studio)
    executor = "embedded" if studio.settings.on_sqlite else f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex}"
    _Here.run = run
    if not studio.settings.on_sqlite:
        _beat(studio, executor)  # before the engine starts, or a peer may take this one for dead
    DBOS(
        config={
            "name": NAME,
            "application_version": VERSION,
            "executor_id": executor,
            "system_database_engine": studio.engine,
            "log_level": "CRITICAL",  # what a run could not do is in the ledger and in our own log
            "notification_listener_polling_interval_sec": 1.0,
        }
    )
    if not studio.settings.on_sqlite:  # another machine may have the key that this one lacks
        DBOS.listen_queues([_queue(provider) for provider in limits])
    DBOS.launch()
    for provider, limit in limits.items():
        _register(studio, provider, limit)
    if not studio.settings.on_sqlite:
        _start_heart(studio, executor)


def stop(studio: Studio) -> None:
    """Begin nothing new, let running calls finish for as long as one may take, then leave.

    Queued and waiting work goes on at the next start, or elsewhere.
    """
    if _Here.run is None:
        return
    _Here.leaving = True
    ends = time.monotonic() + studio.settings.provider_deadline
    while _Here.rounds and time.monotonic() < ends:
        time.sleep(POLL)
    DBOS.destroy()
    if _Here.stopping and _Here.heart:
        _Here.stopping.set()
        _Here.heart.join(timeout=studio.settings.worker_dead_seconds)
    _leave()


def _leave() -> None:
    if _Here.lock:
        _Here.lock.close()
    _Here.run = _Here.lock = _Here.stopping = _Here.heart = None
    _Here.leaving, _Here.rounds = False, 0


def workers(studio: Studio) -> dict[str, float]:
    """Processes that do background work, with the seconds since their last sign of life; the dead are left out.

    On the embedded database it is one at most, which holds the lock and shows no other sign.
    """
    if studio.settings.on_sqlite:
        return {"embedded": 0.0} if _lock_is_held(studio) else {}
    age = f"{_CLOCK} - beat_ms"
    with studio.engine.connect() as connection:
        query = sa.text(f"SELECT executor_id, {age} FROM heartbeat WHERE {age} < :dead ORDER BY executor_id")
        beats = connection.execute(query, {"dead": studio.settings.worker_dead_seconds * 1000}).all()
    return {str(executor).rpartition("-")[0]: int(milliseconds) / 1000 for executor, milliseconds in beats}


def prune(studio: Studio) -> None:
    """Forget finished work that is older than a week; the engine keeps its history for ever otherwise."""
    before = (studio.now() - HISTORY).isoformat()
    client = _client(studio)
    finished = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
    old = client.list_workflows(status=finished, end_time=before, load_input=False, load_output=False, limit=1000)
    if old:
        client.delete_workflows([work.workflow_id for work in old])


def given_up(studio: Studio, generation_id: str, round: int) -> bool:
    """True when the engine will never run this round again, or never heard of it."""
    work = _client(studio).list_workflows(
        workflow_ids=[_work_id(generation_id, round)], load_input=False, load_output=False
    )
    return not work or work[0].status in ("ERROR", "CANCELLED", "SUCCESS", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


@DBOS.step(name="round", preemptible=True)
async def _round(generation_id: str, round: int) -> float | None:
    assert _Here.run is not None  # the engine runs nothing before `start`
    if _Here.leaving:
        return POLL
    _Here.rounds += 1
    try:
        return await _Here.run(generation_id, round)
    finally:
        _Here.rounds -= 1


@DBOS.workflow(name="generate", max_recovery_attempts=100)
async def _generate(generation_id: str, round: int) -> None:
    while (wait := await _round(generation_id, round)) is not None:
        await DBOS.sleep_async(wait)


def _client(studio: Studio) -> DBOSClient:
    if __name__ not in studio.held:  # else without the lock: whoever has it may wait for the caller's transaction
        with _client_lock:
            if __name__ not in studio.held:
                client = DBOSClient(system_database_engine=studio.engine, application_name=NAME)
                client._sys_db.run_migrations()
                studio.held[__name__] = client
    known: DBOSClient = studio.held[__name__]
    return known


def _queue(provider: str) -> str:
    return f"provider-{provider}"


def _work_id(generation_id: str, round: int) -> str:
    return generation_id if round == 0 else f"{generation_id}.{round}"


def _register(studio: Studio, provider: str, limit: Limit) -> None:
    # On Python 3.11 the engine's clock on SQLite has whole seconds, so a window of 60 could hold twice the limit.
    window = 61.0 if studio.settings.on_sqlite and sys.version_info < (3, 12) else 60.0
    DBOS.register_queue(
        _queue(provider),
        global_concurrency=limit.at_once,
        limiter={"limit": limit.per_minute, "period": window} if limit.per_minute else None,
        polling_interval_sec=POLL,
        on_conflict="always_update",
    )


def _take_lock(studio: Studio) -> bool:
    """Two engines on one embedded database would each take the other's running calls for abandoned."""
    lock = (studio.settings.data_dir / "worker.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return False
    _Here.lock = lock
    return True


def _lock_is_held(studio: Studio) -> bool:
    try:
        with (studio.settings.data_dir / "worker.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _start_heart(studio: Studio, executor: str) -> None:
    _Here.stopping = threading.Event()
    _Here.heart = threading.Thread(target=_heart, args=(studio, executor, _Here.stopping), daemon=True)
    _Here.heart.start()


def _heart(studio: Studio, executor: str, stopping: threading.Event) -> None:
    """Show signs of life and hand the work of dead processes back to their queues."""
    dead = float(studio.settings.worker_dead_seconds)
    quiet = 0.0  # after an outage all others look dead too; wait for their first new beats
    while not stopping.wait(dead / BEATS):
        try:
            _beat(studio, executor)
            if quiet <= 0:
                _take_over(studio, executor)
            quiet -= dead / BEATS
        except Exception as error:  # whatever it is: without a sign of life, others would take over calls that live
            log.broken(error)
            quiet = dead
    _beat(studio, executor, milliseconds="0")


_CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"


def _beat(studio: Studio, executor: str, milliseconds: str = _CLOCK) -> None:
    with studio.engine.begin() as connection:
        connection.execute(
            sa.text(
                f"INSERT INTO heartbeat (executor_id, beat_ms) VALUES (:executor, {milliseconds})"
                " ON CONFLICT (executor_id) DO UPDATE SET beat_ms = excluded.beat_ms"
            ),
            {"executor": executor},
        )


def _take_over(studio: Studio, executor: str) -> None:
    working = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    owners = {str(work.executor_id) for work in working} - {executor}
    for dead in owners - _alive(studio):
        DBOS._recover_pending_workflows([dead])
        with studio.transaction() as db:
            if beat := db.get(Heartbeat, dead):
                db.delete(beat)


def _alive(studio: Studio) -> set[str]:
    with studio.engine.connect() as connection:
        query = sa.text(f"SELECT executor_id FROM heartbeat WHERE beat_ms > {_CLOCK} - :dead")
        return set(connection.execute(query, {"dead": studio.settings.worker_dead_seconds * 1000}).scalars())
