"""What the copy of the ledger should hold, computed in Python from the tables, without any of its SQL."""

from collections import Counter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import col

from core.replica import Replica
from core.replica_calls import DIMS
from core.studio import Studio
from core.tables import Attempt, Generation, Image, Turn


class Row(NamedTuple):
    """A call; `tree` is the turn that it began with, which the copy keeps as a hash."""

    id: str
    made: Any
    slot: int
    tree: Any
    practice: bool
    cost: int | None
    reserved: int | None
    took: int | None
    waited: int | None
    images: int
    chosen: int
    person: str
    model: str
    provider: str
    project: str
    kind: str
    state: str
    error: str
    basis: str


def differences(studio: Studio, copy: Replica) -> list[Any]:
    """Rows that only one of them has."""
    dims = ", ".join(f"(SELECT key FROM dim WHERE kind = '{name}' AND no = call.{name})" for name in DIMS)
    with copy.reading() as cursor:
        found = cursor.execute(
            f"SELECT id, made, slot, tree, practice, cost, reserved, took, waited, images, chosen, {dims} FROM call"
        ).fetchall()
        rows = expected(studio)
        trees = list({row.tree for row in rows})
        hashed = dict(cursor.execute("SELECT t, hash(t) FROM (SELECT unnest($t) AS t)", {"t": trees}).fetchall())
    should = {row._replace(tree=hashed[row.tree]) for row in rows}
    there = {(row[0].hex, *row[1:]) for row in found}
    return sorted(there ^ should, key=repr) + [len(there) - len(found)] * (len(there) != len(found))


def expected(studio: Studio) -> set[Row]:
    """Every call of the ledger."""
    query = (
        sa.select(Attempt, Generation, Turn)
        .join(Generation, col(Generation.id) == Attempt.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
    )
    images = sa.select(Image.attempt_id, Image.generation_id).where(
        col(Image.selected), col(Image.deleted_at).is_(None)
    )
    with studio.reading() as db:
        chosen = Counter(tuple(row) for row in db.execute(images))
        return {_row(*found, chosen=chosen) for found in db.execute(query)}


def _row(a: Attempt, g: Generation, t: Turn, chosen: Counter[Any]) -> Row:
    return Row(
        a.id,
        a.started_at.replace(tzinfo=None),
        int(a.started_at.timestamp()) // 900,
        t.root_id or t.id,
        g.practice,
        None if a.cost is None else int(a.cost * 10**9),
        None if a.reserved_cost is None else int(a.reserved_cost * 10**9),
        a.duration_ms,
        a.waited_ms,
        a.images,
        chosen[a.id, a.generation_id],
        g.user_id,
        f"{g.provider}/{g.model}",
        g.provider,
        g.project_id or "",
        g.kind,
        a.state,
        a.error_kind or "",
        a.cost_basis or "",
    )
