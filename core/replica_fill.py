"""How all rows of the database come into a new file of a replica, while the next ones are read."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from core.replica_layout import Layout
from core.replica_whole import Whole

IN_TURN = "SET disabled_optimizers = 'join_order,build_side_probe_side'"
"""Joins are made as they are written: rows of the first table, in its order, each look up what belongs to them.

Each thread writes its rows in one piece, so the file is two pieces in order, until it is put in order as it ages. Of
each piece, all blocks but a few are passed by.
"""


@dataclass(frozen=True)
class Filled:
    """All rows as they shall lie in the file."""

    sql: str
    """To be asked once, of the connection that they came to."""
    rows: int
    """How many they are."""

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, layout: Layout) -> Self:
        """Those of the layout's table."""
        return cls(f"FROM {layout.table} ORDER BY {layout.order}", _count(connection, layout.table))


def fill(connection: duckdb.DuckDBPyConnection, layout: Layout, primary: sa.Connection) -> Filled:
    """Bring them to a connection with the empty tables of this layout, in the moment of the primary's connection."""
    if layout.whole:
        return _by_tables(connection, layout, layout.whole, primary)
    return _by_rows(connection, layout, primary)


def _by_rows(connection: duckdb.DuckDBPyConnection, layout: Layout, primary: sa.Connection) -> Filled:
    def keep(rows: pa.Table) -> None:
        connection.register("rows", rows)
        connection.execute(layout.learn)
        connection.execute(f"INSERT INTO {layout.table} BY NAME {layout.select(many=True)}")
        connection.unregister("rows")

    with ThreadPoolExecutor(1) as keeping:
        kept = keeping.submit(lambda: None)
        for block in layout.rows.every(primary):
            kept.result()  # no more than two blocks at a time
            kept = keeping.submit(keep, block)
        kept.result()
    return Filled.of(connection, layout)


def _by_tables(connection: duckdb.DuckDBPyConnection, layout: Layout, whole: Whole, primary: sa.Connection) -> Filled:
    for table, blocks in whole.read(primary):
        connection.register("blocks", blocks)
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT {whole.kept(table)} FROM blocks")
        connection.unregister("blocks")
    first = whole.rows.table
    # Before they are joined: whole rows, with all texts, take four times as long and as much room.
    connection.execute(f"CREATE TEMP TABLE in_order AS FROM {first} ORDER BY {whole.order(layout.order)}")
    connection.execute(f"DROP TABLE {first}")
    connection.execute(f"ALTER TABLE in_order RENAME TO {first}")
    connection.execute(IN_TURN)
    connection.execute(f"CREATE TEMP VIEW rows AS {whole.joined()}")
    connection.execute(layout.learn)
    return Filled(layout.select(many=True), _count(connection, first))


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(rows)
