"""The real application in a process of its own, on a free port and a folder of its own."""

import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.browser.windows import free_port
from tests.processes import program

START_SECONDS = 60


@contextmanager
def app_server(data_dir: Path, script: str = "app.py", **environment: str) -> Iterator[str]:
    """`streamlit run` this script on this folder; gives its address once it answers, and stops it at the end."""
    log = data_dir / "server.log"
    data_dir.mkdir(parents=True, exist_ok=True)
    port, known = free_port(), os.environ | {"DATA_DIR": str(data_dir)} | environment
    process = program("streamlit", "run", script, "--server.port", str(port), environment=known, log=log)
    try:
        _wait(process, f"http://127.0.0.1:{port}/_stcore/health", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)


def _wait(process: BaseProcess, address: str, log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.is_alive():
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The application did not start:\n{log.read_text()[-4000:]}")


def _stop(process: BaseProcess) -> None:
    if process.pid and process.is_alive():
        os.kill(process.pid, signal.SIGINT)
    process.join(10)
    if process.is_alive():
        process.kill()
    process.join()
