"""The replica: a read copy of the database in DuckDB, one disposable file per process and kind, that follows it.

It can be removed at any time and is made anew. What is about to be changed, and one thing by its id, is read from the
database itself; everything that filters, counts and searches many images is read here.
"""

import fcntl
import math
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import duckdb
import sqlalchemy as sa

from core import log, replica_log
from core.errors import StudioError
from core.replica_file import File, discard, opened
from core.replica_gallery import FOLD, GALLERY, SAYS
from core.replica_layout import Layout
from core.replica_seed import Seed
from core.studio import Studio

__all__ = ["FOLD", "LONG", "PATIENCE", "SAYS", "Behind", "Cursor", "Replica", "of"]
# FOLD and SAYS are from below: how text is searched and compared.

LOOK_SECONDS = 0.2
"""What other processes wrote is seen this late at worst; what this process wrote wakes the replica at once."""
APART_SECONDS = 0.05
"""After a sync that found news: each costs some 20 ms of a core, so many writes become one."""
PATIENCE, LONG = 0.15, 3.0
"""Seconds that a reader waits for what they wrote themselves: who can read the database instead, and who cannot."""
STALE_SECONDS = 5.0
"""A copy that could not follow for longer is not read."""
FIRST_CHECK_SECONDS, CHECK_SECONDS = 600, 86_400
"""How long after its start, and how often then, the copy is compared with the database."""
MANY = 50_000
"""More news than this, and than a fifth of all images, is slower to apply than to read everything anew."""
LONG_TAIL = 16_384
"""Images that changed stand behind the others, out of order; so many, and a twentieth of all, make a new file."""

Cursor = duckdb.DuckDBPyConnection
_running: dict[tuple[int, str], "Replica"] = {}


class Behind(StudioError):
    """The replica is not there yet, or does not hold yet what this reader wrote: read the database instead."""


def of(studio: Studio, layout: Layout = GALLERY) -> "Replica":
    """The replica of this kind that runs in this process for that studio. Raises Behind when none does."""
    found = _running.get((id(studio.engine), layout.folder))
    if found is None:
        raise Behind("The index is not running in this process.")
    return found


class Replica:
    """Follows one database into one file. `running` does so in the background; `sync` does one step."""

    def __init__(
        self, studio: Studio, layout: Layout = GALLERY, *, many: int = MANY, long_tail: int = LONG_TAIL
    ) -> None:
        self.studio, self.layout = studio, layout
        self._me = id(studio.engine), layout.folder
        self._seed = Seed(studio.settings.data_dir / layout.folder, layout)
        self._numbered = re.compile(rf"{re.escape(layout.name)}-(\d+)\.duckdb")
        self.many, self.long_tail = many, long_tail
        self._file: File | None = None
        self._begun: Path | None = None
        self._folder: Path | None = None
        self._slot: IO[str] | None = None
        self._seen = self._seed_again = -math.inf
        self._check_at = time.monotonic() + FIRST_CHECK_SECONDS
        self._turn = threading.Lock()
        self._synced = threading.Condition()
        self._wake, self._stopping = threading.Event(), threading.Event()

    @contextmanager
    def running(self) -> Iterator["Replica"]:
        """Follow until the end of this block. Returns at once: a copy that must be made is there some seconds later."""
        follower = threading.Thread(target=self._follow, name="replica", daemon=True)
        self.studio.on_commit.append(self._wake.set)
        _running[self._me] = self
        follower.start()
        try:
            yield self
        finally:
            self.studio.on_commit.remove(self._wake.set)
            _running.pop(self._me, None)
            self._stopping.set()
            self._wake.set()
            follower.join()
            self.close()

    @contextmanager
    def reading(self, token: str | None = None, patience: float = PATIENCE) -> Iterator[Cursor]:
        """A cursor that sees everything up to the transaction of this token (`changes.token`).

        Raises Behind when there is no copy that follows, or it does not hold that transaction within this many seconds.
        """
        with self.counting(token, patience) as (cursor, _):
            yield cursor

    @contextmanager
    def counting(self, token: str | None = None, patience: float = PATIENCE) -> Iterator[tuple[Cursor, Any]]:
        """As `reading`, with what its readers keep between them (`Layout.memo`)."""
        with self._synced:
            self._synced.wait_for(lambda: self._holds(token), patience if token and self._file else 0)
            if not self._holds(token) or self._file is None:
                raise Behind("The index is still catching up.")
            reading, memo = ExitStack(), self._file.memo
            cursor = reading.enter_context(self._file.reading())  # in here: afterwards it may be closed for a newer one
        with reading:
            yield cursor, memo

    def state(self) -> tuple[int, float] | None:
        """How many rows the copy holds, and seconds since it was like the database; None while there is none."""
        with self._synced:
            age, reading = time.monotonic() - self._seen, ExitStack()
            if self._file is None:
                return None
            cursor = reading.enter_context(self._file.reading())
        with reading:
            [(rows,)] = cursor.execute(f"SELECT count(*) FROM {self.layout.table}").fetchall()
        return int(rows), age

    def sync(self) -> bool:
        """Bring the copy to this moment; make one when there is none that can go on. Tells whether there was news."""
        with self._turn:
            before = self._file and self._file.place
            file = self._brought()
            self._use(file)
            file.write_back()
            if file.tail > max(self.long_tail, file.rows // 20):
                file = file.reordered(self._next())
                self._use(file)
            self._leave_seed(file)
            return file.place != before

    def _leave_seed(self, file: File) -> None:
        """Each file that was made here, and once a day: who comes with an older one than the log reads all anew."""
        made = file.path != self._begun and not file.tail
        old = self._seed.age(time.time()) > CHECK_SECONDS and time.monotonic() > self._seed_again
        if made or old:
            self._begun, self._seed_again = file.path, time.monotonic() + FIRST_CHECK_SECONDS
            file.write_back(least=0)
            self._seed.leave(file)
            self._seed_again = -math.inf  # only who had no room waits before trying again

    def check(self) -> None:
        """Compare with the database, by sums of everybody's images; a copy that differs is made anew."""
        self._check_at = -math.inf
        self.sync()

    def _brought(self) -> File:
        with replica_log.one_moment(self.studio.engine) as connection:
            now = replica_log.here(connection)
            file = self._file = self._file or self._left_behind()
            if file is None or not replica_log.can_go_on(connection, file.place, now):
                self._seen = -math.inf  # it may be another database's: nobody reads it from here on
                return self._made(connection, now)
            most = max(self.many, file.rows // 5)
            lines = replica_log.lines_since(connection, self.layout.rows, file.place, now, most)
            if sum(lines.values()) >= most:
                return self._made(connection, now)
            delta = replica_log.delta(connection, self.layout.rows, file.place, now, lines) if lines else None
            sums = replica_log.sums(connection, self.layout.rows) if time.monotonic() > self._check_at else None
        if delta:
            file.apply(delta)
        file.place = now
        return file if sums is None else self._checked(file, sums)

    def _made(self, connection: sa.Connection, now: replica_log.Place) -> File:
        return File.make(self._next(), self.layout, connection, now)

    def _checked(self, file: File, sums: set[replica_log.Sums]) -> File:
        self._check_at = time.monotonic() + CHECK_SECONDS
        if file.sums() == sums and not file.twice():
            return file
        log.broken(StudioError(f"The index in {self.layout.folder} differed from the database and is made anew."))
        self._abandon()
        return self._brought()

    def _abandon(self) -> None:
        with self._synced:
            before, self._file = self._file, None
        if before:
            before.retire()

    def twice(self) -> int:
        """How many rows are in it more than once; nothing but our own care keeps this at 0."""
        return self._file.twice() if self._file else 0

    def close(self) -> None:
        """Let go of the file and the slot; the file stays for the next start."""
        with self._turn:
            if self._file:
                self._file.retire(remove=False)
            if self._slot:
                self._slot.close()
            self._file = self._slot = self._folder = None

    def _follow(self) -> None:
        told = False
        while not self._stopping.is_set():
            self._wake.clear()
            pause = True
            try:
                pause = self.sync()
                told = False
            except Exception as error:  # the database may be away, the disk full: whatever it is, try again
                if not told:
                    log.broken(error)
                told = True
                self._doubt(error)
            if pause:
                self._stopping.wait(APART_SECONDS)
            self._wake.wait(LOOK_SECONDS)

    def _doubt(self, error: Exception) -> None:
        """What DuckDB complains about in its own file is not worth finding out: the next step makes another."""
        if isinstance(error, duckdb.Error):
            self._abandon()

    def _holds(self, token: str | None) -> bool:
        if self._file is None or time.monotonic() - self._seen > STALE_SECONDS:
            return False
        return token is None or self._file.place.covers(token)

    def _use(self, file: File) -> None:
        """From now on readers read this one."""
        with self._synced:
            before, self._file = self._file, file
            self._seen = time.monotonic()
            self._synced.notify_all()
        if before is not None and before is not file:
            before.retire()

    def _left_behind(self) -> File | None:
        """The newest whole file of this slot from an earlier run, else the seed; everything else in it goes."""
        if self._folder:
            return None  # what is there was abandoned
        folder = self._take_slot()
        files = sorted(folder.glob("*.duckdb"), key=self._number)
        newest = files.pop() if files and self._number(files[-1]) else None
        for path in (*files, *folder.glob("*.partial")):
            discard(path)
        file = (newest and opened(newest, self.layout)) or self._seed.grown(self._next())
        self._begun = file.path if file else None
        return file

    def _take_slot(self) -> Path:
        """A folder that no other process has; a lock ends with its process, however that ends."""
        for number in range(1000):
            folder = self.studio.settings.data_dir / self.layout.folder / str(number)
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            self._slot, self._folder = lock, folder
            return folder
        raise StudioError("A thousand processes use this DATA_DIR; there is no room for another index.")

    def _next(self) -> Path:
        folder = self._folder or self._take_slot()
        numbers = [self._number(path) for path in folder.glob("*.duckdb")]
        return folder / f"{self.layout.name}-{max(numbers, default=0) + 1}.duckdb"

    def _number(self, path: Path) -> int:
        """Which one it is; 0 for a file that is not for this code."""
        named = self._numbered.fullmatch(path.name)
        return int(named[1]) if named else 0
