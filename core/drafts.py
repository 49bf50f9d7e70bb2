"""Words that a browser kept through a reload: were they asked just before it?"""

from sqlmodel import select

from core.access import Person
from core.studio import Studio
from core.tables import Turn


def asked(studio: Studio, person: Person, token: str) -> bool:
    """True when this person has a turn that was asked with this token; giving its words back would ask twice."""
    with studio.reading() as db:
        return db.exec(select(Turn.id).where(Turn.user_id == person.id, Turn.token == token)).first() is not None
