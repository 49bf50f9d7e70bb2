"""Words that a browser kept are asked once: the studio knows which of a person's own it has."""

from core import conversations, drafts
from core.access import Person
from core.studio import Studio
from tests.conftest import wish


def test_what_was_asked_is_known_by_its_token(studio: Studio, alice: Person) -> None:
    ask = wish("a red fox")
    before = drafts.asked(studio, alice, ask.token)

    conversations.start(studio, alice, ask)

    assert (before, drafts.asked(studio, alice, ask.token)) == (False, True)


def test_nobody_learns_what_somebody_else_asked(studio: Studio, alice: Person, bob: Person) -> None:
    ask = wish("a red fox")

    conversations.start(studio, alice, ask)

    assert not drafts.asked(studio, bob, ask.token)
