"""The brief: how captions shall sound. A project has its own, a person one for all else, and the team one for all."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlmodel import Session, select

from core import access
from core.access import Person
from core.columns import plain
from core.errors import Refused
from core.studio import Studio
from core.tables import Project, Rule, User

LONGEST = 2_000
"""Characters of one part of a brief."""
MOST_WORDS = 50
TEAMS = "brief"
"""The team's rule (`core.rules`) that is its brief."""


@dataclass(frozen=True)
class Brief:
    """What every caption keeps to. Empty parts say nothing."""

    voice: str = ""
    audience: str = ""
    language: str = ""
    """As people say it, e.g. "Brazilian Portuguese"; empty means the language of the prompt."""
    hashtags: tuple[str, ...] = ()
    """Always used, without the #."""
    avoid: tuple[str, ...] = ()
    """Words that must not appear."""

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Self:
        """The brief as it is stored; what is missing is empty."""
        kept: dict[str, Any] = {name: str(facts.get(name, "")) for name in ("voice", "audience", "language")}
        kept |= {name: tuple(str(word) for word in facts.get(name, ())) for name in ("hashtags", "avoid")}
        return cls(**kept)

    def facts(self) -> dict[str, Any]:
        """As it is stored."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def of(db: Session, person_id: str, project_id: str | None) -> Brief:
    """The project's brief where it says something, else the person's, else the team's."""
    said = (Brief.read(facts) for facts in _nearest_first(db, person_id, project_id))
    return next((brief for brief in said if brief != Brief()), Brief())


def _nearest_first(db: Session, person_id: str, project_id: str | None) -> Iterator[Mapping[str, Any]]:
    project = db.get(Project, project_id) if project_id else None
    yield (project and project.brief) or {}
    person = db.get(User, person_id)
    yield (person and person.brief) or {}
    yield db.exec(select(Rule.value).where(Rule.name == TEAMS)).first() or {}


def show(studio: Studio, person: Person, project_id: str | None = None) -> Brief:
    """The brief that captions of this person, or of this project of theirs, are written to. Raises NotFound."""
    with studio.reading() as db:
        if project_id:
            access.find(db, Project, project_id, person)
        return of(db, person.id, project_id)


def save(studio: Studio, person: Person, brief: Brief, project_id: str | None = None) -> None:
    """Keep it for this project, or for the person. Raises Refused when a part of it is too long, NotFound."""
    kept = tidied(brief)
    with studio.transaction() as db:
        owner = access.find(db, Project, project_id, person) if project_id else db.get_one(User, person.id)
        owner.brief = kept.facts()


def tidied(brief: Brief) -> Brief:
    """The same without needless blanks, signs and doubles. Raises Refused when a part of it is too long."""
    for part in (brief.voice, brief.audience, brief.language):
        if len(part) > LONGEST:
            raise Refused(f"A part of a brief has up to {LONGEST:,} characters. Shorten it. Nothing was changed.")
    hashtags = tuple(dict.fromkeys(word for tag in brief.hashtags if (word := hashtag(tag))))
    avoid = tuple(dict.fromkeys(word for part in brief.avoid if (word := " ".join(plain(part).split()))))
    if max(len(hashtags), len(avoid)) > MOST_WORDS:
        raise Refused(f"A brief has up to {MOST_WORDS} hashtags and as many words to avoid. Nothing was changed.")
    return Brief(
        plain(brief.voice).strip(), plain(brief.audience).strip(), plain(brief.language).strip(), hashtags, avoid
    )


def hashtag(text: str) -> str:
    """A hashtag without its #, spaces and signs: "#Red fox!" becomes "Redfox"."""
    return "".join(c for c in plain(text) if c.isalnum() or c == "_")[:100]
