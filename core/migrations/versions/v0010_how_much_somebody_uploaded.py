"""How much somebody uploaded, from an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """It holds uploads alone, so it is small beside the gallery's."""
    uploaded = sa.text("generation_id IS NULL")
    columns = ["user_id", "size", "generation_id"]  # the last one because SQLite asks it again
    op.create_index("ix_image_uploaded", "image", columns, sqlite_where=uploaded, postgresql_where=uploaded)
