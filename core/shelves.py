"""Find images: in pages, with their total and with counts of every filter that follow the other filters.

The replica answers. Pages come from the database itself while the replica is behind, so that a person sees at once what
they just did. Whose images they are is part of every query.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core import access, replica
from core.access import Person, Sight
from core.columns import Moment
from core.errors import Refused
from core.replica import FOLD, LONG, PATIENCE, Behind
from core.replica_rows import FACETS
from core.studio import Studio
from core.tiles import MOST, PAGE
from core.wanted import RANGES, SORTS, Query, Wanted, asked, for_database, for_replica

__all__ = ["EVERYTHING", "FACETS", "RANGES", "SORTS", "Behind", "Wanted"]  # from below, for verbs

EVERYTHING = Wanted()
FAR = 2
"""By how many letters a word may be longer or shorter than the one that was meant."""
LIKE = 0.85
"""How like it must be, from 0 to 1 (Jaro and Winkler: a wrong beginning weighs more)."""
LATEST = 5_000
"""Images whose words are looked at for it."""
MOST_FOLDED = 1_000
"""Texts of searches that are remembered as they are searched."""


@dataclass(frozen=True)
class Found:
    """Ids of a page, in order, and the cursor of what follows; None at the end."""

    ids: tuple[str, ...]
    next: str | None
    piles: tuple[int, ...] = ()
    """When they are stacked: how many images of its post each stands for."""


@dataclass(frozen=True)
class Counts:
    """How many images there are."""

    total: int
    facets: Mapping[str, Mapping[str, int]]
    """For each value of each facet: how many, were it picked instead of what is picked of that facet."""


@dataclass(frozen=True)
class Shape:
    """All that was found, small enough to lay it out before any page of it is read."""

    total: int
    newest: str | None
    """The id of the first one."""
    ratios: bytes
    """One byte for each image: width / height in 64ths, within 1..255."""
    cursors: tuple[str | None, ...]
    """What `page(after=)` takes for the first, second, … page of PAGE images."""
    dates: tuple[datetime, ...]
    """When the images at the cursors were made; one less than cursors."""
    order: str
    """One of SORTS, or best."""


def page(
    studio: Studio,
    person: Person,
    wanted: Wanted,
    after: str | None = None,
    *,
    limit: int = PAGE,
    token: str = "",
    sight: Sight | None = None,
) -> Found:
    """What the person has of it, strictly after the cursor. `token` (`changes.token`): what they wrote themselves.
    `sight`: whose images they see, where somebody else wants to know that too.

    Raises Refused for what nobody can look for, and Behind for words, looks and stacks while there is no replica.
    """
    if not 1 <= limit <= PAGE:
        raise Refused(f"A page of the gallery has 1 to {PAGE} images. Ask for fewer at once.")
    query = _query(studio, person, wanted, after, sight)
    rows = _page(studio, person, query, limit, token)
    ids, following = tuple(row[0] for row in rows), query.cursor(*rows[-1][:3]) if len(rows) == limit else None
    return Found(ids, following, tuple(row[3] for row in rows) if wanted.stacked else ())


def counts(studio: Studio, person: Person, wanted: Wanted, *, token: str = "") -> Counts:
    """Total and facets, in one pass. Raises Refused, and Behind when there is no replica that has the token."""
    query = _query(studio, person, wanted)
    sql = f"SELECT combo {query.on_replica(picks=False)}"
    with replica.of(studio).counting(token) as (cursor, combos):
        often = combos.often(cursor, sql, _given(cursor, sql, query, person))
        return Counts(*combos.counted(cursor, often, wanted.takes))


def mark(studio: Studio, person: Person, wanted: Wanted, *, token: str = "", sight: Sight | None = None) -> str:
    """Is another one when other images are found, or in another order; a fraction of the work of their shape.

    Raises Refused, and Behind when there is no replica that has the token.
    """
    query = _query(studio, person, wanted, sight=sight)
    found = f"SELECT id, {query.value_or_0} AS value, {query.pile} AS pile {query.on_replica()}"
    sql = f"SELECT count(*), bit_xor(hash(id, value, pile)) FROM ({found})"
    with _reading(studio, wanted, token) as cursor:
        ((n, hashed),) = cursor.execute(sql, _given(cursor, sql, query, person)).fetchall()
    return f"{n:x}-{hashed or 0:x}"


def ids(studio: Studio, person: Person, wanted: Wanted, after: str | None, limit: int, *, token: str = "") -> list[str]:
    """As `page`, up to MOST at once and nothing but the ids."""
    query = _query(studio, person, wanted, after)
    return [row[0] for row in _page(studio, person, query, min(limit, MOST), token)]


def place(studio: Studio, person: Person, wanted: Wanted, at: datetime, *, token: str = "") -> int:
    """How many of what is found stand before this moment: newer ones, or older ones with the oldest first.

    Raises Refused when it is not in order of time, and Behind when there is no replica that has the token.
    """
    query = _query(studio, person, wanted)
    if query.value:
        raise Refused("These are not in order of time. Sort by newest or oldest to jump to a date.")
    query.given["at"] = at
    sql = f"SELECT count(*) FROM (SELECT made {query.on_replica()}) WHERE made {query.before} $at"
    with _reading(studio, wanted, token) as cursor:
        ((n,),) = cursor.execute(sql, _given(cursor, sql, query, person)).fetchall()
    return int(n)


def shape(studio: Studio, person: Person, wanted: Wanted, *, token: str = "") -> Shape:
    """The shape of all that was found. Raises Refused, and Behind when there is no replica that has the token."""
    query = _query(studio, person, wanted)
    found = f"SELECT id, made, shape, {query.value_or_0} AS value {query.on_replica()}"
    ordered = query.order.replace(query.value, "value") if query.value else query.order
    numbered = f"SELECT *, row_number() OVER (ORDER BY {ordered}) AS number FROM ({found})"
    ends = f"SELECT id, made, value, number FROM ({numbered}) WHERE number = 1 OR number % {PAGE} = 0 ORDER BY number"
    with _reading(studio, wanted, token) as cursor:
        given = _given(cursor, found, query, person)
        cursor.execute(f"SELECT shape FROM ({found}) ORDER BY {ordered}", given)
        ratios = cursor.fetchnumpy()["shape"].tobytes()
        last = cursor.execute(ends, given).fetchall()
    first, last = last[:1], last[1:]
    starts = [end for end in last if end[3] < len(ratios)]
    cursors = (query.cursor(image_id.hex, made, value) for image_id, made, value, _ in starts)
    dates = tuple(start[1].replace(tzinfo=UTC) for start in starts)
    return Shape(len(ratios), first[0][0].hex if first else None, ratios, (None, *cursors), dates, query.sort)


def ends(studio: Studio, person: Person, wanted: Wanted, *, token: str = "") -> dict[str, tuple[Any, Any]]:
    """The least and the most of every range among what was found: moments, dollars, milliseconds; None without any.

    Raises Refused, and Behind when there is no replica that has the token.
    """
    query = _query(studio, person, wanted)
    sql = f"SELECT {', '.join(f'min({name}), max({name})' for name in RANGES)} {query.on_replica()}"
    with _reading(studio, wanted, token) as cursor:
        found = iter(cursor.execute(sql, _given(cursor, sql, query, person)).fetchall()[0])
    return {name: (asked(name, next(found)), asked(name, next(found))) for name in RANGES}


def nearest(studio: Studio, person: Person, word: str) -> str | None:
    """The word of the person's own images that is most like this one, for a search that found nothing."""
    sql = f"""
        SELECT word FROM (
            SELECT unnest(string_split(words, ' ')) AS word
            FROM (SELECT words FROM img WHERE owner = $owner AND live ORDER BY made DESC LIMIT {LATEST})
        )
        WHERE abs(length(word) - length($word)) <= {FAR}
        GROUP BY word
        HAVING word <> $word AND jaro_winkler_similarity(word, $word) > {LIKE}
        ORDER BY damerau_levenshtein(word, $word), count(*) DESC, word
        LIMIT 1
    """
    with replica.of(studio).reading() as cursor:
        found = cursor.execute(sql, {"owner": UUID(person.id), "word": word.lower()}).fetchall()
    return found[0][0] if found else None


def people(studio: Studio, person: Person, wanted: Wanted, *, token: str = "") -> Mapping[str, int]:
    """How many there are of each person whose images this one sees, whoever's are wanted. Raises Refused, Behind."""
    query = Query(replace(wanted, people=() if access.leads(studio, person) else None))
    sql = f"SELECT owner, count(*) {query.on_replica()} GROUP BY owner"
    with _reading(studio, wanted, token) as cursor:
        rows = cursor.execute(sql, _given(cursor, sql, query, person)).fetchall()
    return {owner.hex: n for owner, n in rows}


def _reading(studio: Studio, wanted: Wanted, token: str) -> AbstractContextManager[replica.Cursor]:
    """Patient for what only the replica can tell; of everything, newest first, the database can."""
    return replica.of(studio).reading(token, PATIENCE if wanted == EVERYTHING else LONG)


def _query(
    studio: Studio, person: Person, wanted: Wanted, after: str | None = None, sight: Sight | None = None
) -> Query:
    """Whose images may be asked for is decided here, for every read."""
    if wanted.people not in (None, (person.id,)):
        known = sight if sight and sight.person == person else None
        seen = known.reaches(wanted.people or ()) if known else access.leads(studio, person)
        if not seen:
            raise Refused("You see your own images. Ask whoever runs the studio to let you see those of others.")
    return Query(wanted, after)


def _page(studio: Studio, person: Person, query: Query, limit: int, token: str) -> list[Any]:
    try:
        return _page_of_replica(studio, person, query, limit, token)
    except Behind:
        if query.only_replica:
            raise
        return _page_of_database(studio, person, query, limit)


def _page_of_replica(studio: Studio, person: Person, query: Query, limit: int, token: str) -> list[Any]:
    shown = f"SELECT id, made, {query.value_or_0} AS value, {query.pile} AS pile"
    sql = f"{shown} {query.on_replica()} ORDER BY {query.order} LIMIT {limit}"
    with replica.of(studio).reading(token, LONG if query.only_replica else PATIENCE) as cursor:
        rows = cursor.execute(sql, _given(cursor, sql, query, person)).fetchall()
    return [(image_id.hex, made, value, pile) for image_id, made, value, pile in rows]


def _page_of_database(studio: Studio, person: Person, query: Query, limit: int) -> list[Any]:
    shown = f"SELECT id, made, {query.value_or_0} AS value"
    sql = f"{shown} {query.on_database()} ORDER BY {query.order} LIMIT {limit}"
    text = for_database(sql, {**query.given, "owner": UUID(person.id)}).columns(made=Moment)
    with studio.reading() as db:
        return list(db.execute(text).all())


def _given(cursor: replica.Cursor, sql: str, query: Query, person: Person) -> dict[str, Any]:
    """The parameters that this SQL names; words are folded by who folded the images' words."""
    if query.terms:
        query.fold([_folded.get(text) or _fold(cursor, text) for text in query.texts])
    return for_replica(sql, {**query.given, "owner": UUID(person.id)})


def _fold(cursor: replica.Cursor, text: str) -> str:
    """To prepare its pattern takes milliseconds, and the parts of one screen ask for the same words one by one."""
    ((folded,),) = cursor.execute(f"SELECT {FOLD.format(text='$text')}", {"text": text}).fetchall()
    if len(_folded) >= MOST_FOLDED:
        _folded.clear()
    return _folded.setdefault(text, str(folded))


_folded: dict[str, str] = {}
"""Texts of the latest searches, as `FOLD` makes them."""
