"""Whoever asks for what is there already is asked before paying; everybody else notices nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import conversations
from core.access import Person
from core.replica import Replica
from core.studio import Studio
from tests import answers
from tests.conftest import wish
from tests.screens.support import visit
from tests.test_replica import is_there, until

ANYWAY = "Make it anyway, practice, free"


@pytest.fixture
def followed(studio: Studio) -> Iterator[Replica]:
    """A replica that runs."""
    with Replica(studio).running() as copy:
        until(lambda: is_there(copy))
        yield copy


@pytest.fixture
def made(studio: Studio, me: Person, followed: Replica) -> str:
    """The conversation of a red fox that was made."""
    thread = conversations.start(studio, me, wish("a red fox")).conversation_id
    answers.work(studio)
    followed.sync()
    return thread


def press(app: AppTest, words: str) -> None:
    app.text_area[0].input(words)
    next(button for button in app.button if button.label == "Generate").click().run()


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def turns(studio: Studio, me: Person) -> int:
    return sum(card.turns for card in conversations.cards(studio, me)[0])


def test_what_is_there_is_offered_and_nothing_is_asked(studio: Studio, me: Person, made: str) -> None:
    app = visit()

    press(app, "A red fox.")

    assert ANYWAY in labels(app)
    assert app.text_area[0].value == "A red fox."
    assert turns(studio, me) == 1


def test_in_a_conversation_too(studio: Studio, me: Person, made: str) -> None:
    app = visit("conversation", id=made, source="words")

    press(app, "A red fox.")

    assert ANYWAY in labels(app)
    assert turns(studio, me) == 1


def test_what_is_new_is_asked_at_once(studio: Studio, me: Person, made: str) -> None:
    app = visit()

    press(app, "a blue fox")

    assert ANYWAY not in labels(app)
    assert turns(studio, me) == 2


def test_who_wants_it_anyway_is_not_asked_about_the_same_again(studio: Studio, me: Person, made: str) -> None:
    app = visit()
    press(app, "a red fox")

    app.session_state["made-anyway"] = replace(
        wish("a red fox"), token=""
    )  # its button does it; AppTest has no dialogs
    press(app, "a red fox")

    assert turns(studio, me) == 2
