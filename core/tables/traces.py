"""What happened, and who is alive."""

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables.shape import json, moment


class Event(SQLModel, table=True):
    """Something that happened, with its facts: for live screens, for audit and for counting."""

    __table_args__: ClassVar[Any] = (
        sa.Index("ix_event_kind", "kind", "at"),
        {"sqlite_autoincrement": True},  # a sequence that never goes back, also after rows were removed
    )

    seq: int | None = Field(
        default=None, sa_column=sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    )
    kind: str
    user_id: str = Field(max_length=32)
    conversation_id: str | None = Field(default=None, max_length=32)
    generation_id: str | None = Field(default=None, max_length=32)
    facts: dict[str, Any] = json()
    at: datetime = moment(optional=False)


class Heartbeat(SQLModel, table=True):
    """A sign of life of a process that does background work. Times are the database's own clock."""

    executor_id: str = Field(primary_key=True)
    beat_ms: int = Field(sa_type=sa.BigInteger)


class KnownStore(SQLModel, table=True):
    """The store that this database's files are in, by the id in its marker; one row at the most."""

    __tablename__ = "known_store"

    identity: str = Field(primary_key=True)
    met_at: datetime = moment(optional=False)


class Stray(SQLModel, table=True):
    """A file whose image was purged: it and all that lies beside it has to be removed from the store."""

    key: str = Field(primary_key=True)
    at: datetime = moment(optional=False)
    removed_at: datetime | None = moment()
    """When it was removed the first time; after a while somebody looks once more, and forgets it."""
