"""What calls are told by: tree, project, wait and what each brought; and who is let in."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ROOTS = """
    WITH RECURSIVE began (id, root) AS (
        SELECT turn.id, turn.id FROM turn
        WHERE NOT EXISTS (
            SELECT 1 FROM reference JOIN image ON image.id = reference.image_id
            WHERE reference.turn_id = turn.id AND reference.role = 'source' AND image.generation_id IS NOT NULL)
        UNION ALL
        SELECT reference.turn_id, began.root
        FROM began
        JOIN generation ON generation.turn_id = began.id
        JOIN image ON image.generation_id = generation.id
        JOIN reference ON reference.image_id = image.id AND reference.role = 'source'
    )
    UPDATE turn SET root_id = began.root FROM began WHERE began.id = turn.id AND began.root <> began.id"""
"""A turn starts from one image at the most, so each is reached once."""
PROJECTS = """
    UPDATE generation SET project_id = (
        SELECT coalesce(
            (SELECT post.project_id FROM image JOIN post ON post.id = image.post_id
             WHERE image.generation_id = generation.id ORDER BY image.n LIMIT 1),
            (SELECT post.project_id FROM post WHERE post.id = generation.post_id),
            conversation.project_id)
        FROM turn JOIN conversation ON conversation.id = turn.conversation_id
        WHERE turn.id = generation.turn_id)"""
IMAGES = """
    UPDATE attempt SET images = (
        SELECT count(*) FROM image
        WHERE image.generation_id = attempt.generation_id AND image.attempt_id = attempt.id)"""
WAITED = {
    "sqlite": "CAST(round((julianday(attempt.started_at) - julianday(generation.queued_at)) * 86400000) AS INTEGER)",
    "postgresql": "CAST(extract(epoch FROM attempt.started_at - generation.queued_at) * 1000 AS integer)",
}


def upgrade() -> None:
    """What is there is told as well as its rows allow: calls of earlier rounds do not say how long they waited."""
    op.add_column("person", sa.Column("email", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("person", sa.Column("off_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE person SET role = 'admin' WHERE subject = 'local'")
    op.add_column("turn", sa.Column("root_id", sa.String(32), nullable=True))
    op.create_index("ix_turn_root_id", "turn", ["root_id"])
    op.add_column("generation", sa.Column("project_id", sa.String(32), nullable=True))
    op.add_column("attempt", sa.Column("waited_ms", sa.Integer(), nullable=True))
    op.add_column("attempt", sa.Column("images", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("attempt", sa.Column("usage", sa.JSON(), nullable=True))
    op.add_column("attempt", sa.Column("priced_on", sa.Date(), nullable=True))
    for statement in (ROOTS, PROJECTS, IMAGES, _waited()):
        op.execute(statement)


def _waited() -> str:
    waited = WAITED[op.get_bind().dialect.name]
    return f"""
        UPDATE attempt SET waited_ms = (
            SELECT CASE WHEN {waited} >= 0 THEN {waited} END
            FROM generation WHERE generation.id = attempt.generation_id AND generation.round = attempt.round)
        WHERE attempt.number = 1"""
