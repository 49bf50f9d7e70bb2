"""Counting by combination: what no pick changes is counted once, until an image changes."""

from collections.abc import Iterator

import pytest

from core import access
from core.replica import Replica
from core.studio import Studio
from tests import many
from tests.test_shelves import star

LIVE = "SELECT combo FROM img WHERE live"


@pytest.fixture
def copy(studio: Studio) -> Iterator[Replica]:
    copy = Replica(studio)
    yield copy
    copy.close()


def test_what_was_counted_is_counted_once_until_something_changes(studio: Studio, copy: Replica) -> None:
    first, *_ = many.images(studio, access.person_named(studio, "alice", "Alice"), 3)
    copy.sync()
    with copy.counting() as (cursor, combos):
        counted, again = (combos.often(cursor, LIVE, {}) for _ in range(2))

    star(studio, first)
    copy.sync()

    with copy.counting() as (cursor, combos):
        anew = combos.often(cursor, LIVE, {})
    assert counted is again
    assert (counted.sum(), anew.sum()) == (3, 3)
    assert len(anew) > len(counted)  # a starred one has another number


def test_another_question_is_another_count(studio: Studio, copy: Replica) -> None:
    alice, bob = (access.person_named(studio, name, name.title()) for name in ("alice", "bob"))
    many.images(studio, alice, 3)
    many.images(studio, bob, 2)
    copy.sync()

    with copy.counting() as (cursor, combos):
        counts = [combos.often(cursor, f"{LIVE} AND owner = $owner", {"owner": who.id}).sum() for who in (alice, bob)]

    assert counts == [3, 2]
