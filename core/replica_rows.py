"""What the replica knows of an image: the same words and facts, read from either database into the same columns."""

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice, pairwise
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv

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
BLOCK = 20_000
"""Rows in one piece of a bulk read: some 10 MB."""
FEW = 100
"""So many rows Postgres looks up one by one by itself."""
LOOKED_UP = {"enable_hashjoin": "off", "max_parallel_workers_per_gather": "0", "jit": "off"}


def _ratio() -> str:
    """The nearest of SHAPES: between two neighbours the border is their geometric mean."""
    borders = [(name, math.sqrt(low * high)) for (name, low), (_, high) in pairwise(SHAPES.items())]
    whens = " ".join(f"WHEN image.width < {border!r} * image.height THEN '{name}'" for name, border in borders)
    return f"CASE {whens} ELSE '{list(SHAPES)[-1]}' END"


def _yes(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 'yes' ELSE 'no' END"


# To add a filter with counts, add a line: its name and its value, as text, in SQL that both databases read. What it
# depends on must be in `changes.WATCHED`. Files made with other lines than these are left alone and made anew.
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

FREE = ("told", "prompt", "facets")
"""Columns in which anything may stand; they are never NULL."""
BETWEEN = "\x1f"
"""Stands between the facets of an image while they travel as one text, which is twice as fast as one by one."""
SCHEMA = pa.schema([(name, kind) for name, (_, kind) in FACTS.items()] + [("facets", pa.string())])

FROM = """
    FROM image
    JOIN generation ON generation.id = image.generation_id
    JOIN turn ON turn.id = generation.turn_id
    JOIN conversation ON conversation.id = turn.conversation_id
    LEFT JOIN post ON post.id = image.post_id
"""


def projection() -> str:
    """SELECT … FROM … without conditions: all facts and facets by name."""
    facts = {name: sql for name, (sql, _) in FACTS.items()}
    return f"SELECT {_named({**facts, **FACETS})} {FROM}"


def _travelling(connection: sa.Connection) -> str:
    """The same as it is read: in the columns of SCHEMA."""
    zoned = connection.dialect.name == "postgresql"  # it keeps zones, and writes them into texts
    facts = {name: _moment(sql) if zoned and name in ("made", "trashed") else sql for name, (sql, _) in FACTS.items()}
    facets = f" || '{BETWEEN}' || ".join(FACETS.values())
    return f"SELECT {_named({**facts, 'facets': facets})} {FROM}"


def _named(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


def every(connection: sa.Connection) -> Iterator[pa.Table]:
    """All images with a generation, block by block; as CSV, which holds up no other thread as Python's objects do."""
    blocks = _copied if connection.dialect.name == "postgresql" else _written
    return map(_parsed, blocks(connection))


def some(connection: sa.Connection, ids: Sequence[str]) -> pa.Table:
    """Those of these ids; in one parameter, for there may be tens of thousands."""
    arrays = connection.dialect.name == "postgresql"
    among = "= ANY(:ids)" if arrays else "IN (SELECT value FROM json_each(:ids))"
    given = {"ids": list(ids) if arrays else json.dumps(ids)}
    with _each_looked_up(connection) if arrays and len(ids) > FEW else nullcontext():
        found = connection.execute(sa.text(f"{_travelling(connection)} WHERE image.id {among}"), given)
        return _table(found.cursor.fetchall())


@contextmanager
def _each_looked_up(connection: sa.Connection) -> Iterator[None]:
    """For some thousands Postgres would read whole tables, by several processes, which takes twice as long."""
    for name, value in LOOKED_UP.items():
        connection.exec_driver_sql(f"SET LOCAL {name} = {value}")
    yield
    for name in LOOKED_UP:
        connection.exec_driver_sql(f"SET LOCAL {name} TO DEFAULT")


def _moment(sql: str) -> str:
    return f"CAST({sql} AT TIME ZONE 'UTC' AS text)"


def _table(rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table([pa.array(c, field.type) for c, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def _parsed(block: bytes) -> pa.Table:
    read = csv.ReadOptions(column_names=SCHEMA.names, block_size=1 << 30, use_threads=False)
    parse = csv.ParseOptions(newlines_in_values=True)
    convert = csv.ConvertOptions(
        column_types=SCHEMA, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return csv.read_csv(io.BytesIO(block), read, parse, convert)


def _copied(connection: sa.Connection) -> Iterator[bytes]:
    """Postgres writes CSV itself, inside the caller's snapshot."""
    raw: Any = connection.connection.driver_connection
    sql = f"COPY ({_travelling(connection)}) TO STDOUT (FORMAT csv)"
    with raw.cursor() as cursor, cursor.copy(sql) as copy:
        lines = (bytes(line) for line in copy)
        while block := b"".join(islice(lines, BLOCK)):
            yield block


def _written(connection: sa.Connection) -> Iterator[bytes]:
    """SQLite puts the lines together; numbers of rows only say where a block ends."""
    (last,) = connection.exec_driver_sql("SELECT coalesce(max(rowid), 0) FROM image").one()
    form = ",".join('"%w"' if name in FREE else "%s" for name in SCHEMA.names)  # %w doubles quotes, %s of NULL is empty
    line = f"printf('{form}', {', '.join(SCHEMA.names)})"
    block = f"{_travelling(connection)} WHERE image.rowid > ? AND image.rowid <= ?"
    sql = f"SELECT CAST(group_concat({line}, char(10)) AS BLOB) FROM ({block})"
    for start in range(0, last, BLOCK):
        (lines,) = connection.exec_driver_sql(sql, (start, start + BLOCK)).one()
        if lines:
            yield lines
