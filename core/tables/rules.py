"""What the team agreed on: rules, caps in US dollars, and what is held and spent under them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.columns import Dollars
from core.tables.shape import moment

TEAM, PROJECT, PERSON = "team", "project", "person"
"""What has a budget. In this order their counters are locked."""
EVERYBODY = "team"
"""Stands where a project or a person has its id."""


class Rule(SQLModel, table=True):
    """One thing that the team decided. What has no row is as it comes."""

    name: str = Field(primary_key=True)
    value: Any = Field(sa_type=sa.JSON, nullable=False)
    version: int = 1
    """Counts changes, so that two admins at once do not overwrite each other unseen."""
    changed_at: datetime = moment(optional=False)
    changed_by: str = Field(max_length=32)


class Budget(SQLModel, table=True):
    """A cap in US dollars for each calendar month, in UTC."""

    __table_args__ = (sa.CheckConstraint("kind in ('team','project','person')", name="kind"),)

    kind: str = Field(primary_key=True)
    of_id: str = Field(primary_key=True, max_length=32)
    usd: Decimal = Field(sa_type=Dollars)
    changed_at: datetime = moment(optional=False)
    changed_by: str = Field(max_length=32)


class Hold(SQLModel, table=True):
    """What one round of a generation counts under the budgets. No links: what was paid stays known without the rest."""

    generation_id: str = Field(primary_key=True, max_length=32)
    round: int = Field(primary_key=True)
    user_id: str = Field(max_length=32)
    project_id: str | None = Field(default=None, max_length=32)
    month: str = Field(max_length=7)
    """When it was asked for, e.g. "2026-11"; it counts there, also when it ends in the next one."""
    usd: Decimal = Field(sa_type=Dollars)
    """What it should cost, or once it is settled what it did, or may have."""
    settled: bool = False


class Spending(SQLModel, table=True):
    """The sums of holds, so that an ask need not add them up. Changed only together with them."""

    kind: str = Field(primary_key=True)
    of_id: str = Field(primary_key=True, max_length=32)
    month: str = Field(primary_key=True, max_length=7)
    reserved: Decimal = Field(sa_type=Dollars)
    spent: Decimal = Field(sa_type=Dollars)
