"""Live: what open conversation pages cost the server in CPU, against pages that poll every second in the same run.

20 and 100 conversations are open, each with Streamlit's socket and the live socket. First nothing happens; then, every
second, something happens to a generation of one of them, and last of each of them. The reference pages show the same
with `st.fragment(run_every=1)`. CPU milliseconds per second and page, with whatever else the server does.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from core import access, events
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from tests import serving
from tests.bench import sockets
from tests.bench.apps import PLAIN, STUDIO, App, running
from tests.bench.measure import Row

SECONDS = 10
POLLING = 20
SIZES = (20, 100)
IDLE, ONE, EACH = 0.1, 0.15, 0.5
AGAINST = f"{POLLING} pages that poll"


def rows() -> Iterator[Row]:
    """About two minutes."""
    with TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True) as folder:
        studio = open_studio(Settings(data_dir=Path(folder)))
        me = access.local_person(studio)
        talks = {thread: serving.generation(studio, me, thread) for thread in _threads(studio, me)}
        with running(PLAIN, Path(folder), BACKGROUND="elsewhere") as app:
            polling = asyncio.run(_polling(app, list(talks))) / POLLING
        with running(STUDIO, Path(folder), BACKGROUND="elsewhere") as app, asyncio.Runner() as runner:
            nobody = runner.run(_cost(app))
            yield Row("the server with no page open", nobody, polling * POLLING, AGAINST, unit="ms/s")
            for size in SIZES:
                open_talks = dict(list(talks.items())[:size])
                idle, one, each, heard = runner.run(_watched(studio, app, open_talks))
                yield Row(f"{size} pages, nothing happens", idle / size, polling, AGAINST, IDLE, unit="ms/s")
                yield Row(f"{size} pages, one of them has news", one / size, polling, AGAINST, ONE, unit="ms/s")
                yield Row(f"{size} pages, each of them has news", each / size, polling, AGAINST, EACH, unit="ms/s")
                yield Row("  news that each page heard", heard, SECONDS, "happened", 1.0, at_least=True, unit="")
        studio.engine.dispose()


def _threads(studio: Studio, me: Person) -> list[str]:
    return [serving.conversation(studio, me) for _ in range(max(SIZES))]


async def _polling(app: App, threads: list[str]) -> float:
    async with AsyncExitStack() as pages:
        visits = [sockets.page(app, "poll", f"id={thread}") for thread in threads[:POLLING]]
        opened = [await pages.enter_async_context(visit) for visit in visits]
        await asyncio.sleep(2)
        before = sum(page.runs for page in opened)
        cost = await _cost(app)
        ran = sum(page.runs for page in opened) - before
    if ran < POLLING * SECONDS / 2:
        raise RuntimeError(f"{POLLING} pages polled {ran} times in {SECONDS} s: that is no reference.")
    return cost


async def _watched(studio: Studio, app: App, talks: dict[str, str]) -> tuple[float, float, float, float]:
    """Cost while nothing happens, something to one, something to each; and how often each page heard in the last."""
    async with AsyncExitStack() as pages:
        heard = []
        for thread in talks:
            await pages.enter_async_context(sockets.page(app, "conversation", f"id={thread}"))
            heard.append(await pages.enter_async_context(sockets.live(app, thread)))
        await asyncio.sleep(2)
        idle = await _cost(app)
        one = await _busy(studio, app, dict(list(talks.items())[:1]))
        for messages in heard:
            messages.clear()
        each = await _busy(studio, app, talks)
    return idle, one, each, min(sum('"type":"generation"' in message for message in messages) for messages in heard)


async def _busy(studio: Studio, app: App, talks: dict[str, str]) -> float:
    happening = asyncio.create_task(_happen(studio, talks))
    cost = await _cost(app)
    await happening
    await asyncio.sleep(1)  # the last news are on their way
    return cost


async def _happen(studio: Studio, talks: dict[str, str]) -> None:
    """Every second, in all of these conversations, as a worker in another process would say it."""
    me = access.local_person(studio)
    for _ in range(SECONDS):
        with studio.transaction() as db:
            for thread, shown in talks.items():
                events.record(studio, db, "generation.running", me.id, conversation=thread, generation=shown)
        await asyncio.sleep(1)


async def _cost(app: App) -> float:
    """CPU milliseconds per second."""
    before, began = app.cpu_seconds(), time.monotonic()
    await asyncio.sleep(SECONDS)
    return (app.cpu_seconds() - before) / (time.monotonic() - began) * 1000
