"""Downloads in a process of its own, which serves and reads: how quickly they come, and how much memory they take."""

import os
import socket
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from pathlib import Path

from sqlmodel import col, select

from core import access, zips
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Image
from tests import many, serving
from tests.processes import PROCESSES

LARGE = 3_000_000
"""Bytes: as much as a good picture, and more than is handed on at once."""
WARM = 3
"""Images that are downloaded before anything is counted."""


@dataclass(frozen=True)
class Download:
    """What came of one."""

    read: int
    """Bytes."""
    first: float
    """Milliseconds to the first byte."""
    took: float
    """Milliseconds to the last."""
    plain: float
    """Milliseconds that the same files take from the disk through a bare socket."""
    grown: int
    """Bytes by which the memory of the process grew at most."""


def originals(studio: Studio, person: Person, n: int) -> list[str]:
    """Keep `n` images; each is a file to the store, and the disk holds one."""
    ids = many.images(studio, person, n)
    files = studio.settings.data_dir / "files"
    with studio.reading() as db:
        keys = db.exec(select(Image.key).where(Image.user_id == person.id).order_by(col(Image.id))).all()[-n:]
    studio.store.put(keys[0], os.urandom(LARGE))
    for key in keys[1:]:
        (files / key).parent.mkdir(parents=True, exist_ok=True)
        os.link(files / keys[0], files / key)
    return ids


def apart(settings: Settings, person: Person, ids: list[str]) -> Download:
    """Download these images of a person, in a process that has done nothing else but a small one before."""
    mine, its = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_download, args=(settings, person, ids, its))
    process.start()
    found: Download = mine.recv()
    process.join()
    return found


def _download(settings: Settings, person: Person, ids: list[str], told: Connection) -> None:
    studio = open_studio(settings)
    with serving.serving(studio) as served:
        _read(served.host, person, ids[:WARM])
        Path("/proc/self/clear_refs").write_text("5")  # the highest is counted anew from here
        before = _highest()
        read, first, took = _read(served.host, person, ids)
        grown = _highest() - before
    told.send(Download(read, first, took, _plain(studio, person, ids), grown))
    studio.engine.dispose()


def _read(host: str, person: Person, ids: list[str]) -> tuple[int, float, float]:
    """A reader that does little but read: what is counted is the server."""
    browser, began, first, read = HTTPConnection(host), time.perf_counter(), 0.0, 0
    headers = {"x-studio": "1", "x-person": person.id, "Content-Type": "application/x-www-form-urlencoded"}
    browser.request("POST", "/api/downloads", f"ids={'+'.join(ids)}", headers)
    with browser.getresponse() as answer:
        while part := answer.read1(zips.BLOCK):
            first = first or time.perf_counter() - began
            read += len(part)
    browser.close()
    return read, first * 1000, (time.perf_counter() - began) * 1000


def _plain(studio: Studio, person: Person, ids: list[str]) -> float:
    with studio.reading() as db:
        keys = [image.key for image in access.find_many(db, Image, ids, person, lock=False)]
    into, out = socket.socketpair()
    reader = threading.Thread(target=_swallow, args=(out,))
    began = time.perf_counter()
    reader.start()
    for key in keys:
        for start in range(0, LARGE, zips.BLOCK):
            into.sendall(studio.store.get(key, start, zips.BLOCK))
    into.close()
    reader.join()
    out.close()
    return (time.perf_counter() - began) * 1000


def _swallow(out: socket.socket) -> None:
    while out.recv(1 << 16):
        pass


def _highest() -> int:
    """Bytes of memory that this process had at most (Linux counts kB)."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
