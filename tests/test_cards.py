"""Conversations are found again: latest first, page by page, by their words, by an image in them, in the trash."""

from collections.abc import Callable

import pytest

from core import conversations, trash
from core.access import Person
from core.errors import NotFound
from core.studio import Studio
from tests import answers
from tests.conftest import Clock, wish
from tests.screens.support import queries


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Does all that waits, but draws nothing."""
    return lambda: answers.answer(studio)


def test_cards_come_latest_first_page_by_page(studio: Studio, alice: Person, clock: Clock) -> None:
    for n in range(7):
        clock.skip(minutes=1)
        conversations.start(studio, alice, wish(f"picture {n}"))

    first, after = conversations.cards(studio, alice, limit=4)
    second, end = conversations.cards(studio, alice, after, limit=4)

    assert [card.title for card in first] == ["picture 6", "picture 5", "picture 4", "picture 3"]
    assert [card.title for card in second] == ["picture 2", "picture 1", "picture 0"]
    assert end is None


def test_a_card_counts_turns_images_and_what_is_at_work(
    studio: Studio, alice: Person, make: Callable[..., str]
) -> None:
    fox = make(alice, "a red fox")
    [card], _ = conversations.cards(studio, alice)
    conversations.ask(studio, alice, card.id, wish("make it blue", source=fox))

    [card], _ = conversations.cards(studio, alice)

    assert (card.turns, card.images, card.unfinished) == (2, 1, 1)
    assert card.cover and card.cover.id == fox


def test_what_ended_since_a_person_last_looked_is_marked_until_they_look(
    studio: Studio, alice: Person, work: Callable[[], None], clock: Clock
) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))
    assert not _card(studio, alice).unread

    clock.skip(seconds=5)
    work()
    assert _card(studio, alice).unread

    clock.skip(seconds=5)
    conversations.seen(studio, alice, asked.conversation_id)
    assert not _card(studio, alice).unread


def test_every_word_is_looked_for_in_titles_and_prompts_in_any_case(
    studio: Studio, alice: Person, clock: Clock
) -> None:
    asked = conversations.start(studio, alice, wish("a red fox"))
    conversations.ask(studio, alice, asked.conversation_id, wish("In the Snow, on a hill, under a BLUE sky"))
    for prompt in ("Uma ação de verão", "100% wool"):
        clock.skip(minutes=1)
        conversations.start(studio, alice, wish(prompt))

    for search, found in (
        ("FOX", ["a red fox"]),
        ("snow hill", ["a red fox"]),
        ("fox harbour", []),
        ("blue", ["a red fox"]),
        ("AÇÃO", ["Uma ação de verão"]),
        ("ação VERÃO", ["Uma ação de verão"]),
        ("100%", ["100% wool"]),
        ("1_0", []),
        ("\\", []),
        ("\x00 wool", ["100% wool"]),
        ("  ", ["100% wool", "Uma ação de verão", "a red fox"]),
    ):
        cards, _ = conversations.cards(studio, alice, search=search)

        assert [card.title for card in cards] == found, search


def test_conversations_are_found_by_an_image_they_made_or_started_from(
    studio: Studio, alice: Person, bob: Person, make: Callable[..., str], clock: Clock
) -> None:
    fox = make(alice, "a red fox")
    make(alice, "a lighthouse")
    for prompt in ("make it blue", "make it green"):
        clock.skip(minutes=1)
        conversations.start(studio, alice, wish(prompt, source=fox))

    cards, _ = conversations.cards(studio, alice, image=fox)

    assert [card.title for card in cards] == ["make it green", "make it blue", "a red fox"]
    assert [card.source and card.source.id for card in cards] == [fox, fox, None]
    with pytest.raises(NotFound, match="no such image"):
        conversations.cards(studio, bob, image=fox)


def test_pages_go_on_within_what_is_looked_for(studio: Studio, alice: Person, clock: Clock) -> None:
    for n in range(6):
        clock.skip(minutes=1)
        conversations.start(studio, alice, wish(f"picture {n}" if n % 2 else f"drawing {n}"))

    first, after = conversations.cards(studio, alice, limit=2, search="picture")
    second, end = conversations.cards(studio, alice, after, limit=2, search="picture")

    assert [card.title for card in first + second] == ["picture 5", "picture 3", "picture 1"]
    assert end is None


def test_a_place_in_the_list_that_is_none_is_refused(studio: Studio, alice: Person) -> None:
    with pytest.raises(NotFound, match="Start from the first one"):
        conversations.cards(studio, alice, "yesterday~1")


def test_a_list_takes_three_queries_however_long_it_is(studio: Studio, alice: Person) -> None:
    for n in range(9):
        conversations.start(studio, alice, wish(f"picture {n}"))

    with queries(studio) as seen:
        conversations.cards(studio, alice, limit=8, search="picture")

    assert len(seen) == 3


def test_a_card_in_the_trash_tells_of_the_images_that_went_along(
    studio: Studio, alice: Person, work: Callable[[], None], clock: Clock
) -> None:
    thread = conversations.start(studio, alice, wish("a red fox", count=3)).conversation_id
    work()
    first, second, third = sorted(image.id for image in conversations.opened(studio, alice, thread).images)
    trash.trash(studio, alice, [third])
    clock.skip(minutes=1)

    seen = []
    for along in ((), [first], None):
        conversations.trash(studio, alice, thread, along)
        [card], _ = conversations.cards(studio, alice, trashed=True)
        seen.append((card.images, card.along, card.cover and card.cover.id))
        conversations.restore(studio, alice, thread)

    assert seen == [(2, 0, second), (1, 1, second), (0, 2, second)]
    card = _card(studio, alice)
    assert (card.images, card.along) == (2, 0)


def _card(studio: Studio, person: Person) -> conversations.Card:
    [card], _ = conversations.cards(studio, person)
    return card
