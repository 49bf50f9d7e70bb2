"""What providers are asked for: generations, and the ledger of calls."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables.shape import dollars, json, later, moment, row_id, to

IMAGE, CAPTION = "image", "caption"
"""What a generation makes."""
QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELED = "queued", "running", "succeeded", "failed", "canceled"
UNFINISHED = (QUEUED, RUNNING)
SENT, RECEIVED, STORED, UNKNOWN = "sent", "received", "stored", "unknown"
"""Attempt states beside FAILED. `sent` is committed before the call, `received` once the raw answer is on disk."""


class Generation(SQLModel, table=True):
    """One model's one answer to one turn: one row per (turn, model, n)."""

    __table_args__ = (
        sa.UniqueConstraint("turn_id", "provider", "model", "n"),
        sa.Index("ix_generation_status", "status", "queued_at"),
        sa.Index("ix_generation_pace", "provider", "model", "status", "finished_at"),
        sa.CheckConstraint("status in ('queued','running','succeeded','failed','canceled')", name="status"),
    )

    id: str = row_id()
    turn_id: str = to("turn")
    user_id: str = to("person")
    provider: str
    model: str
    n: int = 1
    kind: str = later(IMAGE)
    post_id: str | None = to("post", index=True, optional=True)
    """What a caption is written for; images say themselves which post they are in."""
    project_id: str | None = Field(default=None, max_length=32)
    """What it counts for: the project of its post. No link: what was paid for a project stays known without it."""
    status: str = QUEUED
    round: int = 0
    """How often a person asked again for this one; every round is one piece of background work."""
    error_kind: str | None = None
    error: str | None = None
    seed: int | None = Field(default=None, sa_type=sa.BigInteger)
    cost: Decimal | None = dollars()
    """What all attempts came to. None while unknown."""
    cost_basis: str | None = None
    duration_ms: int | None = None
    """Of the provider call that succeeded."""
    practice: bool = False
    left_out: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    """Sentences: what was asked for and could not be sent to this model."""
    told: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    """Of a caption: what its answers said (`caption`, `hashtags`, `alt`, `at`), whether or not they reached the post;
    marked `before`, the words of other origin that they took the place of."""
    queued_at: datetime = moment(optional=False)
    next_at: datetime | None = moment()
    """When a provider that was busy is asked again."""
    started_at: datetime | None = moment()
    finished_at: datetime | None = moment()
    deleted_at: datetime | None = moment()


class Attempt(SQLModel, table=True):
    """The ledger: one call to a provider, committed before it is sent."""

    __table_args__ = (
        sa.UniqueConstraint("generation_id", "number"),
        sa.Index("ix_attempt_state", "state", "started_at"),
        sa.CheckConstraint("state in ('sent','received','stored','failed','unknown')", name="state"),
    )

    id: str = row_id()
    generation_id: str = to("generation")
    number: int
    round: int = 0
    state: str = SENT
    reserved_cost: Decimal | None = dollars()
    """What the price rule said before the call; what is booked as possible when the outcome stays unknown."""
    cost: Decimal | None = dollars()
    cost_basis: str | None = None
    duration_ms: int | None = None
    """From a monotonic clock: from sending to the last byte."""
    waited_ms: int | None = None
    """From being asked for, or from the call before it, to being sent."""
    images: int = later(0)
    """How many it brought; some may be purged by now."""
    usage: dict[str, int] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    """Tokens that the provider counted, by kind; what `cost` was computed from."""
    priced_on: date | None = None
    """The day whose prices `cost` and `reserved_cost` were taken from."""
    request_id: str | None = None
    error_kind: str | None = None
    error: str | None = None
    sent: dict[str, Any] = json()
    """The parameters that really went out."""
    started_at: datetime = moment(optional=False)
    finished_at: datetime | None = moment()
