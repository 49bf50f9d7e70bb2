"""The replica is what the database is: after any changes, by anybody, in any order of commits, through any crash.

`make test` lets processes write and die for some seconds on each database; `UNREST=600` makes it ten minutes.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import access, changes, replica, replica_file, replica_log
from core.access import Person
from core.replica import Behind, Replica
from core.replica_calls import CALLS, LEDGER
from core.replica_gallery import GALLERY
from core.replica_layout import Layout
from core.replica_read import Projection
from core.replica_rows import IMAGES
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import SOURCE, Attempt, Conversation, Generation, Image, Post, Reference, Turn
from tests import expected_calls, many, unrest
from tests.expected import differences
from tests.processes import PROCESSES

UNREST = float(os.environ.get("UNREST", "8"))
"""Seconds of it on each database."""
WRITERS = 3
TABLES = (Image, Generation, Turn, Conversation, Post, Reference, Attempt)
PATIENCE = 60
"""Seconds that a busy machine may take."""
NOTICED = "SELECT count(*) FROM change_log"


@pytest.fixture(params=["furnished", "on_postgres"], ids=["laptop", "on_postgres"])
def home(request: pytest.FixtureRequest) -> Settings:
    """Each database in turn, files in a folder."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def studio(home: Settings) -> Iterator[Studio]:
    opened = open_studio(home)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def open_copy(studio: Studio) -> Iterator[Callable[..., Replica]]:
    """Opens replicas, each as a process of its own would."""
    opened: list[Replica] = []

    def open_one(of: Studio = studio, layout: Layout = GALLERY, **limits: int) -> Replica:
        opened.append(Replica(of, layout, **limits))
        return opened[-1]

    yield open_one
    for copy in opened:
        copy.close()


@pytest.fixture
def copy(open_copy: Callable[..., Replica]) -> Replica:
    return open_copy()


@pytest.mark.timeout(7200)
def test_whatever_happens_it_is_what_the_database_is(home: Settings, open_copy: Callable[..., Replica]) -> None:
    """Processes write at random and are killed in the middle; so are those that follow, over and over."""
    studio, chance = open_studio(home), random.Random(20261121)
    for _ in range(60):
        unrest.disturb(studio, chance)
    writers = [start(unrest.write, home, chance.randrange(2**32)) for _ in range(WRITERS)]
    ends, moments = time.monotonic() + UNREST, set()

    while time.monotonic() < ends or len(moments) < 3:
        follower = start(unrest.follow, home)
        time.sleep(0.3 + 1.2 * chance.random())
        kill(follower)
        kill(writers.pop(chance.randrange(WRITERS)))
        with stopped(writers, studio):
            for layout, differing in ((GALLERY, differences), (LEDGER, expected_calls.differences)):
                copy = open_copy(studio, layout)
                copy.sync()
                assert differing(studio, copy) == []
                assert copy.twice() == 0
                copy.close()
            moments.add(lines(studio))
        writers.append(start(unrest.write, home, chance.randrange(2**32)))

    kill(*writers)
    studio.engine.dispose()


@pytest.mark.parametrize(("of", "least"), [(IMAGES, 12), (CALLS, 12)], ids=["images", "calls"])
def test_a_change_of_any_column_that_it_depends_on_is_noticed(studio: Studio, of: Projection, least: int) -> None:
    """Every column of these tables in turn takes another value: what is read stays the same, or the log has it."""
    alice = access.person_named(studio, "alice", "Alice")
    many.images(studio, alice, 2)
    with studio.transaction() as db:
        turn = db.exec(select(Turn)).first()
        post = Post(user_id=alice.id, caption="c", created_at=studio.now(), updated_at=studio.now())
        db.add(post)
        db.flush()
        db.execute(sa.update(Image).values(post_id=post.id))
        db.add(Reference(turn_id=turn.id, image_id=db.exec(select(Image.id)).first(), role=SOURCE))
        for number, generation_id in enumerate(db.exec(select(Generation.id)).all()):
            attempt = Attempt(generation_id=generation_id, number=number, started_at=studio.now(), images=1)
            db.add(attempt)
            db.flush()
            theirs = sa.update(Image).where(col(Image.generation_id) == generation_id)
            db.execute(theirs.values(attempt_id=attempt.id, selected=True))

    shown = {name for name in every_column() if alters(studio, name, of.sql())}
    noticed = {name for name in every_column() if alters(studio, name, NOTICED)}

    assert shown - noticed == set()
    assert len(shown) > least


def test_a_transaction_that_commits_late_with_small_numbers_is_not_lost(on_postgres: Settings) -> None:
    studio = open_studio(on_postgres)
    alice = access.person_named(studio, "alice", "Alice")
    late, quick = many.images(studio, alice, 2)
    copy, plain = Replica(studio), ByNumber(studio)
    copy.sync()

    with studio.transaction() as slow:
        slow.execute(sa.update(Image).where(col(Image.id) == late).values(starred=True))
        with studio.transaction() as db:
            db.execute(sa.update(Image).where(col(Image.id) == quick).values(starred=True))
        copy.sync()
        first = starred(copy), plain.read()
    copy.sync()
    then = starred(copy), plain.read()

    assert first == ({quick}, {quick})
    assert then == ({quick, late}, set())  # the plain way has lost it
    copy.close()
    studio.engine.dispose()


def test_many_rows_are_read_by_two_connections_from_one_moment(
    on_postgres: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_studio(on_postgres)
    ids = many.images(studio, access.person_named(studio, "alice", "Alice"), 5)
    copy = Replica(studio)
    copy.sync()
    monkeypatch.setattr(replica_log, "HALVED", 2)
    looked_up = replica_log.one_moment

    @contextmanager
    def after_another_wrote(engine: sa.Engine, same_as: sa.Connection | None = None) -> Iterator[sa.Connection]:
        if same_as:
            star(studio, *ids, starred=False)
        with looked_up(engine, same_as) as connection:
            yield connection

    monkeypatch.setattr(replica_log, "one_moment", after_another_wrote)
    star(studio, *ids)
    copy.sync()

    assert starred(copy) == set(ids)
    copy.close()
    studio.engine.dispose()


def test_a_long_transaction_holds_nobody_up(on_postgres: Settings) -> None:
    studio = open_studio(on_postgres)
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 4)
    copy, seen = Replica(studio), []
    copy.sync()

    with studio.transaction() as long:
        long.execute(sa.update(Image).where(col(Image.id) == ids[0]).values(starred=True))
        for image_id in ids[1:]:
            star(studio, image_id)
            copy.sync()
            seen.append(image_id in starred(copy))

    assert seen == [True] * 3
    copy.close()
    studio.engine.dispose()


def test_what_is_purged_is_gone(studio: Studio, copy: Replica) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    gone, *kept = many.images(studio, alice, 3)
    copy.sync()

    with studio.transaction() as db:
        db.execute(sa.delete(Image).where(col(Image.id) == gone))
    copy.sync()

    assert ids_of(copy) == set(kept)
    assert differences(studio, copy) == []


def test_what_changes_hands_is_there_once(studio: Studio, copy: Replica) -> None:
    alice, bob = (access.person_named(studio, name, name) for name in ("alice", "bob"))
    mine, yours = many.images(studio, alice, 4), many.images(studio, bob, 4)
    copy.sync()

    give(studio, mine[:1], bob)
    copy.sync()
    one = differences(studio, copy)
    give(studio, mine[2:], bob)
    give(studio, yours[:2], alice)
    copy.sync()

    assert (one, differences(studio, copy)) == ([], [])


def test_what_one_wrote_is_seen_by_who_waits_for_it(studio: Studio) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 50)
    with Replica(studio).running() as copy:
        until(lambda: is_there(copy))
        for image_id in ids[:20]:
            token = star(studio, image_id)
            with copy.reading(token, PATIENCE) as cursor:
                assert image_id in starred_of(cursor)


def test_what_is_not_in_it_yet_is_read_elsewhere(studio: Studio, copy: Replica) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    (image_id,) = many.images(studio, alice, 1)
    copy.sync()

    token = star(studio, image_id)

    with pytest.raises(Behind), copy.reading(token):
        pass
    copy.sync()
    with copy.reading(token) as cursor:
        assert starred_of(cursor) == {image_id}


def test_a_token_of_nobody_keeps_nobody_waiting(studio: Studio, copy: Replica) -> None:
    copy.sync()

    for token in ("", "abc", "-1", "1.5", "³"):
        with copy.reading(token) as cursor:
            assert cursor.execute("SELECT 1").fetchall() == [(1,)]


def test_without_a_copy_there_is_nothing_to_read(studio: Studio, copy: Replica) -> None:
    with pytest.raises(Behind), copy.reading():
        pass
    with pytest.raises(Behind):
        replica.of(studio)


def test_a_restart_goes_on_where_the_last_run_ended(studio: Studio, open_copy: Callable[..., Replica]) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    before = open_copy()
    before.sync()
    before.close()
    files = copies(studio)
    star(studio, ids[0])

    after = open_copy()
    after.sync()

    assert (copies(studio), starred(after)) == (files, {ids[0]})


def test_a_new_copy_reads_every_text_as_it_stands(studio: Studio, copy: Replica) -> None:
    """Thousands of rows travel as one text, in which some of these would mean something."""
    alice = access.person_named(studio, "alice", "Alice")
    texts = [
        '"',
        '""',
        'say "a, b"',
        ",",
        "\n",
        "a\r\nb,",
        "",
        " ",
        "NULL",
        "\\N",
        "\\.",
        "'",
        "ß-e\u0301 😀",
        "\u2028x",
        "a\tb",
    ]
    many.images(studio, alice, len(texts), each=1)
    with studio.transaction() as db:
        for turn, text in zip(db.scalars(select(Turn)).all(), texts, strict=True):
            turn.prompt = text
        for thread, text in zip(db.scalars(select(Conversation)).all(), reversed(texts), strict=True):
            thread.title = text

    copy.sync()

    assert differences(studio, copy) == []


def test_two_processes_have_a_copy_each(studio: Studio, open_copy: Callable[..., Replica]) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    pair = open_copy(), open_copy()
    for copy in pair:
        copy.sync()

    star(studio, ids[0])
    for copy in pair:
        copy.sync()

    assert [starred(copy) for copy in pair] == [{ids[0]}] * 2
    assert len(copies(studio)) == 2


@pytest.mark.parametrize("damage", [b"", b"no database", b"\0" * 100_000])
def test_a_file_that_cannot_be_read_is_made_anew(
    studio: Studio, open_copy: Callable[..., Replica], damage: bytes
) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    before = open_copy()
    before.sync()
    before.close()
    (file,) = copies(studio)
    file.write_bytes(damage)

    after = open_copy()
    after.sync()

    assert ids_of(after) == set(ids)


def test_its_files_may_go_at_any_time(studio: Studio, open_copy: Callable[..., Replica]) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    before = open_copy()
    before.sync()
    before.close()
    for file in copies(studio):
        file.unlink()

    after = open_copy()
    after.sync()

    assert ids_of(after) == set(ids)


def test_a_copy_that_differs_for_whatever_reason_is_found_and_made_anew(studio: Studio, copy: Replica) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    copy.sync()
    with copy.reading() as cursor:
        cursor.execute("DELETE FROM img WHERE id = $id", {"id": UUID(ids[0])})

    copy.sync()
    unseen = ids_of(copy)
    copy.check()

    assert (unseen, ids_of(copy)) == (set(ids[1:]), set(ids))
    assert len(copies(studio)) == 1


def test_a_check_that_finds_nothing_changes_nothing(studio: Studio, copy: Replica) -> None:
    many.images(studio, access.person_named(studio, "alice", "Alice"), 3)
    copy.sync()
    files = copies(studio)

    copy.check()

    assert copies(studio) == files


def test_a_database_that_was_set_back_is_read_anew(laptop: Settings) -> None:
    """Its log has the same numbers again soon; the nonce of the last line tells that they mean something else."""
    studio = open_studio(laptop)
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    database, backup = laptop.data_dir / "studio.db", laptop.data_dir / "backup.db"
    with studio.engine.connect() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{backup}'")
    star(studio, ids[0])
    copy = Replica(studio)
    copy.sync()
    copy.close()
    studio.engine.dispose()

    backup.replace(database)
    studio = open_studio(laptop)
    star(studio, ids[1])
    copy = Replica(studio)
    copy.sync()

    assert starred(copy) == {ids[1]}
    copy.close()
    studio.engine.dispose()


def test_who_was_away_while_the_log_was_trimmed_reads_anew(studio: Studio, open_copy: Callable[..., Replica]) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    before = open_copy()
    before.sync()
    before.close()
    star(studio, ids[0])
    star(studio, ids[1])

    changes.trim(studio.engine, timedelta(seconds=-10))
    after = open_copy()
    after.sync()

    assert starred(after) == {ids[0], ids[1]}
    with studio.reading() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM change_log")) <= 1


def test_who_is_there_is_not_disturbed_by_a_trimmed_log(studio: Studio, copy: Replica) -> None:
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    copy.sync()
    files = copies(studio)

    changes.trim(studio.engine, timedelta(seconds=-10))
    star(studio, ids[0])
    copy.sync()

    assert (starred(copy), copies(studio)) == ({ids[0]}, files)


def test_after_an_upgrade_it_is_made_anew_and_the_triggers_are_there(studio: Studio, copy: Replica) -> None:
    """Alembic rebuilds tables on SQLite and forgets their triggers; and an upgrade writes past them."""
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 3)
    copy.sync()
    if studio.engine.dialect.name == "sqlite":
        with studio.engine.begin() as connection:
            triggers = (
                connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
            )
            for name in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
    with studio.engine.begin() as connection:
        connection.execute(sa.text("UPDATE image SET starred = true WHERE id = :id"), {"id": ids[0]})
        changes.watch(connection)
    star(studio, ids[1])

    copy.sync()

    assert starred(copy) == {ids[0], ids[1]}


def test_many_changes_make_it_put_itself_in_order_again(studio: Studio, open_copy: Callable[..., Replica]) -> None:
    copy = open_copy(long_tail=10)
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 40)
    copy.sync()
    (first,) = copies(studio)

    for image_id in ids[:20]:
        star(studio, image_id)
    copy.sync()

    assert copies(studio) != [first]
    assert len(copies(studio)) == 1
    assert differences(studio, copy) == []


@pytest.mark.parametrize(("most", "blocks"), [(2, 2), (1, 1)])
def test_of_many_images_the_blocks_are_larger_and_not_more(
    furnished: Settings, monkeypatch: pytest.MonkeyPatch, most: int, blocks: int
) -> None:
    studio = open_studio(furnished)
    many.images(studio, access.person_named(studio, "alice", "Alice"), GALLERY.least_block + 1)
    monkeypatch.setattr(replica_file, "MOST_BLOCKS", most)
    copy = Replica(studio)

    copy.sync()

    with copy.reading() as cursor:
        found = cursor.execute("SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('img')").fetchall()
    assert found == [(blocks,)]
    copy.close()
    studio.engine.dispose()


def test_who_reads_while_it_changes_files_reads_to_the_end(studio: Studio, open_copy: Callable[..., Replica]) -> None:
    copy = open_copy(many=1)
    alice = access.person_named(studio, "alice", "Alice")
    ids = many.images(studio, alice, 5)
    copy.sync()

    with copy.reading() as cursor:
        star(studio, *ids)
        copy.sync()
        old = starred_of(cursor)
        while_read = len(copies(studio))

    assert (old, starred(copy)) == (set(), set(ids))
    assert (while_read, len(copies(studio))) == (2, 1)


def every_column() -> list[sa.Column[Any]]:
    return [column for table in TABLES for column in table.__table__.columns]


def alters(studio: Studio, column: sa.Column[Any], seen: str) -> bool:
    """Whether another value in this column makes a difference to what is seen; it is taken back."""
    with studio.engine.connect() as connection:
        if studio.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        before = _seen(connection, seen)
        try:
            connection.exec_driver_sql(f"UPDATE {column.table} SET {column.name} = {_another(column)}")
            return _seen(connection, seen) != before
        except (sa.exc.IntegrityError, sa.exc.DataError):
            return False  # a link to nowhere, or the same twice: the database itself forbids it
        finally:
            connection.rollback()
            connection.invalidate()


def _seen(connection: sa.Connection, sql: str) -> list[Any]:
    return sorted(map(tuple, connection.exec_driver_sql(sql).all()), key=repr)


def _another(column: sa.Column[Any]) -> str:
    if column.name == "role":
        return "'mask'"
    kind = type(column.type).__name__
    return {
        "Boolean": f"NOT {column.name}",
        "Integer": f"coalesce({column.name}, 0) + 1000",
        "BigInteger": f"coalesce({column.name}, 0) + 1000",
        "Dollars": f"coalesce({column.name}, 0) + 1000",
        "Float": "0.9",
        "Moment": "'2020-01-01 00:00:00.000000'",
        "Date": "'2020-01-01'",
        "JSON": "'[1]'",
    }.get(kind, f"concat({column.name}, 'x')")


class ByNumber:
    """The plain way to follow the log, as a control: everything with a higher number than the last."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.last = studio, 0
        self.read()

    def read(self) -> set[str]:
        with self.studio.reading() as db:
            newer = sa.text("SELECT seq, row_id FROM change_log WHERE seq > :last")
            rows = db.execute(newer, {"last": self.last}).all()
        self.last = max([self.last, *(row.seq for row in rows)])
        return {row.row_id for row in rows}


def start(what: Callable[..., None], *given: Any) -> Any:
    process = PROCESSES.Process(target=what, args=given, daemon=True)
    process.start()
    return process


def kill(*processes: Any) -> None:
    """With -9; all of them were still at it."""
    at_it = [process.is_alive() for process in processes]
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
    assert all(at_it)


@contextmanager
def stopped(processes: list[Any], studio: Studio) -> Iterator[None]:
    """In the middle of whatever they do, with their transactions open; what a server was told already is done."""
    for process in processes:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        until(lambda: not under_way(studio))
        yield
    finally:
        for process in processes:
            os.kill(process.pid, signal.SIGCONT)


def under_way(studio: Studio) -> int:
    """How many others Postgres works for: a commit that came before its process was killed is carried out."""
    if studio.engine.dialect.name == "sqlite":
        return 0
    others = "pid <> pg_backend_pid() AND datname = current_database() AND state = 'active'"
    others += " AND backend_type = 'client backend'"  # nor the server's own cleaning, which may take a minute
    others += " AND coalesce(wait_event_type, '') NOT IN ('Lock', 'Client')"  # for one that is stopped
    with studio.reading() as db:
        return int(db.scalar(sa.text(f"SELECT count(*) FROM pg_stat_activity WHERE {others}")) or 0)


def lines(studio: Studio) -> int:
    with studio.reading() as db:
        return int(db.scalar(sa.text("SELECT max(seq) FROM change_log")) or 0)


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


def is_there(copy: Replica) -> bool:
    try:
        with copy.reading():
            return True
    except Behind:
        return False


def give(studio: Studio, image_ids: list[str], to: Person) -> None:
    with studio.transaction() as db:
        db.execute(sa.update(Image).where(col(Image.id).in_(image_ids)).values(user_id=to.id))


def star(studio: Studio, *image_ids: str, starred: bool = True) -> str:
    with studio.transaction() as db:
        db.execute(sa.update(Image).where(col(Image.id).in_(image_ids)).values(starred=starred))
        return changes.token(db)


def starred(copy: Replica) -> set[str]:
    with copy.reading() as cursor:
        return starred_of(cursor)


def starred_of(cursor: Any) -> set[str]:
    rows = cursor.execute("SELECT id FROM img JOIN combo ON img.combo = combo.no WHERE starred = 'yes'").fetchall()
    return {row[0].hex for row in rows}


def ids_of(copy: Replica) -> set[str]:
    with copy.reading() as cursor:
        return {row[0].hex for row in cursor.execute("SELECT id FROM img").fetchall()}


def copies(studio: Studio) -> list[Any]:
    return sorted((studio.settings.data_dir / "replica").glob("*/*.duckdb"))
