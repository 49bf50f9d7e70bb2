"""One screen alone, for tests: an application whose screen is the file of this folder that PAGE names."""

import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path

# Streamlit puts this file's own folder on the path; imports start at the folder above `tests`.
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402 (needs the path above)

from core import web  # noqa: E402
from core.studio import current  # noqa: E402
from core.web.security import local_identity  # noqa: E402

studio = current()
hub = web.Hub(studio)


@asynccontextmanager
async def lifespan(app):
    async with hub.running():
        yield {}


app = st.App(
    Path(__file__).with_name(os.environ["PAGE"]),
    routes=web.routes(studio, local_identity(studio), ROOT / "pages" / "parts" / "components", hub),
    middleware=web.middleware(),
    lifespan=lifespan,
)
