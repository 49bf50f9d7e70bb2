"""The nouns as tables. A role belongs to a use of a picture; lineage is stored once, as references."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.columns import Dollars, Moment
from core.columns import new_id as new_id

NAMES = {  # Alembic can only change what has a name, and SQLite forgets unnamed checks when a table is rebuilt.
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMES

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELED = "queued", "running", "succeeded", "failed", "canceled"
UNFINISHED = (QUEUED, RUNNING)
SENT, RECEIVED, STORED, UNKNOWN = "sent", "received", "stored", "unknown"
"""Attempt states beside FAILED. `sent` is committed before the call, `received` once the raw answer is on disk."""
SOURCE, MASK, REFERENCE = "source", "mask", "reference"


def _id() -> Any:
    return Field(default_factory=new_id, primary_key=True, max_length=32)


def _to(target: str, *, index: bool = False, optional: bool = False) -> Any:
    kind: dict[str, Any] = {"default": None, "nullable": True} if optional else {}
    return Field(foreign_key=f"{target}.id", max_length=32, index=index, **kind)


def _moment(*, optional: bool = True) -> Any:
    return Field(default=None, sa_type=Moment, nullable=optional) if optional else Field(sa_type=Moment)


def _json() -> Any:
    return Field(default_factory=dict, sa_type=sa.JSON)


def _dollars() -> Any:
    return Field(default=None, sa_type=Dollars)


class User(SQLModel, table=True):
    """A person of the team."""

    __tablename__ = "person"  # "user" is a reserved word in Postgres

    id: str = _id()
    subject: str = Field(unique=True)
    """Who the sign-in says they are; "local" in local mode."""
    name: str
    created_at: datetime = _moment(optional=False)


class Project(SQLModel, table=True):
    """A piece of content on its way."""

    id: str = _id()
    user_id: str = _to("person", index=True)
    title: str
    stage: str = "brain dump"
    created_at: datetime = _moment(optional=False)
    updated_at: datetime = _moment(optional=False)
    deleted_at: datetime | None = _moment()
    purge_after: datetime | None = _moment()


class Note(SQLModel, table=True):
    """The text of one stage of a project."""

    __table_args__ = (sa.UniqueConstraint("project_id", "stage"),)

    id: str = _id()
    project_id: str = _to("project")
    user_id: str = _to("person")
    stage: str
    body: str = ""
    updated_at: datetime = _moment(optional=False)


UNTRASHED = sa.text("deleted_at IS NULL")  # the condition of an index: Postgres takes no order from it as a column


class Conversation(SQLModel, table=True):
    """One thread of image work."""

    __table_args__ = (
        sa.Index(
            "ix_conversation_recent", "user_id", "updated_at", "id", sqlite_where=UNTRASHED, postgresql_where=UNTRASHED
        ),
    )

    id: str = _id()
    user_id: str = _to("person")
    project_id: str | None = _to("project", index=True, optional=True)
    title: str
    version: int = 1
    """Counts changes of the title, so that two people renaming at once do not overwrite each other unseen."""
    created_at: datetime = _moment(optional=False)
    updated_at: datetime = _moment(optional=False)
    deleted_at: datetime | None = _moment()
    purge_after: datetime | None = _moment()


class Turn(SQLModel, table=True):
    """One thing a person asked for, with its settings; asks one or more models."""

    __table_args__ = (
        sa.UniqueConstraint("conversation_id", "position"),
        sa.UniqueConstraint("user_id", "token"),
    )

    id: str = _id()
    conversation_id: str = _to("conversation")
    user_id: str = _to("person")
    position: int
    prompt: str
    settings: dict[str, Any] = _json()
    token: str
    """Comes from the form instance: a double click carries the same one and finds the first turn."""
    created_at: datetime = _moment(optional=False)


class Generation(SQLModel, table=True):
    """One model's one answer to one turn: one row per (turn, model, n)."""

    __table_args__ = (
        sa.UniqueConstraint("turn_id", "provider", "model", "n"),
        sa.Index("ix_generation_status", "status", "queued_at"),
        sa.Index("ix_generation_pace", "provider", "model", "status", "finished_at"),
        sa.CheckConstraint("status in ('queued','running','succeeded','failed','canceled')", name="status"),
    )

    id: str = _id()
    turn_id: str = _to("turn")
    user_id: str = _to("person")
    provider: str
    model: str
    n: int = 1
    status: str = QUEUED
    round: int = 0
    """How often a person asked again for this one; every round is one piece of background work."""
    error_kind: str | None = None
    error: str | None = None
    seed: int | None = Field(default=None, sa_type=sa.BigInteger)
    cost: Decimal | None = _dollars()
    """What all attempts came to. None while unknown."""
    cost_basis: str | None = None
    duration_ms: int | None = None
    """Of the provider call that succeeded."""
    practice: bool = False
    left_out: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    """Sentences: what was asked for and could not be sent to this model."""
    queued_at: datetime = _moment(optional=False)
    next_at: datetime | None = _moment()
    """When a provider that was busy is asked again."""
    started_at: datetime | None = _moment()
    finished_at: datetime | None = _moment()
    deleted_at: datetime | None = _moment()


class Attempt(SQLModel, table=True):
    """The ledger: one call to a provider, committed before it is sent."""

    __table_args__ = (
        sa.UniqueConstraint("generation_id", "number"),
        sa.Index("ix_attempt_state", "state", "started_at"),
        sa.CheckConstraint("state in ('sent','received','stored','failed','unknown')", name="state"),
    )

    id: str = _id()
    generation_id: str = _to("generation")
    number: int
    round: int = 0
    state: str = SENT
    reserved_cost: Decimal | None = _dollars()
    """What the price rule said before the call; what is booked as possible when the outcome stays unknown."""
    cost: Decimal | None = _dollars()
    cost_basis: str | None = None
    duration_ms: int | None = None
    """From a monotonic clock: from sending to the last byte."""
    request_id: str | None = None
    error_kind: str | None = None
    error: str | None = None
    sent: dict[str, Any] = _json()
    """The parameters that really went out."""
    started_at: datetime = _moment(optional=False)
    finished_at: datetime | None = _moment()


class Post(SQLModel, table=True):
    """A caption with its images."""

    id: str = _id()
    user_id: str = _to("person", index=True)
    project_id: str | None = _to("project", optional=True)
    turn_id: str | None = _to("turn", index=True, optional=True)
    caption: str = ""
    created_at: datetime = _moment(optional=False)
    updated_at: datetime = _moment(optional=False)


KEPT = sa.text("deleted_at IS NULL AND generation_id IS NOT NULL")
"""What the gallery shows; its index holds nothing else. A query must say it in these words to be served by it."""


class Image(SQLModel, table=True):
    """A picture we keep, generated or uploaded. Uploads have no generation and stay out of the gallery."""

    __table_args__ = (
        sa.Index("ix_image_gallery", "user_id", "created_at", "id", sqlite_where=KEPT, postgresql_where=KEPT),
        sa.Index("ix_image_of_conversation", "conversation_id", "created_at"),
        sa.UniqueConstraint("generation_id", "n"),
    )

    id: str = _id()
    user_id: str = _to("person")
    conversation_id: str | None = _to("conversation", optional=True)
    generation_id: str | None = _to("generation", optional=True)
    attempt_id: str | None = _to("attempt", optional=True)
    post_id: str | None = _to("post", index=True, optional=True)
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
    placeholder: str
    """A 16 pixel WebP as data URI, shown blurred until the thumbnail is there."""
    starred: bool = False
    selected: bool = False
    created_at: datetime = _moment(optional=False)
    deleted_at: datetime | None = _moment()
    purge_after: datetime | None = _moment()


class Reference(SQLModel, table=True):
    """A turn's use of an image."""

    __table_args__ = (
        sa.UniqueConstraint("turn_id", "role", "position"),
        sa.CheckConstraint("role in ('source','mask','reference')", name="role"),
    )

    id: str = _id()
    turn_id: str = _to("turn")
    image_id: str = _to("image", index=True)
    role: str
    position: int = 0


class Share(SQLModel, table=True):
    """A link that lets someone read one conversation."""

    id: str = _id()
    user_id: str = _to("person")
    conversation_id: str = _to("conversation", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = _moment(optional=False)
    ends_at: datetime | None = _moment()
    revoked_at: datetime | None = _moment()


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
    facts: dict[str, Any] = _json()
    at: datetime = _moment(optional=False)


class Heartbeat(SQLModel, table=True):
    """A sign of life of a process that does background work. Times are the database's own clock."""

    executor_id: str = Field(primary_key=True)
    beat_ms: int = Field(sa_type=sa.BigInteger)
