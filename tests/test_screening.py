"""While the team's rule is on, OpenAI looks at every prompt first; what is flagged or unseen is sent nowhere."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlmodel import select

from core import access, conversations, generations, holds, rules, screening
from core.access import Person
from core.settings import Settings
from core.studio import Studio
from core.tables import ADMIN, FAILED, SUCCEEDED, Attempt, Generation, Spending
from tests.conftest import unfinished, wish
from tests.test_generations import NANO, NOISE
from tests.vendors import Vendors


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(NOISE) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, vendors: Vendors) -> Settings:
    """Both homes, with every provider open and talking to the stand-in."""
    return replace(settings, **vendors.settings())


@pytest.fixture
def looked_at(studio: Studio) -> None:
    """The rule is on."""
    rules.change(studio, access.person_named(studio, "ada", "Ada", ADMIN), "moderation", True, 0)


def made(studio: Studio, person: Person, prompt: str, model: str = NANO) -> Generation:
    """Asked and worked on to its end."""
    conversations.start(studio, person, wish(prompt, model))
    for generation_id, round in unfinished(studio):
        while asyncio.run(generations.run(studio, generation_id, round)) is not None:
            pass
    with studio.reading() as db:
        return db.exec(select(Generation)).one()


def nothing_left_us(studio: Studio, vendors: Vendors) -> bool:
    with studio.reading() as db:
        spent = [row.reserved + row.spent for row in db.exec(select(Spending)).all()]
        return not vendors.calls and not db.exec(select(Attempt)).all() and not any(spent) and not holds.differences(db)


@pytest.mark.usefixtures("looked_at")
def test_what_is_fine_is_made(studio: Studio, alice: Person, vendors: Vendors) -> None:
    assert made(studio, alice, "a red fox").status == SUCCEEDED

    assert [check.body for check in vendors.checks] == [{"model": "omni-moderation-latest", "input": "a red fox"}]


@pytest.mark.usefixtures("looked_at")
def test_what_is_flagged_is_sent_nowhere_and_says_why(studio: Studio, alice: Person, vendors: Vendors) -> None:
    failed = made(studio, alice, "a fox with a knife")

    assert (failed.status, failed.error_kind) == (FAILED, "moderation")
    assert "flagged this prompt for violence. Nothing was sent to the provider, and nothing was" in str(failed.error)
    assert nothing_left_us(studio, vendors)


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("trouble", ["429", "500", "closed"])
def test_a_check_that_stumbles_is_made_again(studio: Studio, alice: Person, vendors: Vendors, trouble: str) -> None:
    vendors.next_check(trouble)

    assert made(studio, alice, "a red fox").status == SUCCEEDED

    assert len(vendors.checks) == 2


@pytest.mark.usefixtures("looked_at")
def test_what_nobody_could_look_at_is_sent_nowhere(studio: Studio, alice: Person, vendors: Vendors) -> None:
    vendors.always_check = "500"

    failed = made(studio, alice, "a red fox")

    assert (failed.status, failed.error_kind) == (FAILED, "busy")
    assert "gave no answer 4 times" in str(failed.error)
    assert screening.KEPT_BACK in str(failed.error)
    assert nothing_left_us(studio, vendors)


@pytest.mark.usefixtures("looked_at")
def test_an_odd_answer_is_no_yes(studio: Studio, alice: Person, vendors: Vendors) -> None:
    vendors.always_check = "html"

    assert made(studio, alice, "a red fox").status == FAILED

    assert nothing_left_us(studio, vendors)


@pytest.mark.usefixtures("looked_at")
def test_a_key_that_does_not_fit_lets_nothing_through(studio: Studio, alice: Person, vendors: Vendors) -> None:
    studio.held[screening.__name__] = screening.Moderation(replace(studio.settings, openai_api_key="sk-wrong"))

    failed = made(studio, alice, "a red fox")

    assert (failed.status, failed.error_kind) == (FAILED, "account")
    assert "sk-wrong" not in str(failed.error)
    assert nothing_left_us(studio, vendors)


@pytest.mark.usefixtures("looked_at")
def test_practice_is_not_told_to_anybody(studio: Studio, alice: Person, vendors: Vendors) -> None:
    assert made(studio, alice, "a fox with a knife", "sketch/sketch").status == SUCCEEDED

    assert vendors.checks == []


def test_without_the_rule_nobody_looks(studio: Studio, alice: Person, vendors: Vendors) -> None:
    assert made(studio, alice, "a fox with a knife").status == SUCCEEDED

    assert vendors.checks == []
