"""Pipeline: what the studio itself takes around a provider that answers at once, on the laptop and on servers.

One generation, from booking its call to its image being visible, against (a) the bare HTTP call to the same loopback
vendor and (b) that call with nothing but the promised work: three commits of one row, the receipt synced, the picture
decoded and its files stored. Then the real engine in a process of its own: from asking to the call that leaves, against
the engine's look at its queue every 0.25 s; and asking, against one bare commit. Laptop: SQLite and a folder. Servers:
Postgres and S3.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import sqlalchemy as sa

from core import access, conversations, generations, jobs, keeping, pictures, spool
from core.asks import Ask
from core.providers import Answer
from core.settings import Settings
from core.spool import Receipt
from core.studio import Studio, open_studio
from core.tables import SUCCEEDED, new_id
from tests.bench.measure import Row, in_turns, milliseconds, p95
from tests.bench.photos import photo
from tests.servers import postgres_server, s3_server
from tests.vendor_answers import KEY
from tests.vendors import Vendors

ROUNDS = 15
POLL = jobs.POLL * 1000
COMMITS = 3
"""What a paid call cannot do without: booked, received, stored."""
ASKS = 30
PATIENCE = 30
START_P50, START_P95 = 0.65, 1.09
"""The engine alone with jobs that do nothing, measured: 162 and 272 ms."""
ROOT = Path(__file__).parents[2]


def rows() -> Iterator[Row]:
    """About a minute and a half."""
    with TemporaryDirectory(prefix="studio-bench-") as folder, Vendors(photo("PNG", 256)) as vendors:
        laptop = Settings(data_dir=Path(folder) / "laptop", free_space_floor_mb=1, **vendors.settings())
        yield from _home("laptop", laptop, vendors)
        with postgres_server() as postgres, s3_server() as s3:
            servers = replace(
                laptop,
                data_dir=Path(folder) / "servers",
                database_url=postgres.new_database(),
                s3_endpoint=s3.endpoint,
                s3_bucket=s3.new_bucket(),
                s3_key=s3.key,
                s3_secret=s3.secret,
                s3_region=s3.region,
            )
            yield from _home("servers", servers, vendors)


def _home(name: str, settings: Settings, vendors: Vendors) -> Iterator[Row]:
    studio = open_studio(settings)
    jobs.ready(studio)
    with studio.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE bench (id VARCHAR(32) PRIMARY KEY, facts TEXT)"))
    yield from _one_generation(name, studio, vendors)
    yield from _engine(name, studio)
    studio.engine.dispose()


def _one_generation(name: str, studio: Studio, vendors: Vendors) -> Iterator[Row]:
    waiting = iter(_asked(studio, ROUNDS + 3))
    client = httpx.AsyncClient(
        base_url=studio.settings.openai_base_url,
        headers={"Authorization": f"Bearer {KEY}"},
        limits=httpx.Limits(max_keepalive_connections=0),  # as the studio does, and for its reasons
        trust_env=False,
    )
    with asyncio.Runner() as runner:

        def pipeline() -> None:
            runner.run(generations.run(studio, next(waiting), 0))

        def call() -> None:
            runner.run(_call(client, vendors.calls[-1].body))

        pipeline()  # the first one of a process is another matter
        commits, reads = _transactions(studio, pipeline)
        whole, bare, least = in_turns(pipeline, call, lambda: _promised(studio, vendors, call), rounds=ROUNDS)
    yield Row(f"{name}: one generation", whole, least, "the call and the promised work")
    yield Row("  against the call alone", whole, bare, "the call")
    yield Row("  its commits", commits, COMMITS, "the fewest", 1.0, unit="")
    yield Row("  its reads", reads, COMMITS, "commits", unit="")


async def _call(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    (await client.post("/images/generations", json=body)).raise_for_status()


def _promised(studio: Studio, vendors: Vendors, call: Callable[[], None]) -> None:
    """The least that keeps the promise that nothing is lost: no rules, no ledger, no lineage, no prices."""
    _commit(studio)
    call()
    receipt = Receipt(new_id(), 1, Answer(200, {}, vendors.picture))
    spool.write(studio.settings, receipt)
    _commit(studio)
    kept = pictures.keep(vendors.picture)
    keeping.put(studio.store, f"{new_id()}/standalone/{new_id()}.{kept.ext}", kept)
    _commit(studio)
    spool.done(studio.settings, receipt.attempt_id)


def _commit(studio: Studio) -> None:
    """One row, through the same pool and driver, without the ORM and without the hub."""
    with studio.engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO bench VALUES (:id, '{}')"), {"id": new_id()})
        connection.commit()


def _transactions(studio: Studio, case: Callable[[], None]) -> tuple[int, int]:
    """Commits and reads of the case: a transaction that only reads ends with a rollback."""
    seen: list[str] = []
    listeners = {kind: lambda _, kind=kind: seen.append(kind) for kind in ("commit", "rollback")}
    for kind, listener in listeners.items():
        sa.event.listen(studio.engine, kind, listener)
    case()
    for kind, listener in listeners.items():
        sa.event.remove(studio.engine, kind, listener)
    return seen.count("commit"), seen.count("rollback")


def _asked(studio: Studio, count: int) -> list[str]:
    """Generations that nobody has begun."""
    person, ids = access.local_person(studio), []
    while len(ids) < count:
        asked = conversations.start(studio, person, _ask(min(16, count - len(ids))))
        ids += [
            g.id for turn in conversations.opened(studio, person, asked.conversation_id).turns for g in turn.generations
        ]
    return ids


def _ask(count: int = 1) -> Ask:
    return Ask("a fox in the rain", ("openai/gpt-image-2",), new_id(), count=count, quality="low")


def _engine(name: str, studio: Studio) -> Iterator[Row]:
    """One ask after the other, at odd moments, so that none waits for another; bare commits in turns."""
    odd = random.Random(7)
    waits, asking, bare = [], [], []
    with _worker(studio.settings):
        for number in range(ASKS + 1):
            time.sleep(odd.uniform(0, jobs.POLL))
            took, wait = _asked_and_done(studio)
            least = milliseconds(lambda: _commit(studio))
            if number:  # the first one finds a cold worker
                waits.append(wait)
                asking.append(took)
                bare.append(least)
    yield Row(f"{name}: from asking to the call, p50", median(waits), POLL, "one look at the queue", START_P50)
    yield Row(f"{name}: from asking to the call, p95", p95(waits), POLL, "one look at the queue", START_P95)
    yield Row(f"{name}: asking, p50", median(asking), median(bare), "one bare commit")
    yield Row(f"{name}: asking, p95", p95(asking), p95(bare), "one bare commit")


def _asked_and_done(studio: Studio) -> tuple[float, float]:
    """Milliseconds that asking took, and from there until the call was booked; returns when the image is kept."""
    person = access.local_person(studio)
    began = time.perf_counter()
    asked = conversations.start(studio, person, _ask())
    took = (time.perf_counter() - began) * 1000
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        (answer,) = conversations.opened(studio, person, asked.conversation_id).turns[0].generations
        if answer.status == SUCCEEDED and answer.started_at:
            return took, (answer.started_at - answer.queued_at).total_seconds() * 1000
        time.sleep(0.05)
    raise RuntimeError(f"An ask was not done after {PATIENCE} s.")


@contextmanager
def _worker(settings: Settings) -> Iterator[None]:
    """`studio worker` in a process of its own, as it is for several machines."""
    environment = {field.name.upper(): str(getattr(settings, field.name)) for field in fields(settings)}
    command = [sys.executable, "-c", "from core.cli import app; app(['worker'])"]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, **output) as process:
        try:
            if not process.stdout.readline():
                raise RuntimeError("The worker did not start. `studio worker` alone says why.")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
