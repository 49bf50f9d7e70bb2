"""When a person last looked at a conversation."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Null for what is there already: it counts as seen."""
    op.add_column("conversation", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
