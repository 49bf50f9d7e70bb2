"""The process that unpacks pictures, with decoders that break in every way: a picture's last words say in which."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core import pixels, unpacker

WORDS = b"DOES:"


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def crash_later() -> None:
    time.sleep(0.5)
    crash()


def spin() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(600)


def swell() -> None:
    bytearray(unpacker.MEMORY)


def read_a_file() -> None:
    Path(__file__).read_bytes()


def write_a_file() -> None:
    Path("/dev/shm/written-by-a-picture").write_bytes(b"x")


def connect() -> None:
    socket.create_connection(("127.0.0.1", 9))


def lie() -> None:
    os.write(unpacker.TOLD, b"\xff" * 100)


def lie_and_stay() -> None:
    lie()
    sleep()


def remember() -> None:
    """Leaves something for the next picture."""
    global _said
    _said = b"taken over"


_said = b"as it was"


def say() -> bytes:
    return _said


def environment() -> bytes:
    return repr(sorted(os.environ)).encode()


_ALL = (crash, crash_later, spin, sleep, swell, read_a_file, write_a_file, connect, lie, lie_and_stay, remember, say)
ACTS: dict[str, Callable[[], bytes | None]] = {act.__name__: act for act in (*_ALL, environment)}


def _acting(verb: Callable[..., Any]) -> Callable[..., Any]:
    @pixels._refusing()
    def acted(data: bytes, *others: Any) -> Any:
        _, marked, act = data.rpartition(WORDS)
        said = ACTS[act.decode()]() if marked else None
        return said if said is not None else verb(data, *others)

    return acted


def main() -> int:
    for name, verb in pixels.VERBS.items():
        pixels.VERBS[name] = _acting(verb)
    unpacker.CPU_SECONDS, unpacker.SECONDS = 1, 3
    return unpacker.main()


if __name__ == "__main__":
    raise SystemExit(main())
