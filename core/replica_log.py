"""Where a reader of the change log stands, what changed since, and whether it can go on from there at all."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from core.replica_read import Projection

Sums = tuple[Any, ...]
HALVED = 2_000
"""So many rows Postgres looks up by two connections, half by each: a connection is one process there."""


@dataclass(frozen=True)
class Place:
    """One moment of one database. SQLite: the log's last number and its nonce. Postgres: a snapshot."""

    cursor: str
    home: str
    """Which database and which history of it this is; a restored or rebuilt one is another."""

    def covers(self, tokens: str) -> bool:
        """Whether the transactions that gave these tokens (`changes.token`) are part of it. Strange tokens are."""
        return all(map(self._covers, tokens.split()))

    def _covers(self, token: str) -> bool:
        if not (token.isascii() and token.isdigit()):
            return True
        number = int(token)
        if ":" not in self.cursor:
            return number <= int(self.cursor.partition(".")[0])
        lowest, next_one, running = self._snapshot
        return number < lowest or (number < next_one and number not in running)

    @cached_property
    def _snapshot(self) -> tuple[int, int, frozenset[int]]:
        lowest, next_one, running = self.cursor.split(":")
        return int(lowest), int(next_one), frozenset(map(int, running.split(","))) if running else frozenset()


@dataclass(frozen=True)
class Delta:
    """What became of some rows since a place."""

    touched: pa.Table
    """Ids, with each owner they had."""
    rows: pa.Table
    """Those that are there, as they are now."""
    place: Place


@contextmanager
def one_moment(engine: sa.Engine, same_as: sa.Connection | None = None) -> Iterator[sa.Connection]:
    """A read transaction in which everything comes from the same moment, however long it takes; on Postgres also from
    the moment of another one that is open."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            if same_as:
                moment = same_as.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
                connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{moment}'")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        try:
            yield connection
        finally:
            connection.rollback()


def here(connection: sa.Connection) -> Place:
    """This moment."""
    return Place(*connection.execute(_HERE[connection.dialect.name]).one())


def can_go_on(connection: sa.Connection, since: Place, now: Place) -> bool:
    """Whether the log still holds everything since that place, and the place is in this database's own past."""
    if since.home != now.home:
        return False
    return bool(connection.execute(_CAN_GO_ON[connection.dialect.name], _parameters(since, now)).scalar())


def lines_since(connection: sa.Connection, of: Projection, since: Place, now: Place, most: int) -> dict[int, int]:
    """How many lines are new that mean rows of this projection, by kind; counted up to `most` in all."""
    kinds = ", ".join(map(str, of.touched))
    new = f"SELECT ent FROM change_log AS c WHERE ent IN ({kinds}) AND {_NEW[connection.dialect.name]} LIMIT :most"
    sql = sa.text(f"SELECT ent, count(*) FROM ({new}) AS new GROUP BY ent")
    counted = connection.execute(sql, {**_parameters(since, now), "most": most})
    return {int(ent): int(n) for ent, n in counted}


def delta(connection: sa.Connection, of: Projection, since: Place, now: Place, kinds: Iterable[int]) -> Delta:
    """The rows that changed themselves, or of which something did that they depend on; of these kinds of lines."""
    new = _NEW[connection.dialect.name]
    touched = " UNION ALL ".join(of.touched[kind].format(new=new) for kind in kinds)
    each_once = sa.text(f"SELECT DISTINCT * FROM ({touched}) AS touched")
    found = connection.execute(each_once, _parameters(since, now)).cursor.fetchall()
    rows = _some(connection, of, [row_id for row_id, _ in found]) if found else of.schema.empty_table()
    return Delta(_owned(found), rows, now)


def sums(connection: sa.Connection, of: Projection) -> set[Sums]:
    """What a replica must come to as well, for each person."""
    found = connection.exec_driver_sql(of.sums.format(rows=f"({of.sql()}) AS rows")).all()
    return {(str(owner), *map(int, rest)) for owner, *rest in found}


def _some(connection: sa.Connection, of: Projection, ids: Sequence[str]) -> pa.Table:
    if len(ids) < HALVED or connection.dialect.name == "sqlite":
        return of.some(connection, ids)
    half = len(ids) // 2
    with one_moment(connection.engine, same_as=connection) as other, ThreadPoolExecutor(1) as beside:
        second = beside.submit(of.some, other, ids[half:])
        first = of.some(connection, ids[:half])
        return pa.concat_tables([first, second.result()])


def _owned(found: Sequence[Any]) -> pa.Table:
    ids, owners = zip(*found, strict=True) if found else ((), ())
    return pa.table({"id": pa.array(ids, pa.string()), "owner": pa.array(owners, pa.string())})


def _parameters(since: Place, now: Place) -> dict[str, Any]:
    if ":" in since.cursor:
        return {"since": since.cursor, "now": now.cursor}
    seq, _, nonce = since.cursor.partition(".")
    return {"since": int(seq), "nonce": int(nonce), "now": int(now.cursor.partition(".")[0])}


# The tables' own numbers are part of the home: a backup that is read back makes new ones. A truncated one begins a new
# epoch by trigger.
_HERE = {
    "sqlite": sa.text(
        "SELECT coalesce((SELECT seq || '.' || nonce FROM change_log ORDER BY seq DESC LIMIT 1), '0.0'),"
        " (SELECT value FROM change_mark WHERE name = 'epoch')"
    ),
    "postgresql": sa.text(
        "SELECT CAST(pg_current_snapshot() AS text), concat_ws('.',"
        " (SELECT system_identifier FROM pg_control_system()), (SELECT timeline_id FROM pg_control_checkpoint()),"
        " (SELECT oid FROM pg_database WHERE datname = current_database()),"
        " CAST('change_log' AS regclass)::oid, CAST('image' AS regclass)::oid,"
        " (SELECT value FROM change_mark WHERE name = 'epoch'))"
    ),
}
_CAN_GO_ON = {
    "sqlite": sa.text(
        "SELECT CASE WHEN :since = 0 THEN coalesce((SELECT min(seq) FROM change_log), 1) = 1"
        " ELSE EXISTS (SELECT 1 FROM change_log WHERE seq = :since AND nonce = :nonce) END"
    ),
    "postgresql": sa.text(
        "SELECT CAST(value AS bigint) < CAST(CAST(pg_snapshot_xmin(CAST(:since AS pg_snapshot)) AS text) AS bigint)"
        " FROM change_mark WHERE name = 'trimmed'"
    ),
}
# Postgres: what was not visible then and is now. A transaction that was seen once stays seen, so each line comes once,
# however late and with whatever small number it commits. The first condition only lets the index find it.
_NEW = {
    "sqlite": "c.seq > :since AND c.seq <= :now",
    "postgresql": "c.xid >= pg_snapshot_xmin(CAST(:since AS pg_snapshot))"
    " AND NOT pg_visible_in_snapshot(c.xid, CAST(:since AS pg_snapshot))"
    " AND pg_visible_in_snapshot(c.xid, CAST(:now AS pg_snapshot))",
}
