"""People of the team, for admins: who they are, what they may do, and who is let in no longer."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from core import events, sign_in, standing
from core.access import Person
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import ADMIN, LEAD, MEMBER, User

ROLES = (MEMBER, LEAD, ADMIN)


@dataclass(frozen=True)
class Member:
    """A person of the team, as admins see them."""

    id: str
    name: str
    email: str
    role: str
    since: datetime
    off_at: datetime | None
    """Since when they are switched off."""
    given: bool
    """The role comes from the sign-in or a list, and is changed there."""


def everybody(studio: Studio, person: Person) -> tuple[Member, ...]:
    """All people by name. Raises Refused for who is no admin."""
    with studio.reading() as db:
        if not _is_admin(db, person):
            raise Refused("Only admins see who is in the team.")
        users = db.exec(select(User).order_by(col(User.name), col(User.id))).all()
        return tuple(
            Member(
                id=user.id,
                name=user.name,
                email=user.email,
                role=user.role,
                since=user.created_at,
                off_at=user.off_at,
                given=_given(studio, user),
            )
            for user in users
        )


def found(studio: Studio, person: Person, named: str) -> Member:
    """The one with this id or e-mail address.

    Raises NotFound when it is nobody's, and Refused when it is that of several, or for who is no admin.
    """
    fitting = [member for member in everybody(studio, person) if named and named in (member.id, member.email)]
    if not fitting:
        raise NotFound(f"Nobody here is called {named}.")
    if len(fitting) > 1:
        raise Refused(f"{named} is the address of {len(fitting)} people. Name one by id.")
    return fitting[0]


def set_role(studio: Studio, person: Person, user_id: str, role: str) -> None:
    """Make the person with this id a member, a lead or an admin.

    Raises NotFound for an id that is nobody's and for who is no admin, and Refused for the last admin and where the
    role comes from elsewhere.
    """
    if role not in ROLES:
        raise Refused(f"A role is {MEMBER}, {LEAD} or {ADMIN}.")
    with studio.transaction() as db:
        user = _locked(db, person, user_id)
        if _given(studio, user):
            raise Refused(f"The role of {user.name} comes from the sign-in. Change it there.")
        if role != ADMIN:
            _refuse_last(db, user)
        user.role = role
        events.record(studio, db, standing.ROLE, user.id, role=role, by=person.id)
    standing.forget(studio)


def switch_off(studio: Studio, person: Person, user_id: str) -> None:
    """Let the person with this id in no longer; what they have open ends. Their work stays.

    Raises NotFound for an id that is nobody's and for who is no admin, and Refused for the last admin.
    """
    with studio.transaction() as db:
        user = _locked(db, person, user_id)
        _refuse_last(db, user)
        user.off_at = user.off_at or studio.now()
        events.record(studio, db, standing.OFF, user.id, by=person.id)
    standing.forget(studio)


def switch_on(studio: Studio, person: Person, user_id: str) -> None:
    """Let them in again. Raises as `switch_off`."""
    with studio.transaction() as db:
        user = _locked(db, person, user_id)
        user.off_at = None
        events.record(studio, db, standing.ON, user.id, by=person.id)
    standing.forget(studio)


def _locked(db: Session, person: Person, user_id: str) -> User:
    """Every admin's row is locked first, in order, so that two admins cannot put each other out at the same moment.

    Who is no admin finds nobody: a guess learns nothing.
    """
    db.exec(select(User).where(User.role == ADMIN).order_by(col(User.id)).with_for_update()).all()
    known = user_id.isascii() and user_id.isalnum() and _is_admin(db, person)
    user = db.exec(select(User).where(User.id == user_id).with_for_update()).first() if known else None
    if user is None:
        raise NotFound("There is no such person, or it is not yours to change them.")
    return user


def _is_admin(db: Session, person: Person) -> bool:
    admin = select(User.id).where(User.id == person.id, User.role == ADMIN, col(User.off_at).is_(None))
    return db.exec(admin).first() is not None


def _refuse_last(db: Session, user: User) -> None:
    """The person of local mode can sign in nowhere else, so they are no admin who is left, and always let in there."""
    if user.subject == sign_in.LOCAL:
        raise Refused("This is the person of local mode, who stays an admin there.")
    if user.role == ADMIN and user.off_at is None:
        others = select(User.id).where(User.role == ADMIN, col(User.off_at).is_(None), User.id != user.id)
        if db.exec(others.where(User.subject != sign_in.LOCAL)).first() is None:
            raise Refused(f"{user.name} is the last admin. Make somebody else an admin first.")


def _given(studio: Studio, user: User) -> bool:
    """The person of local mode is nobody's whom a sign-in names."""
    settings = studio.settings
    return user.subject != sign_in.LOCAL and sign_in.given_role(settings, user.email) is not None
