"""Replicas in processes of their own: what a start costs, what they weigh, and when they see what others wrote."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core import replica_log, replica_rows, shelves
from core.access import Person
from core.replica import Behind, Replica
from core.settings import Settings
from core.shelves import Wanted
from core.studio import Studio, open_studio

PROCESSES = multiprocessing.get_context("spawn")
BLOCK = 20_000
"""Rows that are read at once."""
PATIENCE = 60


@dataclass(frozen=True)
class Start:
    """What a process noticed of itself; times in milliseconds, sizes in MB."""

    rows: int
    ready: float
    """From nothing but an open studio until the replica can be read."""
    before: float
    """Memory that the process held before it had a replica."""
    after: float
    """Memory when it was ready and had answered what it was asked."""
    peak: float
    """The most that it ever held."""
    plain: float = 0
    """What it took to read the same rows from the database and do nothing with them."""


def cold(home: Settings) -> Start:
    """A start without any file, in a process of its own."""
    return _told(_start, home, [], cold=True)


def warm(home: Settings, asked: list[tuple[Person, Wanted]]) -> Start:
    """A start where the last process ended, or beside one that runs, which then answers all this, in a process of its
    own."""
    return _told(_start, home, asked, cold=False)


@contextmanager
def follower(home: Settings) -> Iterator[Callable[[str], float]]:
    """Another process that follows: gives when it saw the transaction of a token, on the clock of all processes."""
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_follow, args=(home, there), daemon=True)
    process.start()
    try:
        _answer(here)  # it is ready

        def when(token: str) -> float:
            here.send(token)
            return float(_answer(here))

        yield when
    finally:
        here.send(None)
        process.join(PATIENCE)


def _told(what: Callable[..., None], *given: Any, **more: Any) -> Any:
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=what, args=(there, *given), kwargs=more, daemon=True)
    process.start()
    there.close()
    answer = _answer(here, patience=20 * PATIENCE)
    process.join()
    return answer


def _answer(connection: Connection, patience: float = 2 * PATIENCE) -> Any:
    if not connection.poll(patience):
        raise RuntimeError("The other process does not answer.")
    return connection.recv()


def _start(answer: Connection, home: Settings, asked: list[tuple[Person, Wanted]], *, cold: bool) -> None:
    studio = open_studio(home)
    before, began = _memory("VmRSS"), time.perf_counter()
    with Replica(studio).running() as copy:
        rows = until(lambda: _size(copy))
        ready = (time.perf_counter() - began) * 1000
        for person, wanted in asked:
            shelves.counts(studio, person, wanted)
            shelves.page(studio, person, wanted)
        after, peak = _memory("VmRSS"), _memory("VmHWM")
    answer.send(Start(rows, ready, before, after, peak, _plain(studio) if cold else 0))


def _size(copy: Replica) -> int:
    with copy.reading() as cursor:
        return int(cursor.execute("SELECT count(*) FROM img").fetchall()[0][0])


def _plain(studio: Studio) -> float:
    began = time.perf_counter()
    with replica_log.one_moment(studio.engine) as connection:
        sql, raw = replica_rows.IMAGES.sql(), connection.connection.driver_connection
        cursor = raw.cursor() if studio.engine.dialect.name == "sqlite" else raw.cursor("all")
        cursor.execute(sql)
        while cursor.fetchmany(BLOCK):
            pass
        cursor.close()
    return (time.perf_counter() - began) * 1000


def _follow(home: Settings, connection: Connection) -> None:
    with Replica(open_studio(home)).running() as copy:
        until(lambda: _size(copy))
        connection.send("ready")
        while token := connection.recv():
            connection.send(until(lambda token=token: seen(copy, token)))


def seen(copy: Replica, token: str) -> float:
    """When this transaction was there for readers; raises Behind as `Replica.reading` does."""
    with copy.reading(token):
        return time.monotonic()


def until(done: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Its answer, as soon as the replica is no longer behind."""
    ends = time.monotonic() + patience
    while True:
        try:
            return done()
        except Behind:
            if time.monotonic() > ends:
                raise
            time.sleep(0.001)


def _memory(which: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1000
