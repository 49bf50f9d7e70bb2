"""All rows at once, for a new file: each table travels by itself and is joined in DuckDB.

That leaves the database a third of the work, no prompt travels once for each of its images, and each text is folded
once. What a row says is the same SQL that the database reads for rows that changed (`Projection`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import SQLModel

from core.replica_read import FACETS, Projection, written

ID_LENGTH = 32
"""Digits of an id; no other text has a given length."""
BATCH = 4_000_000
"""Bytes of Postgres's rows that come at once."""
SAID = "_said"
"""Ends the name of a folded text."""
_COLUMN = re.compile(r"\b([a-z_]+)\.([a-z_]+)\b")


class Whole:
    """How one projection is read and joined. `fold` is SQL of DuckDB with a place for `{text}`."""

    def __init__(self, rows: Projection, fold: str) -> None:
        self.rows, self.fold = rows, fold
        self.columns: dict[str, set[str]] = {}
        """By table: those that the rows are made of."""
        for table, column in _COLUMN.findall(self.joined()):
            self.columns.setdefault(table, set()).add(column)

    def joined(self) -> str:
        """SELECT … FROM …, as `Projection.travelling`, of tables as `kept` says; where two folded texts meet, there is
        more than one blank."""
        facts = {name: sql for name, (sql, _) in self.rows.facts.items()}
        for name in self.rows.texts:
            facts[name] = _COLUMN.sub(rf"\1.\2{SAID}", facts[name])
        columns = ", ".join(f"{sql} AS {name}" for name, sql in {**facts, FACETS: self.rows.packed()}.items())
        return f"SELECT {columns} {self.rows.tables}"

    def order(self, facts: str) -> str:
        """ORDER BY of rows of the projection's own table, which has all these facts."""
        return re.sub("[a-z]+", lambda name: self.rows.facts[name[0]][0], facts)

    def kept(self, table: str) -> str:
        """SELECT … of what a block of this table holds, as it is joined: ids as numbers, texts folded."""
        return ", ".join(self._kept(table, name) for name in sorted(self.columns[table]))

    def _kept(self, table: str, name: str) -> str:
        if name.endswith(SAID):
            return f"{self.fold.format(text=name.removesuffix(SAID))} AS {name}"
        return f"{name}::UUID AS {name}" if self._is_number(table, name) else name

    def _is_number(self, table: str, name: str) -> bool:
        """An id, unless facets are made of it, which are texts."""
        alone = name.endswith("_id") and (f"{table}.{name}", pa.string()) in self.rows.facts.values()
        return alone or name == "id" or name.removesuffix("_id") in self.columns

    def read(self, connection: sa.Connection) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        """Each table's name and rows, all in the moment of this connection. To be read out before the next one.

        DuckDB takes a reader's blocks with one thread while another works on those before.
        """
        read = {
            table: [SQLModel.metadata.tables[table].c[name] for name in sorted({n.removesuffix(SAID) for n in names})]
            for table, names in self.columns.items()
        }
        if connection.dialect.name != "postgresql":
            return _written(connection, read)
        return _copied(connection, {table: [self._sent(table, c) for c in columns] for table, columns in read.items()})

    def _sent(self, table: str, column: sa.Column[Any]) -> str:
        """As Postgres sends it: ids in half the bytes, which DuckDB need not parse."""
        if self._is_number(table, column.name):
            return f"decode({column.name}, 'hex') AS {column.name}"
        zoned = isinstance(_plain(column), sa.DateTime)
        return f"{column.name} AT TIME ZONE 'UTC' AS {column.name}" if zoned else column.name


def _written(
    connection: sa.Connection, read: Mapping[str, Sequence[sa.Column[Any]]]
) -> Iterator[tuple[str, pa.RecordBatchReader]]:
    for table, columns in read.items():
        schema = pa.schema([(column.name, _kind(_plain(column))) for column in columns])
        free = {column.name for column in columns if _free(_plain(column))}
        sql = f"SELECT {', '.join(schema.names)} FROM {table}"
        blocks = written(connection, table, sql, schema, free)
        yield table, pa.RecordBatchReader.from_batches(schema, chain.from_iterable(b.to_batches() for b in blocks))


def _kind(of: sa.types.TypeEngine[Any]) -> pa.DataType:
    """Moments are text, in UTC."""
    if isinstance(of, (sa.String, sa.DateTime)):
        return pa.string()
    return pa.bool_() if isinstance(of, sa.Boolean) else pa.int64()


def _free(of: sa.types.TypeEngine[Any]) -> bool:
    return isinstance(of, sa.String) and of.length != ID_LENGTH


def _plain(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    return column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type


def _copied(connection: sa.Connection, read: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, pa.RecordBatchReader]]:
    """By a driver that takes Postgres's rows as columns; psycopg makes an object of each row."""
    with _beside(connection) as cursor:
        for table, columns in read.items():
            cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")
            with cursor.fetch_record_batch() as reader:
                yield table, reader


@contextmanager
def _beside(connection: sa.Connection) -> Iterator[Any]:
    """A cursor of a connection of its own that sees what this one sees."""
    from adbc_driver_postgresql import dbapi

    url = connection.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    moment = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
    with dbapi.connect(url, autocommit=True) as beside, beside.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(f"SET TRANSACTION SNAPSHOT '{moment}'")
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SET LOCAL {limit} = 0")
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH)})
        yield cursor
