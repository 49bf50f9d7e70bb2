"""Roles: who sees everybody's work."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Everybody is a member; whoever works alone leads."""
    op.add_column("person", sa.Column("role", sa.String(), server_default="member", nullable=False))
    op.execute("UPDATE person SET role = 'lead' WHERE subject = 'local'")
