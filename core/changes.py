"""The change log: database triggers note every change that the gallery or the figures of calls depend on.

Triggers, because bulk statements, migrations and psql pass by everything that Python could listen to. A line of the log
says which row changed, not how: who follows reads that row as it is now, so reading a line twice does no harm.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

KEPT = timedelta(days=7)
"""How long a line stays. A copy that was away for longer is made anew."""


@dataclass(frozen=True)
class Watched:
    """A table whose rows something in a replica depends on."""

    ent: int
    """Which kind of row a line of the log means."""
    table: str
    key: str
    """The column that the log keeps as `row_id`."""
    columns: tuple[str, ...]
    """Only a change of one of these is noted."""
    owner: str = "NULL"
    """Only images need one: an image that is gone can no longer be asked."""
    only: str = ""
    """A column that must not be NULL: other rows mean nothing to it."""

    @property
    def name(self) -> str:
        """Part of its triggers' names."""
        return f"{self.table}_{self.only}" if self.only else self.table


IMAGE, GENERATION, TURN, CONVERSATION, POST, ATTEMPT = range(1, 7)
# To let a replica hold another fact, name its column here: an update of a column that is not here is not seen.
WATCHED = (
    Watched(
        IMAGE,
        "image",
        "id",
        (
            "id",
            "user_id",
            "generation_id",
            "post_id",
            "width",
            "height",
            "starred",
            "selected",
            "dhash",
            "created_at",
            "deleted_at",
        ),
        owner="user_id",
    ),
    Watched(
        GENERATION,
        "generation",
        "id",
        ("id", "turn_id", "user_id", "provider", "model", "kind", "practice", "project_id", "cost", "duration_ms"),
    ),
    Watched(TURN, "turn", "id", ("id", "conversation_id", "root_id", "prompt")),
    Watched(TURN, "reference", "turn_id", ("turn_id", "role")),
    Watched(CONVERSATION, "conversation", "id", ("id", "title", "project_id")),
    Watched(POST, "post", "id", ("id", "caption", "project_id")),
    Watched(
        ATTEMPT,
        "attempt",
        "id",
        (
            "id",
            "generation_id",
            "state",
            "error_kind",
            "cost",
            "cost_basis",
            "reserved_cost",
            "duration_ms",
            "waited_ms",
            "images",
            "started_at",
        ),
    ),
    # Whether what a call brought was chosen; told by the call, because a purged image says no more whose it was.
    Watched(
        ATTEMPT,
        "image",
        "attempt_id",
        ("attempt_id", "generation_id", "selected", "deleted_at"),
        only="attempt_id",
    ),
)


def watch(connection: sa.Connection) -> None:
    """Set all triggers anew and begin a new epoch, in the caller's transaction.

    Called after every upgrade: Alembic's way to change a table on SQLite is to make a new one, which silently leaves
    the old one's triggers behind, and what an upgrade did without them is in no log. Before there was one there is
    nothing to do.
    """
    if not sa.inspect(connection).has_table("change_log"):
        return
    make = _sqlite if connection.dialect.name == "sqlite" else _postgres
    for watched in WATCHED:
        for statement in make(watched):
            connection.exec_driver_sql(statement)
    connection.execute(_MARK, {"name": "epoch", "value": secrets.token_hex(8)})


def token(db: Session) -> str:
    """A word for this writing transaction, to be taken as its last step: a reader who shows it sees what was written.

    See `core.replica`.
    """
    db.flush()
    sqlite = db.get_bind().dialect.name == "sqlite"
    sql = "SELECT coalesce(max(seq), 0) FROM change_log" if sqlite else "SELECT pg_current_xact_id()::text"
    return str(db.execute(sa.text(sql)).scalar())


def newest(db: Session) -> str:
    """The token of the last writing transaction that this reader sees; "" when there was none."""
    sqlite = db.get_bind().dialect.name == "sqlite"
    sql = "SELECT max(seq) FROM change_log" if sqlite else "SELECT xid::text FROM change_log ORDER BY xid DESC LIMIT 1"
    return str(db.execute(sa.text(sql)).scalar() or "")


def trim(engine: sa.Engine, kept: timedelta = KEPT) -> None:
    """Forget old lines. The newest stays on SQLite: who has read it must find it."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        if sqlite:
            connection.execute(_TRIM_SQLITE, {"age": f"{-kept.total_seconds():.0f} seconds"})
            return
        gone = connection.execute(_TRIM_POSTGRES, {"age": kept}).scalar()
        if gone is not None:
            connection.execute(_RAISE_TRIMMED, {"value": str(gone)})


_MARK = sa.text("UPDATE change_mark SET value = :value WHERE name = :name")
_TRIM_SQLITE = sa.text(
    "DELETE FROM change_log WHERE at < datetime('now', :age) AND seq < (SELECT max(seq) FROM change_log)"
)
_TRIM_POSTGRES = sa.text(
    "WITH gone AS (DELETE FROM change_log WHERE at < clock_timestamp() - CAST(:age AS interval)"
    " AND xid < pg_snapshot_xmin(pg_current_snapshot()) RETURNING xid)"
    " SELECT max(CAST(CAST(xid AS text) AS bigint)) FROM gone"
)
_RAISE_TRIMMED = sa.text(
    "UPDATE change_mark SET value = :value WHERE name = 'trimmed' AND CAST(value AS bigint) < CAST(:value AS bigint)"
)


def _sqlite(watched: Watched) -> Iterator[str]:
    """One trigger for each kind of change, for each row."""
    of = ", ".join(column for column in watched.columns)
    moved = " OR ".join(f"OLD.{c} IS NOT NEW.{c}" for c in (watched.key, watched.owner) if c != "NULL")
    for name, when, lines in (
        ("insert", "INSERT", _line(watched, "NEW")),
        ("delete", "DELETE", _line(watched, "OLD")),
        ("update", f"UPDATE OF {of}", _line(watched, "NEW")),
        ("move", f"UPDATE OF {of}", _line(watched, "OLD")),
    ):
        trigger = f"watch_{watched.name}_{name}"
        told = "OLD" if name in ("delete", "move") else "NEW"
        when_told = [f"({moved})"] if name == "move" else []
        when_told += [f"{told}.{watched.only} IS NOT NULL"] if watched.only else []
        only = f" WHEN {' AND '.join(when_told)}" if when_told else ""
        yield f"DROP TRIGGER IF EXISTS {trigger}"
        yield f"CREATE TRIGGER {trigger} AFTER {when} ON {watched.table}{only} BEGIN {lines}; END"


def _line(watched: Watched, row: str) -> str:
    owner = "NULL" if watched.owner == "NULL" else f"{row}.{watched.owner}"
    return f"INSERT INTO change_log (ent, row_id, owner) VALUES ({watched.ent}, {row}.{watched.key}, {owner})"


def _postgres(watched: Watched) -> Iterator[str]:
    """One trigger for each kind of change, for each statement: what differs between the rows before and after it."""
    columns = ", ".join(dict.fromkeys((watched.key, watched.owner, *watched.columns)))
    came, gone = f"SELECT {columns} FROM came", f"SELECT {columns} FROM gone"
    differing = f"(({came} EXCEPT {gone}) UNION ALL ({gone} EXCEPT {came})) AS differing"
    for name, source, referencing in (
        ("insert", "came", "NEW TABLE AS came"),
        ("delete", "gone", "OLD TABLE AS gone"),
        ("update", differing, "OLD TABLE AS gone NEW TABLE AS came"),
    ):
        where = f" WHERE {watched.only} IS NOT NULL" if watched.only else ""
        lines = f"SELECT DISTINCT {watched.ent}, {watched.key}, {watched.owner} FROM {source}{where}"
        body = f"INSERT INTO change_log (ent, row_id, owner) {lines};"
        yield from _trigger(watched, name, body, f"REFERENCING {referencing}")
    epoch = "UPDATE change_mark SET value = md5(random()::text) WHERE name = 'epoch';"
    yield from _trigger(watched, "truncate", epoch, "")


def _trigger(watched: Watched, name: str, body: str, referencing: str) -> Iterator[str]:
    trigger = f"watch_{watched.name}_{name}"
    yield (
        f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS "
        f"$$ BEGIN {body} RETURN NULL; END $$"
    )
    yield (
        f"CREATE OR REPLACE TRIGGER {trigger} AFTER {name} ON {watched.table} {referencing} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {trigger}()"
    )
