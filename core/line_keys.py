"""What can be said in the query line: its keys, the values that each takes, and the words that pick a value."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from core.errors import Refused
from core.line_choices import (
    EVERYBODY,
    STRAIGHT,
    Asker,
    listed,
    models,
    name,
    people_of,
    projects_of,
    providers,
    ratios,
    title,
    unknown,
)
from core.line_values import DURATION, MONEY, Between, Measure, days
from core.replica_rows import FACETS
from core.shelves import SORTS, Wanted

BEST = "best"
_BARE = re.compile(r'[^\s"“”„‟]+')


class Key(Protocol):
    """One key of the line."""

    @property
    def name(self) -> str:
        """What stands before the colon."""

    def read(self, asker: Asker, value: str) -> Wanted:
        """What this value wants. Raises Refused with a sentence."""

    def suggested(self, asker: Asker) -> Iterator[str]:
        """Values that are worth proposing though no count says so."""


@dataclass(frozen=True)
class Picks:
    """Values of one facet."""

    name: str
    facet: str
    values: Callable[[Asker, str], tuple[str, ...]] = lambda _, text: (text,)
    """The values that are meant by a text. Raises Refused."""
    text: Callable[[Asker, str], str] = lambda _, value: value
    """The shortest text that means this value alone."""

    def read(self, asker: Asker, value: str) -> Wanted:
        return Wanted(picked={self.facet: self.values(asker, value)})

    def word(self, asker: Asker, facet: str, value: str) -> str:
        """The piece that picks this value."""
        return f"{self.name}:{quoted(self.text(asker, value))}"

    def suggested(self, asker: Asker) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True)
class Flags:
    """Facets of yes and no, and others with few values, each under a word of its own."""

    name: str
    flags: Mapping[str, tuple[str, str]]
    """By word, the facet and its value."""

    def read(self, asker: Asker, value: str) -> Wanted:
        if value.lower() not in self.flags:
            raise unknown(f"“{self.name}:” takes no “{value}”", value, self.flags, listed(self.flags))
        facet, own = self.flags[value.lower()]
        return Wanted(picked={facet: (own,)})

    def word(self, asker: Asker, facet: str, value: str) -> str:
        """The piece that picks this value; of "no" it is the one that leaves out the other."""
        words = {picks: f"{self.name}:{word}" for word, picks in self.flags.items()}
        return words.get((facet, value)) or f"-{words[facet, 'yes']}"

    def suggested(self, asker: Asker) -> Iterator[str]:
        return iter(self.flags)


@dataclass(frozen=True)
class Amount:
    """A range of numbers."""

    name: str
    measure: Measure
    examples: tuple[str, ...]

    def read(self, asker: Asker, value: str) -> Wanted:
        return Wanted(between={self.name: self.measure.between(value)})

    def suggested(self, asker: Asker) -> Iterator[str]:
        return iter(self.examples)


@dataclass(frozen=True)
class Days:
    """When an image was made: days of the person's own time zone."""

    name: str
    ends: Callable[[Between], Between]
    """Which ends of a day count."""
    examples: tuple[str, ...]

    def read(self, asker: Asker, value: str) -> Wanted:
        return Wanted(between={"made": self.ends(days(value, asker.studio.now(), asker.zone))})

    def suggested(self, asker: Asker) -> Iterator[str]:
        return iter(self.examples)


@dataclass(frozen=True)
class Setting:
    """How what is found is shown."""

    name: str
    values: Mapping[str, Wanted]

    def read(self, asker: Asker, value: str) -> Wanted:
        if value.lower() not in self.values:
            raise unknown(f"“{self.name}:” takes no “{value}”", value, self.values, listed(self.values))
        return self.values[value.lower()]

    def suggested(self, asker: Asker) -> Iterator[str]:
        return iter(self.values)


@dataclass(frozen=True)
class Like:
    """Images that look like one of them, which is named by its id."""

    name: str

    def read(self, asker: Asker, value: str) -> Wanted:
        if not re.fullmatch("[0-9a-f]{32}", value.lower()):
            raise Refused(f"“{self.name}:” takes the id of an image, as in the address of its large view.")
        return Wanted(like=value.lower())

    def suggested(self, asker: Asker) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True)
class People:
    """Whose images; those who are no leads see their own alone."""

    name: str

    def read(self, asker: Asker, value: str) -> Wanted:
        return Wanted(people=people_of(asker, value))

    def word(self, asker: Asker, person: str) -> str:
        """The piece that picks this person; of "" everybody."""
        return f"{self.name}:{quoted(name(asker, person)) if person else EVERYBODY}"

    def suggested(self, asker: Asker) -> Iterator[str]:
        return iter((EVERYBODY, *map(quoted, asker.people.values())) if len(asker.people) > 1 else ())


def quoted(text: str) -> str:
    """As the value of a key is written: in quotes when it has to be, where a quote is written twice."""
    text = text.translate(STRAIGHT)
    return text if _BARE.fullmatch(text) else '"{}"'.format(text.replace('"', '""'))


BY = People("by")
_SPECIAL: tuple[Key, ...] = (
    Picks("model", "model", models),
    Picks("provider", "provider", providers),
    Picks("ratio", "ratio", ratios),
    Picks("project", "project", projects_of, title),
    Flags(
        "is",
        {
            "starred": ("starred", "yes"),
            "selected": ("selected", "yes"),
            "first": ("kind", "first"),
            "edit": ("kind", "edit"),
            "practice": ("practice", "yes"),
        },
    ),
    Flags("has", {"caption": ("captioned", "yes")}),
    Amount("cost", MONEY, (">0.05", "<0.01", "0.02..0.10")),
    Amount("took", DURATION, (">10s", "<5s", "5s..20s")),
    Days("after", lambda day: (day[0], None), ("today", "7d", "1m")),
    Days("before", lambda day: (None, day[0]), ("today", "7d", "1m")),
    Days("on", lambda day: day, ("today", "yesterday")),
    Like("like"),
    BY,
    Setting("sort", {BEST: Wanted(), **{name: Wanted(sort=name) for name in SORTS}}),
    Setting("stack", {"post": Wanted(stacked=True)}),
)


def _facets(key: Key) -> set[str]:
    if isinstance(key, Flags):
        return {facet for facet, _ in key.flags.values()}
    return {key.facet} if isinstance(key, Picks) else set()


_TOLD = {facet for key in _SPECIAL for facet in _facets(key)}

# To add a filter, add a line to `replica_rows.FACETS`: it has a key of its own name here by itself, which takes its
# values as they are. To give it other words, or to add something else that can be said, add a line to _SPECIAL.
KEYS: Mapping[str, Key] = {
    key.name: key for key in (*_SPECIAL, *(Picks(facet, facet) for facet in FACETS if facet not in _TOLD))
}


def word(asker: Asker, facet: str, value: str) -> str:
    """The piece of a line that picks this value of a facet."""
    for key in KEYS.values():
        if isinstance(key, Picks | Flags) and facet in _facets(key):
            return key.word(asker, facet, value)
    raise KeyError(facet)
