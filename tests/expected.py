"""What the replica should hold, computed in Python from the tables, without any of its SQL."""

import math
import unicodedata
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import col, select

from core import replica_rows
from core.replica import Replica
from core.studio import Studio
from core.tables import SOURCE, Conversation, Generation, Image, Post, Reference, Turn


class Row(NamedTuple):
    """An image; what is a facet is text."""

    id: str
    owner: str
    made: Any
    live: bool
    cost: int | None
    took: int | None
    shape: int
    post: str | None
    trashed: Any
    words: str
    asked: Any
    dhash: int
    model: str
    provider: str
    ratio: str
    project: str
    starred: str
    selected: str
    captioned: str
    kind: str
    practice: str


def differences(studio: Studio, copy: Replica) -> list[Any]:
    """Rows that only one of them has, as the database's own tables say, computed without the replica's SQL."""
    with copy.reading() as cursor:
        names = ", ".join(replica_rows.FACETS)
        found = cursor.execute(
            f"SELECT id, owner, made, live, cost, took, shape, post, trashed, words, asked, dhash, {names}"
            " FROM img JOIN combo ON img.combo = combo.no"
        ).fetchall()
        rows = expected(studio)
        texts = list({row.asked for row in rows})
        hashed = dict(
            cursor.execute("SELECT t, hash(t) FROM (SELECT unnest($texts) AS t)", {"texts": texts}).fetchall()
        )
    should = {row._replace(asked=hashed[row.asked] if row.asked.strip() else None) for row in rows}
    there = {(row[0].hex, row[1].hex, *row[2:7], row[7] and row[7].hex, *row[8:]) for row in found}
    return sorted(there ^ should, key=repr) + [len(there) - len(found)] * (len(there) != len(found))


def expected(studio: Studio) -> set[Row]:
    """Every image with a generation; `asked` is the folded prompt, which the replica keeps as a hash."""
    query = (
        sa.select(Image, Generation, Turn, Conversation, Post)
        .join(Generation, col(Generation.id) == Image.generation_id)
        .join(Turn, col(Turn.id) == Generation.turn_id)
        .join(Conversation, col(Conversation.id) == Turn.conversation_id)
        .outerjoin(Post, col(Post.id) == Image.post_id)
    )
    with studio.reading() as db:
        edits = set(db.scalars(select(Reference.turn_id).where(Reference.role == SOURCE)))
        return {_row(*found, turn_edits=edits) for found in db.execute(query)}


def _row(i: Image, g: Generation, t: Turn, c: Conversation, p: Post | None, turn_edits: set[str]) -> Row:
    shapes = replica_rows.SHAPES
    ratio = min(shapes, key=lambda name: abs(math.log(i.width / i.height) - math.log(shapes[name])))
    caption = p.caption if p else ""
    return Row(
        i.id,
        i.user_id,
        i.created_at.replace(tzinfo=None),
        i.deleted_at is None,
        None if g.cost is None else int(g.cost * 10**9),
        g.duration_ms,
        min(max(i.width * 64 // i.height, 1), 255),
        i.post_id,
        i.deleted_at and i.deleted_at.replace(tzinfo=None),
        folded(f"{c.title} {caption} {t.prompt}"),
        folded(t.prompt),
        i.dhash,
        f"{g.provider}/{g.model}",
        g.provider,
        ratio,
        (p and p.project_id) or c.project_id or "",
        *("yes" if truth else "no" for truth in (i.starred, i.selected, caption != "")),
        "edit" if t.id in turn_edits else "first",
        "yes" if g.practice else "no",
    )


def folded(text: str) -> str:
    """Small letters without accents, a blank around every word."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).lower()
    words = "".join(c if unicodedata.category(c)[0] in "LN" else " " for c in plain).split()
    return f" {' '.join(words)} "
