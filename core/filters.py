"""Everything that a screen shows beside what is found: what the line says, counts of every filter, and ways out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from core import line, shelves, written
from core.access import Person
from core.line import Line, Piece
from core.line_choices import Asker, folded
from core.line_keys import BY, KEYS, word
from core.models import ROUTES
from core.replica_rows import FACETS, SHAPES
from core.shelves import Behind, Counts, Wanted
from core.studio import Studio
from core.wanted import Query

MOST = 100
"""Values of one facet; the rarest beyond them are found by typing."""
PERSON = "person"
"""Beside FACETS, for who sees other people's images too."""
WAYS = 8
"""Pieces that are tried without, when nothing is found."""


@dataclass(frozen=True)
class Choice:
    """A value of a facet."""

    value: str
    label: str
    """Empty where screens have a word for it."""
    n: int
    """How many images, were it picked instead of what is picked of that facet."""
    picked: int
    """1 picked, -1 left out, 0 neither."""
    word: str
    """What picks it in the line."""


@dataclass(frozen=True)
class Way:
    """Something to do when nothing was found: put `word` in the place of a piece of the line; "" takes it away."""

    start: int
    end: int
    word: str
    n: int
    """Images that are found then."""


@dataclass(frozen=True)
class Filters:
    """What the filters of the gallery show for one line."""

    total: int
    line: Line
    facets: Mapping[str, tuple[Choice, ...]]
    ranges: Mapping[str, tuple[Any, Any]]
    """By range, the least and the most among what the other filters leave, so that a range can be widened again."""
    suggested: Mapping[str, tuple[str, ...]]
    """By key, values that are worth proposing though no count says so."""
    behind: bool
    """Whether the person has just done something that is not counted yet: ask again in a moment."""
    ways: tuple[Way, ...]

    def wire(self) -> dict[str, Any]:
        """As JSON."""
        wanted = self.line.wanted
        return {
            "total": self.total,
            "pieces": [_wire(piece, self._label(piece)) for piece in self.line.pieces],
            "sort": Query(wanted).sort,
            "stacked": wanted.stacked,
            "behind": self.behind,
            "between": {name: tuple(map(_text, ends)) for name, ends in wanted.between.items()},
            "facets": {name: [asdict(choice) for choice in choices] for name, choices in self.facets.items()},
            "ranges": {name: tuple(map(_text, ends)) for name, ends in self.ranges.items()},
            "suggested": self.suggested,
            "ways": [asdict(way) for way in self.ways],
        }

    def _label(self, piece: Piece) -> str:
        """What its only value is called; "" when it has none, several, or one that screens have a word for."""
        values = _picks(piece.wanted)
        if len(values) != 1:
            return ""
        ((facet, value),) = values
        return next((choice.label for choice in self.facets[facet] if choice.value == value), "")


def shown(studio: Studio, person: Person, text: str, zone: tzinfo = UTC) -> Filters:
    """What this line says and finds. Raises Misread for a line that cannot be read, Behind without a replica."""
    said = line.read(studio, person, text, zone)
    counts, behind = _counts(studio, person, said.wanted)
    asker = Asker(studio, person, zone)
    return Filters(
        total=counts.total,
        line=said,
        facets={name: tuple(_choices(asker, said.wanted, name, counts.facets[name])) for name in FACETS}
        | {PERSON: tuple(_people(asker, said.wanted))},
        ranges=shelves.ends(studio, person, replace(said.wanted, between={})),
        suggested={key.name: tuple(key.suggested(asker)) for key in KEYS.values()},
        behind=behind,
        ways=() if counts.total else tuple(_ways(studio, person, text, zone, said.pieces)),
    )


def _counts(studio: Studio, person: Person, wanted: Wanted) -> tuple[Counts, bool]:
    """With what the person has just done; a moment too early is better than nothing."""
    try:
        return shelves.counts(studio, person, wanted, token=written.seen(studio, person)), False
    except Behind:
        return shelves.counts(studio, person, wanted), True


def _choices(asker: Asker, wanted: Wanted, facet: str, counts: Mapping[str, int]) -> Iterator[Choice]:
    picked, without = wanted.picked.get(facet, ()), wanted.without.get(facet, ())
    known = sorted(counts, key=lambda value: (not value, -counts[value], value))
    if facet == "project":  # one that lies in the trash is nothing to look for
        known = [value for value in known if not value or value in asker.projects]
    chosen = [value for value in (*picked, *without) if counts.get(value) or len(picked) == 1 or value in without]
    values = dict.fromkeys((*known[:MOST], *chosen))
    order = list(SHAPES) if facet == "ratio" else []
    for value in sorted(values, key=lambda value: order.index(value) if value in order else len(order)):
        sign = 1 if value in picked else -1 if value in without else 0
        yield Choice(value, _label(asker, facet, value), counts.get(value, 0), sign, word(asker, facet, value))


def _people(asker: Asker, wanted: Wanted) -> Iterator[Choice]:
    """Everybody, and each whose images the person sees; nothing where these are their own alone."""
    if len(asker.people) < 2:
        return
    counts = shelves.people(asker.studio, asker.person, wanted)
    everybody = wanted.people == ()
    yield Choice("", "", sum(counts.values()), int(everybody), BY.word(asker, ""))
    for person in sorted(asker.people, key=lambda person: -counts.get(person, 0)):
        picked = int(person in (wanted.people or ()))
        yield Choice(person, asker.people[person], counts.get(person, 0), picked, BY.word(asker, person))


def _label(asker: Asker, facet: str, value: str) -> str:
    if facet == "model":
        return asker.studio.catalogue.label(value)
    if facet == "project":
        return asker.projects.get(value, "")
    if facet == "provider":
        said = ROUTES.get(value, value)
        return said[:1].upper() + said[1:]
    return "" if value in ("yes", "no", "first", "edit") else value


def _ways(studio: Studio, person: Person, text: str, zone: tzinfo, pieces: Sequence[Piece]) -> Iterator[Way]:
    """For each word that is nowhere the nearest that is somewhere; and whatever keeps everything away alone."""

    def way(piece: Piece, word: str) -> Way:
        other = f"{text[: piece.start]}{word}{text[piece.end :]}"
        return Way(piece.start, piece.end, word, _total(studio, person, line.read(studio, person, other, zone).wanted))

    for piece in pieces:
        if meant := _meant(studio, person, piece):
            yield way(piece, meant)
    narrowing = [piece for piece in pieces if replace(piece.wanted, sort=None, stacked=False) != Wanted()]
    without = (way(piece, "") for piece in narrowing[:WAYS] if len(narrowing) > 1)
    yield from (one for one in without if one.n)


def _meant(studio: Studio, person: Person, piece: Piece) -> str:
    """The same with other words for those that none of the person's images has; "" when there is nothing to change."""
    if not piece.wanted.words or piece.minus:
        return ""
    words = piece.value.split()
    lost = [word for word in words if not _total(studio, person, Wanted(words=folded(word)))]
    near = {word: shelves.nearest(studio, person, folded(word)) for word in lost}
    if not any(near.values()):
        return ""
    said = " ".join(near.get(word) or word for word in words)
    return f'"{said}"' if piece.wanted.words.startswith('"') else said


def _total(studio: Studio, person: Person, wanted: Wanted) -> int:
    return shelves.counts(studio, person, wanted).total


def _wire(piece: Piece, label: str) -> dict[str, Any]:
    picks = _picks(piece.wanted)
    told = {"start": piece.start, "end": piece.end, "key": piece.key, "value": piece.value, "minus": piece.minus}
    return {**told, "label": label, "picks": picks, "idle": piece.wanted == Wanted() and not piece.key}


def _picks(wanted: Wanted) -> list[tuple[str, str]]:
    people = {} if wanted.people is None else {PERSON: wanted.people or ("",)}
    parts = (wanted.picked, wanted.without, people)
    return [(facet, value) for part in parts for facet, values in part.items() for value in values]


def _text(end: Any) -> str | int | None:
    """Amounts and moments as text: JavaScript would round the one and has no word for the other."""
    if isinstance(end, datetime):
        return end.replace(tzinfo=end.tzinfo or UTC).isoformat()
    return str(end) if isinstance(end, Decimal) else end
