"""Budgets with what is held and spent under them, and the team's rules."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MONTH = {
    "sqlite": "strftime('%Y-%m', min(attempt.started_at))",
    "postgresql": "to_char(min(attempt.started_at) AT TIME ZONE 'UTC', 'YYYY-MM')",
}
COUNTED = """
    INSERT INTO spending (kind, of_id, month, reserved, spent)
    SELECT {kind}, {of_id}, month, 0, sum(usd) FROM hold WHERE {of_id} IS NOT NULL GROUP BY {of_id}, month"""


def upgrade() -> None:
    """What was paid until now counts; what is still on its way counts when it ends."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "rule",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rule")),
    )
    op.create_table(
        "budget",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("of_id", sa.String(32), nullable=False),
        sa.Column("usd", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(32), nullable=False),
        sa.CheckConstraint("kind in ('team','project','person')", name=op.f("ck_budget_kind")),
        sa.PrimaryKeyConstraint("kind", "of_id", name=op.f("pk_budget")),
    )
    op.create_table(
        "hold",
        sa.Column("generation_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=True),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("usd", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("generation_id", "round", name=op.f("pk_hold")),
    )
    op.create_table(
        "spending",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("of_id", sa.String(32), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "of_id", "month", name=op.f("pk_spending")),
    )
    op.execute(f"""
        INSERT INTO hold (generation_id, round, user_id, project_id, month, usd, settled)
        SELECT attempt.generation_id, attempt.round, generation.user_id, generation.project_id,
               {MONTH[op.get_bind().dialect.name]}, sum(coalesce(attempt.cost, attempt.reserved_cost, 0)), true
        FROM attempt JOIN generation ON generation.id = attempt.generation_id
        WHERE NOT generation.practice AND generation.status NOT IN ('queued', 'running')
        GROUP BY attempt.generation_id, attempt.round, generation.user_id, generation.project_id""")
    for kind, of_id in (("'team'", "'team'"), ("'project'", "project_id"), ("'person'", "user_id")):
        op.execute(COUNTED.format(kind=kind, of_id=of_id).replace("GROUP BY 'team', month", "GROUP BY month"))
