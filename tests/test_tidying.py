"""By the team's rules failed images leave the page and images that nobody picked go to the trash; off as it comes."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from core import access, cli, cli_upkeep, conversations, generations, marks, rules, tidying, trash
from core.access import Person
from core.studio import Studio
from core.tables import ADMIN
from core.tidying import Tidied
from tests.conftest import Clock, unfinished, wish

Make = Callable[..., str]


@pytest.fixture
def ada(studio: Studio) -> Person:
    """Who may change rules."""
    return access.person_named(studio, "ada", "Ada", ADMIN)


def test_as_it_comes_nothing_goes(studio: Studio, alice: Person, make: Make, clock: Clock) -> None:
    make(alice, "a fox")
    clock.skip(days=1000)

    assert tidying.tidy(studio) == Tidied(0, 0)


def test_images_that_nobody_picked_go_to_the_trash(
    studio: Studio, alice: Person, ada: Person, make: Make, clock: Clock
) -> None:
    fox, star = make(alice, "a fox"), make(alice, "a star")
    marks.star(studio, alice, [star])
    rules.change(studio, ada, "unpicked_days", 30, 0)
    young = tidying.due(studio)
    clock.skip(days=31)

    told, done, again = tidying.due(studio), tidying.tidy(studio), tidying.tidy(studio)

    assert (young.unpicked, told, done, again) == (0, Tidied(0, 1), Tidied(0, 1), Tidied(0, 0))
    assert list(trash.ids(studio, alice)) == [fox]


def test_what_a_person_took_back_stays(studio: Studio, alice: Person, ada: Person, make: Make, clock: Clock) -> None:
    fox = make(alice, "a fox")
    rules.change(studio, ada, "unpicked_days", 30, 0)
    clock.skip(days=31)
    tidying.tidy(studio)

    trash.restore(studio, alice, [fox])
    clock.skip(days=1)

    assert tidying.tidy(studio) == Tidied(0, 0)


def test_what_a_turn_goes_on_from_stays(studio: Studio, alice: Person, ada: Person, make: Make, clock: Clock) -> None:
    fox = make(alice, "a fox")
    conversations.start(studio, alice, wish("bluer", source=fox))
    rules.change(studio, ada, "unpicked_days", 30, 0)
    clock.skip(days=31)

    assert tidying.due(studio) == Tidied(0, 0)


def test_failed_and_canceled_images_leave_the_page_and_can_come_back(
    studio: Studio, alice: Person, ada: Person, clock: Clock
) -> None:
    asked = conversations.start(studio, alice, wish("a fox"))
    (generation_id, _), *_ = unfinished(studio)
    generations.cancel(studio, alice, generation_id)
    rules.change(studio, ada, "failed_days", 7, 0)
    clock.skip(days=8)

    done = tidying.tidy(studio)

    assert done == Tidied(1, 0)
    assert conversations.bring_back(studio, alice, asked.turn_id) == 1
    assert tidying.tidy(studio) == Tidied(0, 0)


def test_the_worker_tidies_once_a_day(studio: Studio, alice: Person, ada: Person, make: Make, clock: Clock) -> None:
    rules.change(studio, ada, "unpicked_days", 1, 0)

    ran = [tidying.on_time(studio), tidying.on_time(studio)]
    clock.skip(days=1)

    assert ran == [Tidied(0, 0), None]
    assert tidying.on_time(studio) == Tidied(0, 0)


def test_the_command_tells_first_and_tidies_then(
    monkeypatch: pytest.MonkeyPatch, studio: Studio, alice: Person, ada: Person, clock: Clock
) -> None:
    conversations.start(studio, alice, wish("a fox"))
    (generation_id, _), *_ = unfinished(studio)
    generations.cancel(studio, alice, generation_id)
    clock.skip(days=8)
    rules.change(studio, ada, "failed_days", 7, 0)
    monkeypatch.setattr(cli_upkeep, "the_studio", lambda: studio)

    said = [CliRunner().invoke(cli.app, ["tidy", *more]).stdout for more in (["--dry-run"], [], ["--json"])]

    assert said[0].startswith("Would take 1 failed image off the page and 0 images into the trash")
    assert said[1].startswith("Took 1 failed image")
    assert '"failed": 0' in said[2]
