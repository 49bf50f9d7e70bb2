"""For operators and their programs: is it alive, can it work, and what has it counted."""

from collections.abc import Callable

import anyio
from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import jobs, log, metrics, migrations, status
from core.errors import Refused, StudioError
from core.studio import Studio
from core.tables import Heartbeat, new_id
from core.web import security

PATIENCE = 5.0
"""Seconds for each check; what takes longer is as good as broken for whoever waits for a page."""


def routes(studio: Studio) -> list[Route]:
    """/healthz for anybody; /readyz and /metrics for programs on this machine."""
    limiter = anyio.CapacityLimiter(4)
    metrics.expect(studio.providers)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"ok": True}, headers=security.FRESH)

    async def readyz(request: Request) -> Response:
        _from_here(request)
        checks = {name: await _tried(check, studio, limiter) for name, check in CHECKS.items()}
        ready = all(problem is None for problem in checks.values())
        answer = {"ready": ready, "checks": {name: problem or "ok" for name, problem in checks.items()}}
        return JSONResponse(answer, 200 if ready else 503, security.FRESH)

    async def counted(request: Request) -> Response:
        _from_here(request)
        await run_sync(_look, studio, limiter=limiter)
        return Response(metrics.text(), headers=security.FRESH, media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", counted)]


def _database(studio: Studio) -> None:
    """Really writes, and takes it back: a read-only or full disk shows only then."""
    with studio.engine.connect() as connection:
        connection.execute(Heartbeat.__table__.insert().values(executor_id=f"readyz-{new_id()}", beat_ms=0))  # type: ignore[attr-defined]  # SQLModel adds it
        connection.rollback()


def _migrations(studio: Studio) -> None:
    if not migrations.at_head(studio.engine):
        raise Refused("The database has the tables of another version. Run `studio migrate`.")


# To add a check, add a line; it raises when something is wrong.
CHECKS: dict[str, Callable[[Studio], None]] = {
    "database": _database,
    "files": lambda studio: studio.store.check(),
    "migrations": _migrations,
    "disk": Studio.refuse_when_full,
}


async def _tried(check: Callable[[Studio], None], studio: Studio, limiter: anyio.CapacityLimiter) -> str | None:
    """None when it is well, else a sentence."""
    try:
        with anyio.fail_after(PATIENCE):
            await run_sync(check, studio, limiter=limiter, abandon_on_cancel=True)
    except TimeoutError:
        return f"No answer within {PATIENCE:g} seconds."
    except StudioError as error:
        return str(error)
    except Exception as error:  # anything that a database or a disk may say is an answer to the question here
        return f"It does not work: {type(error).__name__} ({log.broken(error)})."
    return None


def _look(studio: Studio) -> None:
    """Set the gauges to what is true now, for all processes."""
    with studio.reading() as db:
        waits, doubt = status.queue(db, studio.now()), status.doubtful(db)
    metrics.QUEUED.set(waits.queued)
    metrics.RUNNING.set(waits.running)
    metrics.OLDEST.set(waits.oldest.total_seconds())
    metrics.DOUBTFUL.set(doubt.generations)
    metrics.POSSIBLE.set(float(doubt.possible))
    metrics.WORKERS.set(len(jobs.workers(studio)))
    metrics.SPOOLED.set(status.spooled(studio).waiting)
    metrics.DISK_FREE.set(status.disk(studio).free)
    metrics.DISK_FLOOR.set(status.disk(studio).floor)


def _from_here(request: Request) -> None:
    if not security.from_this_machine(request.scope):
        raise HTTPException(403, "This address answers only to programs on the same machine.")
