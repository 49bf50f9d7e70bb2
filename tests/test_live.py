"""An open screen shows the truth: first the state, then every change, from any process."""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import conversations, trash
from core.access import Person
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Generation
from core.web import live
from tests import serving
from tests.live_client import change, heard, heard_until, rename, wait_until
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
def thread(studio: Studio, alice: Person) -> str:
    """A conversation of Alice's."""
    return serving.conversation(studio, alice)


def test_a_screen_first_hears_the_state_and_then_each_change(
    served: Served, studio: Studio, alice: Person, thread: str
) -> None:
    generation = serving.generation(studio, alice, thread)

    with served.listen(alice, thread) as screen:
        state = heard(screen)
        change(studio, alice, thread, generation, "running")
        *_, running = heard_until(screen, lambda m: m.get("generation", {}).get("status") == "running")
        image = serving.succeed(studio, alice, thread, generation, serving.picture())
        first, *_, done = heard_until(screen, lambda m: m.get("generation", {}).get("status") == "succeeded")

    assert state["type"] == "state"
    assert [(g["id"], g["status"]) for g in state["generations"]] == [(generation, "queued")]
    assert running["type"] == "generation"
    assert (first["type"], first["id"]) == ("image", image)
    assert [kept["id"] for kept in done["generation"]["images"]] == [image]


def test_a_screen_that_comes_back_hears_what_it_missed(
    served: Served, studio: Studio, alice: Person, thread: str
) -> None:
    generation = serving.generation(studio, alice, thread)
    with served.listen(alice, thread) as screen:
        heard(screen)
    serving.succeed(studio, alice, thread, generation, serving.picture())

    with served.listen(alice, thread) as screen:
        state = heard(screen)

    assert [g["status"] for g in state["generations"]] == ["succeeded"]


def test_what_happens_while_the_state_is_read_is_heard_after_it(
    served: Served, studio: Studio, alice: Person, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = serving.generation(studio, alice, thread)
    read, go_on, state_now = threading.Event(), threading.Event(), live._state

    def held_up(*given: Any) -> str:
        said = state_now(*given)
        read.set()
        assert go_on.wait(20)
        return said

    monkeypatch.setattr(live, "_state", held_up)
    with served.listen(alice, thread) as screen:
        assert read.wait(20)
        change(studio, alice, thread, generation, "running")
        go_on.set()
        state = heard(screen)
        heard_until(screen, lambda m: m.get("generation", {}).get("status") == "running")

    assert [g["status"] for g in state["generations"]] == ["queued"]


def test_whenever_a_screen_comes_it_ends_up_with_the_truth(
    served: Served, studio: Studio, alice: Person, thread: str
) -> None:
    generations = [serving.generation(studio, alice, thread, position=n) for n in range(1, 6)]
    known: list[dict[str, str]] = []

    def watch() -> None:
        with served.listen(alice, thread) as screen:
            states = {g["id"]: g["status"] for g in heard(screen)["generations"]}
            while set(states.values()) != {"succeeded"}:
                message = heard(screen)
                if message["type"] == "generation":
                    states[message["generation"]["id"]] = message["generation"]["status"]
            known.append(states)

    screens = [threading.Thread(target=watch) for _ in range(8)]
    for screen, generation in zip(screens, [*generations, *generations], strict=False):
        screen.start()
        change(studio, alice, thread, generation, "running")
        change(studio, alice, thread, generation, "succeeded")
    for screen in screens:
        screen.join(60)

    assert known == [dict.fromkeys(generations, "succeeded")] * len(screens)


def told(message: dict[str, Any]) -> tuple[str, str]:
    """Which generation a message is about, and how it stands."""
    generation = message.get("generation", {})
    return generation.get("id", ""), generation.get("status", "")


def test_many_changes_at_once_are_one_message(served: Served, studio: Studio, alice: Person, thread: str) -> None:
    generation, last = (serving.generation(studio, alice, thread, position=n) for n in (1, 2))

    with served.listen(alice, thread) as screen:
        heard(screen)
        change(studio, alice, thread, generation, "running", events_of_it=100)
        change(studio, alice, thread, last, "succeeded")
        messages = heard_until(screen, lambda message: told(message) == (last, "succeeded"))

    # A hub that was busy may still tell that it was made; the hundred changes are one message.
    assert 1 <= [told(message)[0] for message in messages].count(generation) <= 2


def test_another_process_is_heard_as_well(settings: Settings) -> None:
    studio, worker = open_studio(settings), open_studio(settings)
    alice = serving.person(studio, "Alice")
    thread = serving.conversation(studio, alice)
    generation = serving.generation(studio, alice, thread)

    with serving.serving(studio) as served, served.listen(alice, thread) as screen:
        heard(screen)
        change(worker, alice, thread, generation, "failed")

        assert heard(screen)["generation"]["status"] == "failed"


def test_a_new_turn_and_a_new_title_are_told(served: Served, studio: Studio, alice: Person, thread: str) -> None:
    with served.listen(alice, thread) as screen:
        heard(screen)
        made = serving.generation(studio, alice, thread)
        turn = heard_until(screen, lambda message: message["type"] == "turn")[-1]
        conversations.rename(studio, alice, thread, "Foxes in spring", 1)
        renamed = heard_until(screen, lambda message: message["type"] == "renamed")[-1]

    assert turn == {"type": "turn", "turn": _turn_of(studio, made)}
    assert renamed == {"type": "renamed", "title": "Foxes in spring"}


def test_a_person_hears_of_new_images_and_of_conversations_that_changed(
    served: Served, studio: Studio, alice: Person
) -> None:
    with served.listen(alice) as screen:
        first = heard(screen)
        image = serving.image_of(studio, alice, serving.picture())
        messages = heard_until(screen, lambda message: message["type"] == "image")
        told = messages[-1]
        changed = heard_until(screen, lambda message: message["type"] == "conversation")[-1]

    assert first == {"type": "state", "generations": []}
    assert told == {"type": "image", "id": image, "conversation": changed["id"]}


def test_a_person_hears_what_went_to_the_trash_came_back_and_went_for_good_all_at_once(
    served: Served, studio: Studio, alice: Person
) -> None:
    images = [serving.image_of(studio, alice, serving.picture()) for _ in range(3)]

    with served.listen(alice) as screen:
        heard(screen)
        trash.trash(studio, alice, images[:2])
        gone = heard_until(screen, lambda message: message["type"] == "trashed")[-1]
        trash.restore(studio, alice, images[:1])
        back = heard_until(screen, lambda message: message["type"] == "restored")[-1]
        assert trash.purge(studio, alice, images[1:2]).images == 1
        over = heard_until(screen, lambda message: message["type"] == "purged")[-1]

    assert sorted(gone["ids"]) == sorted(images[:2])
    assert back == {"type": "restored", "ids": images[:1]}
    assert over == {"type": "purged"}


def test_while_the_database_is_away_the_hub_waits_and_tells_the_log_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    studio = open_studio(Settings(data_dir=tmp_path))
    alice = serving.person(studio, "Alice")
    thread = serving.conversation(studio, alice)
    generation = serving.generation(studio, alice, thread)

    with serving.serving(studio) as served, served.listen(alice, thread) as screen, caplog.at_level(logging.INFO):
        heard(screen)
        rename(studio, "event", "away")
        wait_until(lambda: "broken" in caplog.messages)
        for _ in range(5):
            studio.on_commit[0]()
            time.sleep(0.02)  # lets the hub try again; nothing is asserted on how often
        rename(studio, "away", "event")
        change(studio, alice, thread, generation, "running")

        assert heard(screen)["generation"]["status"] == "running"
    assert caplog.messages.count("broken") == 1


def _turn_of(studio: Studio, generation_id: str) -> str:
    with studio.reading() as db:
        return db.get_one(Generation, generation_id).turn_id
