"""Who may reach what. Every look-up by an id that came from outside goes through `find`."""

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from core import standing
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import ADMIN, MEMBER, SEEING, User

DAY = 86_400
MOST = 10_000
"""Rows that one call may take."""
AT_ONCE = 1_000
"""Rows that one query asks for: a database takes no end of parameters."""
PLAIN = {"Conversation": "conversation", "Turn": "turn", "Generation": "picture", "Image": "image", "Post": "post"}
PLAIN |= {"SavedView": "view"}


@dataclass(frozen=True)
class Person:
    """Who is asking; every verb takes one right after the studio."""

    id: str
    name: str


class Owned(Protocol):
    """A row that belongs to one person."""

    id: str
    user_id: str


Row = TypeVar("Row", bound=Owned)


def find(db: Session, table: type[Row], row_id: str, person: Person, *, lock: bool = False) -> Row:
    """The row with this id among what the person owns.

    Raises NotFound in the same words for what is not there and what is somebody else's. `lock` keeps the row from
    changing until the transaction ends (Postgres; SQLite's writing transactions are alone anyway).
    """
    query = select(table).where(table.id == row_id, *_theirs(table, person))
    row = db.exec(query.with_for_update() if lock else query).first() if _ours(row_id) else None
    if row is None:
        raise _not_there(table)
    return row


def look(db: Session, table: type[Row], row_id: str, person: Person) -> Row:
    """As `find`, for who only reads: a lead finds what is anybody's. Raises NotFound."""
    query = select(table).where(table.id == row_id, may_read(table, person), *_there(table))
    row = db.exec(query).first() if _ours(row_id) else None
    if row is None:
        raise _not_there(table)
    return row


def may_read(table: type[Row], person: Person) -> Any:
    """The condition under which the person reads a row of this table: it is theirs, or they are a lead."""
    leads = select(User.id).where(User.id == person.id, col(User.role).in_(SEEING)).exists()
    return or_(col(table.user_id) == person.id, leads)


def leads(studio: Studio, person: Person) -> bool:
    """Whether the person sees everybody's work."""
    with studio.reading() as db:
        return db.exec(select(User.role).where(User.id == person.id)).first() in SEEING


def people(studio: Studio, person: Person) -> tuple[Person, ...]:
    """All whose work this person sees, by name; without a lead's role nobody but themselves."""
    everybody = select(User).order_by(col(User.name), col(User.id))
    with studio.reading() as db:
        return tuple(Person(user.id, user.name) for user in db.exec(everybody.where(_seen(person))).all())


@dataclass(frozen=True)
class Sight:
    """Whose work a person sees; the database is asked once, and only when somebody wants to know."""

    studio: Studio
    person: Person

    @cached_property
    def people(self) -> Mapping[str, str]:
        """Their names by id, as `people` gives them."""
        return {person.id: person.name for person in people(self.studio, self.person)}

    def reaches(self, wanted: Collection[str]) -> bool:
        """Whether the work of all of these is seen, which is not the person's own alone; nobody named is everybody."""
        return len(self.people) > 1 and self.people.keys() >= set(wanted)


def find_many(db: Session, table: type[Row], row_ids: Iterable[str], person: Person, *, lock: bool = True) -> list[Row]:
    """Those of the rows with these ids that are there and the person's, oldest first, locked as with `find`.

    Raises NotFound when none is, and Refused for more than MOST.
    """
    return _many(db, table, row_ids, tuple(_theirs(table, person)), lock)


def look_many(db: Session, table: type[Row], row_ids: Iterable[str], person: Person) -> list[Row]:
    """As `find_many`, for who only reads: a lead finds what is anybody's."""
    return _many(db, table, row_ids, (may_read(table, person), *_there(table)), lock=False)


def local_person(studio: Studio) -> Person:
    """The one person of local mode; made at first use."""
    return person_named(studio, "local", "You", ADMIN)


def person_named(studio: Studio, subject: str, name: str, role: str = MEMBER) -> Person:
    """The person with this subject of the sign-in; made at first use, with this role."""
    named = select(User).where(User.subject == subject)
    with studio.reading() as db:
        user = db.exec(named).first()
    if user is None:
        with suppress(IntegrityError), studio.transaction() as db:  # raised when another process was first
            db.add(User(subject=subject, name=name, role=role, created_at=studio.now()))
        with studio.reading() as db:
            user = db.exec(named).one()
    return Person(user.id, user.name)


def media_token(studio: Studio, person: Person) -> str:
    """A signed name for this person in media links: `/m/<token>/<image>/<variant>`.

    It ends at the end of the day after next, in whole days, so that links stay the same for a day and the browser's
    cache works.
    """
    ends = (int(studio.now().timestamp()) // DAY + 2) * DAY
    body = f"{person.id}.{ends:x}"
    return f"{body}.{_signature(studio.secret, body)}"


def person_of_token(studio: Studio, token: str) -> Person:
    """Whose media token this is.

    Raises NotFound for anything changed, made up or past its end, and for somebody who is switched off.
    """
    person = named_by(studio, token)
    standing.refuse_off(studio, person.id)
    return person


def named_by(studio: Studio, token: str) -> Person:
    """As `person_of_token`, without a look at whether they are switched off; asks no database."""
    body, _, signature = token.rpartition(".")
    person_id, _, ends = body.partition(".")
    said = _bytes(signature)
    genuine = [hmac.compare_digest(said, _bytes(_signature(secret, body))) for secret in studio.secrets]
    if not any(genuine) or int(ends, 16) < studio.now().timestamp():
        raise NotFound("This link has ended. Reload the page for a new one.")
    return Person(person_id, "")


def _many(db: Session, table: type[Row], row_ids: Iterable[str], conditions: tuple[Any, ...], lock: bool) -> list[Row]:
    wanted = sorted({row_id for row_id in row_ids if _ours(row_id)})
    if len(wanted) > MOST:
        raise Refused(f"{MOST:,} at once is the most, and these are {len(wanted):,}. Nothing was changed.")
    found: list[Row] = []
    for start in range(0, len(wanted), AT_ONCE):
        batch = col(table.id).in_(wanted[start : start + AT_ONCE])
        query = select(table).where(batch, *conditions).order_by(col(table.id))
        found += db.exec(query.with_for_update() if lock else query).all()  # in order: two callers never wait crosswise
    if not found:
        raise _not_there(table)
    return found


def _theirs(table: type[Row], person: Person) -> list[Any]:
    return [table.user_id == person.id, *_there(table)]


def _there(table: type[Row]) -> list[Any]:
    """What was purged is not there, though a row may still tell what was paid."""
    purged = getattr(table, "purged_at", None)
    return [] if purged is None else [purged.is_(None)]


def _ours(row_id: str) -> bool:
    """Whether it can be an id at all: Postgres fails at one that holds a NUL."""
    return row_id.isascii() and row_id.isalnum()


def _seen(person: Person) -> Any:
    lead = aliased(User)
    leads = select(lead.id).where(lead.id == person.id, col(lead.role).in_(SEEING)).exists()
    return or_(col(User.id) == person.id, leads)


def _not_there(table: type[Any]) -> NotFound:
    return NotFound(f"There is no such {PLAIN.get(table.__name__, 'thing')}, or it is not yours.")


def _signature(secret: bytes, body: str) -> str:
    digest = hmac.digest(secret, b"media|" + _bytes(body), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:18]).decode()


def _bytes(text: str) -> bytes:
    """Also of text that is no text: what came from outside may hold half a character."""
    return text.encode(errors="surrogatepass")
