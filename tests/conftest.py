"""The real thing for every test: a studio on SQLite and a folder, or on Postgres and S3, with a clock that can skip."""

import gc
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from sqlmodel import col, select
from xdist.scheduler import LoadFileScheduling

from core import access, captions, conversations, database, jobs
from core.access import Person
from core.asks import Ask
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import UNFINISHED, Generation, new_id
from tests import answers
from tests.servers import S3, Postgres, postgres_server, s3_server

LONGEST = ("test_kills", "test_jobs")

MEMORY = Path("/dev/shm")
ENOUGH = 12_000_000_000
"""Bytes that must be free in it before tests put their data there; they need half of it."""
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
    os.environ["TMPDIR"] = str(MEMORY)  # every flush is asked for all the same, but nobody waits for a disk
    tempfile.tempdir = None  # look again

hypothesis.settings.register_profile("unhurried", deadline=None)  # how long something takes is for `make bench`
hypothesis.settings.load_profile("unhurried")


def _compiling_once(open_database: Callable[[Settings], sa.Engine]) -> Callable[[Settings], sa.Engine]:
    """Engines of one kind share what they compiled: anew for every test it would be a fifth of its time."""
    first: dict[str, sa.Engine] = {}

    def opened(settings: Settings) -> sa.Engine:
        engine = open_database(settings)
        elder = first.get(engine.name)
        if elder is None:  # its dialect is ready once it has met its database
            sa.event.listen(engine, "connect", lambda *_: first.setdefault(engine.name, engine), once=True)
        else:
            engine.dialect, engine._compiled_cache = elder.dialect, elder._compiled_cache
        return engine

    return opened


database.open_database = _compiling_once(database.open_database)


class Clock:
    """The time, which a test can move: `clock.skip(days=31)`."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def skip(self, **how_far: float) -> None:
        self.ahead += timedelta(**how_far)


class ByFile(LoadFileScheduling):
    """A file is the work of one process, because its tests share servers; only the kills are of two, each a home."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if "test_kills" in nodeid else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long and mostly waits goes first; then files with many tests, so that browsers and other work mix."""
    tests = Counter(item.path for item in items)
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (places.get(item.path.stem, len(places)), -tests[item.path]))


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector, and every forked process, need not go through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """AppTest leaves a page of ours behind as `__main__`; a test that starts processes would run it in each of them."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture
def laptop(tmp_path: Path) -> Settings:
    """SQLite and a folder, no waiting, and no more care for practice pictures than they need here."""
    return Settings(data_dir=tmp_path / "data", sketch_delay=0, sketch_detail=0.02, free_space_floor_mb=1)


@pytest.fixture(scope="session")
def ready_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables in it, to be copied: making them anew takes longer than most tests."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("ready"))
    _make_tables(settings)
    return settings.data_dir / "studio.db"


@pytest.fixture(scope="session")
def ready_postgres(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same on Postgres; the name of the database."""
    address = postgres.new_database()
    _make_tables(Settings(data_dir=tmp_path_factory.mktemp("ready"), database_url=address))
    return address.rpartition("/")[2]


def _make_tables(settings: Settings) -> None:
    """Ours and the job engine's."""
    studio = open_studio(settings)
    jobs.ready(studio)
    studio.engine.dispose()


@pytest.fixture
def servers(laptop: Settings, postgres: Postgres, ready_postgres: str, s3: S3) -> Settings:
    """Postgres and S3, a database and a bucket of its own."""
    return replace(
        laptop,
        database_url=postgres.new_database(ready_postgres),
        s3_endpoint=s3.endpoint,
        s3_bucket=s3.new_bucket(),
        s3_key=s3.key,
        s3_secret=s3.secret,
        s3_region=s3.region,
    )


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, laptop: Settings) -> Settings:
    """An empty database of each kind, without a table, and files in a folder."""
    if request.param == "sqlite":
        return laptop
    return replace(laptop, database_url=request.getfixturevalue("postgres").new_database())


@pytest.fixture
def furnished(laptop: Settings, ready_sqlite: Path) -> Settings:
    """A laptop whose database has its tables already."""
    laptop.data_dir.mkdir()
    shutil.copy(ready_sqlite, laptop.data_dir)
    return laptop


@pytest.fixture
def on_postgres(laptop: Settings, postgres: Postgres, ready_postgres: str) -> Settings:
    """Postgres with its tables, and files in a folder."""
    return replace(laptop, database_url=postgres.new_database(ready_postgres))


@pytest.fixture(params=["furnished", "servers"], ids=["laptop", "servers"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Each home in turn, with its tables: what is promised is promised on both."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Settings)
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def studio(settings: Settings, clock: Clock) -> Iterator[Studio]:
    """A studio on each home."""
    opened = open_studio(settings, clock)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def alice(studio: Studio) -> Person:
    return access.person_named(studio, "alice", "Alice")


@pytest.fixture
def bob(studio: Studio) -> Person:
    return access.person_named(studio, "bob", "Bob")


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Does all queued work, step by step, as the engine would, but without waiting between steps."""
    return lambda: answers.work(studio)


@pytest.fixture
def make(studio: Studio, work: Callable[[], None]) -> Callable[..., str]:
    """Makes an image the way a person would, and gives its id: `make(alice, "a red fox")`."""

    def image(person: Person, prompt: str, **wishes: object) -> str:
        asked = conversations.start(studio, person, wish(prompt, **wishes))
        work()
        return conversations.opened(studio, person, asked.conversation_id).images[0].id

    return image


def wish(prompt: str, *models: str, **wishes: object) -> Ask:
    """An ask with everything else as it comes, without a caption."""
    usual: dict[str, object] = {"resolution": "512", "caption": captions.NONE}
    return Ask(prompt=prompt, models=models or ("sketch/sketch",), token=new_id(), **{**usual, **wishes})


def unfinished(studio: Studio) -> list[tuple[str, int]]:
    """What the engine would have to do, oldest first."""
    with studio.reading() as db:
        rows = db.exec(select(Generation).where(col(Generation.status).in_(UNFINISHED)).order_by(Generation.id)).all()
    return [(row.id, row.round) for row in rows]
