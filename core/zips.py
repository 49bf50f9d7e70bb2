"""A zip that is sent while it is made: nothing is compressed, and only a piece of one file is in memory."""

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

BLOCK = 1 << 20
"""Bytes of a file that are handed on at once."""
HEADER, DESCRIPTOR, ENTRY, FAR, END, LARGE_END = 30, 16, 46, 12, 22, 76
"""What a zip is made of, in bytes: before a file (and its name), after it, its line in the directory (and its name),
more of it where the file begins beyond 2 GiB, the end, and more of that when directory or files reach so far."""


class Zip:
    """What its methods give is the zip, in the order in which they are called."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._archive = _Archive(self._sink, "w", zipfile.ZIP_STORED)

    def put(self, name: str, pieces: Iterable[bytes], at: datetime) -> Iterator[bytes]:
        """Another file. When its first piece cannot be had, it is as if nobody had asked for it."""
        rest = iter(pieces)
        first = next(rest, b"")
        info = zipfile.ZipInfo(name, at.timetuple()[:6])
        info.external_attr = 0o644 << 16
        with self._archive.open(info, "w") as entry:
            for piece in chain((first,), rest):
                entry.write(piece)
                yield self._sink.taken()

    def end(self) -> bytes:
        """The directory; nothing can be put after it."""
        self._archive.close()
        return self._sink.taken()


def length(files: Iterable[tuple[str, int]]) -> int:
    """How many bytes a zip of files with these names and sizes has. It is known before a single one is read."""
    files_end = directory = 0
    for name, size in files:
        spelled = len(name.encode())
        directory += ENTRY + spelled + (FAR if files_end > zipfile.ZIP64_LIMIT else 0)
        files_end += HEADER + spelled + size + DESCRIPTOR
    return files_end + directory + END + (LARGE_END if files_end > zipfile.ZIP64_LIMIT else 0)


def blocks(data: bytes) -> Iterator[bytes]:
    """What is in memory anyway, in pieces."""
    return (data[start : start + BLOCK] for start in range(0, len(data), BLOCK))


def slugged(text: str) -> str:
    """A name that every file system takes, cut between words; empty when nothing of the text can be in one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name if len(name) <= 40 else name[:41].rpartition("-")[0] or name[:40]


class _Archive(zipfile.ZipFile):
    """May be let go in the middle of a file: who asked for it has left, and nobody misses its end."""

    def __del__(self) -> None:
        """Without the complaint that a zip which was not closed makes."""


class _Sink:
    """Takes what the zip says and hands it on; it cannot be searched, so the zip needs no way back."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to give back."""

    def taken(self) -> bytes:
        """What was written since the last call."""
        data = b"".join(self.parts)
        self.parts.clear()
        return data
