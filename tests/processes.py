"""Processes of their own, forked from one that has imported the studio: importing it takes longer than most tests."""

import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROCESSES = multiprocessing.get_context("forkserver")
IMPORTED = (
    *("core.worker", "core.web", "core.cli_upkeep", "typer", "alembic.command", "tests.unrest"),
    *("pandas", "pyarrow", "streamlit.web.bootstrap", "streamlit.web.cli", "uvicorn.protocols.http.httptools_impl"),
)
"""All but what runs as `__main__`. All contexts share one list, and whoever sets it last wins: nobody else may."""
PROCESSES.set_forkserver_preload(list(IMPORTED))


def program(
    name: str, *arguments: str, environment: Mapping[str, str], log: Path, errors: Path | None = None
) -> BaseProcess:
    """`python -m name arguments`, with this environment alone, in a process group of its own; all it says is added to
    `log`, or its complaints to `errors`."""
    said = (log, errors or log)
    process = PROCESSES.Process(target=_become, args=(name, arguments, dict(environment), said), daemon=True)
    process.start()
    return process


def _become(name: str, arguments: tuple[str, ...], environment: dict[str, str], said: tuple[Path, Path]) -> None:
    os.setsid()  # Ctrl-C is for the tests alone
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in enumerate(said, 1):
        with path.open("ab") as out:
            os.dup2(out.fileno(), stream)
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)
