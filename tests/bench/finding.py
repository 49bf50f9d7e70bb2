"""Finding: what the gallery reads from the replica, against SQLite and Postgres asked the same in the same run.

At 100,000 and 1,000,000 images; IMAGES=5000 takes another size alone. First they are a team's, 200 people; then all are
one person's, which is the worst there is. "As it is" are the studio's own tables; "ideal" is one table made for these
questions, with a covering index and a full-text index. Whoever answers must answer the same.
"""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from core import shelves
from core.access import Person
from core.replica import Replica
from core.settings import Settings
from core.shelves import Wanted
from core.studio import Studio, open_studio
from tests.bench import apart, clicks, crowd, following, wishes
from tests.bench.asked import PAGE, Anew, AsItIs, Asked, Ideal, Replicated, same
from tests.bench.crowd import Crowd
from tests.bench.measure import Row, in_turns, milliseconds, p95
from tests.servers import postgres_server

SIZES = (int(os.environ["IMAGES"]),) if "IMAGES" in os.environ else (100_000, 1_000_000)
MEMORY, ENOUGH = Path("/dev/shm"), 14_000_000_000
"""Where the data goes when so many bytes are free there: a disk would be measured besides."""
SLOW = 2_500
"""Milliseconds after which a question is not asked again."""
QUESTIONS, FEW, WORST = 300, 20, {"page and counts": 300, "search": 40}
"""Random ones: of the team, of those the ones that the databases are asked too, and of everybody or the one who has
all."""
SQLITE, POSTGRES = "SQLite", "Postgres"
WISHES = {"page and counts": (10, 25), "search": (25, 600)}
"""What nineteen of twenty questions of a team may take in milliseconds: of one's own images, and of everybody's."""


def rows() -> Iterator[Row]:
    """About half an hour, nearly all of it for the million."""
    with _room() as folder, postgres_server() as server:
        for size in SIZES:
            laptop = Settings(data_dir=folder / f"{size}")
            office = Settings(data_dir=folder / f"{size}-office", database_url=server.new_database())
            with ExitStack() as opened:
                studios = [open_studio(settings) for settings in (laptop, office)]
                for studio in studios:
                    opened.callback(studio.engine.dispose)
                yield from _everything(size, *studios)
            shutil.rmtree(laptop.data_dir)


@contextmanager
def _room() -> Iterator[Path]:
    """A folder, and that servers put theirs beside it."""
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
        tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)
    try:
        with tempfile.TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    finally:
        tempfile.tempdir = before[0]
        os.environ.pop("TMPDIR", None)
        os.environ.update({"TMPDIR": before[1]} if before[1] else {})


def _everything(size: int, laptop: Studio, office: Studio) -> Iterator[Row]:
    began = time.monotonic()
    people = crowd.fill(size, laptop, office)
    print(f"{size:,} images were made in {time.monotonic() - began:.0f} s.")
    for name, studio in ((SQLITE, laptop), (POSTGRES, office)):
        yield from _starts(f"{size:,}, {name}", studio, people)
    with Replica(laptop).running() as copy:
        copy.sync()
        yield from _team(f"{size:,} of 200", people, laptop, office)
    for name, studio in ((SQLITE, laptop), (POSTGRES, office)):
        yield from following.syncs(f"{size:,}, {name}", studio)
        yield from following.seen(f"{size:,}, {name}", studio)
    began = time.monotonic()
    ideals = Ideal(laptop), Ideal(office)
    for studio, ideal in zip((laptop, office), ideals, strict=True):
        crowd.give_all(studio, people)
        ideal.make()
    print(f"All given to one, and the ideal tables made, in {time.monotonic() - began:.0f} s.")
    with Replica(laptop).running() as copy:
        copy.sync()
        mine = Anew(laptop)
        others = {f"{SQLITE} as it is": AsItIs(laptop), f"{SQLITE}, ideal": ideals[0]}
        others |= {f"{POSTGRES} as it is": AsItIs(office), f"{POSTGRES}, ideal": ideals[1]}
        yield from _questions(f"{size:,} of one", people.biggest, mine, others)
        yield from _places(f"{size:,} of one", people.biggest, laptop)
        yield from _one(f"{size:,} of one", people, laptop)
        yield from clicks.clicks(f"{size:,} of one", people, laptop)


# ---------------------------------------------------------------------------------------------------------------------
# What a start costs


def _starts(name: str, studio: Studio, people: Crowd) -> Iterator[Row]:
    """Cold, then warm, then beside another one, each in a process of its own; how large file and process become."""
    home = studio.settings
    cold = apart.cold(home)
    chance = random.Random(5)
    warm = apart.warm(home, [wishes.random_question(chance, people) for _ in range(QUESTIONS // 3)])
    with apart.follower(home):
        seeded = apart.warm(home, [])
    same(iter((cold.rows, warm.rows, seeded.rows)))
    yield Row(f"{name}: cold start", cold.ready, cold.plain, "the same rows only read", 2.0)
    yield Row(f"{name}: warm start", warm.ready, cold.ready, "the cold start", 0.05)
    yield Row(f"{name}: start from another's file", seeded.ready, cold.ready, "the cold start", 0.1)
    yield Row(f"{name}: memory in use, warm", warm.after, warm.before, "the process before", 3.0, unit="MB")
    yield Row(f"{name}: most memory, cold", cold.peak, cold.before, "the process before", unit="MB")
    (file,) = (home.data_dir / "replica" / "0").glob("*.duckdb")
    yield Row(f"{name}: the file", file.stat().st_size / 1e6, _size(studio), "the database", 0.3, unit="MB")


def _size(studio: Studio) -> float:
    if studio.settings.on_sqlite:
        return (studio.settings.data_dir / "studio.db").stat().st_size / 1e6
    with studio.reading() as db:
        return float(db.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0) / 1e6


# ---------------------------------------------------------------------------------------------------------------------
# Random questions of a team


def _team(name: str, people: Crowd, laptop: Studio, office: Studio) -> Iterator[Row]:
    """Of their own images, whoever has more asks more often; then of everybody's, who may."""
    mine, others = Replicated(laptop), {f"{SQLITE} as it is": AsItIs(laptop), f"{POSTGRES} as it is": AsItIs(office)}
    for kind, (own, all_) in WISHES.items():
        chance = random.Random(kind)
        asked = [wishes.random_question(chance, people, words=kind == "search") for _ in range(QUESTIONS)]
        ours = _taken(mine, asked)
        yield Row(f"{name}: {kind}, p95", p95(ours), own, "what is wanted", 1.0)
        for other, database in others.items():
            theirs = _taken(database, asked[:FEW])
            for person, wanted in asked[:FEW]:
                same((who.page(person, wanted), who.counts(person, wanted)) for who in (mine, database))
            yield Row(f"{name}: {kind}, p50", median(ours), median(theirs), other)
            yield Row(f"{name}: {kind}, p95", p95(ours), p95(theirs), other)
        everybody = _taken(mine, [(people.biggest, replace(wanted, people=())) for _, wanted in asked[: WORST[kind]]])
        yield Row(f"{name}: {kind} of everybody, p50", median(everybody), median(ours), "of oneself")
        yield Row(f"{name}: {kind} of everybody, p95", p95(everybody), all_, "what is wanted", 1.0)


def _taken(who: Asked, asked: Sequence[tuple[Person, Wanted]]) -> list[float]:
    """Milliseconds of each question: a page and all counts."""

    def ask(person: Person, wanted: Wanted) -> None:
        who.page(person, wanted)
        who.counts(person, wanted)

    return [milliseconds(lambda given=given: ask(*given)) for given in asked]


# ---------------------------------------------------------------------------------------------------------------------
# One question after the other


def _questions(name: str, person: Person, mine: Asked, others: dict[str, Asked]) -> Iterator[Row]:
    whose = (mine, *others.values())
    for label, wanted, parts, target in _QUESTIONS:
        for part in parts:
            same(getattr(who, part)(person, wanted) for who in whose)
        ours, *theirs = in_turns(*(_case(who, parts, person, wanted) for who in whose), most=SLOW)
        for other, reference in zip(others, theirs, strict=True):
            yield Row(f"{name}: {label}", ours, reference, other, target if "as it is" in other else None)


_PAGE, _COUNTS, _TOTAL = ("page",), ("counts",), ("total",)
_QUESTIONS: tuple[tuple[str, Wanted, tuple[str, ...], float | None], ...] = (
    ("first page of a wide filter", wishes.wide(), _PAGE, None),
    ("first page of a narrow filter", wishes.narrow(), _PAGE, 0.5),
    ("facets of everything", Wanted(), _COUNTS, 0.1),
    ("facets of a wide filter", wishes.wide(), _COUNTS, 0.1),
    ("total of everything", Wanted(), _TOTAL, 0.25),
    ("total of a wide filter", wishes.wide(), _TOTAL, 0.25),
    ("a rare word, page and counts", wishes.newest(wishes.RARE), _PAGE + _COUNTS, 0.2),
    ("a common word, page", wishes.newest(wishes.COMMON), _PAGE, None),
    ("a common word, counts", wishes.newest(wishes.COMMON), _COUNTS, 0.2),
    ("a phrase, page and counts", wishes.newest(wishes.PHRASE), _PAGE + _COUNTS, 0.2),
)
"""What is asked, which parts of the answer are timed, and the target against a database as it is."""


def _case(who: Asked, parts: Sequence[str], person: Person, wanted: Wanted) -> Callable[[], object]:
    return lambda: [getattr(who, part)(person, wanted) for part in parts]


def _places(name: str, person: Person, studio: Studio) -> Iterator[Row]:
    """Pages far down, the best instead of the newest, and the shape of everything."""
    shape = shelves.shape(studio, person, Wanted())
    far = shape.cursors[min(500 * PAGE // shelves.PAGE, len(shape.cursors) - 1)]

    def page(wanted: Wanted, after: str | None = None) -> Callable[[], object]:
        return lambda: shelves.page(studio, person, wanted, after, limit=PAGE)

    words = Wanted(words=wishes.COMMON)
    first, deep = in_turns(page(Wanted()), page(Wanted(), far))  # by themselves: the others leave little in memory
    whole, found, newest, best = in_turns(
        lambda: shelves.shape(studio, person, Wanted()),
        lambda: shelves.shape(studio, person, words),
        page(wishes.newest(wishes.COMMON)),
        page(words),
        most=SLOW,
    )
    yield Row(f"{name}: page 500", deep, first, "page 1", 1.5)
    yield Row(f"{name}: shape of all {shape.total:,}", whole, first, "page 1")
    yield Row(f"{name}: shape of a common word", found, first, "page 1")
    yield Row(f"{name}: common word, the best first", best, newest, "the newest first")


def _one(name: str, people: Crowd, laptop: Studio) -> Iterator[Row]:
    """The same random questions of whoever has everything, who may wait as long as who looks at everybody's."""
    mine, chance = Replicated(laptop), random.Random(8)
    for kind, (_, all_) in WISHES.items():
        asked = [wishes.random_wish(chance, words=kind == "search") for _ in range(WORST[kind])]
        much, little = (_taken(mine, [(who, one) for one in asked]) for who in (people.biggest, people.neighbour))
        yield Row(f"{name}: random {kind}, p50", median(much), median(little), "somebody with few")
        yield Row(f"{name}: random {kind}, p95", p95(much), all_, "what is wanted", 1.0)
