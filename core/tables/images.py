"""What is kept and shown: images, and posts that group them under a caption."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables.shape import TRASHED, json, later, moment, row_id, to


class Post(SQLModel, table=True):
    """A caption with its images."""

    id: str = row_id()
    user_id: str = to("person", index=True)
    project_id: str | None = to("project", optional=True)
    turn_id: str | None = to("turn", index=True, optional=True)
    caption: str = ""
    hashtags: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    """Without the #."""
    alt: str = later("")
    """What was drafted with the caption; images that come later begin with it."""
    platforms: dict[str, str] = json()
    """Captions that a person wrote for one platform, by its name."""
    brief: dict[str, Any] = json()
    """What the caption was written to."""
    version: int = later(1)
    """Counts changes of the words, so that two people editing at once do not overwrite each other unseen."""
    edited_at: datetime | None = moment()
    created_at: datetime = moment(optional=False)
    updated_at: datetime = moment(optional=False)


KEPT = sa.text("deleted_at IS NULL AND generation_id IS NOT NULL")
"""What the gallery shows; its index holds nothing else. A query must say it in these words to be served by it."""


UPLOADED = sa.text("generation_id IS NULL")
"""What people brought themselves; its index tells how much that is without a look at the rows."""


class Image(SQLModel, table=True):
    """A picture we keep, generated or uploaded. Uploads have no generation and stay out of the gallery."""

    __table_args__ = (
        sa.Index(
            "ix_image_uploaded", "user_id", "size", "generation_id", sqlite_where=UPLOADED, postgresql_where=UPLOADED
        ),
        sa.Index("ix_image_gallery", "user_id", "created_at", "id", sqlite_where=KEPT, postgresql_where=KEPT),
        sa.Index("ix_image_trash", "user_id", "deleted_at", "id", sqlite_where=TRASHED, postgresql_where=TRASHED),
        sa.Index("ix_image_of_conversation", "conversation_id", "created_at"),
        sa.UniqueConstraint("generation_id", "n"),
    )

    id: str = row_id()
    user_id: str = to("person")
    conversation_id: str | None = to("conversation", optional=True)
    generation_id: str | None = to("generation", optional=True)
    attempt_id: str | None = to("attempt", optional=True)
    post_id: str | None = to("post", index=True, optional=True)
    n: int = 1
    key: str = Field(unique=True)
    mime: str
    width: int
    height: int
    size: int
    """Bytes of the original."""
    sha256: str = Field(index=True)
    crc32: int = Field(sa_type=sa.BigInteger)
    """Of the original, so that a zip can be streamed without reading files twice."""
    dhash: int = Field(sa_type=sa.BigInteger)
    """64-bit difference hash for near duplicates, as a signed integer."""
    alt: str = later("")
    """What somebody hears who cannot see it."""
    focus_x: float = later(0.5)
    focus_y: float = later(0.5)
    """Where crops keep to, as shares of width and height from the top left."""
    placeholder: str
    """A 16 pixel WebP as data URI, shown blurred until the thumbnail is there."""
    starred: bool = False
    selected: bool = False
    created_at: datetime = moment(optional=False)
    deleted_at: datetime | None = moment()
    purge_after: datetime | None = moment()
