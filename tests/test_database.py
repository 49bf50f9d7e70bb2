"""SQLite and Postgres make the same promises: whole transactions, exact values, reads along an index."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from sqlmodel import Session, col, func, select

from core import access, conversations, database, gallery, generations, pace
from core.access import Person
from core.database import SAFE_SQLITE, open_database, reading, sqlite_version, transaction
from core.errors import Refused
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import STORED, Attempt, Conversation, Generation, Heartbeat, User, new_id
from tests import many
from tests.processes import PROCESSES

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(params=["furnished", "on_postgres"], ids=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest) -> Settings:
    """Each database in turn, with its tables."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def engine(home: Settings) -> Iterator[sa.Engine]:
    opened = open_database(home)
    yield opened
    opened.dispose()


def test_what_is_written_is_there_afterwards(engine: sa.Engine) -> None:
    with transaction(engine) as db:
        db.add(Heartbeat(executor_id="a", beat_ms=1))

    assert beats(engine) == {"a": 1}


def test_when_anything_is_raised_nothing_was_written(engine: sa.Engine) -> None:
    with pytest.raises(KeyError), transaction(engine) as db:
        db.add(Heartbeat(executor_id="a", beat_ms=1))
        db.flush()
        raise KeyError

    assert beats(engine) == {}


def test_a_process_that_is_killed_inside_a_transaction_writes_nothing(home: Settings, engine: sa.Engine) -> None:
    assert run_together(write_and_die, home, processes=1) == [-signal.SIGKILL]

    assert beats(engine) == {}


def test_reading_writes_nothing(engine: sa.Engine) -> None:
    with reading(engine) as db:
        db.add(Heartbeat(executor_id="a", beat_ms=1))
        db.flush()

    assert beats(engine) == {}


def test_rows_stay_readable_after_their_transaction(engine: sa.Engine) -> None:
    with transaction(engine) as db:
        db.add(Heartbeat(executor_id="a", beat_ms=1))

    with reading(engine) as db:
        row = db.get_one(Heartbeat, "a")

    assert row.beat_ms == 1


def test_writers_in_several_processes_lose_no_update(home: Settings, engine: sa.Engine) -> None:
    with transaction(engine) as db:
        db.add(Heartbeat(executor_id="shared", beat_ms=0))

    assert run_together(count_up, home, processes=3) == [0, 0, 0]

    assert beats(engine) == {"shared": 3 * TIMES}


def test_a_reader_is_not_held_up_by_a_writer_and_sees_what_was_committed(engine: sa.Engine) -> None:
    with transaction(engine) as db:
        db.add(Heartbeat(executor_id="a", beat_ms=1))
        db.flush()

        assert beats(engine) == {}


def test_a_row_that_belongs_to_nobody_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError), transaction(engine) as db:
        db.add(Conversation(user_id=new_id(), title="a", created_at=NOON, updated_at=NOON))


def test_a_person_with_conversations_cannot_be_removed(engine: sa.Engine) -> None:
    with transaction(engine) as db:
        person = a_person()
        db.add(person)
        db.flush()
        db.add(Conversation(user_id=person.id, title="a", created_at=NOON, updated_at=NOON))

    with pytest.raises(sa.exc.IntegrityError), transaction(engine) as db:
        db.delete(db.get_one(User, person.id))


def test_a_status_that_we_do_not_know_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="ck_generation_status"), reading(engine) as db:
        without_foreign_keys(db)
        db.execute(sa.insert(Generation).values(**a_generation(), status="pending"))


def test_a_moment_comes_back_as_the_same_moment_in_utc(engine: sa.Engine) -> None:
    in_sao_paulo = datetime(2026, 11, 21, 23, 30, 0, 123456, timezone(timedelta(hours=-3)))
    with transaction(engine) as db:
        person = a_person(created_at=in_sao_paulo)
        db.add(person)

    with reading(engine) as db:
        back = db.scalars(select(User.created_at)).one()

    assert back == in_sao_paulo
    assert (back.utcoffset(), back.microsecond) == (timedelta(0), 123456)


def test_a_moment_without_a_zone_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.StatementError, match="time zone"), transaction(engine) as db:
        db.add(a_person(created_at=datetime(2026, 11, 21)))


cents = st.decimals(min_value=0, max_value=10_000, places=9)


@given(costs=st.lists(cents, min_size=1, max_size=50))
@how(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sum_of_many_costs_is_exact(engine: sa.Engine, costs: list[Decimal]) -> None:
    with reading(engine) as db:  # all of it is gone at the end, so every example begins with nothing
        without_foreign_keys(db)
        rows = [an_attempt(number) | {"cost": cost} for number, cost in enumerate(costs)]
        db.execute(sa.insert(Attempt), rows)
        total = db.scalar(select(func.sum(Attempt.cost)))
        back = db.scalars(select(Attempt.cost).order_by(col(Attempt.number))).all()

    assert total == sum(costs)
    assert list(back) == costs


def test_the_sqlite_in_use_cannot_damage_its_write_ahead_log(laptop: Settings) -> None:
    engine = open_database(laptop)

    with engine.connect() as connection:
        version = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar())
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()

    assert version == sqlite_version()
    assert tuple(map(int, version.split("."))) >= SAFE_SQLITE
    assert (mode, synchronous) == ("wal", 2)


@pytest.mark.parametrize("url", ["mysql://host/name", "studio.db", "https://host/name"])
def test_an_address_of_something_else_is_refused(laptop: Settings, url: str) -> None:
    with pytest.raises(Refused, match="DATABASE_URL must begin with postgresql://"):
        open_database(replace(laptop, database_url=url))


@dataclass(frozen=True)
class Full:
    """A studio in which two people made thousands of images each; where one of them is in her lists."""

    studio: Studio
    alice: Person
    image: str | None
    conversation: str | None


@pytest.fixture
def full(home: Settings) -> Iterator[Full]:
    studio = open_studio(home)
    alice, bob = (access.person_named(studio, name, name) for name in ("alice", "bob"))
    for person in (alice, bob):
        many.images(studio, person, 2_000)
    with studio.transaction() as db:
        made = db.scalars(select(Generation.id)).all()
        db.execute(sa.insert(Attempt), [an_attempt(1) | {"generation_id": i, "state": STORED} for i in made])
    with studio.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield Full(studio, alice, gallery.page(studio, alice).next, conversations.cards(studio, alice)[1])
    studio.engine.dispose()


# To add a read that must stay fast, add a line: what it is, how to do it, the index that must serve it.
READS: list[tuple[str, Callable[[Full], object], str]] = [
    ("the gallery", lambda f: gallery.page(f.studio, f.alice), "ix_image_gallery"),
    ("the gallery from here", lambda f: gallery.page(f.studio, f.alice, f.image), "ix_image_gallery"),
    ("the conversations", lambda f: conversations.cards(f.studio, f.alice), "ix_conversation_recent"),
    (
        "the conversations from here",
        lambda f: conversations.cards(f.studio, f.alice, f.conversation),
        "ix_conversation_recent",
    ),
    ("a model's pace", lambda f: read(f, lambda db: pace.paces(db, ["openai/gpt-image-2"])), "ix_generation_pace"),
    ("what is unfinished", lambda f: generations.recover(f.studio), "ix_generation_status"),
    ("calls without an end", lambda f: generations.recover(f.studio), "ix_attempt_state"),
]
SORTED = ("TEMP B-TREE FOR ORDER", "TEMP B-TREE FOR LAST", "Sort")


def test_reads_go_along_their_index(full: Full) -> None:
    assert full.image
    assert full.conversation

    plans = {what: (index, planned(full, act)) for what, act, index in READS}
    unserved = planned(
        full, lambda f: read(f, lambda db: db.exec(select(Generation).where(Generation.seed == 3)).all())
    )

    assert {what: plan for what, (index, plan) in plans.items() if index not in plan} == {}
    assert unserved
    assert not any(index in unserved for _, _, index in READS), "a read that no index serves would go unseen"
    assert {
        what for what in ("the gallery", "the gallery from here") if any(s in plans[what][1] for s in SORTED)
    } == set()


def planned(full: Full, act: Callable[[Full], object]) -> str:
    """Do it, and give the plans of all its queries."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, given: Any, *_rest: Any) -> None:
        if sql.startswith("SELECT"):
            asked.append((sql, given))

    sa.event.listen(full.studio.engine, "before_cursor_execute", note)
    act(full)
    sa.event.remove(full.studio.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if full.studio.settings.on_sqlite else "EXPLAIN "
    with full.studio.engine.connect() as connection:
        plans = [connection.exec_driver_sql(explain + sql, given).all() for sql, given in asked]
    return "\n".join(str(line) for plan in plans for line in plan)


def read(full: Full, query: Callable[[Session], object]) -> object:
    with full.studio.reading() as db:
        return query(db)


def beats(engine: sa.Engine) -> dict[str, int]:
    with reading(engine) as db:
        return {row.executor_id: row.beat_ms for row in db.exec(select(Heartbeat))}


def a_person(created_at: datetime = NOON) -> User:
    return User(subject=new_id(), name="Alice", created_at=created_at)


def a_generation() -> dict[str, Any]:
    row = Generation(turn_id=new_id(), user_id=new_id(), provider="sketch", model="sketch", queued_at=NOON)
    return row.model_dump(exclude={"status"})


def an_attempt(number: int) -> dict[str, Any]:
    return Attempt(generation_id=new_id(), number=number, started_at=NOON).model_dump()


def without_foreign_keys(db: Session) -> None:
    """In a transaction that ends with nothing written, rows may belong to nobody."""
    on_sqlite = db.get_bind().dialect.name == "sqlite"
    off = "PRAGMA defer_foreign_keys=ON" if on_sqlite else "SET LOCAL session_replication_role = replica"
    db.connection().exec_driver_sql(off)


def run_together(what: Callable[[Settings], None], home: Settings, processes: int) -> list[int | None]:
    """Processes of their own do it at once; how each ended."""
    running = [PROCESSES.Process(target=what, args=(home,)) for _ in range(processes)]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    return [process.exitcode for process in running]


TIMES = 40


def count_up(home: Settings) -> None:
    engine = open_database(home)
    for _ in range(TIMES):
        with transaction(engine) as db:
            row = db.exec(select(Heartbeat).with_for_update()).one()
            row.beat_ms += 1


def write_and_die(home: Settings) -> None:
    with database.transaction(open_database(home)) as db:
        db.add(Heartbeat(executor_id="a", beat_ms=1))
        db.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_written(engine: sa.Engine) -> None:
    """Whoever logs it, as Streamlit does with what breaks in a callback, would write prompts into the log."""
    with engine.begin() as db:
        db.execute(sa.text("ALTER TABLE saved_view RENAME TO elsewhere"))

    with pytest.raises(sa.exc.DBAPIError) as raised, transaction(engine) as db:
        db.execute(sa.text("INSERT INTO saved_view (id, name) VALUES (:id, :name)"), {"id": "1", "name": "a red fox"})

    assert "saved_view" in str(raised.value)
    assert "a red fox" not in f"{raised.value!s} {raised.value!r}"
