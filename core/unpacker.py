"""A process that unpacks pictures, apart from the studio: a new child of its own for each, with little that it may do.

It is started by `core.apart`, waits with all decoders loaded, and ends when the studio's end of the pipe is closed,
however the studio ended. It reads no picture itself: what breaks or takes over a decoder has a child, for one picture.
"""

import gc
import os
import resource
import signal
from contextlib import suppress
from typing import Any

from core import messages, pixels
from core.errors import Refused

ASKED, TOLD = 0, 1
"""The pipes: standard input and output."""
MEMORY = 2_000_000_000
"""Bytes of addresses; the dearest picture within our limits takes two thirds of it."""
CPU_SECONDS = 40
"""The dearest one takes 7 on a machine of 2026."""
SECONDS = 180
"""For whatever waits without working; a busy machine has this long for those of CPU."""
READY = "ready"
NOBODY, BROKEN = 100, 101
"""How a child ends that was not ended by a signal; those have lower numbers."""


def main() -> int:
    """Answer until nobody asks any more. Returns 0 then, or the signal that ended the child of the last picture."""
    for ours in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C stops the studio after its running calls; they need us
        signal.signal(ours, signal.SIG_IGN)
    _limit(resource.RLIMIT_CORE, 0)  # nobody's picture is left on a disk
    pixels.ready()
    gc.disable()  # each child lives for one picture; a collector would only copy memory that it shares with us
    gc.freeze()
    messages.send(TOLD, READY)
    while (ended := _by_a_child()) == 0:
        pass
    return 0 if ended == NOBODY else ended


def _by_a_child() -> int:
    """0 when it answered; else it is not known what it left in the pipe, and nothing else can be asked.

    It is there before it is asked, so that nobody waits for its making.
    """
    child = os.fork()
    if not child:
        os._exit(_one_picture())
    _, status = os.waitpid(child, 0)
    return abs(os.waitstatus_to_exitcode(status))


def _one_picture() -> int:
    try:
        asked = messages.receive(ASKED)
        _confine()
        messages.send(TOLD, _answer(*asked))
    except (EOFError, OSError):  # who asked is gone
        return NOBODY
    except BaseException:  # nothing may run on in the place of its parent
        return BROKEN
    return 0


def _confine() -> None:
    """No file, no connection, no end of memory or time: of the studio it has only this one picture."""
    signal.alarm(SECONDS)
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CPU, CPU_SECONDS, beyond=1)  # the second limit kills without saying why
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, 0)


def _limit(what: int, most: int, beyond: int = 0) -> None:
    with suppress(ValueError, OSError):  # not every system knows every limit
        resource.setrlimit(what, (most, most + beyond))


def _answer(verb: str, *arguments: Any) -> tuple[str | None, Any]:
    """Why it was refused, or what was made of it."""
    try:
        return None, pixels.VERBS[verb](*arguments)
    except Refused as refusal:
        return str(refusal), None


if __name__ == "__main__":
    raise SystemExit(main())
