"""People, what they work on, and what they let others see."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables.shape import json, later, moment, row_id, to

MEMBER, LEAD, ADMIN = "member", "lead", "admin"
"""What a person may do: a lead sees everybody's work and changes only their own; an admin also sets how all work."""
SEEING = (LEAD, ADMIN)
"""Roles that see everybody's work."""


class User(SQLModel, table=True):
    """A person of the team."""

    __tablename__ = "person"  # "user" is a reserved word in Postgres

    id: str = row_id()
    subject: str = Field(unique=True)
    """Who the sign-in says they are; "local" in local mode."""
    name: str
    email: str = later("")
    """As the sign-in says it; only for telling people of one name apart."""
    role: str = later(MEMBER)
    brief: dict[str, Any] = json()
    """Voice, audience, language, hashtags and words to avoid, for captions outside a project."""
    created_at: datetime = moment(optional=False)
    off_at: datetime | None = moment()
    """Since when this person is switched off: they are not let in, and what is open ends."""


class Project(SQLModel, table=True):
    """A piece of content on its way."""

    id: str = row_id()
    user_id: str = to("person", index=True)
    title: str
    stage: str = "brain dump"
    brief: dict[str, Any] = json()
    created_at: datetime = moment(optional=False)
    updated_at: datetime = moment(optional=False)
    deleted_at: datetime | None = moment()
    purge_after: datetime | None = moment()


class Note(SQLModel, table=True):
    """The text of one stage of a project."""

    __table_args__ = (sa.UniqueConstraint("project_id", "stage"),)

    id: str = row_id()
    project_id: str = to("project")
    user_id: str = to("person")
    stage: str
    body: str = ""
    updated_at: datetime = moment(optional=False)


class SavedView(SQLModel, table=True):
    """A line of what is looked for in the gallery, under a name."""

    __tablename__ = "saved_view"

    id: str = row_id()
    user_id: str = to("person", index=True)
    name: str
    line: str
    """As it was written, so that “7d” stays the last seven days."""
    shared: bool = False
    """Everybody in the team sees it, each over their own images."""
    created_at: datetime = moment(optional=False)
    updated_at: datetime = moment(optional=False)


class Share(SQLModel, table=True):
    """A link that lets someone read one conversation."""

    id: str = row_id()
    user_id: str = to("person")
    conversation_id: str = to("conversation", index=True)
    token_hash: str = Field(unique=True)
    name: str = later("")
    """For whom it is, in the owner's words."""
    password_hash: str | None = None
    last_position: int | None = None
    """The last turn that it shows; None follows the conversation."""
    shows_prompts: bool = later(True)
    shows_models: bool = later(True)
    shows_costs: bool = later(False)
    takes_verdicts: bool = later(False)
    uses: int = later(0)
    used_at: datetime | None = moment()
    created_at: datetime = moment(optional=False)
    ends_at: datetime | None = moment()
    revoked_at: datetime | None = moment()


class Verdict(SQLModel, table=True):
    """What a reader of a share says of one image."""

    __table_args__ = (
        sa.UniqueConstraint("share_id", "image_id"),
        sa.CheckConstraint("verdict in ('approve','change','no')", name="verdict"),
    )

    id: str = row_id()
    share_id: str = to("share")
    image_id: str = to("image", index=True)
    verdict: str
    note: str = ""
    at: datetime = moment(optional=False)
