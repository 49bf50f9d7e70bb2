"""Whether the store is the one that this database's files are in: asked before anything is removed from it."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.files import StoreDown
from core.studio import Studio
from core.tables import Image, KnownStore

SAMPLE = 20
"""Images whose files are looked for before a store counts as ours; half of them have to be there."""
MISSING = (
    "The file store has no marker: perhaps a disk is not mounted, or it is another bucket. Nothing was purged. "
    "Bring the right one back, then try again."
)
ANOTHER = (
    "The file store is not the one that this database knows, so nothing was purged. Bring the right one back; if the "
    "files moved, say so with `studio purge --moved`."
)
EMPTY = "The file store holds hardly a file of the images that this database knows, so nothing was purged."


def check(studio: Studio, *, moved: bool = False) -> None:
    """Raise StoreDown unless it is. The first one that is met counts as ours when our images' files are in it.

    `moved`: an operator says that the files are somewhere else now; then that counts from now on, by the same proof.
    """
    marker = studio.store.marker()
    if marker is None:
        raise StoreDown(MISSING)
    with studio.reading() as db:
        known = db.exec(select(KnownStore.identity)).first()
        sample = [] if known == marker.decode() else _sample(db)
    if known == marker.decode():
        return
    if known is not None and not moved:
        raise StoreDown(ANOTHER)
    if sum(studio.store.head(key) is not None for key in sample) * 2 < len(sample):
        raise StoreDown(EMPTY)
    _remember(studio, marker.decode())


def _sample(db: Session) -> list[str]:
    """The newest and the oldest: a store that was filled for a while only has some of them."""
    half = SAMPLE // 2
    newest = db.exec(select(Image.key).order_by(col(Image.id).desc()).limit(half)).all()
    return [*newest, *db.exec(select(Image.key).order_by(col(Image.id)).limit(half)).all()]


def _remember(studio: Studio, identity: str) -> None:
    with studio.transaction() as db:
        db.execute(sa.delete(KnownStore).where(col(KnownStore.identity) != identity))
        if db.get(KnownStore, identity) is None:
            db.add(KnownStore(identity=identity, met_at=studio.now()))
