"""Take in a picture from a person: made anew from its pixels, kept as theirs alone."""

from pathlib import Path

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from core import events, keeping, log, pictures, spool, views
from core.access import Person
from core.errors import Refused
from core.studio import Studio
from core.tables import MASK, REFERENCE, SOURCE, UPLOADED, Image, User, new_id

ROLES = ("", SOURCE, MASK, REFERENCE)
GIGABYTE = 1_000_000_000


def upload(studio: Studio, person: Person, data: bytes, role_hint: str = "") -> views.ImageView:
    """Keep a picture so that turns can use it. The same bytes again give the same image; others' never do.

    What is kept has no metadata of the file that came. Raises Refused for what is no picture or too large, for what
    the person has no room for, and when the disk is nearly full.
    """
    if role_hint not in ROLES:
        raise Refused("A picture is used as source, mask or reference.")
    studio.refuse_when_full()
    try:
        kept = pictures.keep(pictures.clean(data))
    except Refused:
        log.step("upload.refused", user=person.id, bytes=len(data))  # who sends what breaks decoders is to be found
        raise
    with studio.reading() as db:
        known = _known(db, person, kept)
        if known is None:
            _refuse_beyond_quota(studio, db, person, kept.size)
    return views.image(known or _added(studio, person, kept, role_hint))


def _added(studio: Studio, person: Person, kept: pictures.Kept, role_hint: str) -> Image:
    """Files first, row second: a crash between leaves files and a note of them that `sweep` finds, never half a row."""
    image = keeping.image_row(kept, new_id(), person.id, None, studio.now())
    note = spool.intend(studio.settings, image.key)
    keeping.put(studio.store, image.key, kept)
    try:
        known = _recorded(studio, person, kept, image, role_hint)
    except Refused:
        _withdraw(studio, image.key, kept, note)
        raise
    if known is None:
        note.unlink()
    else:
        _withdraw(studio, image.key, kept, note)
    return known or image


def _withdraw(studio: Studio, key: str, kept: pictures.Kept, note: Path) -> None:
    """There is no row for these files. What breaks otherwise may have left one, and `sweep` looks."""
    for stored in keeping.files(key, kept):
        studio.store.delete(stored)
    note.unlink()


def _recorded(studio: Studio, person: Person, kept: pictures.Kept, image: Image, role_hint: str) -> Image | None:
    """Write the row, unless the same picture came meanwhile: then that one. Raises Refused."""
    with studio.transaction() as db:
        # Two tabs: one after the other, so that they neither keep one file twice nor share the last room.
        db.exec(select(User.id).where(User.id == person.id).with_for_update())
        known = _known(db, person, kept)
        if known is None:
            _refuse_beyond_quota(studio, db, person, kept.size)
            db.add(image)
            events.record(studio, db, "image.uploaded", person.id, image=image.id, role=role_hint)
    return known


def _refuse_beyond_quota(studio: Studio, db: Session, person: Person, more: int) -> None:
    """Raise Refused when the team's rule leaves this person no room for so many bytes more."""
    limit = studio.rules.read(db).uploads_gb
    if limit is None:
        return
    has = db.exec(_taken(person)).one()
    if has + more > limit * GIGABYTE:
        raise Refused(
            f"Your uploads take {has / GIGABYTE:.2f} of the {limit:,} GB that one person may have, and this picture "
            "has no room there, so it was not kept. An admin can raise the limit in Settings."
        )


def _taken(person: Person) -> SelectOfScalar[int]:
    """How many bytes the person's uploads have, in words that an index answers alone."""
    return select(func.coalesce(func.sum(Image.size), 0)).where(Image.user_id == person.id, UPLOADED)


def sweep(studio: Studio, older_than: float) -> None:
    """Remove the files of uploads that were cut off before this time (seconds since 1970) and have no row."""
    for key, note in spool.intended(studio.settings, older_than):
        with studio.reading() as db:
            kept = db.exec(select(Image.id).where(Image.key == key)).first()
        if kept is None:
            for stored in list(studio.store.list(key.rpartition(".")[0])):
                studio.store.delete(stored.key)
        note.unlink(missing_ok=True)


def _known(db: Session, person: Person, kept: pictures.Kept) -> Image | None:
    """The same bytes as an earlier upload of this very person. Somebody else's must not even show by being quicker."""
    query = select(Image).where(
        Image.sha256 == kept.sha256,
        Image.user_id == person.id,
        col(Image.generation_id).is_(None),
        col(Image.conversation_id).is_(None),
        col(Image.deleted_at).is_(None),
    )
    return db.exec(query).first()
