"""Projects: pieces of content on their way, by their titles."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from core.access import Person
from core.columns import plain
from core.errors import Refused
from core.studio import Studio
from core.tables import Project

LONGEST = 120
"""Characters of a title."""


@dataclass(frozen=True)
class Titled:
    """A project as it is picked from a list."""

    id: str
    title: str


def titles(studio: Studio, person: Person) -> tuple[Titled, ...]:
    """The person's projects, the latest changed first."""
    with studio.reading() as db:
        query = select(Project).where(Project.user_id == person.id, col(Project.deleted_at).is_(None))
        rows = db.exec(query.order_by(col(Project.updated_at).desc(), col(Project.id).desc())).all()
    return tuple(Titled(row.id, row.title) for row in rows)


def start(studio: Studio, person: Person, title: str) -> str:
    """Begin a project; its id. Raises Refused for a title that is empty or too long."""
    with studio.transaction() as db:
        return begin(studio, db, person, title).id


def begin(studio: Studio, db: Session, person: Person, title: str) -> Project:
    """The same in the caller's transaction, in which something shall go into it at once."""
    title = " ".join(plain(title).split())
    if not title or len(title) > LONGEST:
        raise Refused(f"A project needs a title of up to {LONGEST} characters.")
    now = studio.now()
    project = Project(user_id=person.id, title=title, created_at=now, updated_at=now)
    db.add(project)
    db.flush()
    return project
