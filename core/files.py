"""What a store is: its keys, its promises, and how it is known again. `core.store` opens one.

Keys are `<user>/<conversation or standalone>/<image>.<ext>`, variants `<image>.<variant>.<ext>` beside; ids are 32 hex
digits. Nothing else is let in. A file that can be read is whole; a put that returned survives kill -9 and power cuts.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from core import metrics
from core.errors import Refused, StudioError

# To keep another kind of file, add its ending.
MIMES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}
MARKER = ".image-studio"
"""Made once in every store, so that an empty folder where a disk should be mounted is not taken for the store."""

FOLDER = re.compile(r"[0-9a-f]{32}|standalone")
_ID = "[0-9a-f]{32}"
_KEY = re.compile(rf"{_ID}/({_ID}|standalone)/{_ID}(\.[a-z0-9]{{1,12}})?\.({'|'.join(MIMES)})")
TEMPORARY = re.compile(r"\.[0-9a-f]{32}\.tmp")
PROBE = b"What was written can be read."


class StoreDown(StudioError):
    """The store cannot be used now or does not accept us. Keep what you have, the receipt above all, and try later."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        metrics.STORAGE_ERRORS.inc()  # counted here: some who meet it go on without a word


@dataclass(frozen=True)
class Stored:
    """One file in the store: its size in bytes and when it was written, in UTC."""

    key: str
    size: int
    modified: datetime


class Store(Protocol):
    """Every method raises Refused for a key that is not of our shape, and StoreDown when the store is in trouble."""

    def put(self, key: str, data: bytes, mime: str | None = None) -> None:
        """Keep a whole file for good before returning; the same key again replaces it.

        `mime` is only for a type other than the one that the key's ending tells.
        """

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """The file, or `length` bytes from `start` on, fewer where it ends. Raises NotFound."""

    def head(self, key: str) -> int | None:
        """The file's size in bytes, None when there is no such file."""

    def delete(self, key: str) -> None:
        """Remove the file if it is there. A power cut may bring it back, so rows go first and files second."""

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """The files whose keys begin so, by key; never one that is still being written."""

    def link(self, key: str, filename: str | None = None, *, seconds: int = 300) -> str | None:
        """An address that lets a browser download the file for that long, or None: serve it yourself."""

    def check(self) -> None:
        """Write, read and remove a file. Raises StoreDown, also when this is not the store that we know."""

    def sweep(self, older_than: datetime) -> int:
        """Remove what puts that were cut off before that moment have left behind; tells how much it was."""

    def marker(self) -> bytes | None:
        """What tells this store from every other one; None when nothing was ever put into it, or it is not mounted."""


class Marked(Protocol):
    """A store as `recognise` sees it."""

    known: Path
    """Where this machine remembers what the marker said."""

    def marker(self) -> bytes | None:
        """What the marker says, None when there is none."""

    def make_marker(self, identity: bytes) -> None:
        """Put a marker unless somebody else did it first."""


def parts(key: str) -> tuple[str, str, str]:
    """User, conversation and file of a key. Raises Refused when it is not of our shape."""
    names = key.split("/")
    if not is_key(key):
        raise Refused("That is not the name of a file that we keep.")
    return names[0], names[1], names[2]


def is_key(name: str) -> bool:
    """True for keys, false for all that may lie beside the files."""
    return _KEY.fullmatch(name) is not None


def temporary() -> str:
    """A name that is nobody's key, for what is being written; `TEMPORARY` finds it again."""
    return f".{secrets.token_hex(16)}.tmp"


def recognise(store: Marked) -> None:
    """Raise StoreDown unless the store is the one this machine first met; the first meeting leaves a marker in it."""
    expected = _remembered(store.known) or _met(store)
    if expected is None or store.marker() != expected:
        raise StoreDown(
            f"The file store is not the one used so far: its file {MARKER} is missing or another's, so nothing was "
            f"written. Bring the right disk or bucket back. If the change is wanted, remove {store.known.name} "
            "from the data folder."
        )


def _met(store: Marked) -> bytes | None:
    """What the marker of a store says that this machine sees for the first time, or the one that it is given then."""
    with _alone(store.known):  # some buckets let two put it who both were told that nobody else did
        if _remembered(store.known) is None:
            if store.marker() is None:
                store.make_marker(secrets.token_hex(16).encode())
            if found := store.marker():
                _remember(store.known, found)
        return _remembered(store.known)


def compare(data: bytes) -> None:
    """Raise StoreDown unless the probe came back as it was written."""
    if data != PROBE:
        raise StoreDown("The file store gave back other bytes than were written to it. Look at it before going on.")


def _remembered(path: Path) -> bytes | None:
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One of all threads and processes of this machine that want to write this file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f"{path.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remember(path: Path, identity: bytes) -> None:
    draft = path.with_name(path.name + temporary())
    with open(draft, "wb") as file:
        file.write(identity)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
