"""What somebody looks for among images, and the same conditions as SQL for the replica and for the database itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from core import cursors, replica_rows
from core.columns import Moment
from core.errors import Refused
from core.replica_rows import FACETS

RANGES = ("made", "cost", "took")
"""Facts of `replica_rows.FACTS` that can be asked for by from and to. To add one, add its name."""
# To add an order, add a line: the highest value comes first, and the newer among equals.
SORTS = {"newest": None, "oldest": None, "costliest": "coalesce(cost, -1)", "slowest": "coalesce(took, -1)"}
BEST = "best"
"""The order of a search when no other is asked for."""
MOST_TERMS = 20
PILE = "coalesce(post, id)"
"""What images of one post have in common; one without a post is by itself."""
ALIKE = 8
"""Of the 64 places of a dHash, how many may differ between two images that look alike. Measured on 144 pictures: the
same one smaller, larger, in another encoding or a little brighter differs in up to 8; of pairs of different ones, one
in 800 does not differ in more."""
EARLY = 80
"""Letters; a title and the beginning of a caption are among them."""
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_NAMED = re.compile(r"\$(\w+)")
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that write words without blanks between them."""


@dataclass(frozen=True)
class Wanted:
    """What a person looks for; empty, it is everything."""

    picked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By facet (`FACETS`), the values of which an image has one."""
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By facet, the values of which it has none."""
    between: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """By range (`RANGES`): from, included, and to, not included; either may be None. `made` takes aware moments, `cost`
    dollars (Decimal), `took` milliseconds."""
    words: str = ""
    """All of them, each from its beginning; "in quotes" a phrase of whole words; -without one."""
    sort: str | None = None
    """One of `SORTS`; None is newest, or best when there are words or a look."""
    people: tuple[str, ...] | None = None
    """Whose, by id; nobody named is everybody. None is one's own, and all that others than leads may ask for."""
    stacked: bool = False
    """Of each post only the first image in this order."""
    like: str | None = None
    """The id of an image: what looks like it, itself too."""

    def takes(self, facet: str, value: str) -> bool:
        """Whether an image with this value of this facet is wanted, as far as that goes."""
        picked = self.picked.get(facet)
        return (picked is None or value in picked) and value not in self.without.get(facet, ())


@dataclass(frozen=True)
class Term:
    """One word or phrase of a search."""

    text: str
    phrase: bool
    unwanted: bool


def terms(words: str) -> tuple[Term, ...]:
    """What a search says, without what has no letter and no digit. Raises Refused for too many."""
    found = [(m[2] if m[2] is not None else m[3], m[2] is not None, m[1] == "-") for m in _TERM.finditer(words)]
    kept = tuple(Term(*term) for term in found if any(map(str.isalnum, term[0])))
    if len(kept) > MOST_TERMS:
        raise Refused(f"A search takes up to {MOST_TERMS} words. Leave some out.")
    return kept


class Query:
    """`Wanted` as SQL. Names come from our own lists, everything else is a parameter."""

    def __init__(self, wanted: Wanted, after: str | None = None) -> None:
        self.given: dict[str, Any] = {}
        self.terms = terms(wanted.words)
        scored = wanted.like or any(not term.unwanted for term in self.terms)
        self.sort = wanted.sort or (BEST if scored else "newest")
        if self.sort not in (*SORTS, BEST):
            raise Refused(f"Images cannot be sorted by “{self.sort}”. Pick one of: {', '.join(SORTS)}.")
        self.stacked = wanted.stacked
        self.whose = self._whose(wanted.people)
        self.picks = [*self._picks(wanted.picked, "IN", "1 = 0"), *self._picks(wanted.without, "NOT IN", "1 = 1")]
        self.ranges = list(self._ranges(wanted))
        differs = self._differs(wanted.like) if wanted.like is not None else ""
        self.words = [*self._contains(), *([f"{differs} <= {ALIKE}"] if differs else [])]
        self.value = self._score(differs) if self.sort == BEST else SORTS[self.sort] or ""
        self.place = [self._after(after)] if after else []

    @property
    def texts(self) -> list[str]:
        """What must be folded as the images' words are (`FOLD`), for `fold`."""
        return [*(term.text for term in self.terms), " ".join(term.text for term in self.terms if not term.unwanted)]

    def fold(self, folded: Sequence[str]) -> None:
        """A word begins where a blank is, a phrase also ends at one; in some scripts nobody writes blanks."""
        *words, self.given["together"] = folded
        for number, (term, word) in enumerate(zip(self.terms, words, strict=True)):
            beginning = word.strip(" ") if _UNSPACED.search(word) else word.rstrip(" ")
            self.given[f"word_{number}"] = word if term.phrase else beginning
            self.given[f"whole_{number}"] = word

    @property
    def order(self) -> str:
        """What follows ORDER BY."""
        way = "ASC" if self.sort == "oldest" else "DESC"
        return ", ".join(f"{column} {way}" for column in (self.value, "made", "id") if column)

    @property
    def before(self) -> str:
        """How the time of an image compares with that of one that comes after it."""
        return "<" if self.sort == "oldest" else ">"

    @property
    def value_or_0(self) -> str:
        """What the order goes by before time and id."""
        return self.value or "0"

    def on_replica(self, *, picks: bool = True) -> str:
        """FROM … WHERE … there; needs `owner` too, unless others' are wanted."""
        picked = f"combo IN (SELECT no FROM combo WHERE {' AND '.join(self.picks)})" if picks and self.picks else "true"
        rest = " AND ".join(("live", picked, *self.ranges, *self.words))
        found = f"FROM img WHERE {self.whose} AND {rest}"
        if self.stacked and picks:
            first = f"row_number() OVER (PARTITION BY {PILE} ORDER BY {self.order}) = 1"
            found = f"FROM (SELECT *, count(*) OVER (PARTITION BY {PILE}) AS pile {found} QUALIFY {first}) WHERE true"
        return " AND ".join((found, *self.place))

    def on_database(self) -> str:
        """FROM … WHERE … there, in the words of the gallery's index; needs `owner` too. Words are not searched."""
        whose = self.whose.replace("owner ", "image.user_id ", 1)
        scope = f"{whose} AND image.deleted_at IS NULL AND image.generation_id IS NOT NULL"
        rest = " AND ".join((*self.picks, *self.ranges, *self.place)) or "1 = 1"
        return f"FROM ({replica_rows.IMAGES.sql()} WHERE {scope}) AS img WHERE {rest}"

    @property
    def only_replica(self) -> bool:
        """Whether the database cannot answer it: it searches no words, compares no looks and makes no piles."""
        return bool(self.words or self.stacked)

    @property
    def pile(self) -> str:
        """How many images a row of `on_replica` stands for."""
        return "pile" if self.stacked else "1"

    def cursor(self, image_id: str, made: datetime, value: int) -> str:
        """The place of an image in this order."""
        return cursors.write(made, image_id, value if self.value else None)

    def _whose(self, people: tuple[str, ...] | None) -> str:
        if people is None:
            return "owner = $owner"
        named = [self._give(f"person_{n}", UUID(person)) for n, person in enumerate(people)]
        return f"owner IN ({', '.join(named)})" if named else "1 = 1"

    def _picks(self, values: Mapping[str, tuple[str, ...]], how: str, none: str) -> Iterator[str]:
        for name, chosen in values.items():
            if name not in FACETS:
                raise Refused(f"Images cannot be filtered by “{name}”. Pick one of: {', '.join(FACETS)}.")
            names = [self._give(f"{name}_{how[:2].lower()}_{n}", value) for n, value in enumerate(chosen)]
            yield f"{name} {how} ({', '.join(names)})" if names else none

    def _ranges(self, wanted: Wanted) -> Iterator[str]:
        for name, (start, end) in wanted.between.items():
            if name not in RANGES:
                raise Refused(f"Images cannot be filtered by “{name}”. Pick one of: {', '.join(RANGES)}.")
            for sign, which, value in ((">=", "from", start), ("<", "to", end)):
                if value is not None:
                    yield f"{name} {sign} {self._give(f'{name}_{which}', _unit(value))}"

    def _contains(self) -> Iterator[str]:
        for number, term in enumerate(self.terms):
            yield f"{'NOT ' if term.unwanted else ''}contains(words, $word_{number})"

    def _differs(self, like: str) -> str:
        """In how many of 64 places an image differs from this one; from itself in less than none."""
        if not re.fullmatch("[0-9a-f]{32}", like):
            raise Refused("Say which image the others should look like: “like:” takes the id of one.")
        this = self._give("like", UUID(like))
        same = f"(SELECT dhash FROM img WHERE {self.whose} AND id = {this})"
        return f"(bit_count(xor(dhash, {same}))::INT - (id = {this})::INT)"

    def _score(self, differs: str) -> str:
        """What looks most like it before all. Whole words before beginnings, all words side by side before scattered
        ones, early before late."""
        if differs:
            return f"(-{differs})"
        sought = [number for number, term in enumerate(self.terms) if not term.unwanted]
        whole = [f"2 * contains(words, $whole_{n})::INT + (strpos(words, $word_{n}) < {EARLY})::INT" for n in sought]
        return f"({' + '.join(whole)} + 3 * contains(words, $together)::INT)"

    def _after(self, cursor: str) -> str:
        at, image_id, value = cursors.read(cursor, valued=bool(self.value))
        sign = ">" if self.sort == "oldest" else "<"
        spot = {"made": self._give("at", at), "id": self._give("id", UUID(image_id.ljust(32, "0")))}
        if self.value:
            spot = {self.value: self._give("value", value), **spot}
        return _beyond(sign, list(spot.items()))

    def _give(self, name: str, value: Any) -> str:
        self.given[name] = value
        return f"${name}"


def _beyond(sign: str, spot: Sequence[tuple[str, str]]) -> str:
    """After this spot in an order of several columns, one by one: DuckDB compares rows slowly and skips no block."""
    (column, value), *rest = spot
    beyond = f"{column} {sign} {value}"
    return f"{column} {sign}= {value} AND ({beyond} OR {_beyond(sign, rest)})" if rest else beyond


def for_replica(sql: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that it names, as DuckDB takes them: moments in UTC without a zone, ids as such."""
    named = {name: given[name] for name in _NAMED.findall(sql)}
    return {n: v.astimezone(UTC).replace(tzinfo=None) if isinstance(v, datetime) else v for n, v in named.items()}


def for_database(sql: str, given: Mapping[str, Any]) -> sa.TextClause:
    """The same text with the parameters that it names, as SQLAlchemy takes them."""
    text = sa.text(_NAMED.sub(r":\1", sql.replace(":", "\\:")))
    return text.bindparams(*(_bound(name, given[name]) for name in set(_NAMED.findall(sql))))


def asked(name: str, value: Any) -> Any:
    """An end of a range as `Wanted.between` takes it, from what the replica keeps of it."""
    if name == "made" and value:
        return value.replace(tzinfo=UTC)
    return Decimal(value) / 1_000_000_000 if name == "cost" and value is not None else value


def _bound(name: str, value: Any) -> sa.BindParameter[Any]:
    if isinstance(value, datetime):
        return sa.bindparam(name, value, type_=Moment())
    return sa.bindparam(name, value.hex if isinstance(value, UUID) else value)


def _unit(value: Any) -> Any:
    """Dollars as the databases keep them."""
    return int(value * 1_000_000_000) if isinstance(value, Decimal) else value
