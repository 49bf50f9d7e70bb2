"""Put a picture into the store and say what its row will hold. Files first, rows second."""

import hashlib
from datetime import datetime

from core import pictures
from core.store import Store
from core.tables import Image


def image_id(attempt_id: str, place: int) -> str:
    """The id of an attempt's picture at this place of its answer: as old as the attempt, and always the same.

    So whoever finishes an answer after a crash writes the very same files again and leaves no stray ones.
    """
    return attempt_id[:13] + hashlib.sha256(f"{attempt_id}/{place}".encode()).hexdigest()[:19]


def image_row(kept: pictures.Kept, row_id: str, user_id: str, conversation_id: str | None, now: datetime) -> Image:
    """The row of a picture that is about to be stored under the key in it."""
    return Image(
        id=row_id,
        user_id=user_id,
        conversation_id=conversation_id,
        key=f"{user_id}/{conversation_id or 'standalone'}/{row_id}.{kept.ext}",
        mime=kept.mime,
        width=kept.width,
        height=kept.height,
        size=kept.size,
        sha256=kept.sha256,
        crc32=kept.crc32,
        dhash=kept.dhash,
        placeholder=kept.placeholder,
        created_at=now,
    )


def put(store: Store, key: str, kept: pictures.Kept) -> None:
    """The original and its thumbnails. Raises StoreDown; doing it again is fine."""
    for name, data in files(key, kept).items():
        store.put(name, data)


def files(key: str, kept: pictures.Kept) -> dict[str, bytes]:
    """What is stored for a picture: the original under its key, variants beside it."""
    stem = key.rpartition(".")[0]
    return {key: kept.original, **{f"{stem}.{edge}.webp": thumb for edge, thumb in kept.thumbs.items()}}
