"""Bring the database to the tables of this version, safely: all of it or nothing, with a copy first.

Alembic's batch mode rebuilds tables, and with foreign keys on, rebuilding a parent silently empties its children.
So migrations run with foreign keys off, in one transaction of our own, after a backup, and count rows before and after.
"""

import ast
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core import changes
from core.errors import Refused, StudioError

if TYPE_CHECKING:  # a quarter of a second to import, and hardly any start has something to upgrade
    from alembic.config import Config

SCRIPTS = Path(__file__).parent
LOCK = 0x496D6167  # an arbitrary number of ours for Postgres' advisory lock: one process migrates, the others wait
PATIENCE = 600
"""Seconds that a process waits on SQLite for another one's upgrade; a large database takes minutes."""
_NAMED = re.compile(r"^(revision|down_revision) = (.+)$", re.MULTILINE)


def migrate(engine: sa.Engine, scripts: Path = SCRIPTS) -> None:
    """Upgrade to the newest revision of `scripts`; does nothing when there.

    Raises Refused when the database is newer than the code or rows would be lost.
    """
    if at_head(engine, scripts):
        return
    from alembic import command

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


def newest(scripts: Path = SCRIPTS) -> str:
    """The revision that this version's tables are of."""
    return _head(scripts)


def _config(scripts: Path, connection: sa.Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@cache
def _revisions(scripts: Path) -> dict[str, str | None]:
    """Each revision with the one before it."""
    named = (dict(_NAMED.findall(path.read_text())) for path in scripts.glob("versions/*.py"))
    facts = [{name: ast.literal_eval(value) for name, value in one.items()} for one in named if one]
    return {one["revision"]: one["down_revision"] for one in facts}


def _head(scripts: Path) -> str:
    """The one that none comes after."""
    revisions = _revisions(scripts)
    [last] = revisions.keys() - set(revisions.values())
    return last


def _revision(connection: sa.Connection, scripts: Path) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision not in _revisions(scripts):
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
