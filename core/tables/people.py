"""People, what they work on, and what they let others see."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.tables.shape import moment, row_id, to


class User(SQLModel, table=True):
    """A person of the team."""

    __tablename__ = "person"  # "user" is a reserved word in Postgres

    id: str = row_id()
    subject: str = Field(unique=True)
    """Who the sign-in says they are; "local" in local mode."""
    name: str
    created_at: datetime = moment(optional=False)


class Project(SQLModel, table=True):
    """A piece of content on its way."""

    id: str = row_id()
    user_id: str = to("person", index=True)
    title: str
    stage: str = "brain dump"
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


class Share(SQLModel, table=True):
    """A link that lets someone read one conversation."""

    id: str = row_id()
    user_id: str = to("person")
    conversation_id: str = to("conversation", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = moment(optional=False)
    ends_at: datetime | None = moment()
    revoked_at: datetime | None = moment()
