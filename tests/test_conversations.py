"""A conversation starts from one ask, grows turn by turn in order, and is found again; nobody else's can be reached."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from core import conversations, gallery, generations
from core.access import Person
from core.asks import MOST_AT_ONCE
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import Conversation, Generation, Project, new_id
from tests import answers
from tests.conftest import Clock, unfinished, wish

NOW = datetime.now(UTC)


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Does all that waits, but draws nothing."""
    return lambda: answers.answer(studio)


def test_one_ask_makes_one_generation_per_model_and_picture(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", "sketch/sketch", "sketch/ink", count=2))

    [turn] = conversations.opened(studio, alice, asked.conversation_id).turns

    assert [(g.name, g.n, g.status) for g in turn.generations] == [
        ("sketch/sketch", 1, "queued"),
        ("sketch/sketch", 2, "queued"),
        ("sketch/ink", 1, "queued"),
        ("sketch/ink", 2, "queued"),
    ]
    assert all(g.practice for g in turn.generations)


def test_the_title_is_the_first_words_of_the_prompt(studio: Studio, alice: Person) -> None:
    long = "A red fox that looks over its shoulder on a snowy hill while the sun goes down behind the village"

    asked = conversations.start(studio, alice, wish(long))

    title = conversations.opened(studio, alice, asked.conversation_id).title
    assert title == "A red fox that looks over its shoulder on a snowy hill…"


def test_asking_twice_with_the_same_form_asks_once(studio: Studio, alice: Person) -> None:
    ask = wish("a red fox")

    first = conversations.start(studio, alice, ask)

    assert conversations.start(studio, alice, ask) == first
    assert len(unfinished(studio)) == 1


def test_a_double_click_at_the_same_moment_asks_once(studio: Studio, alice: Person) -> None:
    ask = wish("a red fox")

    found = _at_once(*[lambda: conversations.start(studio, alice, ask)] * 4)

    assert len({asked for asked in found if isinstance(asked, conversations.Asked)}) == 1
    assert len(unfinished(studio)) == 1


def test_turns_asked_at_the_same_moment_come_in_order_and_none_is_lost(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))

    _at_once(
        *[(lambda n=n: conversations.ask(studio, alice, asked.conversation_id, wish(f"turn {n}"))) for n in range(6)]
    )

    turns = conversations.opened(studio, alice, asked.conversation_id).turns
    assert [turn.position for turn in turns] == [1, 2, 3, 4, 5, 6, 7]
    assert {turn.prompt for turn in turns[1:]} == {f"turn {n}" for n in range(6)}


def test_an_ask_that_cannot_be_done_is_refused_with_a_sentence_and_leaves_nothing(
    studio: Studio, alice: Person
) -> None:
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"prompt": "  \n"}, "Say what the image should show."),
        ({"models": ()}, "Pick at least one model."),
        ({"count": MOST_AT_ONCE + 1}, "One turn makes up to 16 images"),
        ({"count": 0}, "One turn makes up to 16 images"),
        ({"models": ("sketch/nothing",)}, "There is no model called"),
        ({"models": ("openai/gpt-image-2",)}, "is not set up here"),
        ({"models": ("openai/dall-e-3",)}, "dall-e-3"),
        ({"source": "0" * 32}, "There is no such image"),
        ({"mask": "0" * 32}, "A mask needs the image"),
    )

    for change, sentence in refused:
        with pytest.raises((Refused, NotFound), match=sentence):
            conversations.start(studio, alice, replace(wish("a red fox"), **change))

        with studio.reading() as db:
            assert not db.exec(select(Conversation)).all() and not db.exec(select(Generation)).all()


def test_prompts_are_stored_whole_but_for_what_no_database_can_hold(studio: Studio, alice: Person) -> None:
    prompt = "fox\x00 \ud800 — 狐 🦊\n" + "x" * 20_000

    asked = conversations.start(studio, alice, wish(prompt))

    [turn] = conversations.opened(studio, alice, asked.conversation_id).turns
    assert turn.prompt == "fox  — 狐 🦊\n" + "x" * 20_000


def test_several_pictures_get_seeds_in_a_row(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", count=3, seed=41))

    [turn] = conversations.opened(studio, alice, asked.conversation_id).turns

    assert [g.seed for g in turn.generations] == [41, 42, 43]


def test_a_turn_remembers_what_it_started_from(studio: Studio, alice: Person, make: Callable[..., str]) -> None:
    fox = make(alice, "a red fox")

    asked = conversations.start(studio, alice, wish("make it blue", source=fox))

    [turn] = conversations.opened(studio, alice, asked.conversation_id).turns
    assert [(used.id, used.role) for used in turn.references] == [(fox, "source")]


def test_the_price_and_the_wait_are_told_before_paying(studio: Studio, alice: Person, make: Callable[..., str]) -> None:
    before = conversations.quote(studio, alice, wish("", "sketch/sketch", count=2))
    make(alice, "a red fox")

    after = conversations.quote(studio, alice, wish("", "sketch/sketch", count=2))

    assert (before.images, before.cost, before.practice, before.first_seconds) == (2, Decimal(0), True, None)
    assert after.first_seconds is not None and after.all_seconds is not None


def test_what_the_live_socket_tells_is_plain_json_with_the_models_name(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))

    [told] = conversations.live(studio, alice, asked.conversation_id)

    assert (told["status"], told["model"], told["pace"], told["images"]) == ("queued", "sketch/sketch", None, [])
    assert told["label"] != "sketch/sketch"


def test_a_title_changes_once_per_version(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))

    conversations.rename(studio, alice, asked.conversation_id, "The fox", 1)

    with pytest.raises(Refused, match="Somebody just renamed this to “The fox”"):
        conversations.rename(studio, alice, asked.conversation_id, "My fox", 1)
    assert conversations.opened(studio, alice, asked.conversation_id).title == "The fox"


def test_what_is_thrown_away_leaves_every_list_and_comes_back_as_it_was(
    studio: Studio, alice: Person, make: Callable[..., str]
) -> None:
    fox = make(alice, "a red fox")
    [card], _ = conversations.cards(studio, alice)

    conversations.trash(studio, alice, card.id)
    gone = conversations.cards(studio, alice)
    [lying], _ = conversations.cards(studio, alice, trashed=True)
    conversations.restore(studio, alice, card.id)

    assert gone == ((), None)
    assert (lying.id, lying.cover and lying.cover.id) == (card.id, fox)
    assert conversations.cards(studio, alice)[0] == (card,)


def test_the_trash_says_until_when_and_a_second_time_changes_nothing(
    studio: Studio, alice: Person, clock: Clock
) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))
    conversations.trash(studio, alice, asked.conversation_id)
    until = conversations.opened(studio, alice, asked.conversation_id).purge_after

    clock.skip(days=3)
    conversations.trash(studio, alice, asked.conversation_id)

    again = conversations.opened(studio, alice, asked.conversation_id).purge_after
    assert until == again
    assert until and 27 <= (until - clock()).total_seconds() / 86_400 + 0.01 <= 27.1


def test_in_the_trash_nothing_new_is_asked_but_what_is_at_work_is_kept(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))
    conversations.trash(studio, alice, asked.conversation_id)

    with pytest.raises(Refused, match="Restore it to go on"):
        conversations.ask(studio, alice, asked.conversation_id, wish("make it blue"))
    with pytest.raises(NotFound, match="in the trash"):
        conversations.live(studio, alice, asked.conversation_id)
    answers.work(studio)

    assert len(conversations.opened(studio, alice, asked.conversation_id).images) == 1
    assert len(gallery.page(studio, alice).tiles) == 1  # its images are thrown away one by one, never along with it


def test_what_was_taken_off_the_page_is_there_again_when_it_is_tried_again(
    studio: Studio, alice: Person, work: Callable[[], None]
) -> None:
    """A paid image came and was seen nowhere."""
    asked = conversations.start(studio, alice, wish("a fox"))
    [(fox, _round)] = unfinished(studio)
    generations.cancel(studio, alice, fox)
    conversations.remove_failed(studio, alice, asked.turn_id)

    generations.retry(studio, alice, fox)
    work()

    [turn] = conversations.opened(studio, alice, asked.conversation_id).turns
    assert [len(answer.images) for answer in turn.generations] == [1]


def test_somebody_elses_conversation_is_not_there(
    studio: Studio, alice: Person, bob: Person, make: Callable[..., str]
) -> None:
    fox = make(alice, "a red fox")
    [card], _ = conversations.cards(studio, alice)
    with studio.transaction() as db:
        db.add(Project(id=(project := new_id()), user_id=alice.id, title="W", created_at=NOW, updated_at=NOW))

    for reach in (
        lambda: conversations.opened(studio, bob, card.id),
        lambda: conversations.live(studio, bob, card.id),
        lambda: conversations.ask(studio, bob, card.id, wish("mine now")),
        lambda: conversations.rename(studio, bob, card.id, "mine now", 1),
        lambda: conversations.seen(studio, bob, card.id),
        lambda: conversations.last_settings(studio, bob, card.id),
        lambda: conversations.trash(studio, bob, card.id),
        lambda: conversations.restore(studio, bob, card.id),
        lambda: conversations.start(studio, bob, wish("mine now", source=fox)),
        lambda: conversations.start(studio, bob, wish("mine now"), project_id=project),
        lambda: conversations.quote(studio, bob, wish("mine now", source=fox)),
    ):
        with pytest.raises(NotFound):
            reach()
    assert conversations.cards(studio, bob) == ((), None)


def _at_once(*calls: Callable[[], object]) -> list[object]:
    """Run all of them in threads that start together; what they returned or raised."""
    gate, found = threading.Barrier(len(calls)), list[object]()

    def one(call: Callable[[], object]) -> None:
        gate.wait()
        try:
            found.append(call())
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
