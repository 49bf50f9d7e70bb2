"""What the values of the query line's keys name: models, providers, shapes and projects, as people call them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from difflib import get_close_matches
from functools import cached_property

from core import projects, shelves
from core.access import Person, Sight
from core.errors import Refused
from core.line_values import Slip
from core.models import ROUTES
from core.projects import Titled
from core.replica_rows import SHAPES
from core.shelves import Behind, Wanted
from core.studio import Studio

NO_PROJECT = "none"
EVERYBODY, OWN = "everybody", "me"
STRAIGHT = str.maketrans("“”„‟", '""""')
"""Phones write curly quotes by themselves."""


@dataclass(frozen=True)
class Asker:
    """Who writes the line, and what its words depend on."""

    studio: Studio
    person: Person
    zone: tzinfo
    titled: Sequence[Titled] | None = None
    """Their projects, when they are known."""
    sight: Sight | None = None
    """Whose images they see, when somebody else asks for that too."""

    @cached_property
    def models(self) -> Mapping[str, str]:
        """Labels by name: all that the catalogue knows, and whatever else this person's images were made with."""
        try:
            own = sorted(shelves.counts(self.studio, self.person, Wanted()).facets["model"])
        except Behind:
            own = []
        catalogue = self.studio.catalogue
        return {model.name: model.label for model in catalogue.known()} | {name: catalogue.label(name) for name in own}

    @cached_property
    def projects(self) -> Mapping[str, str]:
        """Titles by id, the latest changed first."""
        known = projects.titles(self.studio, self.person) if self.titled is None else self.titled
        return {project.id: project.title for project in known}

    @cached_property
    def people(self) -> Mapping[str, str]:
        """Names by id, of all whose images this person sees."""
        return (self.sight or Sight(self.studio, self.person)).people

    @cached_property
    def folded_titles(self) -> Mapping[str, str]:
        """Of the projects, by id."""
        return {project: folded(title) for project, title in self.projects.items()}


def models(asker: Asker, text: str) -> tuple[str, ...]:
    """A name as it is; else all whose id or label is this; else all that have it somewhere. Raises Refused."""
    known, said = asker.models, folded(text)
    exact = [name for name in known if name.translate(STRAIGHT) == text] or _own(known, text)
    exact = exact or [name for name in known if name.lower() == text.lower()]
    named = exact or [name for name, label in known.items() if said in map(folded, (name, *_ids(name), label))]
    found = named or [name for name, label in known.items() if said and said in folded(f"{name} {label}")]
    if not found:
        parts = (part for name, label in known.items() for part in (*_ids(name), label, *folded(label).split()))
        raise unknown(f"There is no model “{text}”", text, parts, "Look into the filters for the ones you used.")
    return tuple(found)


def providers(asker: Asker, text: str) -> tuple[str, ...]:
    """By its name or by what people call it. Raises Refused."""
    known = {label.lower(): name for name, label in ROUTES.items()}
    known |= {name: name for name in (*ROUTES, *asker.studio.providers)}
    if text.lower() not in known:
        raise unknown(f"There is no provider “{text}”", text, known, listed(ROUTES))
    return (known[text.lower()],)


def ratios(_: Asker, text: str) -> tuple[str, ...]:
    """One of SHAPES, or a word for several of them. Raises Refused."""
    known: dict[str, tuple[str, ...]] = {name: (name,) for name in SHAPES}
    known["square"] = ("1:1",)
    known["wide"] = known["landscape"] = tuple(name for name, ratio in SHAPES.items() if ratio > 1)
    known["tall"] = known["portrait"] = tuple(name for name, ratio in SHAPES.items() if ratio < 1)
    if text.lower() not in known:
        raise unknown(f"There is no ratio “{text}”", text, known, listed(known))
    return known[text.lower()]


def projects_of(asker: Asker, text: str) -> tuple[str, ...]:
    """A title as it is or an id; else all that have it somewhere; "" for images in none. Raises Refused."""
    if text.lower() == NO_PROJECT:
        return ("",)
    titles, said = asker.folded_titles, folded(text)
    found = [project for project, title in titles.items() if project == text or title == said != ""]
    found = found or [project for project, title in titles.items() if said and said in title]
    if not found:
        hint = (
            listed(asker.projects.values()) if 0 < len(titles) < 6 else "Look into the filters for the ones you have."
        )
        raise unknown(f"You have no project “{text}”", text, asker.projects.values(), hint)
    return tuple(found)


def title(asker: Asker, project: str) -> str:
    """The title of a project when it means this one alone, else its id."""
    if not project:
        return NO_PROJECT
    called = asker.projects.get(project, "")
    try:
        return called if projects_of(asker, called) == (project,) else project
    except Refused:
        return project


def people_of(asker: Asker, text: str) -> tuple[str, ...]:
    """A name as it is or an id; else all that have it somewhere; nobody named is everybody. Raises Refused."""
    known, said = asker.people, folded(text)
    if said == OWN:
        return (asker.person.id,)
    if said == EVERYBODY:
        return () if len(known) > 1 else (asker.person.id,)
    exact = [person for person, name in known.items() if person == text or folded(name) == said != ""]
    found = exact or [person for person, name in known.items() if said and said in folded(name)]
    if not found:
        hint = "You see your own images." if len(known) < 2 else listed((EVERYBODY, OWN, *known.values()))
        raise unknown(f"You see no images of “{text}”", text, known.values(), hint)
    return tuple(found)


def name(asker: Asker, person: str) -> str:
    """The name of a person when it means this one alone, else the id."""
    called = asker.people.get(person, "")
    try:
        return called if people_of(asker, called) == (person,) else person
    except Refused:
        return person


def unknown(what: str, word: str, among: Iterable[str], hint: str) -> Refused:
    """That there is no such thing, with the nearest there is, or else a hint."""
    meant = nearest(word, among)
    return Slip(f"{what}.", meant) if meant else Refused(f"{what}. {hint}")


def nearest(word: str, among: Iterable[str]) -> str | None:
    """What was probably meant."""
    like = {known.lower(): known for known in among}
    found = get_close_matches(word.lower(), like, 1, 0.6)
    return like[found[0]] if found else None


def listed(values: Iterable[str]) -> str:
    """All that can be picked."""
    return f"Pick one of: {', '.join(values)}."


def folded(text: str) -> str:
    """Small letters, and one blank for whatever stands between words."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _own(known: Mapping[str, str], text: str) -> list[str]:
    """A server of one's own has models of any name."""
    provider, _, own = text.partition("/")
    return [text] if own and own != "default" and f"{provider}/default" in known else []


def _ids(name: str) -> tuple[str, str]:
    """The provider's own id, and without its maker."""
    own = name.partition("/")[2]
    return own, own.rpartition("/")[2]
