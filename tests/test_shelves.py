"""What is found is what is there: filters, counts, orders, pages and words answer as a plain look at all rows would."""

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from core import access, changes, shelves
from core.access import Person, Sight
from core.errors import Refused
from core.replica import Behind, Replica
from core.settings import Settings
from core.shelves import FACETS, SORTS, Wanted
from core.studio import Studio, open_studio
from core.tables import LEAD, Attempt, Conversation, Generation, Image, Post, Project, Reference, Turn, User
from tests import many, unrest
from tests.expected import Row, expected, folded
from tests.test_replica import is_there, star, until

ROUNDS = 60
"""Random questions."""


@pytest.fixture(params=["furnished", "on_postgres"], ids=["laptop", "on_postgres"])
def studio(request: pytest.FixtureRequest) -> Iterator[Studio]:
    """On each database in turn, files in a folder."""
    opened = open_studio(request.getfixturevalue(request.param))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def followed(studio: Studio) -> Iterator[Replica]:
    """A replica that runs."""
    with Replica(studio).running() as copy:
        until(lambda: is_there(copy))
        yield copy


Rows = list[dict[str, Any]]
MADE = (User, Project, Conversation, Turn, Post, Generation, Attempt, Image, Reference)
"""What a crowd leaves, in the order in which rows need each other."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, ready_sqlite: Path) -> list[tuple[type[SQLModel], Rows]]:
    """Some hundred images of all kinds, of a few people. Made once: every one takes questions of its own."""
    folder, chance = tmp_path_factory.mktemp("crowd"), random.Random(7)
    shutil.copy(ready_sqlite, folder)
    studio = open_studio(Settings(data_dir=folder))
    with studio.transaction() as db:
        for name in ("ann", "ben"):
            db.add(User(subject=name, name=name, created_at=studio.now()))
        db.flush()
        unrest.found_project(db, chance)
        for _ in range(80):
            unrest.make(db, chance)
        for _ in range(60):
            unrest.change_words(db, chance)
    with studio.reading() as db:
        rows = [(table, [row.model_dump() for row in db.exec(select(table)).all()]) for table in MADE]
    studio.engine.dispose()
    return rows


@pytest.fixture
def crowd(studio: Studio, made: list[tuple[type[SQLModel], Rows]]) -> Person:
    """The one of them who has most."""
    with studio.transaction() as db:
        for table, rows in made:
            db.execute(sa.insert(table), rows)
        owner = db.execute(sa.select(Image.user_id).group_by(Image.user_id).order_by(sa.func.count().desc())).first()
    return Person(owner[0], "")


def test_whatever_is_asked_is_answered_as_a_plain_look_would(studio: Studio, crowd: Person, followed: Replica) -> None:
    followed.sync()
    rows, chance = [row for row in expected(studio) if row.owner == crowd.id and row.live], random.Random(8)
    assert len(rows) > 20

    for _ in range(ROUNDS):
        wanted = random_wish(chance, rows)
        fitting = [row for row in rows if fits(row, wanted)]

        assert set(all_pages(studio, crowd, wanted)) == {row.id for row in fitting}, wanted
        if wanted.sort in SORTS:
            assert all_pages(studio, crowd, wanted) == [row.id for row in in_order(fitting, wanted.sort)], wanted
        assert_counts(shelves.counts(studio, crowd, wanted), rows, wanted)
        shape = shelves.shape(studio, crowd, wanted)
        assert (shape.total, sorted(shape.ratios)) == (len(fitting), sorted(row.shape for row in fitting))


def test_of_a_post_the_first_stands_for_all(studio: Studio, crowd: Person, followed: Replica) -> None:
    followed.sync()
    rows, chance = [row for row in expected(studio) if row.owner == crowd.id and row.live], random.Random(10)

    for sort in (*SORTS, *SORTS):
        wanted = replace(random_wish(chance, rows), words="", sort=sort, stacked=True)
        piles: dict[str, list[str]] = {}
        for row in in_order([row for row in rows if fits(row, wanted)], sort):
            piles.setdefault(row.post or row.id, []).append(row.id)

        page, shape = shelves.page(studio, crowd, wanted), shelves.shape(studio, crowd, wanted)
        assert all_pages(studio, crowd, wanted) == [ids[0] for ids in piles.values()], wanted
        assert page.piles == tuple(map(len, list(piles.values())[: len(page.ids)]))
        assert (shape.total, shape.newest) == (len(piles), page.ids[0] if page.ids else None)


def test_the_database_gives_the_same_pages(studio: Studio, crowd: Person) -> None:
    """Without a replica: what a person just did must show at once, wherever it is read from."""
    rows, chance = [row for row in expected(studio) if row.owner == crowd.id and row.live], random.Random(9)

    for _ in range(ROUNDS // 3):
        wanted = replace(random_wish(chance, rows), words="", sort=chance.choice(list(SORTS)))

        fitting = [row for row in rows if fits(row, wanted)]
        assert all_pages(studio, crowd, wanted) == [row.id for row in in_order(fitting, wanted.sort)], wanted


def test_a_page_shows_what_one_just_did(studio: Studio, followed: Replica) -> None:
    alice = person(studio, "alice")
    ids = many.images(studio, alice, 30)

    for image_id in ids[:10]:
        token = star(studio, image_id)
        found = shelves.page(studio, alice, Wanted(picked={"starred": ("yes",)}), token=token)
        assert image_id in found.ids


def test_counts_know_a_combination_that_came_after_they_were_first_asked(studio: Studio, followed: Replica) -> None:
    alice = person(studio, "alice")
    first, *_ = many.images(studio, alice, 3)
    followed.sync()
    before = shelves.counts(studio, alice, Wanted()).facets["starred"]

    star(studio, first)
    followed.sync()

    assert (before, shelves.counts(studio, alice, Wanted()).facets["starred"]) == ({"no": 3}, {"no": 2, "yes": 1})


def test_a_page_after_the_cursor_of_any_image_starts_there(studio: Studio, followed: Replica) -> None:
    alice = person(studio, "alice")
    ids = many.images(studio, alice, 500)
    followed.sync()

    shape = shelves.shape(studio, alice, Wanted())
    pages = [shelves.page(studio, alice, Wanted(), cursor).ids for cursor in shape.cursors]

    assert [image_id for page in pages for image_id in page] == ids
    assert (shape.total, shape.newest, len(shape.dates)) == (500, ids[0], 2)


def test_nobody_finds_what_is_somebody_elses(studio: Studio, crowd: Person, followed: Replica) -> None:
    followed.sync()
    stranger = person(studio, "stranger")

    for words in ("", "fox"):
        assert shelves.page(studio, stranger, Wanted(words=words)).ids == ()
        assert shelves.counts(studio, stranger, Wanted(words=words)).total == 0
        assert shelves.shape(studio, stranger, Wanted(words=words)).total == 0
    assert shelves.nearest(studio, stranger, "foxx") is None


def test_a_lead_finds_everybodys_and_others_are_refused(studio: Studio, followed: Replica) -> None:
    alice, bob = person(studio, "alice"), person(studio, "bob")
    lea = access.person_named(studio, "lea", "Lea", LEAD)
    hers, his = many.images(studio, alice, 3), many.images(studio, bob, 2)
    followed.sync()

    assert set(shelves.page(studio, lea, Wanted(people=())).ids) == {*hers, *his}
    assert set(shelves.page(studio, lea, Wanted(people=(bob.id,))).ids) == set(his)
    assert shelves.counts(studio, lea, Wanted(people=(alice.id, bob.id))).total == 5
    assert shelves.people(studio, lea, Wanted(people=(bob.id,))) == {alice.id: 3, bob.id: 2}
    assert shelves.people(studio, bob, Wanted()) == {bob.id: 2}
    assert shelves.page(studio, lea, Wanted()).ids == ()
    for wanted in (Wanted(people=()), Wanted(people=(alice.id,))):
        for look in (shelves.page, shelves.counts, shelves.shape, shelves.mark):
            with pytest.raises(Refused, match="your own images"):
                look(studio, bob, wanted)
        for ask in (shelves.page, shelves.mark):
            with pytest.raises(Refused, match="your own images"):
                ask(studio, bob, wanted, sight=Sight(studio, bob))
            with pytest.raises(Refused, match="your own images"):
                ask(studio, bob, wanted, sight=Sight(studio, lea))
            assert ask(studio, lea, wanted, sight=Sight(studio, lea)) == ask(studio, lea, wanted)


def test_what_looks_like_an_image_is_found(studio: Studio, followed: Replica) -> None:
    alice, stranger = person(studio, "alice"), person(studio, "stranger")
    one, brighter, other, another = many.images(studio, alice, 4)
    theirs = many.images(studio, stranger, 1)[0]
    looks = {one: -1, brighter: -1 ^ 0b1111_1111, other: -1 ^ 0b1_1111_1111, another: 5, theirs: -1}
    with studio.transaction() as db:
        for image_id, dhash in looks.items():
            db.execute(sa.update(Image).where(col(Image.id) == image_id).values(dhash=dhash))
    followed.sync()

    wanted = Wanted(like=one)
    assert shelves.page(studio, alice, wanted).ids == (one, brighter)
    assert (shelves.counts(studio, alice, wanted).total, shelves.shape(studio, alice, wanted).total) == (2, 2)
    nearest = (brighter, other, one)  # itself, one place, eight places; the newest is the last
    assert shelves.page(studio, alice, Wanted(like=brighter)).ids == nearest
    assert shelves.page(studio, alice, Wanted(like=brighter, stacked=True)).ids == nearest
    assert shelves.page(studio, alice, Wanted(like=brighter, sort="newest")).ids == (one, brighter, other)
    first = shelves.page(studio, alice, Wanted(like=brighter), limit=2)
    assert (first.ids, shelves.page(studio, alice, Wanted(like=brighter), first.next).ids) == (nearest[:2], nearest[2:])
    assert shelves.page(studio, alice, Wanted(like=theirs)).ids == ()
    assert shelves.page(studio, alice, replace(wanted, picked={"model": ("none",)})).ids == ()


def test_what_looks_alike_only_the_replica_knows(studio: Studio) -> None:
    alice = person(studio, "alice")

    with pytest.raises(Behind):
        shelves.page(studio, alice, Wanted(like=many.images(studio, alice, 1)[0]))


TEXTS = (
    "A red fox in the snow",
    "Red foxes, a fox",
    "Ein Füchslein auf rotem Grund",
    "the snow-white hare",
    "赤い狐の絵",
)
SOUGHT = {
    "fox": {0, 1},
    "red fox": {0, 1},
    '"red fox"': {0},
    '"fox in the snow"': {0},
    "fuchs": {2},
    "FÜCHS": {2},
    "snow -fox": {3},
    "-fox": {2, 3, 4},
    '-"red fox"': {1, 2, 3, 4},
    "snow-white": {3},
    "狐": {4},
    "ox": set(),
    "“fox”": {0, 1},
    "…": {0, 1, 2, 3, 4},
    "100%": set(),
}


@pytest.mark.parametrize("sought", SOUGHT)
def test_words_phrases_beginnings_and_accents(library: tuple[Studio, Person, list[str]], sought: str) -> None:
    studio, alice, ids = library

    found = shelves.page(studio, alice, Wanted(words=sought))

    assert {ids.index(image_id) for image_id in found.ids} == SOUGHT[sought]


def test_the_best_comes_first(library: tuple[Studio, Person, list[str]]) -> None:
    """Side by side and whole before scattered beginnings, though the others are newer."""
    studio, alice, ids = library

    assert shelves.page(studio, alice, Wanted(words="red fox")).ids == (ids[0], ids[1])
    assert shelves.page(studio, alice, Wanted(words="red fox", sort="newest")).ids == (ids[1], ids[0])


@pytest.mark.parametrize(("typed", "meant"), [("snwo", "snow"), ("fuchslien", "fuchslein"), ("qqqqqq", None)])
def test_a_word_with_a_slip_leads_to_the_one_that_was_meant(
    library: tuple[Studio, Person, list[str]], typed: str, meant: str | None
) -> None:
    studio, alice, _ = library

    assert shelves.nearest(studio, alice, typed) == meant


WRONG = (
    Wanted(like="no id; at all"),
    Wanted(picked={"mood": ("blue",)}),
    Wanted(picked={"id) OR (1=1": ("x",)}),
    Wanted(between={"size": (1, 2)}),
    Wanted(sort="cheapest; DROP TABLE image"),
    Wanted(words="a b c d e f g h i j k l m n o p q r s t u"),
)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_nobody_can_look_for_is_refused(studio: Studio, wrong: Wanted) -> None:
    with pytest.raises(Refused):
        shelves.page(studio, person(studio, "alice"), wrong)


@pytest.mark.parametrize(
    "after", ["x", "1", "1.2.3.4", "'", "ffffffffffffffff." + "0" * 32, "1." + "0" * 33, "5.1." + "0" * 32]
)
def test_a_cursor_that_is_none_of_ours_is_refused(studio: Studio, after: str) -> None:
    with pytest.raises(Refused):
        shelves.page(studio, person(studio, "alice"), Wanted(), after)


def test_words_wait_for_the_replica(studio: Studio) -> None:
    with pytest.raises(Behind):
        shelves.page(studio, person(studio, "alice"), Wanted(words="fox"))


@pytest.fixture
def library(laptop: Settings) -> Iterator[tuple[Studio, Person, list[str]]]:
    """One image with each of TEXTS, from old to new."""
    studio = open_studio(laptop)
    alice = person(studio, "alice")
    ids = many.images(studio, alice, len(TEXTS), each=1)[::-1]
    with studio.transaction() as db:
        db.execute(sa.update(Conversation).values(title=""))
        for turn, text in zip(db.scalars(sa.select(Turn).order_by(col(Turn.created_at))), TEXTS, strict=True):
            turn.prompt = text
        token = changes.token(db)
    with Replica(studio).running() as copy:
        until(lambda: is_there(copy))
        with copy.reading(token):
            yield studio, alice, ids
    studio.engine.dispose()


def person(studio: Studio, name: str) -> Person:
    return access.person_named(studio, name, name.title())


def random_wish(chance: random.Random, rows: list[Row]) -> Wanted:
    """Mostly of what is there, so that something is found."""
    one, other = chance.choice(rows), chance.choice(rows)
    names = chance.sample(list(FACETS), chance.choice((0, 0, 1, 1, 2)))
    picked = {name: tuple({getattr(one, name), getattr(chance.choice((one, other)), name)}) for name in names}
    between: dict[str, Any] = {}
    if chance.random() < 0.3:
        start, end = sorted(row.made.replace(tzinfo=UTC) for row in (one, other))
        between["made"] = chance.choice(((start, end), (None, end), (start, None)))
    if chance.random() < 0.2:
        between["cost"] = (chance.choice((None, Decimal("0.042"))), Decimal("1.5"))
    if chance.random() < 0.2:
        between["took"] = (5_000, chance.choice((None, 40_000)))
    said = one.words.split()
    words = (
        " ".join(chance.choice(said)[: chance.choice((2, 30))] for _ in range(chance.choice((0, 0, 1, 2))))
        if said
        else ""
    )
    without = {
        name: (getattr(chance.choice(rows), name),) for name in chance.sample(list(FACETS), chance.choice((0, 0, 1)))
    }
    return Wanted(picked, without, between, words, chance.choice((None, *SORTS)))


def fits(row: Row, wanted: Wanted) -> bool:
    values = {"made": row.made.replace(tzinfo=UTC), "cost": row.cost, "took": row.took}
    limits = {
        name: tuple(int(v * 10**9) if isinstance(v, Decimal) else v for v in ends)
        for name, ends in wanted.between.items()
    }
    return (
        all(wanted.takes(name, getattr(row, name)) for name in FACETS)
        and all(_within(values[name], *ends) for name, ends in limits.items())
        and all(folded(word).rstrip() in row.words or _unspaced(word, row) for word in wanted.words.split())
    )


def _unspaced(word: str, row: Row) -> bool:
    return "狐" in word and word in row.words


def _within(value: Any, start: Any, end: Any) -> bool:
    return value is not None and (start is None or value >= start) and (end is None or value < end)


def in_order(rows: list[Row], sort: str | None) -> list[Row]:
    if sort == "oldest":
        return sorted(rows, key=lambda row: (row.made, row.id))
    by = {"costliest": "cost", "slowest": "took"}.get(sort or "")
    return sorted(rows, key=lambda row: (_or(by and getattr(row, by)), row.made, row.id), reverse=True)


def _or(value: Any) -> int:
    return -1 if value is None else int(value)


def assert_counts(counts: shelves.Counts, rows: list[Row], wanted: Wanted) -> None:
    assert counts.total == sum(fits(row, wanted) for row in rows), wanted
    for name in FACETS:
        picked, without = ({o: v for o, v in by.items() if o != name} for by in (wanted.picked, wanted.without))
        others = replace(wanted, picked=picked, without=without)
        assert counts.facets[name] == Counter(getattr(row, name) for row in rows if fits(row, others)), (name, wanted)


def all_pages(studio: Studio, person: Person, wanted: Wanted) -> list[str]:
    found, after = list[str](), None
    while True:
        page = shelves.page(studio, person, wanted, after, limit=29)
        found += page.ids
        after = page.next
        if after is None:
            return found
