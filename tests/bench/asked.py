"""The same questions, asked of a database instead of the replica: of the studio's own tables, or of one ideal table.

The ideal table has everything of an image in one row, its facets packed into one number, indexes that cover pages and
counts, and a full-text index: the replica's own SQL runs on it nearly as it stands.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from core import replica, shelves
from core.access import Person
from core.replica_rows import FACETS, IMAGES
from core.shelves import Counts, Wanted
from core.studio import Studio
from core.wanted import Query, for_database, terms

PAGE = 48
NAMES = ", ".join(FACETS)


class Asked(Protocol):
    """Whoever answers."""

    def page(self, person: Person, wanted: Wanted) -> list[str]:
        """The first PAGE ids, newest first."""

    def counts(self, person: Person, wanted: Wanted) -> Counts:
        """As `shelves.counts`."""

    def total(self, person: Person, wanted: Wanted) -> int:
        """Only how many."""


def counted_anew(studio: Studio, person: Person, wanted: Wanted) -> Counts:
    """`shelves.counts` as after a change: nothing that was counted before is remembered."""
    with replica.of(studio).counting() as (_, combos):
        combos.forget()
    return shelves.counts(studio, person, wanted)


class Replicated:
    """The studio's replica, by the studio's own functions."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def page(self, person: Person, wanted: Wanted) -> list[str]:
        return list(shelves.page(self.studio, person, wanted, limit=PAGE).ids)

    def counts(self, person: Person, wanted: Wanted) -> Counts:
        return shelves.counts(self.studio, person, wanted)

    def total(self, person: Person, wanted: Wanted) -> int:
        """There is no cheaper way: with it come all facets."""
        return self.counts(person, wanted).total


class Anew(Replicated):
    """The same, and whoever asks again is counted again: for questions that are asked over and over."""

    def counts(self, person: Person, wanted: Wanted) -> Counts:
        return counted_anew(self.studio, person, wanted)


class AsItIs:
    """The studio's own tables with the indexes that they have; of words, a look at each text."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def page(self, person: Person, wanted: Wanted) -> list[str]:
        sql = f"SELECT id, made {self._found(wanted)} ORDER BY made DESC, id DESC LIMIT {PAGE}"
        return [row[0] for row in self._rows(person, wanted, sql)]

    def counts(self, person: Person, wanted: Wanted) -> Counts:
        sql = f"SELECT count(*), {NAMES} {self._found(_unpicked(wanted))} GROUP BY {NAMES}"
        return counted(self._rows(person, wanted, sql), wanted)

    def total(self, person: Person, wanted: Wanted) -> int:
        return int(self._rows(person, wanted, f"SELECT count(*) {self._found(wanted)}")[0][0])

    def _found(self, wanted: Wanted) -> str:
        words = (
            f" AND ' ' || trim(told) || ' ' || prompt || ' ' LIKE $like_{number}"
            for number, _ in enumerate(terms(wanted.words))
        )
        return Query(wanted).on_database() + "".join(words)

    def _rows(self, person: Person, wanted: Wanted, sql: str) -> list[Any]:
        given = Query(wanted).given | {"owner": UUID(person.id)}
        for number, term in enumerate(terms(wanted.words)):
            given[f"like_{number}"] = f"% {term.text} %" if term.phrase else f"% {term.text}%"
        return _rows(self.studio, for_database(sql, given))


class Ideal:
    """A table of its own in the same database. `make` takes a minute at a million."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.sqlite = studio.engine.dialect.name == "sqlite"

    def make(self) -> None:
        """Fill it with what the studio's tables hold now."""
        with self.studio.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in (*_COMMON, *(_SQLITE if self.sqlite else _POSTGRES)):
                connection.exec_driver_sql(statement)
            connection.invalidate()  # its settings were for this alone

    def page(self, person: Person, wanted: Wanted) -> list[str]:
        order = "img.rowid DESC" if self.sqlite and wanted.words else "made DESC, id DESC"  # rows stand in that order
        sql = f"SELECT id {self._found(wanted)} ORDER BY {order} LIMIT {PAGE}"
        return [row[0] for row in self._rows(person, wanted, sql)]

    def counts(self, person: Person, wanted: Wanted) -> Counts:
        counting = f"SELECT combo AS no, count(*) AS n {self._found(_unpicked(wanted))} GROUP BY combo"
        sql = f"SELECT n, {NAMES} FROM ({counting}) AS found JOIN combo USING (no)"
        return counted(self._rows(person, wanted, sql), wanted)

    def total(self, person: Person, wanted: Wanted) -> int:
        return int(self._rows(person, wanted, f"SELECT count(*) {self._found(wanted)}")[0][0])

    def _found(self, wanted: Wanted) -> str:
        found = Query(replace(wanted, words="")).on_replica()
        if not wanted.words:
            return found
        if self.sqlite:
            text = "FROM img_words CROSS JOIN img ON img.rowid = img_words.rowid"
            return found.replace("FROM img", text, 1) + " AND img_words MATCH $match"
        return found + " AND spoken @@ to_tsquery('simple', $match)"

    def _rows(self, person: Person, wanted: Wanted, sql: str) -> list[Any]:
        match = _fts5 if self.sqlite else _tsquery
        given = Query(wanted).given | {"owner": UUID(person.id), "match": match(wanted.words)}
        return _rows(self.studio, for_database(sql, given))


def counted(rows: list[Any], wanted: Wanted) -> Counts:
    """What `shelves.counts` makes of how many there are of each combination of facets."""
    facets: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    total = 0
    for n, *values in rows:
        wrong = [name for name, value in zip(FACETS, values, strict=True) if not wanted.takes(name, value)]
        total += 0 if wrong else n
        for name, value in zip(FACETS, values, strict=True):
            if not wrong or wrong == [name]:
                facets[name][value] += n
    return Counts(total, facets)


def same(answers: Iterator[Any]) -> Any:
    """What they all say. Raises RuntimeError when one says something else: then no figure of theirs means anything."""
    first, *others = answers
    if any(other != first for other in others):
        raise RuntimeError(f"Not all found the same: {[str(answer)[:200] for answer in (first, *others)]}")
    return first


def _unpicked(wanted: Wanted) -> Wanted:
    """Counts of a facet do not follow what is picked of it, so all combinations are needed."""
    return replace(wanted, picked={}, without={})


def _rows(studio: Studio, sql: sa.TextClause) -> list[Any]:
    with studio.reading() as db:
        if studio.engine.dialect.name != "sqlite":
            db.execute(_GENEROUS)
        return list(db.execute(sql).all())


def _fts5(words: str) -> str:
    return " ".join(f'"{term.text}"{"" if term.phrase else "*"}' for term in terms(words))


def _tsquery(words: str) -> str:
    return " & ".join(
        f"({' <-> '.join(term.text.split())})" if term.phrase else f"{term.text}:*" for term in terms(words)
    )


_GENEROUS = sa.text("SET LOCAL work_mem = '128MB'")
_ONE = (
    f"SELECT {NAMES}, id, owner, made, trashed, cost, took, told || ' ' || prompt AS words FROM ({IMAGES.sql()}) AS p"
)
_MATCHING = " AND ".join(f"combo.{name} = p.{name}" for name in FACETS)
_COMMON = (
    "DROP TABLE IF EXISTS img",
    "DROP TABLE IF EXISTS combo",
    f"CREATE TABLE combo AS SELECT row_number() OVER () AS no, {NAMES}"
    f" FROM (SELECT DISTINCT {NAMES} FROM ({IMAGES.sql()}) AS p) AS c",
    f"CREATE UNIQUE INDEX combo_of ON combo ({NAMES})",
    "CREATE UNIQUE INDEX combo_no ON combo (no)",
    "ANALYZE combo",
)
# A cross join, or SQLite would go through all images for every combination.
_IMG = (
    "CREATE TABLE img AS SELECT p.id, p.owner, p.made, p.trashed IS NULL AS live, combo.no AS combo, p.cost, p.took,"
    f" p.words{{more}} FROM ({_ONE}) AS p CROSS JOIN combo WHERE {_MATCHING} ORDER BY p.made, p.id"
)
_INDEXES = (
    "CREATE INDEX img_pages ON img (owner, made, id, combo) WHERE live",
    "CREATE INDEX img_counts ON img (owner, combo, made, id) WHERE live",
)
_SQLITE = (
    "PRAGMA cache_size = -400000",
    "PRAGMA synchronous = OFF",
    _IMG.format(more=""),
    *_INDEXES,
    "DROP TABLE IF EXISTS img_words",
    "CREATE VIRTUAL TABLE img_words USING fts5(words, content='img', content_rowid='rowid')",
    "INSERT INTO img_words (img_words) VALUES ('rebuild')",
    "ANALYZE img",
)
_POSTGRES = (
    "SET statement_timeout = 0",
    "SET work_mem = '256MB'",
    "SET maintenance_work_mem = '1GB'",
    "SET enable_nestloop = off",  # it expects few rows of so long a condition
    _IMG.format(more=", to_tsvector('simple', p.words) AS spoken"),
    *_INDEXES,
    "CREATE INDEX img_words ON img USING gin (spoken)",
    "VACUUM ANALYZE img",
)
