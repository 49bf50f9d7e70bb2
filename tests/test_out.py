"""Who is switched off or signs out hears nothing more on screens that are open; nobody else notices."""

from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from core import access, events, people, standing
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import ADMIN, User
from core.web.live import OUT, STOPPING
from tests import serving
from tests.live_client import heard
from tests.serving import Served

PING = 0.2


@pytest.fixture
def studio(furnished: Settings) -> Iterator[Studio]:
    opened = open_studio(furnished)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def served(studio: Studio) -> Iterator[Served]:
    with serving.serving(studio, ping_seconds=PING) as served:
        yield served


@pytest.fixture
def boss(studio: Studio) -> Person:
    return access.person_named(studio, "boss", "Boss", ADMIN)


def code(screen: ClientConnection) -> int:
    """With which this screen's connection is closed, whatever it hears before."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            screen.recv(timeout=20)
    assert closed.value.rcvd
    return closed.value.rcvd.code


def quietly_off(studio: Studio, person: Person) -> None:
    """In the database alone, as when the feed did not tell it."""
    with studio.transaction() as db:
        db.get_one(User, person.id).off_at = studio.now()


def test_every_screen_of_who_is_switched_off_is_closed_and_no_other(
    served: Served, studio: Studio, boss: Person, alice: Person, bob: Person
) -> None:
    thread = serving.conversation(studio, alice)

    with served.listen(alice) as one, served.listen(alice, thread) as two, served.listen(bob) as other:
        people.switch_off(studio, boss, alice.id)

        assert (code(one), code(two)) == (OUT, OUT)
        assert [heard(other)["type"] for _ in range(3)] == ["state", "ping", "ping"]


def test_a_screen_is_closed_at_the_next_ping_when_nothing_told_it(
    served: Served, studio: Studio, alice: Person
) -> None:
    with served.listen(alice) as screen:
        heard(screen)
        quietly_off(studio, alice)

        assert code(screen) == OUT


def test_a_screen_is_closed_before_the_next_message_when_nothing_told_it(studio: Studio, alice: Person) -> None:
    thread = serving.conversation(studio, alice)
    with serving.serving(studio) as served, served.listen(alice, thread) as screen:
        heard(screen)
        quietly_off(studio, alice)
        standing.forget(studio)
        serving.generation(studio, alice, thread)

        with pytest.raises(ConnectionClosed) as closed:
            screen.recv(timeout=20)

    assert closed.value.rcvd and closed.value.rcvd.code == OUT


def test_who_signs_out_has_every_screen_come_back_and_say_who_it_is(
    served: Served, studio: Studio, alice: Person
) -> None:
    with served.listen(alice) as screen:
        with studio.transaction() as db:
            events.record(studio, db, standing.SIGNED_OUT, alice.id, sign_in="x")

        assert code(screen) == STOPPING
