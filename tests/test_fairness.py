"""One person's wishes have bounds, and nobody waits behind a colleague's hundred images."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlmodel import col, select

from core import access, conversations, generations, jobs, rules
from core.access import Person
from core.errors import Refused
from core.settings import Settings
from core.studio import Studio
from core.tables import ADMIN, Generation
from tests.conftest import Clock, unfinished, wish
from tests.test_jobs import eventually
from tests.test_jobs import worker as working

PARALLEL = 50


@pytest.fixture
def ada(studio: Studio) -> Person:
    """Who may change limits."""
    return access.person_named(studio, "ada", "Ada", ADMIN)


def ask(studio: Studio, person: Person, count: int = 1) -> str:
    return conversations.start(studio, person, wish("a fox", count=count)).conversation_id


def test_no_more_than_the_limit_is_on_its_way_for_one_person(
    studio: Studio, alice: Person, bob: Person, ada: Person
) -> None:
    rules.change(studio, ada, "at_once", 4, 0)
    ask(studio, alice, 3)

    with pytest.raises(Refused, match=r"you have 3; this would be 2 more\. It goes again as soon as"):
        ask(studio, alice, 2)

    ask(studio, alice)
    ask(studio, bob, 4)
    assert len(unfinished(studio)) == 8


def test_what_ended_makes_room(studio: Studio, alice: Person, ada: Person) -> None:
    rules.change(studio, ada, "at_once", 1, 0)
    ask(studio, alice)
    (generation_id, _), *_ = unfinished(studio)
    with pytest.raises(Refused):
        ask(studio, alice)

    generations.cancel(studio, alice, generation_id)
    ask(studio, alice)

    with pytest.raises(Refused, match="on their way"):
        generations.retry(studio, alice, generation_id)


def test_no_more_than_the_limit_is_asked_within_a_minute(
    studio: Studio, alice: Person, bob: Person, ada: Person, clock: Clock
) -> None:
    rules.change(studio, ada, "per_minute", 2, 0)
    ask(studio, alice)
    clock.skip(seconds=30)
    ask(studio, alice)

    with pytest.raises(Refused, match=r"It goes again in (29|30) seconds"):
        ask(studio, alice)

    ask(studio, bob)
    clock.skip(seconds=31)
    ask(studio, alice)


def test_trying_again_is_asking(studio: Studio, alice: Person, ada: Person) -> None:
    ask(studio, alice)
    (generation_id, _), *_ = unfinished(studio)
    generations.cancel(studio, alice, generation_id)

    rules.change(studio, ada, "per_minute", 1, 0)

    with pytest.raises(Refused, match="within a minute"):
        generations.retry(studio, alice, generation_id)


@pytest.mark.parametrize(("name", "most"), [("at_once", 7), ("per_minute", 9)])
def test_fifty_asks_at_once_keep_to_the_limit(studio: Studio, alice: Person, ada: Person, name: str, most: int) -> None:
    rules.change(studio, ada, name, most, 0)
    jobs.ready(studio)

    def try_it(_: int) -> bool:
        try:
            ask(studio, alice)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(PARALLEL) as threads:
        went = list(threads.map(try_it, range(PARALLEL)))

    assert sum(went) == most == len(unfinished(studio))


@pytest.fixture
def slow(settings: Settings) -> Settings:
    """Practice that takes a moment, so that a queue stands."""
    return replace(settings, sketch_delay=0.3)


def test_a_colleagues_one_image_does_not_wait_for_a_long_tail(
    studio: Studio, slow: Settings, alice: Person, bob: Person
) -> None:
    ask(studio, alice, 16)
    ask(studio, bob)

    with working(slow):
        eventually(lambda: not unfinished(studio))

    with studio.reading() as db:
        order = db.exec(select(Generation.user_id).order_by(col(Generation.started_at))).all()
    assert order.index(bob.id) <= 4
