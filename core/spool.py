"""Raw provider answers on disk, from the moment they are complete until their pictures are kept: the receipt.

A file is a line of JSON about the answer, then the body exactly as it came. It is written aside, flushed to the disk,
renamed, and its folder flushed, before anyone parses a byte of it.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.providers import Answer
from core.settings import Settings

UNUSABLE = "unusable"
"""Folder of answers that held no picture we could keep; support and the provider can be shown them."""
UNKNOWN = "unknown"
"""Folder of answers to calls that the ledger does not know: the database is an older one that was brought back."""


@dataclass(frozen=True)
class Receipt:
    """An answer that may have been paid for, and whose it is."""

    attempt_id: str
    duration_ms: int
    answer: Answer


def write(settings: Settings, receipt: Receipt) -> None:
    """Keep it for good: when this returns, neither a kill nor a power cut loses it."""
    path = _path(settings, receipt.attempt_id)
    head = {
        "duration_ms": receipt.duration_ms,
        "status": receipt.answer.status,
        "headers": dict(receipt.answer.headers),
        "bytes": len(receipt.answer.body),
    }
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        file.write(receipt.answer.body)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    _flush_folder(path.parent)


def read(settings: Settings, attempt_id: str) -> Receipt | None:
    """The receipt of this attempt, or None when this machine has none."""
    try:
        head, _, body = _path(settings, attempt_id).read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    facts = json.loads(head)
    return Receipt(attempt_id, facts["duration_ms"], Answer(facts["status"], facts["headers"], body))


def waiting(settings: Settings) -> Iterator[str]:
    """The attempts whose answers lie here, oldest first."""
    yield from sorted(path.stem for path in settings.spool_dir.glob("*.answer"))


def done(settings: Settings, attempt_id: str) -> None:
    """Forget it; its pictures are kept. Twice is fine."""
    _path(settings, attempt_id).unlink(missing_ok=True)


def set_aside(settings: Settings, attempt_id: str, why: str = UNUSABLE) -> None:
    """Keep an answer that becomes no picture, out of the way, in the folder that says why. Twice is fine."""
    folder = settings.spool_dir / why
    folder.mkdir(exist_ok=True)
    path = _path(settings, attempt_id)
    with suppress(FileNotFoundError):
        path.rename(folder / path.name)


def intend(settings: Settings, key: str) -> Path:
    """Note that files are about to be written for which there is no row yet; unlink what it returns when there is."""
    note = settings.spool_dir / f"{key.replace('/', '~')}.intent"
    note.touch()
    return note


def intended(settings: Settings, older_than: float) -> Iterator[tuple[str, Path]]:
    """Keys with such a note from before this time (seconds since 1970): their writer was killed, or is gone."""
    for note in settings.spool_dir.glob("*.intent"):
        with suppress(FileNotFoundError):
            if note.stat().st_mtime < older_than:
                yield note.stem.replace("~", "/"), note


def sweep(settings: Settings, older_than: float) -> None:
    """Remove half-written files last touched before this time (seconds since 1970): their writer was killed."""
    for path in settings.spool_dir.glob("*.partial"):
        with suppress(FileNotFoundError):  # its writer was quicker
            if path.stat().st_mtime < older_than:
                path.unlink()


def _path(settings: Settings, attempt_id: str) -> Path:
    return settings.spool_dir / f"{attempt_id}.answer"


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
