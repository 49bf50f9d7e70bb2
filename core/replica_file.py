"""One file of a replica: a DuckDB database with one table in the order in which it is read, and where it stands.

No primary key and no index: what arrives is deleted and inserted, so arriving twice does no harm, and one transaction
holds rows and place together, so a crash leaves both old or both new.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from core.replica_fill import Filled, fill
from core.replica_layout import STATE, Layout
from core.replica_log import Delta, Place, Sums

MOST_BLOCKS = 256
"""Each takes some 0.2 MB of memory while a file is written, which has 256 in all."""
LARGE_LOG = 16_000_000
"""Bytes of write-ahead log after which it is written back; DuckDB's own way skips that while others read."""
MOST_REFUSALS = 5
"""So often readers may keep it from being written back; then they are waited for."""
PIECE = 2_048
"""Changed rows that one thread takes at a time."""
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "256MB",
    "threads": 2,
    "checkpoint_threshold": "1GB",  # `write_back` does it, when nobody waits for it
    "autoinstall_known_extensions": False,  # an unknown function would try the network for seconds
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}
MAKING = CONFIG | {"memory_limit": "1GB"}
"""For a file that is made anew, once in a long while: with less, DuckDB writes half of it to disk and back."""
_QUIET = "SET enable_progress_bar = false"
"""DuckDB would draw what takes more than two seconds into the log."""


class File:
    """An open file. One thread writes; any number read, each with a cursor of its own."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open what is there. Raises duckdb.Error when it is no whole file of ours."""
        self.path, self.layout = path, layout
        self._connection = duckdb.connect(str(path), config=CONFIG)
        self._writer = self._connection.cursor()
        self._writer.execute(_QUIET)
        ((cursor, home, self.tail),) = self._writer.execute("SELECT * FROM state").fetchall()
        self.place = Place(cursor, home)
        self.rows = int(self._writer.execute(f"SELECT count(*) FROM {layout.table}").fetchall()[0][0])
        """When it was opened."""
        self.memo = layout.memo()
        self._keys: set[str] = {key for (key,) in self._writer.execute(layout.known).fetchall()}
        """To look for them in the file takes longer than all else about a change."""
        self._readers = self._refused = 0
        self._retired = self._remove = False
        self._lock = threading.Lock()

    @classmethod
    def make(cls, path: Path, layout: Layout, primary: sa.Connection, place: Place) -> Self:
        """A new file with all rows of the database, in the moment of this connection, which is that place."""
        partial = _partial(path)
        with duckdb.connect(":memory:", config={**MAKING, "temp_directory": f"{partial}.tmp"}) as connection:
            connection.execute(_QUIET)
            connection.execute(layout.tables + STATE)
            filled = fill(connection, layout, primary)
            _write(connection, layout, filled, partial, place)
        partial.replace(path)
        return cls(path, layout)

    def apply(self, delta: Delta) -> None:
        """Bring these rows to their newest state and the file to that place: both or neither."""
        if delta.touched.num_rows:  # else nothing that is shown changed; the place is kept with the next change that is
            self._write(delta)
            self.tail += delta.rows.num_rows

    def _write(self, delta: Delta) -> None:
        writer, layout = self._writer, self.layout
        writer.register("touched", delta.touched)
        writer.register("rows", pa.Table.from_batches(delta.rows.to_batches(PIECE), delta.rows.schema))
        writer.execute("BEGIN")
        try:
            writer.execute(layout.delete)
            keys = layout.keys(delta.rows)
            if keys - self._keys:
                writer.execute(layout.learn)
            if keys:
                writer.execute(f"INSERT INTO {layout.table} BY NAME {layout.select(many=False)}")
            writer.execute(
                "UPDATE state SET cursor = $cursor, home = $home, tail = $tail",
                {**_named(delta.place), "tail": self.tail + delta.rows.num_rows},
            )
            writer.execute("COMMIT")
            self.memo.forget()
            self._keys |= keys
        except BaseException:
            with suppress(duckdb.Error):
                writer.execute("ROLLBACK")
            raise
        finally:
            writer.unregister("touched")
            writer.unregister("rows")

    def reordered(self, path: Path) -> "File":
        """The same in a new file, in order and without gaps; this one can be read meanwhile."""
        partial = _partial(path)
        _write(self._writer, self.layout, Filled.of(self._writer, self.layout), partial, self.place)
        partial.replace(path)
        return File(path, self.layout)

    def write_back(self, least: int = LARGE_LOG) -> None:
        """Empty the write-ahead log when it has so many bytes, unless somebody reads."""
        log = self.path.with_name(self.path.name + ".wal")
        if not log.exists() or log.stat().st_size < least:
            return
        try:
            self._writer.execute("CHECKPOINT" if self._refused < MOST_REFUSALS else "FORCE CHECKPOINT")
            self._refused = 0
        except duckdb.TransactionException:  # somebody reads
            self._refused += 1

    def sums(self) -> set[Sums]:
        """As `replica_log.sums`."""
        found = self._writer.execute(self.layout.sums).fetchall()
        return {(owner, *map(int, rest)) for owner, *rest in found}

    def twice(self) -> int:
        """How many rows are in it more than once; nothing but our own care keeps this at 0."""
        sql = f"SELECT count(*) - count(DISTINCT id) FROM {self.layout.table}"
        return int(self._writer.execute(sql).fetchall()[0][0])

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one reader. The file stays open until the last one is done."""
        with self._lock:
            self._readers += 1
        try:
            yield self._connection.cursor()
        finally:
            with self._lock:
                self._readers -= 1
                self._close_when_done()

    def retire(self, *, remove: bool = True) -> None:
        """No new readers; close, and remove the file, as soon as the last one is done."""
        with self._lock:
            self._retired, self._remove = True, remove
            self._close_when_done()

    def _close_when_done(self) -> None:
        if not self._retired or self._readers:
            return
        self._writer.close()
        self._connection.close()
        if self._remove:
            discard(self.path)


def opened(path: Path, layout: Layout) -> File | None:
    """The file at this path; one that is no whole file of ours is removed."""
    try:
        return File(path, layout)
    except duckdb.Error:
        discard(path)
        return None


def discard(path: Path) -> None:
    """Remove a file and what DuckDB keeps beside it."""
    for name in (path.name, f"{path.name}.wal"):
        path.with_name(name).unlink(missing_ok=True)
    shutil.rmtree(f"{path}.tmp", ignore_errors=True)


def _write(connection: duckdb.DuckDBPyConnection, layout: Layout, filled: Filled, path: Path, place: Place) -> None:
    """These rows and all other tables of this layout into a new file."""
    connection.execute(f"ATTACH '{_quoted(path)}' AS new (ROW_GROUP_SIZE {_block(layout, filled.rows)})")
    try:
        connection.execute("BEGIN")
        ordered = {**dict.fromkeys(layout.beside, "no"), "state": "1"}
        for table, order in ordered.items():
            connection.execute(f"CREATE TABLE new.{table} AS FROM {table} ORDER BY {order}")
        connection.execute(f"CREATE TABLE new.{layout.table} AS FROM {layout.table} LIMIT 0")
        connection.execute(f"INSERT INTO new.{layout.table} BY NAME {filled.sql}")
        connection.execute("UPDATE new.state SET tail = 0, cursor = $cursor, home = $home", _named(place))
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT new")  # nothing may be left in a log of the name that it loses
    except BaseException:
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("DETACH new")


def _block(layout: Layout, rows: int) -> int:
    block = layout.least_block
    while block * MOST_BLOCKS < rows:
        block *= 2
    return block


def _named(place: Place) -> dict[str, str]:
    return {"cursor": place.cursor, "home": place.home}


def _partial(path: Path) -> Path:
    """Another name for it until it is whole."""
    partial = path.with_suffix(".partial")
    discard(partial)
    return partial


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
