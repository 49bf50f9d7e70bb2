"""What purging needs: which conversations went, which files must go, which store is ours, who has what in the trash."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TRASHED = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    """Nothing was purged yet; the store is met at the first purge."""
    moment = sa.DateTime(timezone=True)
    op.add_column("conversation", sa.Column("purged_at", moment, nullable=True))
    for table in ("conversation", "image"):
        columns = ["user_id", "deleted_at", "id"]
        op.create_index(f"ix_{table}_trash", table, columns, sqlite_where=TRASHED, postgresql_where=TRASHED)
    op.create_table(
        "stray",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("removed_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stray")),
    )
    op.create_table(
        "known_store",
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("met_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_known_store")),
    )
