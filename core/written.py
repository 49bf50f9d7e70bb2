"""What must be seen by the next look at the gallery: what the person wrote here last, and what others wrote so far."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from core import changes
from core.access import Person
from core.studio import Studio


@contextmanager
def writing(studio: Studio, person: Person) -> Iterator[Session]:
    """A writing transaction of this person, which whatever they read next (`seen`) waits for."""
    with studio.transaction() as db:
        yield db
        token = changes.token(db)
    _tokens(studio)[person.id] = token


def seen(studio: Studio, person: Person) -> str:
    """What `core.shelves` takes as its token to show the person everything up to now."""
    with studio.reading() as db:
        return f"{_tokens(studio).get(person.id, '')} {changes.newest(db)}"


def _tokens(studio: Studio) -> dict[str, str]:
    """One for each person who wrote: a few bytes for as long as the process lives."""
    known: dict[str, str] = studio.held.setdefault(__name__, {})
    return known
