"""Alembic's entry: runs on the connection and in the transaction that `core.migrations.migrate` opened."""

from alembic import context
from sqlmodel import SQLModel

from core import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=False,  # the transaction is ours; Alembic must not open one
    render_as_batch=True,
    include_name=lambda name, kind, _parents: kind != "table" or name in SQLModel.metadata.tables,
)
assert tables  # imported for the metadata
context.run_migrations()
