"""A process that can be killed: makes an image and its caption, until kill -9 at a chosen line or moment.

`serve` is the body of a small process that only forks. Its children connect to the database anew, count the lines that
they run in the files of the pipeline, in every thread, and end themselves with SIGKILL at the line that was chosen. So
every line of the pipeline is a place to die, and the pipeline knows nothing of it.
"""

import asyncio
import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self

CORE = Path(__file__).parent.parent / "core"
PIPELINE = (
    *(
        "asks",
        "captions",
        "posts",
        "conversations",
        "turns",
        "generations",
        "ledger",
        "holds",
        "fairness",
        "receipts",
        "keeping",
        "spool",
        "store",
        "disk",
    ),
    *("files", "pictures", "providers/wire", "jobs", "events", "studio", "database"),
)
"""Where a kill may fall."""
WARM = "one to warm up"
TOOL = 4
"""A number that no debugger, profiler or coverage takes for itself."""


@dataclass(frozen=True)
class Death:
    """When a child dies: at its n-th line of the pipeline, or after some seconds; never when neither is given."""

    line: int | None = None
    seconds: float | None = None


class Mortals:
    """The small process, seen from the tests."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def run(self, prompt: str, death: Death | None = None) -> int | None:
        """Let a child ask for `prompt` and make it. Returns the lines it ran when it lived to the end, else None."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"prompt": prompt, **asdict(death or Death())}) + "\n")
        self.process.stdin.flush()
        lived = json.loads(self.process.stdout.readline())
        return int(lived) if lived is not None else None


@contextmanager
def mortals(settings: dict[str, Any], warm: bool = True) -> Iterator[Mortals]:
    """Start the small process for a studio with these settings (plain values of `Settings`)."""
    command = [sys.executable, "-c", f"from tests.killing import serve; serve({json.dumps(settings)!r}, {warm})"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CORE.parent
    ) as process:
        try:
            yield Mortals(process)
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(30)


def serve(settings: str, warm: bool) -> None:
    """Fork a child for every line of standard input; say how it ended on standard output.

    When it is `warm` it has made an image before, and its children find all modules and queries prepared.
    """
    from core import jobs
    from core.settings import Settings
    from core.store import S3Store
    from core.studio import open_studio

    facts = json.loads(settings)
    studio = open_studio(Settings(**facts | {"data_dir": Path(facts["data_dir"])}))
    jobs.ready(studio)
    if warm:
        _make(studio, WARM)
    studio.engine.dispose()
    if isinstance(studio.store, S3Store):
        studio.store.client.close()  # children share no connection
    gc.freeze()  # or each child would copy what it shares with this process, only to look for garbage in it
    for line in sys.stdin:
        wanted = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _live(studio, wanted, writer)
        os.close(writer)
        if wanted["seconds"] is not None:
            time.sleep(wanted["seconds"])
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reader) as told:
            sys.stdout.write((told.read() or "null") + "\n")
        sys.stdout.flush()


def _live(studio: Any, wanted: dict[str, Any], writer: int) -> None:
    """The whole life of a child. It never returns into the code of its parent."""
    try:
        random.seed()
        studio.engine.dispose(close=False)  # connections of our own; whatever the parent had is not ours to close
        counted = Lines(wanted["line"])
        with counted:
            _make(studio, wanted["prompt"])
        os.write(writer, str(counted.seen).encode())
    finally:
        os._exit(0)


def _make(studio: Any, prompt: str) -> None:
    """An image and its caption."""
    from core import access, conversations, generations
    from core.asks import Ask
    from core.tables import new_id

    ask = Ask(prompt, ("openai/gpt-image-2",), new_id(), quality="low")
    asked = conversations.start(studio, access.local_person(studio), ask)
    [turn] = conversations.opened(studio, access.local_person(studio), asked.conversation_id).turns
    for generation in (turn.caption, *turn.generations):
        asyncio.run(generations.run(studio, generation.id, 0))


class Lines:
    """Counts the lines of the pipeline, or of these files, that all threads run, and dies at the chosen one."""

    def __init__(self, last: int | None, files: Collection[str] = PIPELINE) -> None:
        self.seen, self.last = 0, last
        self.files = {str((CORE / f"{name}.py").resolve(strict=True)) for name in files}

    def __enter__(self) -> Self:
        if sys.version_info >= (3, 12):
            self._monitor()
        else:
            threading.settrace(self._call)
            sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        if sys.version_info >= (3, 12):
            sys.monitoring.free_tool_id(TOOL)
        else:
            sys.settrace(None)
            threading.settrace(None)

    def _monitor(self) -> None:
        """Less work than a tracer, which is asked about every call of every library, each time."""
        monitoring = sys.monitoring
        monitoring.use_tool_id(TOOL, "kills")
        monitoring.register_callback(TOOL, monitoring.events.PY_START, self._entered)
        monitoring.register_callback(TOOL, monitoring.events.LINE, lambda _code, _line: self._count())
        monitoring.set_events(TOOL, monitoring.events.PY_START)

    def _entered(self, code: CodeType, _offset: int) -> Any:
        """The first time that a function is called."""
        if code.co_filename in self.files:
            sys.monitoring.set_local_events(TOOL, code, sys.monitoring.events.LINE)
        return sys.monitoring.DISABLE

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self._line if frame.f_code.co_filename in self.files else None

    def _line(self, _frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._count()
        return self._line

    def _count(self) -> None:
        self.seen += 1
        if self.seen == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
