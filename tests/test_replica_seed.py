"""A new process begins with what another one left, and is what the database is all the same."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import access, changes, replica
from core.access import Person
from core.replica import Replica
from core.replica_calls import LEDGER
from core.replica_file import File
from core.replica_gallery import GALLERY
from core.replica_layout import Layout
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Image
from tests import many
from tests.expected import differences
from tests.expected_calls import differences as differing_calls

Opener = Callable[..., Replica]


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
def alice(studio: Studio) -> Person:
    return access.person_named(studio, "alice", "Alice")


@pytest.fixture
def begun(studio: Studio) -> Iterator[Opener]:
    """A replica of a process of its own, brought to this moment."""
    opened: list[Replica] = []

    def begin(layout: Layout = GALLERY, **limits: int) -> Replica:
        opened.append(Replica(studio, layout, **limits))
        opened[-1].sync()
        return opened[-1]

    yield begin
    for copy in opened:
        copy.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files for which the whole database was read, from here on."""
    files: list[Path] = []
    make = File.make
    monkeypatch.setattr(File, "make", lambda path, *given: files.append(path) or make(path, *given))
    return files


@pytest.mark.parametrize(
    ("layout", "differing"), [(GALLERY, differences), (LEDGER, differing_calls)], ids=["images", "calls"]
)
def test_a_second_process_begins_with_the_file_of_the_first(
    studio: Studio, alice: Person, begun: Opener, made: list[Path], layout: Layout, differing: Callable[..., list[str]]
) -> None:
    many.images(studio, alice, 5)

    copies = begun(layout), begun(layout)

    assert len(made) == 1
    for copy in copies:
        assert (differing(studio, copy), copy.twice()) == ([], 0)


def test_what_changed_since_is_taken_from_the_log(
    studio: Studio, alice: Person, begun: Opener, made: list[Path]
) -> None:
    images = many.images(studio, alice, 5)
    begun()
    star(studio, images[0])
    with studio.transaction() as db:
        db.execute(sa.delete(Image).where(col(Image.id) == images[1]))
    many.images(studio, alice, 2)

    second = begun()

    assert len(made) == 1
    assert (differences(studio, second), second.twice()) == ([], 0)


def test_each_goes_its_own_way_from_there(studio: Studio, alice: Person, begun: Opener) -> None:
    images = many.images(studio, alice, 3)
    first, second = begun(), begun()

    star(studio, images[0])
    first.sync()
    star(studio, images[1])
    second.sync()

    assert differences(studio, second) == []
    first.sync()
    assert differences(studio, first) == []


@pytest.mark.parametrize("damage", [b"", b"no database", b"\0" * 100_000])
def test_a_seed_that_cannot_be_read_is_replaced(
    studio: Studio, alice: Person, begun: Opener, made: list[Path], damage: bytes
) -> None:
    many.images(studio, alice, 3)
    begun()
    seed(studio).write_bytes(damage)

    assert differences(studio, begun()) == []
    assert differences(studio, begun()) == []

    assert len(made) == 2


def test_a_seed_that_the_log_does_not_reach_is_replaced(
    studio: Studio, alice: Person, begun: Opener, made: list[Path]
) -> None:
    images = many.images(studio, alice, 3)
    begun()
    star(studio, images[0])
    star(studio, images[1])
    changes.trim(studio.engine, timedelta(seconds=-10))

    assert differences(studio, begun()) == []
    assert differences(studio, begun()) == []

    assert len(made) == 2


def test_it_is_renewed_once_a_day_with_what_came_since(
    studio: Studio, alice: Person, begun: Opener, made: list[Path]
) -> None:
    images = many.images(studio, alice, 3)
    first = begun()
    star(studio, images[0])
    first.sync()
    long_ago = time.time() - replica.CHECK_SECONDS - 60
    os.utime(seed(studio), (long_ago, long_ago))
    star(studio, images[1])

    first.sync()
    changes.trim(studio.engine, timedelta(seconds=-10))

    assert differences(studio, begun()) == []
    assert len(made) == 1


def test_who_puts_its_file_in_order_leaves_that(studio: Studio, alice: Person, begun: Opener, made: list[Path]) -> None:
    many.images(studio, alice, 3)
    first = begun(long_tail=2)
    many.images(studio, alice, 4)

    first.sync()
    changes.trim(studio.engine, timedelta(seconds=-10))

    assert differences(studio, begun()) == []
    assert len(made) == 1


def test_one_of_older_code_is_left_alone_until_there_is_a_new_one(
    studio: Studio, alice: Person, begun: Opener, made: list[Path]
) -> None:
    many.images(studio, alice, 3)
    older = seed(studio).with_name("older.seed")
    older.parent.mkdir(parents=True, exist_ok=True)
    older.write_bytes(b"of another version")

    begun()

    assert [path.name for path in older.parent.glob("*.seed")] == [seed(studio).name]
    assert len(made) == 1


def test_who_died_while_leaving_one_left_nothing(studio: Studio, alice: Person, begun: Opener) -> None:
    many.images(studio, alice, 3)
    half = studio.settings.data_dir / "replica" / "0" / "seed.partial"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half of it")

    begun()

    assert not half.exists()
    assert differences(studio, begun()) == []


def test_where_the_disk_is_full_the_index_goes_on_without_one(
    studio: Studio, alice: Person, begun: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.images(studio, alice, 3)
    tried: list[Path] = []
    copy = shutil.copyfile

    def full(here: Path, there: Path) -> None:
        copy(here, there)
        if there.name == "seed.partial":
            tried.append(there)
            os.truncate(there, 5_000)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("core.replica_seed.shutil.copyfile", full)

    follower = Replica(studio)
    with closing(follower):
        with pytest.raises(OSError, match="No space left"):
            follower.sync()
        many.images(studio, alice, 1)
        follower.sync()

        assert differences(studio, follower) == []
    assert len(tried) == 1
    assert not (tried[0].exists() or seed(studio).exists())


def seed(studio: Studio) -> Path:
    return studio.settings.data_dir / "replica" / f"{GALLERY.name}.seed"


def star(studio: Studio, image_id: str) -> None:
    with studio.transaction() as db:
        db.execute(sa.update(Image).where(col(Image.id) == image_id).values(starred=True))
