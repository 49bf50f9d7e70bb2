"""Files of purged images: noted in the transaction in which their rows go, and removed until they are gone.

So a crash leaves a file that somebody is going to remove, never an image that cannot be opened.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import known_store
from core.studio import Studio
from core.tables import Stray

AT_ONCE = 200
AGAIN = timedelta(hours=1)
"""After which somebody looks once more: a thumbnail may have been made from an original that was just going."""


def note(db: Session, keys: Iterable[str], now: datetime) -> None:
    """These files are to be removed, with all that lies beside them, once the caller's transaction is committed."""
    rows = [{"key": key, "at": now, "removed_at": None} for key in keys]
    if rows:
        db.execute(sa.insert(Stray), rows)


def clear(studio: Studio, most: int | None = None) -> int:
    """Remove what is noted, all of it or so many files; of how many images it was. Twice is fine.

    Raises StoreDown, also when the store is not the one we know: in that one nothing of ours could be found.
    """
    cleared = 0
    while most is None or cleared < most:
        keys = _waiting(studio, AT_ONCE if most is None else min(AT_ONCE, most - cleared))
        if not keys:
            break
        if not cleared:
            known_store.check(studio)
        _remove(studio, keys)
        _tick_off(studio, keys)
        cleared += len(keys)
    return cleared


def _waiting(studio: Studio, most: int) -> Sequence[str]:
    late = studio.now() - AGAIN
    once_more = sa.and_(col(Stray.removed_at).is_not(None), col(Stray.removed_at) < late)
    query = select(Stray.key).where(sa.or_(col(Stray.removed_at).is_(None), once_more)).order_by(Stray.key)
    with studio.reading() as db:
        return db.exec(query.limit(most)).all()


def _remove(studio: Studio, keys: Sequence[str]) -> None:
    """Folder by folder: listing one takes as long for one image as for all that are in it."""
    folders = defaultdict[str, set[str]](set)
    for key in keys:
        folder, _, name = key.rpartition("/")
        folders[folder].add(name.partition(".")[0])
    for folder, image_ids in folders.items():
        for stored in list(studio.store.list(f"{folder}/")):
            if stored.key.rpartition("/")[2].partition(".")[0] in image_ids:
                studio.store.delete(stored.key)


def _tick_off(studio: Studio, keys: Sequence[str]) -> None:
    these = col(Stray.key).in_(keys)
    with studio.transaction() as db:
        db.execute(sa.delete(Stray).where(these, col(Stray.removed_at).is_not(None)))
        db.execute(sa.update(Stray).where(these).values(removed_at=studio.now()))
