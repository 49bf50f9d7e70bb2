"""Bring the database to the tables of this version, safely: all of it or nothing, with a copy first.

Alembic's batch mode rebuilds tables, and with foreign keys on, rebuilding a parent silently empties its children.
So migrations run with foreign keys off, in one transaction of our own, after a backup, and count rows before and after.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core import changes
from core.errors import Refused, StudioError

SCRIPTS = Path(__file__).parent
LOCK = 0x496D6167  # an arbitrary number of ours for Postgres' advisory lock: one process migrates, the others wait
PATIENCE = 600
"""Seconds that a process waits on SQLite for another one's upgrade; a large database takes minutes."""


def migrate(engine: sa.Engine, scripts: Path = SCRIPTS) -> None:
    """Upgrade to the newest revision of `scripts`; does nothing when there.

    Raises Refused when the database is newer than the code or rows would be lost.
    """
    if at_head(engine, scripts):
        return
    with _alone(engine) as connection:
        revision = _revision(connection, scripts)
        if revision == _head(scripts):
            return  # another process was first
        if revision and engine.dialect.name == "sqlite":
            _back_up(engine, f"studio-before-{_head(scripts)}-from-{revision}.db")
        before = _counts(connection)
        command.upgrade(_config(scripts, connection), "head")
        changes.watch(connection)
        _check(connection, before)


def at_head(engine: sa.Engine, scripts: Path = SCRIPTS) -> bool:
    """True when the database has exactly this version's tables.

    Raises Refused when it is newer than the code, StudioError when it does not answer.
    """
    try:
        with engine.connect() as connection:
            return _revision(connection, scripts) == _head(scripts)
    except sa.exc.OperationalError as error:
        raise StudioError("The database does not answer, or lets nobody in. Check DATABASE_URL.") from error


def _config(scripts: Path, connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _head(scripts: Path) -> str | None:
    return ScriptDirectory.from_config(_config(scripts)).get_current_head()


def _revision(connection: sa.Connection, scripts: Path) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(_config(scripts)).walk_revisions()}
    if revision is not None and revision not in known:
        raise Refused("This database was written by a newer Image Studio. Start that version; nothing was changed.")
    return revision


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One connection, one transaction, nobody else writing; however long the others must wait."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE * 1000}")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SET LOCAL statement_timeout=0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout=0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        try:
            yield connection
            connection.commit()
        finally:
            connection.invalidate()  # never back into the pool with foreign keys off


def _back_up(engine: sa.Engine, name: str) -> None:
    """A compact copy of what is committed, beside the database. VACUUM INTO includes the WAL and flushes nothing."""
    copy = Path(str(engine.url.database)).with_name(name)
    partial = copy.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with engine.connect() as connection:  # a second one: VACUUM is refused inside the transaction that keeps us alone
        connection.execute(sa.text("VACUUM INTO :copy").bindparams(copy=str(partial)))
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(copy)


def _counts(connection: sa.Connection) -> dict[str, int]:
    tables = [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"]
    quote = connection.dialect.identifier_preparer.quote
    return {t: connection.exec_driver_sql(f"SELECT count(*) FROM {quote(t)}").scalar_one() for t in tables}


def _check(connection: sa.Connection, before: dict[str, int]) -> None:
    after = _counts(connection)
    lost = [table for table, rows in before.items() if after.get(table, 0) < rows]
    if connection.dialect.name == "sqlite":
        lost += [row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
    if lost:
        raise Refused(f"The upgrade would have lost rows of {', '.join(sorted(set(lost)))}; nothing was changed.")
