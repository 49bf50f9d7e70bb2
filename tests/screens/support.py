"""Visit screens: the real shell on a throwaway folder; `visit("create")` is what somebody sees who opens it."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core import standing
from core import studio as home
from core.studio import Studio

PAGES = Path(__file__).parents[2] / "pages"
SECONDS = 60


def at_home(monkeypatch: pytest.MonkeyPatch, folder: Path, **environment: str) -> Studio:
    """This process's studio from now on, as `current()` gives it, in this folder and with these settings."""
    for name, value in {
        "DATA_DIR": str(folder),
        "FREE_SPACE_FLOOR_MB": "1",
        "SKETCH_DELAY": "0",
        "SKETCH_DETAIL": "0.02",
        **environment,
    }.items():
        monkeypatch.setenv(name, value)
    home.current.cache_clear()
    return home.current()


def visit(page: str = "create", **query: str) -> AppTest:
    """This screen as it first looks, opened with this query string."""
    app = AppTest.from_file(str(PAGES / "parts" / "shell.py"), default_timeout=SECONDS)
    if page != "create":
        app.run()
        app.switch_page(str(PAGES / f"{page}.py"))
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def read(element: Any) -> str:
    """What somebody reads there: a sentence that may quote people is markdown with every sign of it escaped."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", element.value)


@contextmanager
def queries(studio: Studio) -> Iterator[list[str]]:
    """The reads that reach the database meanwhile, but for those by which the replica follows.

    Nor for the door's, one in some seconds (`test_door.py`): whoever looks was let in a moment ago. Nor for the rules,
    read once a minute.
    """
    standing.forget(studio)
    standing.of_subject(studio, "local")
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        read = statement.lstrip().upper().startswith(("SELECT", "WITH"))
        if read and "FROM rule" not in statement and threading.current_thread().name != "replica":
            seen.append(statement)

    sa.event.listen(studio.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(studio.engine, "before_cursor_execute", note)
