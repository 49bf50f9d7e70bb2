"""Who may listen and who is let go: nobody hears of what is not theirs, and no connection lives on for nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core import conversations
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Conversation
from core.web import live
from tests import serving
from tests.live_client import change, closed, heard, heard_until, wait_until
from tests.serving import Served


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")))


@pytest.fixture(scope="module")
def served(studio: Studio) -> Iterator[Served]:
    with serving.serving(studio) as served:
        yield served


@pytest.fixture
def alice(studio: Studio, request: pytest.FixtureRequest) -> Person:
    """Somebody new in each test."""
    return serving.person(studio, f"Alice of {request.node.name}")


@pytest.fixture
def bob(studio: Studio, request: pytest.FixtureRequest) -> Person:
    return serving.person(studio, f"Bob of {request.node.name}")


@pytest.fixture
def thread(studio: Studio, alice: Person) -> str:
    """A conversation of Alice's."""
    return serving.conversation(studio, alice)


def test_nobody_hears_of_anybody_else(served: Served, studio: Studio, alice: Person, bob: Person, thread: str) -> None:
    with served.listen(bob) as screen:
        heard(screen)
        serving.image_of(studio, alice, serving.picture())
        conversations.rename(studio, alice, thread, "Alice's secret", 1)
        mine = serving.conversation(studio, bob)
        conversations.rename(studio, bob, mine, "Bob's own", 1)

        assert heard(screen) == {"type": "conversation", "id": mine}


@pytest.mark.parametrize("made_up", [False, True])
def test_somebody_elses_conversation_is_not_there(
    served: Served, alice: Person, bob: Person, thread: str, made_up: bool
) -> None:
    with served.listen(bob, "0" * 32 if made_up else thread) as screen:
        assert closed(screen) == live.NOT_FOUND


@pytest.mark.parametrize("taken", ["handed over", "trashed"])
def test_what_is_not_theirs_any_more_is_not_there_from_then_on(
    served: Served, studio: Studio, alice: Person, bob: Person, thread: str, taken: str
) -> None:
    generation = serving.generation(studio, alice, thread)

    with served.listen(alice, thread) as screen:
        heard(screen)
        with studio.transaction() as db:
            row = db.get_one(Conversation, thread)
            row.user_id, row.deleted_at = (bob.id, None) if taken == "handed over" else (alice.id, studio.now())
        change(studio, alice, thread, generation, "running")
        told = []
        with pytest.raises(ConnectionClosed) as end:
            while True:
                told.append(heard(screen))  # that it was made may be told late

    assert not [message for message in told if message["generation"]["status"] == "running"]
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == live.NOT_FOUND
    with served.listen(alice, thread) as screen:
        assert closed(screen) == live.NOT_FOUND


def test_a_page_of_another_site_hears_nothing(served: Served, alice: Person, thread: str) -> None:
    for origin in (None, "http://evil.example", "null", f"http://{served.host}.evil.example", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus) as refused:
            served.listen(alice, thread, origin=origin)
        assert refused.value.response.status_code == 403


def test_who_is_nobody_hears_nothing(served: Served, thread: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        served.listen(None, thread)

    assert refused.value.response.status_code in (401, 403)


def test_what_a_screen_says_is_not_listened_to(served: Served, studio: Studio, alice: Person, thread: str) -> None:
    generation = serving.generation(studio, alice, thread)

    with served.listen(alice, thread) as screen:
        heard(screen)
        for nonsense in ("{", b"\x00\xff", '{"type": "generation"}', "x" * 100_000):
            screen.send(nonsense)
        change(studio, alice, thread, generation, "running")

        heard_until(screen, lambda said: said["type"] == "generation" and said["generation"]["status"] == "running")


def test_a_silent_connection_is_kept_open_by_pings(tmp_path: Path) -> None:
    studio = open_studio(Settings(data_dir=tmp_path))

    with serving.serving(studio, ping_seconds=0.01) as served, served.listen(serving.person(studio, "Alice")) as screen:
        heard(screen)

        assert [heard(screen), heard(screen)] == [{"type": "ping"}] * 2


def test_a_screen_that_cannot_keep_up_is_let_go_and_may_come_back(
    served: Served, studio: Studio, alice: Person, thread: str
) -> None:
    generation = serving.generation(studio, alice, thread)

    with served.listen(alice, thread) as screen:
        heard(screen)
        change(studio, alice, thread, generation, "succeeded", events_of_it=live.MOST_WAITING + 1)
        assert closed(screen) == live.TOO_SLOW

    with served.listen(alice, thread) as screen:
        assert [g["status"] for g in heard(screen)["generations"]] == ["succeeded"]


def test_screens_that_left_are_forgotten(served: Served, alice: Person, thread: str) -> None:
    for _ in range(5):
        with served.listen(alice, thread) as screen:
            heard(screen)

    wait_until(lambda: alice.id not in served.hub.lines)


def test_when_the_server_stops_screens_are_told_to_come_back(tmp_path: Path) -> None:
    studio = open_studio(Settings(data_dir=tmp_path))

    with serving.serving(studio) as served, served.listen(serving.person(studio, "Alice")) as screen:
        heard(screen)
        served.server.should_exit = True

        assert closed(screen) == live.STOPPING
    assert studio.on_commit == []
