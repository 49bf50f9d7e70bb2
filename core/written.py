"""What a person of this process wrote last, so that their next look at the gallery sees it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from core import changes
from core.access import Person
from core.studio import Studio


@contextmanager
def writing(studio: Studio, person: Person) -> Iterator[Session]:
    """A writing transaction of this person, which whatever they read next (`token`) waits for."""
    with studio.transaction() as db:
        yield db
        token = changes.token(db)
    _tokens(studio)[person.id] = token


def token(studio: Studio, person: Person) -> str:
    """What `core.shelves` takes to show the person what they wrote here last; empty when that was nothing."""
    return _tokens(studio).get(person.id, "")


def _tokens(studio: Studio) -> dict[str, str]:
    """One for each person who wrote: a few bytes for as long as the process lives."""
    known: dict[str, str] = studio.held.setdefault(__name__, {})
    return known
