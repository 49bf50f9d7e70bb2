"""Conversations, their turns, and the images that a turn uses."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables.shape import TRASHED, UNTRASHED, json, moment, row_id, to

SOURCE, MASK, REFERENCE = "source", "mask", "reference"


class Conversation(SQLModel, table=True):
    """One thread of image work."""

    __table_args__ = (
        sa.Index(
            "ix_conversation_recent", "user_id", "updated_at", "id", sqlite_where=UNTRASHED, postgresql_where=UNTRASHED
        ),
        sa.Index(
            "ix_conversation_trash", "user_id", "deleted_at", "id", sqlite_where=TRASHED, postgresql_where=TRASHED
        ),
    )

    id: str = row_id()
    user_id: str = to("person")
    project_id: str | None = to("project", index=True, optional=True)
    title: str
    version: int = 1
    """Counts changes of the title, so that two people renaming at once do not overwrite each other unseen."""
    created_at: datetime = moment(optional=False)
    updated_at: datetime = moment(optional=False)
    seen_at: datetime | None = moment()
    """When its person last looked; what ended after that is news to them."""
    deleted_at: datetime | None = moment()
    purge_after: datetime | None = moment()
    purged_at: datetime | None = moment()
    """When it went for good. What is left has no words: it says what was paid, and where images come from that stay."""


class Turn(SQLModel, table=True):
    """One thing a person asked for, with its settings; asks one or more models."""

    __table_args__ = (
        sa.UniqueConstraint("conversation_id", "position"),
        sa.UniqueConstraint("user_id", "token"),
    )

    id: str = row_id()
    conversation_id: str = to("conversation")
    user_id: str = to("person")
    root_id: str | None = Field(default=None, max_length=32, index=True)
    """The turn that all this began with, through every image that a turn started from; None for that turn itself. What
    a picture cost is what its whole tree cost, also when what stands between was purged: so it is no link."""
    position: int
    prompt: str
    settings: dict[str, Any] = json()
    token: str
    """Comes from the form instance: a double click carries the same one and finds the first turn."""
    created_at: datetime = moment(optional=False)


class Reference(SQLModel, table=True):
    """A turn's use of an image."""

    __table_args__ = (
        sa.UniqueConstraint("turn_id", "role", "position"),
        sa.CheckConstraint("role in ('source','mask','reference')", name="role"),
    )

    id: str = row_id()
    turn_id: str = to("turn")
    image_id: str = to("image", index=True)
    role: str
    position: int = 0
