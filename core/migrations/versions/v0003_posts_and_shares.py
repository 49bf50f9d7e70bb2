"""Captions, alt text and crops of posts; what a share shows and what its readers say; posts for what has none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from secrets import randbits
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 50_000
"""Images held in memory, of which a studio may have a million; every round looks at all that wait."""
READY = f"""
    SELECT image.id AS image_id, image.user_id, generation.turn_id, parent.id AS parent_id,
        CASE WHEN parent.id IS NULL THEN turn.created_at ELSE image.created_at END AS at,
        CASE WHEN parent.id IS NULL THEN conversation.project_id ELSE parent.project_id END AS project_id,
        coalesce(parent.caption, '') AS caption
    FROM image
    JOIN generation ON generation.id = image.generation_id
    JOIN turn ON turn.id = generation.turn_id
    JOIN conversation ON conversation.id = turn.conversation_id
    LEFT JOIN reference ON reference.turn_id = turn.id AND reference.role = 'source' AND reference.position = 0
    LEFT JOIN image AS source ON source.id = reference.image_id AND source.generation_id IS NOT NULL
    LEFT JOIN post AS parent ON parent.id = source.post_id
    WHERE image.post_id IS NULL AND (source.id IS NULL OR parent.id IS NOT NULL)
    LIMIT {AT_ONCE}"""
"""Images without a post, with what it shall be. What was made from an upload was made by a first turn."""
POSTS_OF_TURNS = "SELECT turn_id, min(id) AS post_id FROM post GROUP BY turn_id"
"""Those of the sample content, which always had posts."""
POST = """
    INSERT INTO post (id, user_id, project_id, turn_id, caption, hashtags, platforms, brief, created_at, updated_at)
    VALUES (:id, :user_id, :project_id, :turn_id, :caption, '[]', '{}', '{}', :at, :at)"""
PLACE = "UPDATE image SET post_id = placed.value FROM {each}(:images) AS placed WHERE image.id = placed.key"
"""One statement for all images of a round: Postgres takes ten times as long for one after the other."""
EACH = {"sqlite": "json_each", "postgresql": "json_each_text"}
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """What is there already keeps its meaning: generations made images, crops are around the middle.

    And it gets what it would have today: a first turn's images lie in one post, each edit in one of its own.
    """
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
    _posts_for_images_without()


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


def _posts_for_images_without() -> None:
    """In rounds: an edit waits for the post of the image it was made from, which may be an edit itself."""
    db = op.get_bind()
    if db.dialect.name == "postgresql":  # without statistics, as after a restore, it compares each image with each turn
        db.execute(sa.text("ANALYZE image, generation, turn, conversation, reference, post"))
    begin = sa.text(POST).bindparams(sa.bindparam("at", type_=MOMENT))
    place = sa.text(PLACE.format(each=EACH[db.dialect.name])).bindparams(sa.bindparam("images", type_=sa.JSON))
    of_turns: dict[str, str] = {row.turn_id: row.post_id for row in db.execute(sa.text(POSTS_OF_TURNS))}
    while ready := db.execute(sa.text(READY).columns(at=MOMENT)).mappings().all():
        images, posts = _placed(ready, of_turns)
        if posts:
            db.execute(begin, posts)
        db.execute(place, {"images": images})


def _placed(ready: Sequence[sa.RowMapping], of_turns: dict[str, str]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The post of each image, and those posts that are not there yet: one for a first turn, one for each edit."""
    images, posts = {}, []
    for image in ready:
        post_id = None if image["parent_id"] else of_turns.get(image["turn_id"])
        if post_id is None:
            post_id = _id(image["at"])
            posts.append({**image, "id": post_id})
        if not image["parent_id"]:
            of_turns[image["turn_id"]] = post_id
        images[image["image_id"]] = post_id
    return images, posts


def _id(at: datetime) -> str:
    """An id as it would have been made at that moment: UUIDv7 with its microseconds, so it sorts by age."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)  # SQLite gives times in UTC without saying so
    milliseconds, rest = divmod((aware - EPOCH) // timedelta(microseconds=1), 1000)
    finer = rest * 4096 // 1000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | finer << 64 | 0b10 << 62 | randbits(62)).hex
