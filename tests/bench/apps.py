"""The application, or another Streamlit script beside it, in a process of its own whose work can be read."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
STUDIO, PLAIN = ROOT / "app.py", Path(__file__).with_name("plain_app.py")
START_SECONDS = 90


@dataclass(frozen=True)
class App:
    """A running server."""

    host: str
    """Name and port."""
    pid: int

    @property
    def address(self) -> str:
        """To put a path after."""
        return f"http://{self.host}"

    def cpu_seconds(self) -> float:
        """Work of all its threads since its start, on all cores together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(script: Path, data_dir: Path, **environment: str) -> Iterator[App]:
    """Serve the script on this data until the end of the block."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    variables = {"DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT), **environment}
    log = data_dir / f"server-{port}.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            command, cwd=ROOT, env=os.environ | variables, stdout=out, stderr=out, start_new_session=True
        ) as process,
    ):
        try:
            app = App(f"127.0.0.1:{port}", process.pid)
            _wait(process, f"{app.address}/_stcore/health", log)
            yield app
        finally:
            process.send_signal(signal.SIGINT)
            _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The application did not start:\n{log.read_text()[-4000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
