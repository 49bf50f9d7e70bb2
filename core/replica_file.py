"""One file of the replica: a DuckDB database with one table in the order in which people look, and where it stands.

No primary key and no index: what arrives is deleted and inserted, so arriving twice does no harm, and one transaction
holds rows and place together, so a crash leaves both old or both new.
"""

import hashlib
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from core import replica_rows
from core.replica_combos import Combos
from core.replica_log import SUMS, Delta, Place, Sums
from core.replica_rows import BETWEEN, FACETS
from core.tiles import UNIT

ROW_GROUP = 16_384
"""Rows that are read together; small, so that a page of one person touches little."""
LARGE_LOG = 16_000_000
"""Bytes of write-ahead log after which it is written back; DuckDB's own way skips that while others read."""
MOST_REFUSALS = 5
"""So often readers may keep it from being written back; then they are waited for."""
PIECE = 2_048
"""Changed rows that one thread takes at a time; folding their texts is nearly all of the work."""
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "256MB",
    "threads": 2,
    "checkpoint_threshold": "1GB",  # `write_back` does it, when nobody waits for it
    "autoinstall_known_extensions": False,  # an unknown function would try the network for seconds
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}
TABLES = f"""
    CREATE TABLE combo (no UINTEGER, key VARCHAR, {", ".join(f"{name} VARCHAR" for name in FACETS)});
    CREATE TABLE img (id UUID, owner UUID, made TIMESTAMP, live BOOLEAN, combo UINTEGER, cost BIGINT, took INTEGER,
        shape UTINYINT, post UUID, trashed TIMESTAMP, words VARCHAR, asked UBIGINT, dhash BIGINT);
    CREATE TABLE state (cursor VARCHAR, home VARCHAR, tail BIGINT);
    INSERT INTO state VALUES ('', '', 0);
"""
ORDER = "owner, made DESC, id DESC"
"""As people look: once the newest are read, no older block can hold what belongs on the page."""
_APART = r"[^\p{{L}}\p{{N}} ][^\p{{L}}\p{{N}}]*| [^\p{{L}}\p{{N}}]+"
"""All that stands between words but single blanks, which stay: to put a blank for each takes three times as long."""
FOLD = f"' ' || trim(regexp_replace(lower(strip_accents({{text}})), '{_APART}', ' ', 'g')) || ' '"
"""Text as it is searched: small letters without accents, one blank around every word; without words, two blanks."""
SAYS = "CASE WHEN {folded} <> '  ' THEN hash({folded}) END"
"""What two prompts have in common that say the same; NULL for one that says nothing in words."""
_SHAPE = f"least(greatest(f.width * {UNIT} // f.height, 1), 255)"


def _folded(rows: str) -> str:
    """Both texts by one expression: to prepare its pattern takes longer than to fold a few rows."""
    both = f"list_transform([told, prompt], lambda text: {FOLD.format(text='text')})"
    lists = f"(SELECT *, {both} AS texts FROM {rows})"
    return f"(SELECT * EXCLUDE texts REPLACE (texts[1] AS told, texts[2] AS prompt) FROM {lists})"


def _folded_once(rows: str) -> str:
    """As `_folded`, each text once: of many rows half the work, because images of one turn share their prompt."""
    texts = f"(SELECT told AS text FROM {rows} UNION SELECT prompt FROM {rows})"
    return f"""(
        WITH folded AS MATERIALIZED (SELECT text, {FOLD.format(text="text")} AS said FROM {texts})
        SELECT r.* REPLACE (a.said AS told, b.said AS prompt)
        FROM {rows} AS r
        LEFT JOIN folded AS a ON a.text = r.told
        LEFT JOIN folded AS b ON b.text = r.prompt
    )"""


def _insert(source: str, into: str = "img") -> str:
    return f"""
        INSERT INTO {into}
        SELECT f.id::UUID, f.owner::UUID, f.made::TIMESTAMP, f.trashed IS NULL, combo.no, f.cost, f.took, {_SHAPE},
            f.post::UUID, f.trashed::TIMESTAMP,
            CASE WHEN f.told = '  ' THEN f.prompt ELSE f.told || ltrim(f.prompt) END,
            {SAYS.format(folded="f.prompt")}, f.dhash
        FROM {source} AS f
        JOIN combo ON combo.key = f.facets
    """


_COMBOS = f"""
    INSERT INTO combo
    SELECT (SELECT coalesce(max(no), 0) FROM combo) + row_number() OVER (), facets,
        {", ".join(f"string_split(facets, '{BETWEEN}')[{place}]" for place in range(1, len(FACETS) + 1))}
    FROM (SELECT DISTINCT facets FROM rows WHERE facets NOT IN (SELECT key FROM combo)) AS new
"""
_DELETE = """
    DELETE FROM img
    WHERE owner IN (SELECT owner::UUID FROM touched) AND id IN (SELECT id::UUID FROM touched)
"""
_QUIET = "SET enable_progress_bar = false"
"""DuckDB would draw what takes more than two seconds into the log."""
_LAYOUT = f"{TABLES}{ORDER}{_insert(_folded('rows'))}{_COMBOS}{replica_rows.projection()}"
NAME = f"{hashlib.sha256(_LAYOUT.encode()).hexdigest()[:8]}-{duckdb.__version__}"
"""Part of the file's name: a file of another layout or another DuckDB is not for this code."""


class File:
    """An open file. One thread writes; any number read, each with a cursor of its own."""

    def __init__(self, path: Path) -> None:
        """Open what is there. Raises duckdb.Error when it is no whole file of ours."""
        self.path = path
        self._connection = duckdb.connect(str(path), config=CONFIG)
        self._writer = self._connection.cursor()
        self._writer.execute(_QUIET)
        ((cursor, home, self.tail),) = self._writer.execute("SELECT * FROM state").fetchall()
        self.place = Place(cursor, home)
        self.rows = int(self._writer.execute("SELECT count(*) FROM img").fetchall()[0][0])
        """When it was opened."""
        self.combos = Combos()
        self._keys: set[str] = {key for (key,) in self._writer.execute("SELECT key FROM combo").fetchall()}
        """Of combinations that are in it: to look for them there takes longer than all else about a change."""
        self._readers = self._refused = 0
        self._retired = self._remove = False
        self._lock = threading.Lock()

    @classmethod
    def make(cls, path: Path, blocks: Iterator[pa.Table], place: Place) -> Self:
        """A new file with these rows. Until it is whole it has another name."""
        with _building(path) as connection:
            connection.execute("CREATE TEMP TABLE unordered AS FROM img")
            _fill(connection, blocks)
            connection.execute("BEGIN")
            connection.execute(f"INSERT INTO img FROM unordered ORDER BY {ORDER}")
            connection.execute("UPDATE state SET cursor = $cursor, home = $home", _named(place))
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT new")  # nothing may be left in a log of the name that it loses
        return cls(path)

    def apply(self, delta: Delta) -> None:
        """Bring these images to their newest state and the file to that place: both or neither."""
        if delta.touched.num_rows:  # else nothing that is shown changed; the place is kept with the next change that is
            self._write(delta)
            self.tail += delta.rows.num_rows

    def _write(self, delta: Delta) -> None:
        writer = self._writer
        writer.register("touched", delta.touched)
        writer.register("rows", pa.Table.from_batches(delta.rows.to_batches(PIECE), delta.rows.schema))
        writer.execute("BEGIN")
        try:
            writer.execute(_DELETE)
            keys = set(delta.rows["facets"].to_pylist())
            if keys - self._keys:
                writer.execute(_COMBOS)
            if keys:
                writer.execute(_insert(_folded("rows")))
            writer.execute(
                "UPDATE state SET cursor = $cursor, home = $home, tail = $tail",
                {**_named(delta.place), "tail": self.tail + delta.rows.num_rows},
            )
            writer.execute("COMMIT")
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
        self._writer.execute(f"ATTACH '{_quoted(partial)}' AS new (ROW_GROUP_SIZE {ROW_GROUP})")
        try:
            self._writer.execute("BEGIN")
            for table, order in (("combo", "no"), ("img", ORDER), ("state", "1")):
                self._writer.execute(f"CREATE TABLE new.{table} AS FROM {table} ORDER BY {order}")
            self._writer.execute("UPDATE new.state SET tail = 0, cursor = $cursor", {"cursor": self.place.cursor})
            self._writer.execute("COMMIT")
            self._writer.execute("CHECKPOINT new")
        finally:
            self._writer.execute("DETACH new")
        partial.replace(path)
        return File(path)

    def write_back(self) -> None:
        """Empty the write-ahead log when it is large."""
        log = self.path.with_name(self.path.name + ".wal")
        if not log.exists() or log.stat().st_size < LARGE_LOG:
            return
        try:
            self._writer.execute("CHECKPOINT" if self._refused < MOST_REFUSALS else "FORCE CHECKPOINT")
            self._refused = 0
        except duckdb.TransactionException:  # somebody reads
            self._refused += 1

    def sums(self) -> set[Sums]:
        """As `replica_log.sums`."""
        found = self._writer.execute(SUMS.format(rows="img JOIN combo ON img.combo = combo.no")).fetchall()
        return {(owner.hex, *map(int, rest)) for owner, *rest in found}

    def twice(self) -> int:
        """How many images are in it more than once; nothing but our own care keeps this at 0."""
        return int(self._writer.execute("SELECT count(*) - count(DISTINCT id) FROM img").fetchall()[0][0])

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


def discard(path: Path) -> None:
    """Remove a file and what DuckDB keeps beside it."""
    for name in (path.name, f"{path.name}.wal"):
        path.with_name(name).unlink(missing_ok=True)
    shutil.rmtree(f"{path}.tmp", ignore_errors=True)


@contextmanager
def _building(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    partial = _partial(path)
    with duckdb.connect(":memory:", config={**CONFIG, "temp_directory": f"{partial}.tmp"}) as connection:
        connection.execute(_QUIET)
        connection.execute(f"ATTACH '{_quoted(partial)}' AS new (ROW_GROUP_SIZE {ROW_GROUP})")
        connection.execute("USE new")
        connection.execute(TABLES)
        yield connection
    partial.replace(path)


def _fill(connection: duckdb.DuckDBPyConnection, blocks: Iterator[pa.Table]) -> None:
    """Fold each block while the next one is read."""

    def keep(block: pa.Table) -> None:
        connection.register("rows", block)
        connection.execute(_COMBOS)
        connection.execute(_insert(_folded_once("rows"), into="unordered"))
        connection.unregister("rows")

    with ThreadPoolExecutor(1) as folding:
        kept = folding.submit(lambda: None)
        for block in blocks:
            kept.result()  # no more than two blocks at a time
            kept = folding.submit(keep, block)
        kept.result()


def _named(place: Place) -> dict[str, str]:
    return {"cursor": place.cursor, "home": place.home}


def _partial(path: Path) -> Path:
    partial = path.with_suffix(".partial")
    discard(partial)
    return partial


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
