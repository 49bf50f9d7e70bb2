"""Saved views: a name for a line of what is looked for, kept to oneself or shown to the team."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import access, events, line
from core.access import Person
from core.columns import plain
from core.errors import Refused
from core.studio import Studio
from core.tables import SavedView, User

LONGEST = 80
"""Characters of a name."""
MOST = 200
"""Views of one person."""


@dataclass(frozen=True)
class View:
    """A view as it is picked from a list. Whoever picks it looks at their own images."""

    id: str
    name: str
    line: str
    shared: bool
    owner: str
    """Whose it is, by name; empty for one's own."""


def views(studio: Studio, person: Person) -> tuple[View, ...]:
    """The person's own by name, then those that colleagues share with the team."""
    reachable = sa.or_(col(SavedView.user_id) == person.id, col(SavedView.shared).is_(True))
    with studio.reading() as db:
        rows = db.exec(select(SavedView, User.name).join(User).where(reachable)).all()
    found = [View(v.id, v.name, v.line, v.shared, "" if v.user_id == person.id else owner) for v, owner in rows]
    return tuple(sorted(found, key=lambda view: (view.owner != "", view.name.casefold(), view.owner, view.id)))


def save(studio: Studio, person: Person, title: str, text: str) -> str:
    """Keep this line under a name; the view's id.

    Raises Refused for a name that is empty, too long or taken, and Misread for a line that cannot be read.
    """
    now = studio.now()
    view = SavedView(
        user_id=person.id, name=_name(title), line=_line(studio, person, text), created_at=now, updated_at=now
    )
    with studio.transaction() as db:
        _refuse_taken(db, person, view.name)
        if len(_own(db, person)) >= MOST:
            raise Refused(f"{MOST} views are the most. Remove one that you do not need, then save this one.")
        db.add(view)
        events.record(studio, db, "view.saved", person.id, view=view.id)
    return view.id


def rename(studio: Studio, person: Person, view_id: str, title: str) -> None:
    """Give one's own view another name. Raises NotFound, and Refused as `save` does."""
    name = _name(title)
    with studio.transaction() as db:
        view = access.find(db, SavedView, view_id, person)
        _refuse_taken(db, person, name, but=view_id)
        view.name, view.updated_at = name, studio.now()
        events.record(studio, db, "view.renamed", person.id, view=view_id)


def change(studio: Studio, person: Person, view_id: str, text: str) -> None:
    """Let one's own view look for something else. Raises NotFound, and Misread for a line that cannot be read."""
    new = _line(studio, person, text)
    with studio.transaction() as db:
        view = access.find(db, SavedView, view_id, person, lock=True)
        view.line, view.updated_at = new, studio.now()
        events.record(studio, db, "view.changed", person.id, view=view_id)


def share(studio: Studio, person: Person, view_id: str, *, on: bool = True) -> None:
    """Show one's own view to the team, or keep it to oneself again. Raises NotFound."""
    with studio.transaction() as db:
        view = access.find(db, SavedView, view_id, person, lock=True)
        if view.shared != on:
            view.shared, view.updated_at = on, studio.now()
            events.record(studio, db, "view.shared" if on else "view.unshared", person.id, view=view_id)


def remove(studio: Studio, person: Person, view_id: str) -> None:
    """Forget one's own view; no image changes. Raises NotFound."""
    with studio.transaction() as db:
        db.delete(access.find(db, SavedView, view_id, person, lock=True))
        events.record(studio, db, "view.removed", person.id, view=view_id)


def _name(title: str) -> str:
    name = " ".join(plain(title).split())
    if not name or len(name) > LONGEST:
        raise Refused(f"A view needs a name of up to {LONGEST} characters.")
    return name


def _line(studio: Studio, person: Person, text: str) -> str:
    """As it was written, but for blanks; nobody can keep what says nothing."""
    line.read(studio, person, text)
    kept = " ".join(line.clean(text).split())
    if not kept:
        raise Refused("This would show every image. Filter or search first, then save what you see.")
    return kept


def _refuse_taken(db: Session, person: Person, name: str, but: str = "") -> None:
    """The person is locked first, so that two of the same name come one after the other."""
    db.execute(sa.select(col(User.id)).where(col(User.id) == person.id).with_for_update())
    if any(view.name.casefold() == name.casefold() and view.id != but for view in _own(db, person)):
        raise Refused(f"You have a view called “{name}” already. Take another name.")


def _own(db: Session, person: Person) -> list[SavedView]:
    return list(db.exec(select(SavedView).where(SavedView.user_id == person.id)).all())
