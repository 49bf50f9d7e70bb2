"""How columns and constraints of all tables look: ids, links, moments, dollars, names."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.columns import Dollars, Moment, new_id

NAMES = {  # Alembic can only change what has a name, and SQLite forgets unnamed checks when a table is rebuilt.
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMES

UNTRASHED = sa.text("deleted_at IS NULL")  # the condition of an index: Postgres takes no order from it as a column
TRASHED = sa.text("deleted_at IS NOT NULL")


def row_id() -> Any:
    """A primary key that is made here, so that a row's id is known before it is written."""
    return Field(default_factory=new_id, primary_key=True, max_length=32)


def to(target: str, *, index: bool = False, optional: bool = False) -> Any:
    """A link to a row of another table."""
    kind: dict[str, Any] = {"default": None, "nullable": True} if optional else {}
    return Field(foreign_key=f"{target}.id", max_length=32, index=index, **kind)


def moment(*, optional: bool = True) -> Any:
    """A point in time, with its zone."""
    return Field(default=None, sa_type=Moment, nullable=optional) if optional else Field(sa_type=Moment)


def json() -> Any:
    """Facts that are read as a whole."""
    return Field(default_factory=dict, sa_type=sa.JSON)


def later(value: Any) -> Any:
    """A column that came when its table had rows already: for those the database itself writes `value`."""
    written = sa.text(str(sa.literal(value).compile(compile_kwargs={"literal_binds": True})))
    truth = {True: sa.true(), False: sa.false()}  # written differently by each database
    return Field(
        default=value, sa_column_kwargs={"server_default": truth[value] if isinstance(value, bool) else written}
    )


def dollars() -> Any:
    """US dollars, exact; None while unknown."""
    return Field(default=None, sa_type=Dollars)
