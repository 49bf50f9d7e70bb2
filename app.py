"""Launcher only: `streamlit run app.py` serves the screens, our own routes and, unless told otherwise, the work."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import streamlit as st
from starlette.requests import HTTPConnection

from core import access, log, web, worker
from core.access import Person
from core.errors import Refused, StudioError
from core.studio import Studio, current

HERE = Path(__file__).parent
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def opened() -> Studio:
    """The studio; a wrong setting ends the start with one sentence instead of a traceback."""
    try:
        return current()
    except StudioError as error:
        print(f"Image Studio cannot start: {error}", file=sys.stderr)  # noqa: T20 (for the operator's terminal)
        raise SystemExit(2) from None


def identify(request: HTTPConnection) -> Person:
    """Who calls our JSON routes. Local mode has no sign-in, so only a loopback name may ask (Refused else).

    Without that, any web page could point a name of its own at this machine and read the library.
    """
    if request.url.hostname not in LOOPBACK:
        raise Refused("Open the studio as http://localhost to use it.")
    return access.local_person(studio)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, object]]:
    """What a process does around serving: warm up, work in the background, tell live screens."""
    sys.setswitchinterval(0.0005)  # one thread's long computation holds up the others' pages less
    await anyio.to_thread.run_sync(_warm)
    here = studio.settings.background == "here"
    working = await anyio.to_thread.run_sync(worker.start, studio) if here else None
    try:
        async with web.live(studio):
            yield {}
    finally:
        if working is not None:
            await anyio.to_thread.run_sync(worker.stop)


def _warm() -> None:
    """Import what Streamlit would import in the first visitor's request (1.4-2.2 s), then hide it from the collector."""
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401

    gc.collect()
    gc.freeze()


studio = opened()
log.setup()
app = st.App(
    HERE / "pages" / "parts" / "shell.py",  # absolute, and not a sibling of pages/: see the README's decisions
    routes=web.routes(studio, identify, HERE / "pages" / "parts" / "components"),
    middleware=web.middleware(studio),
    lifespan=lifespan,
)
