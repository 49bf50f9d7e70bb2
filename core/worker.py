"""Background work of this process: runs generations, and tidies up at the start and every minute."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from core import (
    changes,
    generations,
    jobs,
    ledger,
    limits,
    log,
    metrics,
    replays,
    retention,
    status,
    tidying,
    uploads,
)
from core.studio import Studio

MINUTE = 60.0
PATIENCE = 2.0
"""Seconds between two looks whether the other process has left."""
LEFTOVERS = timedelta(days=1)
HOUR_OF_MINUTES = 60


class _Tidying:
    stopping = threading.Event()
    thread: threading.Thread | None = None


def start(studio: Studio, *, patient: bool = False) -> bool:
    """Begin to work. False when another process works on this embedded database.

    This one then only asks; when it is patient, it takes over as soon as the other one leaves.
    """
    working = _begin(studio)
    if working or patient:
        _Tidying.stopping.clear()
        _Tidying.thread = threading.Thread(target=_stay, args=(studio, working), daemon=True)
        _Tidying.thread.start()
    return working


def tell(studio: Studio, port: int) -> None:
    """Let Prometheus on this machine read at this port what this process counts. Raises OSError when it is taken."""
    metrics.expect(studio.providers)
    floor = status.disk(studio).floor
    metrics.serve(port, lambda: status.disk(studio).free, floor, lambda: status.spooled(studio).waiting)


def stop(studio: Studio) -> None:
    """Let running calls finish and leave; see `core.jobs.stop`."""
    _Tidying.stopping.set()
    if _Tidying.thread:
        _Tidying.thread.join(timeout=MINUTE)
        _Tidying.thread = None
    jobs.stop(studio)


def _begin(studio: Studio) -> bool:
    served = {name: limits.of(name) for name in studio.providers}
    return jobs.start(studio, lambda generation_id, round: _run(studio, generation_id, round), served)


def _try(studio: Studio) -> bool:
    try:
        return _begin(studio)
    except Exception as error:
        log.broken(error)  # the database may be away for a while; the next look tries again
        return False


def _stay(studio: Studio, working: bool) -> None:
    """Wait until the work is ours, then tidy up now and every minute until we are stopped."""
    while not working and not _Tidying.stopping.wait(PATIENCE):
        working = _try(studio)
    minutes = 0
    while not _Tidying.stopping.is_set():
        _tidy(studio, minutes)
        minutes += 1
        _Tidying.stopping.wait(MINUTE)


async def _run(studio: Studio, generation_id: str, round: int) -> float | None:
    """One step of a round. What nobody foresaw ends the round with a number that the log explains."""
    try:
        wait = await generations.run(studio, generation_id, round)
        if wait is None:
            await asyncio.to_thread(_after, studio, generation_id)
        return wait
    except Exception as error:
        await asyncio.to_thread(
            ledger.give_up,
            studio,
            generation_id,
            round,
            "ours",
            f"Something broke on our side ({log.broken(error)}). If an answer came, it is kept; try again.",
        )
        return None


def _after(studio: Studio, generation_id: str) -> None:
    """What follows from an image that came. What breaks here is not the image's fault, and is tried every minute."""
    try:
        replays.go_on(studio, generation_id)
    except Exception as error:
        log.broken(error)


def _tidy(studio: Studio, minutes: int) -> None:
    every_minute: tuple[Callable[[], object], ...] = (
        lambda: generations.recover(studio),
        lambda: replays.take_up(studio),
        lambda: uploads.sweep(studio, older_than=time.time() - 10 * MINUTE),
        lambda: retention.on_time(studio),
    )
    every_hour: tuple[Callable[[], object], ...] = (
        lambda: jobs.prune(studio),
        lambda: changes.trim(studio.engine),
        lambda: tidying.on_time(studio),
        lambda: studio.store.sweep(studio.now() - LEFTOVERS),
    )
    for step in (*every_minute, *(() if minutes % HOUR_OF_MINUTES else every_hour)):
        try:
            step()
        except Exception as error:  # the next minute tries again, and nothing else waits for what is broken
            log.broken(error)
