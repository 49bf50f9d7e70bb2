"""Captions, alt text and crops of posts; what a share shows and what its readers say."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Everything that is there already keeps its meaning: images made for no caption, crops around the middle."""
    with op.batch_alter_table("generation") as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="image"))
        batch_op.add_column(sa.Column("post_id", sa.String(32), nullable=True))
        batch_op.create_foreign_key(op.f("fk_generation_post_id"), "post", ["post_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_generation_post_id"), ["post_id"], unique=False)
    _facts("generation", told="[]")
    _words_of_posts()
    for name, kind, default in (
        ("alt", sa.String(), sa.text("''")),
        ("focus_x", sa.Float(), "0.5"),
        ("focus_y", sa.Float(), "0.5"),
    ):
        op.add_column("image", sa.Column(name, kind, nullable=False, server_default=default))
    for table in ("person", "project"):
        _facts(table, brief="{}")
    _shares()


def _facts(table: str, **columns: str) -> None:
    """JSON columns, whose defaults databases cannot compare: filled here, required from then on."""
    for name, empty in columns.items():
        op.add_column(table, sa.Column(name, sa.JSON(), nullable=True))
        op.execute(sa.text(f"UPDATE {table} SET {name} = '{empty}'"))
    with op.batch_alter_table(table) as batch_op:
        for name in columns:
            batch_op.alter_column(name, existing_type=sa.JSON(), nullable=False)


def _words_of_posts() -> None:
    _facts("post", hashtags="[]", platforms="{}", brief="{}")
    op.add_column("post", sa.Column("alt", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("post", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("post", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))


def _shares() -> None:
    op.add_column("share", sa.Column("name", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("share", sa.Column("password_hash", sa.String(), nullable=True))
    op.add_column("share", sa.Column("last_position", sa.Integer(), nullable=True))
    for name, shown in (("prompts", True), ("models", True), ("costs", False)):
        op.add_column("share", sa.Column(f"shows_{name}", sa.Boolean(), nullable=False, server_default=_bool(shown)))
    op.add_column("share", sa.Column("takes_verdicts", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("share", sa.Column("uses", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("share", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "verdict",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("share_id", sa.String(32), nullable=False),
        sa.Column("image_id", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict in ('approve','change','no')", name=op.f("ck_verdict_verdict")),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_verdict_image_id")),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_verdict_share_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("share_id", "image_id", name=op.f("uq_verdict_share_id_image_id")),
    )
    op.create_index(op.f("ix_verdict_image_id"), "verdict", ["image_id"], unique=False)


def _bool(value: bool) -> sa.ColumnElement[bool]:
    return sa.true() if value else sa.false()
