"""An upgrade happens as a whole or not at all, loses no row, and may be interrupted by anything."""

import os
import shutil
import signal
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from core import migrations
from core.database import open_database, transaction
from core.errors import Refused, StudioError
from core.migrations import at_head, migrate
from core.settings import Settings
from core.tables import Conversation, User
from tests.processes import PROCESSES

HEAD = "0010"
pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")


@pytest.fixture
def engine(home: Settings) -> Iterator[sa.Engine]:
    opened = open_database(home)
    yield opened
    opened.dispose()


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    """A database of this version with a person and three conversations."""
    migrate(engine)
    with transaction(engine) as db:
        now = datetime.now(UTC)
        person = User(subject="alice", name="Alice", created_at=now)
        db.add(person)
        db.flush()
        db.add_all(Conversation(user_id=person.id, title=t, created_at=now, updated_at=now) for t in "abc")
    return engine


@pytest.fixture
def newer(tmp_path: Path) -> Callable[[str], Path]:
    """Makes the scripts of a version that is one change ahead: `newer("op.execute(...)")`."""

    def scripts(change: str) -> Path:
        folder = tmp_path / "100% newer"
        shutil.copytree(migrations.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        lines = '"""Later."""\nimport sqlalchemy as sa\nfrom alembic import op\n'
        lines += f"revision = 'later'\ndown_revision = {HEAD!r}\n\ndef upgrade():\n"
        (folder / "versions" / "later.py").write_text(lines + textwrap.indent(textwrap.dedent(change), "    "))
        return folder

    return scripts


def test_a_fresh_database_gets_exactly_the_tables_of_the_models(engine: sa.Engine) -> None:
    migrate(engine)

    assert differences(engine) == []
    assert at_head(engine)


def test_a_difference_would_be_seen(filled: sa.Engine) -> None:
    with filled.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_event_kind"))
        connection.execute(sa.text("ALTER TABLE image DROP COLUMN width"))

    assert sorted(what for what, _ in differences(filled)) == ["add_column", "add_index"]


def test_a_fresh_database_checks_what_the_models_check(home: Settings, engine: sa.Engine, tmp_path: Path) -> None:
    migrate(engine)
    plain = open_database(replace(home, data_dir=tmp_path / "plain"))
    migrated = checks(engine)
    if engine.dialect.name == "postgresql":
        SQLModel.metadata.drop_all(engine)
    SQLModel.metadata.create_all(plain)

    assert migrated == checks(plain)
    assert len(migrated) > 20
    plain.dispose()


def test_a_second_time_changes_nothing(filled: sa.Engine) -> None:
    before = everything(filled)

    migrate(filled)

    assert everything(filled) == before
    assert backups(filled) == []


def test_processes_that_start_together_migrate_once(home: Settings) -> None:
    assert together(migrate_at_once, home, migrations.SCRIPTS) == [0, 0, 0]

    assert everything(open_database(home))["revision"] == HEAD


def test_processes_that_start_together_upgrade_once_and_keep_the_copy_of_before(
    home: Settings, filled: sa.Engine, newer: Callable[[str], Path]
) -> None:
    scripts = newer("op.execute('INSERT INTO heartbeat (executor_id, beat_ms) VALUES (1, 1)')")

    assert together(migrate_at_once, home, scripts) == [0, 0, 0]

    assert everything(filled)["heartbeat"] == 1
    assert [everything(copy)["heartbeat"] for copy in backups(filled)] == ([0] if home.on_sqlite else [])


def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    filled: sa.Engine, newer: Callable[[str], Path]
) -> None:
    migrate(filled, newer("op.add_column('person', sa.Column('mood', sa.String()))"))
    before = everything(filled)

    with pytest.raises(Refused, match="newer Image Studio"):
        migrate(filled)

    assert everything(filled) == before


@pytest.mark.parametrize(
    "end",
    ["raise RuntimeError('half-way')", "op.execute('SELECT no_such_function()')", "op.execute('DELETE FROM person')"],
)
def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(
    filled: sa.Engine, newer: Callable[[str], Path], end: str
) -> None:
    before = everything(filled)
    scripts = newer(
        f"""
        op.create_table("half", sa.Column("id", sa.Integer, primary_key=True))
        op.execute("INSERT INTO half VALUES (1)")
        op.execute("UPDATE conversation SET title = 'changed'")
        op.execute("INSERT INTO heartbeat (executor_id, beat_ms) VALUES (1, 1)")
        {end}
        """
    )

    with pytest.raises((RuntimeError, sa.exc.DBAPIError, Refused)):
        migrate(filled, scripts)

    assert everything(filled) == before


def test_an_upgrade_that_would_lose_rows_is_refused_by_name(filled: sa.Engine, newer: Callable[[str], Path]) -> None:
    scripts = newer("op.execute(\"DELETE FROM conversation WHERE title = 'a'\")")

    with pytest.raises(Refused, match="lost rows of conversation; nothing was changed"):
        migrate(filled, scripts)


def test_before_an_upgrade_of_a_folder_there_is_a_copy_that_can_be_read(
    laptop: Settings, newer: Callable[[str], Path]
) -> None:
    engine = open_database(laptop)
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO heartbeat VALUES ('still in the write-ahead log', 1)")
    before = everything(engine)

    migrate(engine, newer("op.execute('UPDATE heartbeat SET beat_ms = 2')"))

    (copy,) = backups(engine)
    assert everything(copy) == before
    assert Path(str(copy.url.database)).name == f"studio-before-later-from-{HEAD}.db"
    with copy.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()


def test_an_upgrade_may_take_as_long_as_it_takes(home: Settings, newer: Callable[[str], Path]) -> None:
    scripts = newer(
        """
        if op.get_bind().dialect.name == "postgresql":
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                assert op.get_bind().exec_driver_sql(f"SHOW {limit}").scalar() == "0"
        """
    )
    engine = open_database(home)

    migrate(engine, scripts)

    with engine.connect() as connection:
        if not home.on_sqlite:
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "1min"
        else:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


FAMILY = """
    CREATE TABLE parent (id INTEGER PRIMARY KEY, name VARCHAR);
    CREATE TABLE child (id INTEGER PRIMARY KEY, of INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE);
    INSERT INTO parent VALUES (1, 'a');
    INSERT INTO child VALUES (1, 1), (2, 1)
"""
REBUILD = """
    for table in ("parent", "person"):
        with op.batch_alter_table(table) as batch:
            batch.alter_column("name", existing_type=sa.String(), type_=sa.String(200))
"""


def test_rebuilding_a_parent_keeps_its_children(filled: sa.Engine, newer: Callable[[str], Path]) -> None:
    found_family(filled)
    before = everything(filled)

    migrate(filled, newer(REBUILD))

    assert rows(filled) == rows_of(before)
    assert rows(filled)["child"] == 2


def test_rebuilding_a_parent_the_plain_way_empties_its_children(laptop: Settings) -> None:
    """The trap that the test above is about; should it ever close, the care is not needed any more."""
    engine = open_database(laptop)
    found_family(engine)

    with (
        engine.begin() as connection,
        Operations(MigrationContext.configure(connection)).batch_alter_table("parent", recreate="always") as batch,
    ):
        batch.alter_column("name", existing_type=sa.String(), type_=sa.String(200))

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM child").scalar() == 0
    engine.dispose()


CHANGES = """
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO later VALUES (1)")
    with op.batch_alter_table("conversation") as batch:
        batch.add_column(sa.Column("mood", sa.String()))
        batch.alter_column("title", existing_type=sa.String(), type_=sa.String(200))
    op.execute("UPDATE conversation SET title = 'changed', mood = 'calm'")
    with op.batch_alter_table("conversation") as batch:
        batch.create_index("ix_conversation_mood", ["mood"])
"""


def test_kill_9_at_any_statement_leaves_the_old_or_the_new(
    request: pytest.FixtureRequest, home: Settings, filled: sa.Engine, newer: Callable[[str], Path]
) -> None:
    scripts, old = newer(CHANGES), everything(filled)
    filled.dispose()

    for statement in range(1, 100):
        copy = copied(request, home, statement)
        killed = run(die_at, copy, scripts, statement) == -signal.SIGKILL
        engine = open_database(copy)
        found = everything(engine)
        assert found == old if killed else whole(found)
        if statement % 5 == 1:  # from what is the old one nothing else can come; some of them show it
            migrate(engine, scripts)
            assert whole(everything(engine))
        engine.dispose()
        if not killed:
            break

    assert not killed
    assert statement > 8  # so many places to die were tried


def test_kill_9_at_any_moment_leaves_the_old_or_the_new(
    request: pytest.FixtureRequest, home: Settings, filled: sa.Engine, newer: Callable[[str], Path]
) -> None:
    scripts, old = newer(CHANGES), everything(filled)
    filled.dispose()

    for line in range(4_000, 1_000_000, 15_000):  # it runs some 140,000 lines
        copy = copied(request, home, line)
        killed = run(die_at_line, copy, scripts, line) == -signal.SIGKILL
        engine = open_database(copy)
        found = everything(engine)
        assert (found == old and killed) or whole(found)
        migrate(engine, scripts)
        assert whole(everything(engine))
        engine.dispose()
        if not killed:
            break

    assert not killed
    assert line > 60_000  # so at least five deaths were tried


def differences(engine: sa.Engine) -> list[tuple[str, str]]:
    """What Alembic would change to get from the database to the models, which know nothing of how changes are read."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found = compare_metadata(context, SQLModel.metadata)
    flat = [(str(change[0]), getattr(change[-1], "name", str(change))) for change in found]
    ours = [("remove_table", "change_log"), ("remove_table", "change_mark")]
    if engine.dialect.name == "postgresql":
        ours += [("remove_column", "xid"), ("remove_index", "ix_event_xid")]
    return [change for change in flat if change not in ours]


def checks(engine: sa.Engine) -> set[str]:
    """The constraints by name, which Alembic does not compare, and the conditions of the partial indexes."""
    seen = sa.inspect(engine)
    kinds = (seen.get_multi_check_constraints, seen.get_multi_unique_constraints, seen.get_multi_foreign_keys)
    found = [described for kind in (*kinds, seen.get_multi_indexes) for of in kind().values() for described in of]
    return {_flat(described) for described in found if described["name"] != "ix_event_xid"}


def _flat(described: Any) -> str:
    options = {name: str(value) for name, value in described.get("dialect_options", {}).items()}
    return str(sorted((described | {"dialect_options": options}).items()))


def everything(engine: sa.Engine) -> dict[str, Any]:
    """The revision, every table with its columns and row count, and the titles of the conversations."""
    with engine.connect() as connection:
        seen = sa.inspect(connection)
        names = seen.get_table_names()
        found: dict[str, Any] = {
            f"columns of {t}": [c["name"] for c in cs] for (_, t), cs in seen.get_multi_columns().items()
        }
        found |= {
            f"indexes of {t}": sorted(str(i["name"]) for i in of) for (_, t), of in seen.get_multi_indexes().items()
        }
        counts = " UNION ALL ".join(f"SELECT '{t}', count(*) FROM \"{t}\"" for t in names)
        found |= dict(map(tuple, connection.exec_driver_sql(counts))) if names else {}
        if "conversation" in names:
            titles = connection.exec_driver_sql("SELECT title FROM conversation ORDER BY id").scalars()
            found["titles"] = "".join(titles)
        return found | {"revision": MigrationContext.configure(connection).get_current_revision()}


def rows(engine: sa.Engine) -> dict[str, int]:
    return rows_of(everything(engine))


def rows_of(found: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in found.items() if isinstance(count, int)}


def whole(found: dict[str, Any]) -> bool:
    """True for a database to which all of CHANGES happened."""
    return (
        found["revision"] == "later"
        and found["later"] == 1
        and found["titles"] == "changed" * 3
        and "ix_conversation_mood" in found["indexes of conversation"]
    )


def found_family(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for statement in FAMILY.split(";"):
            connection.exec_driver_sql(statement)


def backups(engine: sa.Engine) -> list[sa.Engine]:
    """The copies beside the database, opened."""
    if engine.dialect.name == "postgresql":
        return []
    folder = Path(str(engine.url.database)).parent
    assert not list(folder.glob("*.partial"))
    return [sa.create_engine(f"sqlite:///{path}") for path in folder.glob("studio-before-*")]


def copied(request: pytest.FixtureRequest, home: Settings, number: int) -> Settings:
    """Another database with the same in it; nobody may be connected to the first."""
    if home.on_sqlite:
        folder = home.data_dir.with_name(f"copy-{number}")
        shutil.copytree(home.data_dir, folder)
        return replace(home, data_dir=folder)
    template = home.database_url.rpartition("/")[2]
    return replace(home, database_url=request.getfixturevalue("postgres").new_database(template))


def together(what: Callable[..., None], *given: Any) -> list[int | None]:
    """Three processes do it at the same moment; how each ended."""
    barrier = PROCESSES.Barrier(3)
    running = [PROCESSES.Process(target=what, args=(barrier, *given)) for _ in range(3)]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    return [process.exitcode for process in running]


def run(what: Callable[..., None], *given: Any) -> int | None:
    """Do it in a process of its own; how it ended."""
    process = PROCESSES.Process(target=what, args=given)
    process.start()
    process.join(60)
    return process.exitcode


def migrate_at_once(barrier: Barrier, home: Settings, scripts: Path) -> None:
    engine = open_database(home)
    barrier.wait(60)
    migrate(engine, scripts)


def die_at(home: Settings, scripts: Path, statement: int) -> None:
    """Migrate, and die in the way of kill -9 right after the n-th statement that may change something."""
    left = iter(range(statement - 1))

    def count(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        if not sql.startswith(("SELECT", "PRAGMA")) and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = open_database(home)
    sa.event.listen(engine, "after_cursor_execute", count)
    migrate(engine, scripts)


def die_at_line(home: Settings, scripts: Path, line: int) -> None:
    """Migrate, and die in the way of kill -9 at the n-th line, wherever in any library that is."""
    import sys

    left = iter(range(line))

    def count(_frame: Any, event: str, _value: Any) -> Any:
        if event == "line" and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return count

    engine = open_database(home)
    sys.settrace(count)
    migrate(engine, scripts)
    sys.settrace(None)


def test_a_database_that_does_not_answer_is_told_in_a_sentence(laptop: Settings) -> None:
    """An operator met forty lines of traceback."""
    nowhere = open_database(replace(laptop, database_url="postgresql://nobody@127.0.0.1:1/nothing"))

    with pytest.raises(StudioError, match="The database does not answer"):
        migrate(nowhere)
