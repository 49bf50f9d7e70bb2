"""What the replica knows of an image: the same words and facts, read from either database into the same columns."""

import math
from collections.abc import Mapping
from itertools import pairwise

import pyarrow as pa

from core.changes import CONVERSATION, GENERATION, IMAGE, POST, TURN
from core.replica_read import Projection

SHAPES = {
    "1:2": 1 / 2,
    "9:16": 9 / 16,
    "2:3": 2 / 3,
    "3:4": 3 / 4,
    "4:5": 4 / 5,
    "1:1": 1.0,
    "5:4": 5 / 4,
    "4:3": 4 / 3,
}
SHAPES |= {"3:2": 3 / 2, "16:9": 16 / 9, "2:1": 2.0, "21:9": 21 / 9}
"""Ratios as people say them; an image counts as the nearest."""


def _ratio() -> str:
    """The nearest of SHAPES: between two neighbours the border is their geometric mean."""
    borders = [(name, math.sqrt(low * high)) for (name, low), (_, high) in pairwise(SHAPES.items())]
    # As floats: with numbers of its own kind Postgres takes ten times as long.
    floats = [(name, f"CAST({border!r} AS double precision)") for name, border in borders]
    whens = " ".join(f"WHEN image.width < {border} * image.height THEN '{name}'" for name, border in floats)
    return f"CASE {whens} ELSE '{list(SHAPES)[-1]}' END"


def _yes(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 'yes' ELSE 'no' END"


# To add a filter with counts, add a line: its name and its value, as text, in SQL that both databases and DuckDB read,
# with the table before each column. What it depends on must be in `changes.WATCHED`. Files made with other lines than
# these are left alone and made anew.
FACETS: Mapping[str, str] = {
    "model": "generation.provider || '/' || generation.model",
    "provider": "generation.provider",
    "ratio": _ratio(),
    "project": "coalesce(post.project_id, conversation.project_id, '')",
    "starred": _yes("image.starred"),
    "selected": _yes("image.selected"),
    "captioned": _yes("post.caption <> ''"),
    "kind": "CASE WHEN EXISTS (SELECT 1 FROM reference WHERE reference.turn_id = turn.id"
    " AND reference.role = 'source') THEN 'edit' ELSE 'first' END",
    "practice": _yes("generation.practice"),
}

FACTS: Mapping[str, tuple[str, pa.DataType]] = {
    "id": ("image.id", pa.string()),
    "owner": ("image.user_id", pa.string()),
    "post": ("image.post_id", pa.string()),
    "made": ("image.created_at", pa.string()),
    "trashed": ("image.deleted_at", pa.string()),
    "cost": ("generation.cost", pa.int64()),
    "took": ("generation.duration_ms", pa.int64()),
    "width": ("image.width", pa.int64()),
    "height": ("image.height", pa.int64()),
    "dhash": ("image.dhash", pa.int64()),
    "told": ("conversation.title || ' ' || coalesce(post.caption, '')", pa.string()),
    "prompt": ("turn.prompt", pa.string()),
}
"""Beside the facets. `cost` is in billionths of a dollar, `took` in milliseconds; moments are text, in UTC."""

FROM = """
    FROM image
    JOIN generation ON generation.id = image.generation_id
    JOIN turn ON turn.id = generation.turn_id
    JOIN conversation ON conversation.id = turn.conversation_id
    LEFT JOIN post ON post.id = image.post_id
"""


# CROSS JOIN keeps SQLite from walking through all images, which it guesses to be few; Postgres chooses for itself.
TOUCHED = {
    IMAGE: f"SELECT c.row_id AS id, c.owner FROM change_log AS c WHERE c.ent = {IMAGE} AND {{new}}",
    GENERATION: f"SELECT image.id, image.user_id FROM change_log AS c CROSS JOIN image"
    f" WHERE c.ent = {GENERATION} AND {{new}} AND image.generation_id = c.row_id",
    TURN: f"SELECT image.id, image.user_id FROM change_log AS c CROSS JOIN generation CROSS JOIN image"
    f" WHERE c.ent = {TURN} AND {{new}} AND generation.turn_id = c.row_id AND image.generation_id = generation.id",
    CONVERSATION: f"SELECT image.id, image.user_id"
    f" FROM change_log AS c CROSS JOIN turn CROSS JOIN generation CROSS JOIN image"
    f" WHERE c.ent = {CONVERSATION} AND {{new}} AND turn.conversation_id = c.row_id"
    f" AND generation.turn_id = turn.id AND image.generation_id = generation.id",
    POST: f"SELECT image.id, image.user_id FROM change_log AS c CROSS JOIN image"
    f" WHERE c.ent = {POST} AND {{new}} AND image.post_id = c.row_id",
}
"""What an image depended on before does not matter: a link is a change, too."""
SUMS = """
    SELECT owner, count(*), coalesce(sum(cost), 0), coalesce(sum(took), 0),
        sum(CASE WHEN starred = 'yes' THEN 1 ELSE 0 END)
    FROM {rows} GROUP BY owner
"""
IMAGES = Projection(
    table="image",
    facts=FACTS,
    facets=FACETS,
    tables=FROM,
    touched=TOUCHED,
    sums=SUMS,
    moments=("made", "trashed"),
    free=("told", "prompt"),
    texts=("told", "prompt"),
)
