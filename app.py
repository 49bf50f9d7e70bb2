"""Launcher only: `streamlit run app.py` serves the screens, our own routes and, unless told otherwise, the work."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import streamlit as st
from anyio.to_thread import run_sync

from core import sign_in, watching, web, worker
from core.errors import StudioError
from core.replica import Replica
from core.replica_calls import LEDGER
from core.studio import Studio, current
from core.web.security import identity
from pages.parts import cookies

PARTS = Path(__file__).parent / "pages" / "parts"


def opened() -> Studio:
    """The studio; a wrong setting ends the start with one sentence instead of a traceback."""
    try:
        studio = current()
        sign_in.check(studio.settings, st.get_option("server.address"))
        watching.start(studio.settings)
        return studio
    except StudioError as error:
        sys.stderr.write(f"Image Studio cannot start: {error}\n")
        raise SystemExit(2) from None


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, object]]:
    """What a process does around serving: warm up, work in the background, follow the database, tell live screens."""
    sys.setswitchinterval(0.0005)  # one thread's long computation then holds up the others' pages less
    await run_sync(_warm)
    here = studio.settings.background == "here"
    if here:
        await run_sync(partial(worker.start, studio, patient=True))
    try:
        with Replica(studio).running(), Replica(studio, LEDGER).running():
            async with hub.running():
                yield {}
    finally:
        if here:
            await run_sync(worker.stop, studio)


def _warm() -> None:
    """Import what Streamlit would import in the first visitor's request (1.4-2.2 s), then spare it the collector."""
    import pandas  # noqa: F401 (the import is the point)
    import pyarrow  # noqa: F401 (as above)

    gc.collect()
    gc.freeze()


studio = opened()
cookies.sign(studio)
hub = web.Hub(studio)
app = st.App(
    PARTS / "shell.py",  # absolute, and no sibling of pages/: a deep link on a cold server would run past the shell
    routes=web.routes(studio, identity(studio, cookies.claims), PARTS / "components", hub),
    middleware=web.middleware(studio.settings, cookies.claims, [page.stem for page in PARTS.parent.glob("*.py")]),
    lifespan=lifespan,
    secrets=cookies.secrets(studio),
)
