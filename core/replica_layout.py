"""How one kind of replica lies in its file."""

import hashlib
from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa

from core.replica_read import Projection
from core.replica_whole import Whole

STATE = """
    CREATE TABLE state (cursor VARCHAR, home VARCHAR, tail BIGINT);
    INSERT INTO state VALUES ('', '', 0);
"""


@dataclass(frozen=True)
class Layout:
    """One kind of replica: whose rows it holds, and how they lie in its file. All SQL here is DuckDB's."""

    folder: str
    """Under DATA_DIR."""
    rows: Projection
    table: str
    """Where the rows are, with the columns that `tables` says."""
    tables: str
    """CREATE TABLE …"""
    order: str
    """As people look: blocks that hold nothing of what is asked for are passed by."""
    least_block: int
    """How many rows are read, or passed by, together, while there are few enough; a power of two from 2,048 on."""
    known: str
    """A query for the keys of what rows of few values are told by."""
    keys: Callable[[pa.Table], Set[str]]
    """Those of these rows."""
    learn: str
    """Takes the keys of `rows` up that are new."""
    select: Callable[..., str]
    """`select(many=)`: from `rows` what lies in the table, by name; `many` at once are read as `whole` says."""
    delete: str
    """Takes the rows of `touched` (id, owner) out."""
    sums: str
    """As those of `rows`."""
    beside: tuple[str, ...]
    """The other tables, in the order of their `no`."""
    memo: Callable[[], Any]
    """What readers of one file keep between them; `forget` tells it that rows changed."""
    whole: Whole | None = None
    """How all rows are read table by table; else they are read as they are, block by block."""

    @cached_property
    def name(self) -> str:
        """Part of the file's name: a file of another layout or another DuckDB is not for this code."""
        parts = (
            self.tables,
            STATE,
            self.order,
            str(self.least_block),
            self.select(many=False),
            self.learn,
            self.rows.sql(),
        )
        return f"{hashlib.sha256(''.join(parts).encode()).hexdigest()[:8]}-{duckdb.__version__}"
