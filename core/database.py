"""The primary database: SQLite in a folder or Postgres by its address, with the same promises.

Reading and writing are two doors. `transaction` may write and holds SQLite's write lock from its first line,
because a read that turns into a write fails at once in WAL mode (SQLITE_BUSY_SNAPSHOT); `reading` sees one moment.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core.errors import Refused
from core.settings import Settings

SAFE_SQLITE = (3, 51, 3)
"""Before it, two connections that checkpoint in WAL mode can corrupt the file (sqlite.org/changes.html, 3.53.0)."""
CONNECTIONS = 20


def open_database(settings: Settings) -> sa.Engine:
    """An engine on the database that the settings name. Creates the SQLite file's folder, no tables."""
    return (
        _open_sqlite(settings.data_dir / "studio.db") if settings.on_sqlite else _open_postgres(settings.database_url)
    )


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Session]:
    """One writing transaction: commits at the end, rolls back when anything is raised. Never wait for others inside."""
    with Session(engine, expire_on_commit=False) as db:
        if engine.dialect.name == "sqlite":
            db.connection().exec_driver_sql("BEGIN IMMEDIATE")
        yield db
        db.commit()


@contextmanager
def reading(engine: sa.Engine) -> Iterator[Session]:
    """One read transaction: everything read in it comes from the same moment on SQLite; what is written is lost."""
    with Session(engine, expire_on_commit=False) as db:
        if engine.dialect.name == "sqlite":
            db.connection().exec_driver_sql("BEGIN")
        yield db  # closing gives the transaction back; a rollback by hand would empty the rows that were read


def sqlite_version() -> str:
    """The version of the SQLite library that the studio uses; not the one that Python was built with."""
    import pysqlite3

    return str(pysqlite3.sqlite_version)


def _open_sqlite(path: Path) -> sa.Engine:
    from pysqlite3 import dbapi2

    if dbapi2.sqlite_version_info < SAFE_SQLITE:
        raise Refused(f"SQLite {dbapi2.sqlite_version} can damage data in this use. Install pysqlite3 0.6.1 or newer.")
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        f"sqlite:///{path.resolve()}",
        module=dbapi2,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        hide_parameters=True,  # prompts: whoever logs an error of the database would log them too
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    _use_wal(connection)


def _use_wal(connection: Any) -> None:
    """The first connection to a new file changes it for good. Others that do so at once fail without waiting."""
    for wait in (*[0.05] * 100, None):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except connection.OperationalError:
            if wait is None:
                raise
            time.sleep(wait)
        else:
            return


def _open_postgres(url: str) -> sa.Engine:
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise Refused("DATABASE_URL must begin with postgresql:// or be empty for the built-in SQLite.")
    return sa.create_engine(
        f"postgresql+psycopg://{rest}",
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,  # as above
        pool_pre_ping=True,  # the first query after a restart of the server would fail otherwise
        connect_args={"options": "-c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000"},
    )
