"""What happened, with its facts: recorded in the same transaction, read in order by live screens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core.studio import Studio
from core.tables import Event


def record(
    studio: Studio,
    db: Session,
    kind: str,
    user_id: str,
    *,
    conversation: str | None = None,
    generation: str | None = None,
    **facts: Any,
) -> None:
    """Add an event to this transaction. Facts are counts, names and ids; never prompts, tokens or keys."""
    db.add(
        Event(
            kind=kind,
            user_id=user_id,
            conversation_id=conversation,
            generation_id=generation,
            facts=facts,
            at=studio.now(),
        )
    )


@dataclass(frozen=True)
class Happened:
    """An event as the live feed hands it on."""

    kind: str
    user_id: str
    conversation_id: str | None
    generation_id: str | None
    facts: Mapping[str, Any]


class Feed:
    """Everything that is recorded from now on, by any process, each event once.

    SQLite has one writer, so its sequence is in the order of commits. Postgres' is not: a transaction with a small
    number may commit late, so there the cursor is a snapshot, and what became visible since is what is new
    (`seq > last` loses rows there; measured).
    """

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.cursor = self._head()

    def read(self) -> list[Happened]:
        """What was committed since the last call."""
        sql = _NEW_ON_SQLITE if self._on_sqlite else _NEW_ON_POSTGRES
        with self.studio.engine.connect() as connection:
            if not self._on_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            head = connection.execute(sa.text(_HEAD[self._on_sqlite])).scalar()
            if head == self.cursor:
                return []
            rows = connection.execute(sa.text(sql).columns(facts=sa.JSON), {"cursor": self.cursor, "head": head}).all()
            connection.rollback()
        self.cursor = head
        return [Happened(*row) for row in rows]

    @property
    def _on_sqlite(self) -> bool:
        return self.studio.engine.dialect.name == "sqlite"

    def _head(self) -> Any:
        with self.studio.engine.connect() as connection:
            return connection.execute(sa.text(_HEAD[self._on_sqlite])).scalar()


_COLUMNS = "kind, user_id, conversation_id, generation_id, facts"
_HEAD = {True: "SELECT coalesce(max(seq), 0) FROM event", False: "SELECT pg_current_snapshot()::text"}
_NEW_ON_SQLITE = f"SELECT {_COLUMNS} FROM event WHERE seq > :cursor AND seq <= :head ORDER BY seq"
_NEW_ON_POSTGRES = f"""
    SELECT {_COLUMNS} FROM event
    WHERE xid >= pg_snapshot_xmin(CAST(:cursor AS pg_snapshot))
      AND NOT pg_visible_in_snapshot(xid, CAST(:cursor AS pg_snapshot))
      AND pg_visible_in_snapshot(xid, CAST(:head AS pg_snapshot))
    ORDER BY xid, seq
"""
"""A backup that is read into another server brings numbers from its future: what `head` does not see is not news."""
