"""Take in a picture from a person: made anew from its pixels, kept as theirs alone."""

from sqlmodel import Session, col, select

from core import events, keeping, pictures, spool, views
from core.access import Person
from core.errors import Refused
from core.studio import Studio
from core.tables import MASK, REFERENCE, SOURCE, Image, User, new_id

ROLES = ("", SOURCE, MASK, REFERENCE)


def upload(studio: Studio, person: Person, data: bytes, role_hint: str = "") -> views.ImageView:
    """Keep a picture so that turns can use it. The same bytes again give the same image; others' never do.

    What is kept has no metadata of the file that came. Raises Refused for what is no picture or too large, and when
    the disk is nearly full.
    """
    if role_hint not in ROLES:
        raise Refused("A picture is used as source, mask or reference.")
    studio.refuse_when_full()
    kept = pictures.keep(pictures.clean(data), pictures.ORIGINAL_BYTES)
    with studio.reading() as db:
        known = _known(db, person, kept)
    return views.image(known or _added(studio, person, kept, role_hint))


def _added(studio: Studio, person: Person, kept: pictures.Kept, role_hint: str) -> Image:
    """Files first, row second: a crash between leaves files and a note of them that `sweep` finds, never half a row."""
    image = keeping.image_row(kept, new_id(), person.id, None, studio.now())
    note = spool.intend(studio.settings, image.key)
    keeping.put(studio.store, image.key, kept)
    with studio.transaction() as db:
        db.exec(
            select(User.id).where(User.id == person.id).with_for_update()
        )  # two tabs, one file: one after the other
        known = _known(db, person, kept)
        if known is None:
            db.add(image)
            events.record(studio, db, "image.uploaded", person.id, image=image.id, role=role_hint)
    if known:
        for key in keeping.files(image.key, kept):
            studio.store.delete(key)
    note.unlink()
    return known or image


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
