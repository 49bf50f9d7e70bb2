"""How rows of the database travel to the replica: chosen facts of each, in the same columns from either database."""

import io
import json
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv

BLOCK = 20_000
"""Rows in one piece of a bulk read: some 10 MB."""
FEW = 100
"""So many rows Postgres looks up one by one by itself."""
ALONE = {"max_parallel_workers_per_gather": "0", "jit": "off"}
"""Several processes do a third more work in all, and keep from it whoever takes the rows in."""
LOOKED_UP = {**ALONE, "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""For some thousands Postgres would read whole tables."""
IN_MEMORY = {**ALONE, "work_mem": "'128MB'"}
"""For all rows its usual 4 MB are too few to join them in: it would write parts of tables away and read them again."""
BETWEEN = "\x1f"
"""Stands between the facets of a row while they travel as one text, which is twice as fast as one by one."""
FACETS = "facets"
"""The column that they travel in."""
QUOTED, PLAIN = '"%w"', "%s"


@dataclass(frozen=True)
class Projection:
    """What one kind of row says in the replica. All SQL is such that both databases read it, and DuckDB where
    `replica_whole` joins."""

    table: str
    """Whose rows: one of them is one row of the replica, by its `id`."""
    facts: Mapping[str, tuple[str, pa.DataType]]
    """Columns by name: SQL and type. Moments are text, in UTC."""
    tables: str
    """FROM …"""
    touched: Mapping[int, str]
    """By kind of line in the change log: a query for the ids that such lines mean, and the owners that these had or
    have; see `replica_log`."""
    sums: str
    """What a copy must come to as well, for each owner: over `{rows}`."""
    facets: Mapping[str, str] = field(default_factory=dict)
    """Facts of few values, as text."""
    moments: tuple[str, ...] = ()
    """Facts that are moments."""
    free: tuple[str, ...] = ()
    """Facts in which anything may stand; they are never NULL."""
    texts: tuple[str, ...] = ()
    """Facts made of texts that are searched: `replica_whole` folds those before it joins."""

    @cached_property
    def schema(self) -> pa.Schema:
        """How its rows travel."""
        packed = [(FACETS, pa.string())] if self.facets else []
        return pa.schema([(name, kind) for name, (_, kind) in self.facts.items()] + packed)

    def sql(self) -> str:
        """SELECT … FROM … without conditions: all facts and facets by name."""
        facts = {name: sql for name, (sql, _) in self.facts.items()}
        return f"SELECT {_named({**facts, **self.facets})} {self.tables}"

    def travelling(self, connection: sa.Connection) -> str:
        """The same as it is read: in the columns of `schema`."""
        zoned = connection.dialect.name == "postgresql"  # it keeps zones, and writes them into texts
        facts = {name: _moment(sql) if zoned and name in self.moments else sql for name, (sql, _) in self.facts.items()}
        packed = {FACETS: self.packed()} if self.facets else {}
        return f"SELECT {_named({**facts, **packed})} {self.tables}"

    def packed(self) -> str:
        """All facets as one text."""
        return f" || '{BETWEEN}' || ".join(self.facets.values())

    def every(self, connection: sa.Connection) -> Iterator[pa.Table]:
        """All of them, block by block; as CSV, which holds up no other thread as Python's objects do."""
        if connection.dialect.name == "postgresql":
            return (parsed(block, self.schema) for block in self._copied(connection))
        return written(connection, self.table, self.travelling(connection), self.schema, {*self.free, FACETS})

    def some(self, connection: sa.Connection, ids: Sequence[str]) -> pa.Table:
        """Those of these ids; in one parameter, for there may be tens of thousands."""
        arrays = connection.dialect.name == "postgresql"
        among = "= ANY(:ids)" if arrays else "IN (SELECT value FROM json_each(:ids))"
        given = {"ids": list(ids) if arrays else json.dumps(ids)}
        sql = f"{self.travelling(connection)} WHERE {self.table}.id {among}"
        with _set(connection, LOOKED_UP) if arrays and len(ids) > FEW else nullcontext():
            return self._table(connection.execute(sa.text(sql), given).cursor.fetchall())

    def _table(self, rows: Sequence[Sequence[Any]]) -> pa.Table:
        columns = list(zip(*rows, strict=True)) or [()] * len(self.schema)
        arrays = [pa.array(c, field.type) for c, field in zip(columns, self.schema, strict=True)]
        return pa.table(arrays, schema=self.schema)

    def _copied(self, connection: sa.Connection) -> Iterator[bytes]:
        """Postgres writes CSV itself, inside the caller's snapshot."""
        raw: Any = connection.connection.driver_connection
        sql = f"COPY ({self.travelling(connection)}) TO STDOUT (FORMAT csv)"
        with _set(connection, IN_MEMORY), raw.cursor() as cursor, cursor.copy(sql) as copy:
            lines = (bytes(line) for line in copy)
            while block := b"".join(islice(lines, BLOCK)):
                yield block


def written(
    connection: sa.Connection, table: str, sql: str, schema: pa.Schema, free: Container[str]
) -> Iterator[pa.Table]:
    """What a query without conditions finds for each row of a table of SQLite, which puts the lines together itself.

    Texts in the columns of `free` may hold anything, and NULL comes as an empty one. Numbers of rows only say where a
    block ends.
    """
    (last,) = connection.exec_driver_sql(f"SELECT coalesce(max(rowid), 0) FROM {table}").one()
    names = schema.names  # %w doubles quotes, %s of NULL is empty
    line = f"printf('{','.join(QUOTED if name in free else PLAIN for name in names)}', {', '.join(names)})"
    block = f"{sql} WHERE {table}.rowid > ? AND {table}.rowid <= ?"
    lines = f"SELECT CAST(group_concat({line}, char(10)) AS BLOB) FROM ({block})"
    for start in range(0, last, BLOCK):
        (found,) = connection.exec_driver_sql(lines, (start, start + BLOCK)).one()
        if found:
            yield parsed(found, schema)


def parsed(block: bytes, schema: pa.Schema) -> pa.Table:
    """Lines of CSV as columns."""
    read = csv.ReadOptions(column_names=schema.names, block_size=1 << 30, use_threads=False)
    parse = csv.ParseOptions(newlines_in_values=True)
    convert = csv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return csv.read_csv(io.BytesIO(block), read, parse, convert)


def _named(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


@contextmanager
def _set(connection: sa.Connection, settings: Mapping[str, str]) -> Iterator[None]:
    """Postgres works like this until the end of the block."""
    for name, value in settings.items():
        connection.exec_driver_sql(f"SET LOCAL {name} = {value}")
    yield
    for name in settings:
        connection.exec_driver_sql(f"SET LOCAL {name} TO DEFAULT")


def _moment(sql: str) -> str:
    return f"CAST({sql} AT TIME ZONE 'UTC' AS text)"
