"""What an open live screen hears and what a worker does, for tests of the live socket."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from core import events
from core.access import Person
from core.studio import Studio
from core.tables import Generation


def heard(screen: ClientConnection) -> dict[str, Any]:
    """The next message."""
    return json.loads(screen.recv(20))


def heard_until(screen: ClientConnection, done: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """All messages up to the one that was waited for."""
    messages = [heard(screen)]
    while not done(messages[-1]):
        messages.append(heard(screen))
    return messages


def closed(screen: ClientConnection) -> int:
    """The code that the server ends this screen's connection with."""
    with pytest.raises(ConnectionClosed) as end:
        while True:
            screen.recv(20)
    assert end.value.rcvd is not None
    return end.value.rcvd.code


def change(studio: Studio, who: Person, conversation: str, generation: str, status: str, events_of_it: int = 1) -> None:
    """What a worker does: the row and its event in one transaction."""
    with studio.transaction() as db:
        db.get_one(Generation, generation).status = status
        for _ in range(events_of_it):
            events.record(studio, db, f"generation.{status}", who.id, conversation=conversation, generation=generation)


def rename(studio: Studio, table: str, name: str) -> None:
    """Give a table another name: who looks for it finds a database that fails."""
    with studio.engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")
        connection.commit()


def wait_until(true: Callable[[], bool]) -> None:
    """Give it a generous while; what is waited for must come."""
    for _ in range(2_000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")
