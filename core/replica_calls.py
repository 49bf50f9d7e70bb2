"""What the replica knows of a call to a provider: one row of the ledger with what it was for, cost and brought.

What is counted over millions of calls is small numbers; `dim` says what they mean, and time is in quarters of an hour,
in which the days of every time zone begin.
"""

from collections.abc import Mapping, Set

import duckdb
import pyarrow as pa

from core.changes import ATTEMPT, GENERATION, TURN
from core.replica_layout import Layout
from core.replica_read import Projection

SLOT = 900
"""Seconds."""
# To count by something else, add a line: its name and its value, as text, in SQL that both databases read. What it
# depends on must be in `changes.WATCHED`. Files made with other lines than these are left alone and made anew.
DIMS: Mapping[str, str] = {
    "person": "generation.user_id",
    "model": "generation.provider || '/' || generation.model",
    "provider": "generation.provider",
    "project": "coalesce(generation.project_id, '')",
    "kind": "generation.kind",
    "state": "attempt.state",
    "error": "coalesce(attempt.error_kind, '')",
    "basis": "coalesce(attempt.cost_basis, '')",
}
NARROW = ("UTINYINT", 2**8 - 1)
WIDTHS = {"person": ("USMALLINT", 2**16 - 1), "model": ("USMALLINT", 2**16 - 1), "project": ("UINTEGER", 2**32 - 1)}
"""How their numbers are kept: DuckDB's type and its greatest, which nothing has."""
ABSENT = {name: WIDTHS.get(name, NARROW)[1] for name in DIMS}
_CHOSEN = """(SELECT count(*) FROM image WHERE image.generation_id = attempt.generation_id
    AND image.attempt_id = attempt.id AND image.selected AND image.deleted_at IS NULL)"""
CALLS = Projection(
    table="attempt",
    facts={
        "id": ("attempt.id", pa.string()),
        "made": ("attempt.started_at", pa.string()),
        "tree": ("coalesce(turn.root_id, turn.id)", pa.string()),
        "practice": ("CASE WHEN generation.practice THEN 1 ELSE 0 END", pa.int64()),
        "cost": ("attempt.cost", pa.int64()),
        "reserved": ("attempt.reserved_cost", pa.int64()),
        "took": ("attempt.duration_ms", pa.int64()),
        "waited": ("attempt.waited_ms", pa.int64()),
        "images": ("attempt.images", pa.int64()),
        "chosen": (_CHOSEN, pa.int64()),
        **{name: (sql, pa.string()) for name, sql in DIMS.items()},
    },
    tables="""
        FROM attempt
        JOIN generation ON generation.id = attempt.generation_id
        JOIN turn ON turn.id = generation.turn_id""",
    touched={
        ATTEMPT: f"SELECT c.row_id AS id, NULL AS owner FROM change_log AS c WHERE c.ent = {ATTEMPT} AND {{new}}",
        GENERATION: f"SELECT attempt.id, NULL FROM change_log AS c CROSS JOIN attempt"
        f" WHERE c.ent = {GENERATION} AND {{new}} AND attempt.generation_id = c.row_id",
        TURN: f"SELECT attempt.id, NULL FROM change_log AS c CROSS JOIN generation CROSS JOIN attempt"
        f" WHERE c.ent = {TURN} AND {{new}} AND generation.turn_id = c.row_id"
        f" AND attempt.generation_id = generation.id",
    },
    sums="""
        SELECT person, count(*), coalesce(sum(cost), 0), coalesce(sum(reserved), 0), coalesce(sum(took), 0),
            coalesce(sum(images), 0), coalesce(sum(chosen), 0)
        FROM {rows} GROUP BY person""",
    moments=("made",),
    free=tuple(DIMS),
)


class Names:
    """What the numbers of one file mean. They only ever become more, so what is known stays true."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], str] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def value(self, cursor: duckdb.DuckDBPyConnection, dim: str, number: int) -> str:
        """What this number stands for."""
        if (dim, number) not in self._known:
            self._read(cursor)
        return self._known[dim, number]

    def number(self, cursor: duckdb.DuckDBPyConnection, dim: str, value: str) -> int:
        """What stands for this value; ABSENT when nothing has it."""
        if (dim, value) not in self._numbers:
            self._read(cursor)
        return self._numbers.get((dim, value), ABSENT[dim])

    def forget(self) -> None:
        """Rows changed; names do not."""

    def _read(self, cursor: duckdb.DuckDBPyConnection) -> None:
        rows = cursor.execute("SELECT kind, no, key FROM dim").fetchall()
        self._known = {(dim, number): value for dim, number, value in rows}
        self._numbers = {(dim, value): number for dim, number, value in rows}


_EACH = " UNION ".join(f"SELECT '{name}' AS kind, {name} AS key FROM rows" for name in DIMS)
_LEARN = f"""
    INSERT INTO dim
    SELECT new.kind, known.most + row_number() OVER (PARTITION BY new.kind), new.key
    FROM (FROM ({_EACH}) ANTI JOIN dim USING (kind, key)) AS new
    JOIN (SELECT name AS kind, coalesce(max(no), 0) AS most
          FROM (SELECT unnest({list(DIMS)}) AS name) LEFT JOIN dim ON dim.kind = name GROUP BY name) AS known
    USING (kind)"""
_TABLES = f"""
    CREATE TABLE dim (kind VARCHAR, no UINTEGER, key VARCHAR);
    CREATE TABLE call (id UUID, made TIMESTAMP, slot UINTEGER, tree UBIGINT, practice BOOLEAN, cost BIGINT,
        reserved BIGINT, took INTEGER, waited INTEGER, images UTINYINT, chosen UTINYINT,
        {", ".join(f"{name} {WIDTHS.get(name, NARROW)[0]}" for name in DIMS)});
"""


def _select(*, many: bool) -> str:
    joins = " ".join(f"JOIN dim AS d_{name} ON d_{name}.kind = '{name}' AND d_{name}.key = r.{name}" for name in DIMS)
    return f"""
        SELECT r.id::UUID AS id, r.made::TIMESTAMP AS made, epoch(r.made::TIMESTAMP) // {SLOT} AS slot,
            hash(r.tree) AS tree, r.practice, r.cost, r.reserved, r.took, r.waited,
            least(r.images, 255) AS images, least(r.chosen, 255) AS chosen,
            {", ".join(f"d_{name}.no AS {name}" for name in DIMS)}
        FROM rows AS r {joins}"""


def _keys(rows: pa.Table) -> Set[str]:
    return {f"{name}={key}" for name in DIMS for key in rows[name].unique().to_pylist()}


LEDGER = Layout(
    folder="replica-calls",
    rows=CALLS,
    table="call",
    tables=_TABLES,
    order="made, id",
    least_block=16_384,
    known="SELECT kind || '=' || key FROM dim",
    keys=_keys,
    learn=_LEARN,
    select=_select,
    delete="DELETE FROM call WHERE id IN (SELECT id::UUID FROM touched)",
    sums="""
        SELECT d.key, count(*), coalesce(sum(cost), 0), coalesce(sum(reserved), 0), coalesce(sum(took), 0),
            coalesce(sum(images), 0), coalesce(sum(chosen), 0)
        FROM call JOIN dim AS d ON d.kind = 'person' AND d.no = call.person GROUP BY d.key""",
    beside=("dim",),
    memo=Names,
)
