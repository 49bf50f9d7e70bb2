"""A feed hands on everything that is committed from now on, by any process: each event once, none lost."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import events
from core.events import Feed, Happened
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Event
from tests.processes import PROCESSES
from tests.servers import Postgres

WRITERS, THREADS, EACH = 2, 2, 15


@pytest.fixture
def on_postgres(laptop: Settings, postgres: Postgres, ready_postgres: str) -> Settings:
    return replace(laptop, database_url=postgres.new_database(ready_postgres))


@pytest.fixture(params=["furnished", "on_postgres"])
def home(request: pytest.FixtureRequest) -> Settings:
    """Each database in turn, files in a folder."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def house(home: Settings) -> Iterator[Studio]:
    studio = open_studio(home)
    yield studio
    studio.engine.dispose()


def test_what_happened_comes_with_its_facts(house: Studio) -> None:
    feed = Feed(house)

    with house.transaction() as db:
        events.record(house, db, "image.starred", "alice", conversation="c", generation="g", count=3, names=["é", None])

    facts = {"count": 3, "names": ["é", None]}
    assert feed.read() == [Happened("image.starred", "alice", "c", "g", facts)]


def test_each_event_comes_once_and_in_order(house: Studio) -> None:
    feed = Feed(house)
    say(house, "first", "second")

    once, again = feed.read(), feed.read()
    say(house, "third")

    assert [kinds(read) for read in (once, again, feed.read())] == [["first", "second"], [], ["third"]]


def test_what_happened_before_is_not_news(house: Studio) -> None:
    say(house, "old")
    feed = Feed(house)

    say(house, "new")

    assert kinds(feed.read()) == ["new"]


def test_two_feeds_do_not_take_from_each_other(house: Studio) -> None:
    feeds = Feed(house), Feed(house)
    say(house, "one")

    assert [kinds(feed.read()) for feed in feeds] == [["one"], ["one"]]


def test_what_was_rolled_back_never_happened(house: Studio) -> None:
    feed = Feed(house)

    with pytest.raises(KeyError), house.transaction() as db:
        events.record(house, db, "undone", "alice")
        db.flush()
        raise KeyError
    say(house, "done")

    assert kinds(feed.read()) == ["done"]
    with house.reading() as db:
        assert db.scalars(select(Event.kind)).all() == ["done"]


def test_what_is_not_committed_has_not_happened_yet(house: Studio) -> None:
    feed = Feed(house)

    with house.transaction() as db:
        events.record(house, db, "soon", "alice")
        db.flush()
        before = feed.read()

    assert (before, kinds(feed.read())) == ([], ["soon"])


def test_many_processes_and_threads_at_once_lose_nothing(home: Settings, house: Studio) -> None:
    feed, read = Feed(house), list[Happened]()
    writers = [PROCESSES.Process(target=write_much, args=(home, name)) for name in range(WRITERS)]
    for writer in writers:
        writer.start()

    while any(writer.is_alive() for writer in writers):
        read += feed.read()
        time.sleep(0.002)
    read += feed.read()

    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    told = [(happened.kind, happened.facts["n"]) for happened in read]
    names = [f"{writer}-{thread}" for writer in range(WRITERS) for thread in range(THREADS)]
    assert {name: [n for kind, n in told if kind == name] for name in names} == {name: [*range(EACH)] for name in names}


def test_a_transaction_that_commits_late_with_a_small_number_is_not_lost(on_postgres: Settings) -> None:
    studio = open_studio(on_postgres)
    feed, by_number = Feed(studio), ByNumber(studio)

    with studio.transaction() as late:
        events.record(studio, late, "early number, late commit", "alice")
        late.flush()
        say(studio, "quick")
        first = kinds(feed.read()), by_number.read()
    then = kinds(feed.read()), by_number.read()

    assert first == (["quick"], ["quick"])
    assert then == (["early number, late commit"], [])  # the plain way has lost it
    assert kinds(feed.read()) == []
    studio.engine.dispose()


def test_a_long_transaction_holds_nobody_up(on_postgres: Settings) -> None:
    studio = open_studio(on_postgres)
    feed = Feed(studio)

    with studio.transaction() as long:
        events.record(studio, long, "long", "alice")
        long.flush()
        read = []
        for number in range(5):
            say(studio, str(number))
            read.append(kinds(feed.read()))

    assert read == [["0"], ["1"], ["2"], ["3"], ["4"]]
    assert kinds(feed.read()) == ["long"]
    studio.engine.dispose()


def test_events_of_a_backup_from_another_server_are_not_news(on_postgres: Settings) -> None:
    """Their transaction numbers are ahead of this server's: every look at the feed would have brought them again."""
    studio = open_studio(on_postgres)
    say(studio, "restored")
    with studio.engine.begin() as connection:
        connection.execute(sa.text("UPDATE event SET xid = '99999999999'"))
    feed = Feed(studio)

    say(studio, "new")

    assert [kinds(feed.read()), kinds(feed.read())] == [["new"], []]
    studio.engine.dispose()


def test_numbers_are_never_used_again(house: Studio) -> None:
    say(house, "one", "two")
    with house.transaction() as db:
        db.execute(sa.delete(Event))
    feed = Feed(house)

    say(house, "three")

    assert kinds(feed.read()) == ["three"]
    with house.reading() as db:
        assert db.scalars(select(Event.seq)).one() > 2


class ByNumber:
    """The plain way to follow a table, as a control: everything with a higher number than the last."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.last = studio, 0

    def read(self) -> list[str]:
        with self.studio.reading() as db:
            rows = db.exec(select(Event).where(col(Event.seq) > self.last).order_by(col(Event.seq))).all()
        self.last = max([self.last, *(row.seq or 0 for row in rows)])
        return [row.kind for row in rows]


def kinds(read: list[Happened]) -> list[str]:
    return [happened.kind for happened in read]


def say(studio: Studio, *what: str) -> None:
    for kind in what:
        with studio.transaction() as db:
            events.record(studio, db, kind, "alice")


def write_much(home: Settings, name: int) -> None:
    studio = open_studio(home)
    threads = [threading.Thread(target=write_some, args=(studio, f"{name}-{thread}")) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def write_some(studio: Studio, name: str) -> None:
    chance = random.Random(name)
    for n in range(EACH):
        with studio.transaction() as db:
            events.record(studio, db, name, "alice", n=n)
            db.flush()
            time.sleep(chance.random() / 200)  # so that transactions overlap where they can
