"""Have pictures unpacked by processes apart, so that a file that breaks a decoder breaks nothing of ours.

There are a few such processes, started when they are first needed and used again and again: see `core.unpacker`.
"""

import logging
import os
import signal
import sys
from pathlib import Path
from queue import LifoQueue
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import Any

from core import log, messages, metrics
from core.errors import Refused

ROOT = Path(__file__).parent.parent
PROGRAM = "core.unpacker"
AT_ONCE = max(2, min(os.cpu_count() or 2, 8))
"""Pictures that are unpacked at the same time: 40 megapixels take up to a gigabyte, mostly for a moment."""
PIPE_BYTES = 1 << 20
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""All that it learns: no key, no password and no address of a database. Its memory comes in large pages: it is new for
each picture, and small ones cost a fifth more time."""
PATIENCE = 1.0
"""Seconds for one that has nobody left to answer."""
_LIMITS = (signal.SIGXCPU, signal.SIGALRM)
_TOO_DEAR = "This picture takes longer to open than we allow. Save it anew as a usual picture and try again."
_BREAKS = "This picture breaks the program that opens it, so it is not taken in. Save it anew and try again."

_Process = Popen[bytes]


class _Died(Exception):
    """An unpacker ended in the middle of a picture, by this signal."""

    def __init__(self, by: int) -> None:
        super().__init__(by)
        self.by = by


def unpack(verb: str, *arguments: Any) -> Any:
    """What `pixels.VERBS[verb]` says to these arguments, in a process apart.

    Raises Refused as it does, and for a picture that takes too much or breaks its decoder twice: once may be the
    machine's fault, and the picture may be paid for. Raises OSError when no such process can be started.
    """
    try:
        return _once(verb, arguments)
    except _Died as death:
        _tell(death)
        if death.by in _LIMITS:
            raise Refused(_TOO_DEAR) from None
    try:
        return _once(verb, arguments)
    except _Died as death:
        _tell(death)
        raise Refused(_BREAKS) from None


def _once(verb: str, arguments: tuple[Any, ...]) -> Any:
    process = _idle.get()
    try:
        process = process or _started()
        refusal, made = _asked(process, (verb, *arguments))
    except BaseException:  # half a question or half an answer is in its pipes, and nobody may meet that
        if process is not None:
            _ended(process)
            process = None
        raise
    finally:
        _idle.put(process)
    if refusal is not None:
        raise Refused(str(refusal))
    return made


def _started() -> _Process:
    """A process that is ready. Ctrl-C in a terminal does not reach it: a call that is under way may still need it."""
    process = Popen(
        [sys.executable, "-m", PROGRAM],
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        bufsize=0,
        pipesize=PIPE_BYTES,
        cwd=ROOT,
        env=_ENVIRONMENT,
        process_group=0,
    )
    try:
        messages.receive(_pipes(process)[1])
    except BaseException as error:
        _ended(process)
        raise OSError("The process that unpacks pictures did not start.") from error
    return process


def _asked(process: _Process, question: tuple[Any, ...]) -> tuple[Any, Any]:
    """Its answer. Raises _Died."""
    asking, told = _pipes(process)
    try:
        messages.send(asking, question)
        refusal, made = messages.receive(told)
    except Exception:  # gone, or what came is no answer: a decoder that was taken over may say anything
        raise _Died(_ended(process)) from None
    return refusal, made


def _pipes(process: _Process) -> tuple[int, int]:
    assert process.stdin and process.stdout
    return process.stdin.fileno(), process.stdout.fileno()


def _ended(process: _Process) -> int:
    """Have it end, and say by which signal it, or its child with the picture, already had; else how it ended."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    try:
        return abs(process.wait(PATIENCE))
    except TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return abs(process.wait())


def _tell(death: _Died) -> None:
    metrics.CRASHED.inc()
    known = {one.value: one.name for one in signal.Signals}
    log.step("picture.crashed", level=logging.WARNING, kind=known.get(death.by, str(death.by)))


def _processes() -> LifoQueue[_Process | None]:
    """As many places as may be busy at once; the one that was used last is taken first, so few are ever started."""
    places: LifoQueue[_Process | None] = LifoQueue()
    for _ in range(AT_ONCE):
        places.put(None)
    return places


def _forget() -> None:
    """A fork of this process has the same pipes: two that ask in one pipe would read each other's answers."""
    global _idle
    _idle = _processes()


_idle = _processes()
os.register_at_fork(after_in_child=_forget)
