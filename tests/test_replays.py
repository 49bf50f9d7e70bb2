"""A branch is replayed on another model: price first, turn after turn, through any crash, each turn asked once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from sqlmodel import col, select

from core import access, branches, budgets, captions, conversations, purging, replays
from core.access import Person
from core.errors import NotFound, Refused
from core.settings import Settings
from core.studio import Studio
from core.tables import ADMIN, EVERYBODY, FAILED, QUEUED, TEAM, Generation, Image, Turn
from core.views import TurnView
from tests import answers
from tests.branches import Step, grow
from tests.conftest import Clock, unfinished, wish

INK, GPT = "sketch/ink", "openai/gpt-image-2"
Work = Callable[[], None]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a model that takes references; it is never called."""
    return replace(settings, openai_api_key="never sent")


@pytest.fixture
def work(studio: Studio) -> Work:
    """Answers all that waits."""
    return lambda: answers.answer(studio)


def test_a_branch_is_replayed_from_its_beginning_each_turn_from_what_came_before(studio: Studio, alice: Person) -> None:
    home, turns = a_branch(studio, alice, files=True)

    replays.begin(studio, alice, turns[3].id, INK, "run")
    for _ in range(3):
        answers.work(studio)
        replays.take_up(studio)

    made = shown(studio, alice, home)[len(turns) :]
    assert [turn.prompt for turn in made] == ["a shop", "at night", "with rain"]
    assert [[g.name for g in turn.generations] for turn in made] == [[INK], [INK], [INK] * 2]
    assert [source(turn) for turn in made] == [None, image(made[0]), image(made[1])]


def test_seeds_are_those_of_the_images_that_the_branch_went_through(studio: Studio, alice: Person, work: Work) -> None:
    home, turns = a_branch(studio, alice)

    replays.begin(studio, alice, turns[3].id, INK, "run")
    for _ in range(3):
        work()
        replays.take_up(studio)

    made = shown(studio, alice, home)[len(turns) :]
    through = [turns[0].generations[1], turns[1].generations[0], turns[3].generations[0]]
    assert [turn.generations[0].seed for turn in made] == [answer.seed for answer in through]


def test_the_price_and_the_turns_are_told_before_anything_is_asked(studio: Studio, alice: Person) -> None:
    home, turns = a_branch(studio, alice)

    plan = replays.plan(studio, alice, turns[3].id, INK)

    assert [(stop.position, stop.images) for stop in plan.stops] == [(1, 1), (2, 1), (4, 2)]
    assert (plan.images, plan.cost, plan.practice, plan.shortened) == (4, 0, True, False)
    assert shown(studio, alice, home) == turns


def test_the_price_is_that_of_all_turns_together(studio: Studio, alice: Person) -> None:
    _home, turns = a_branch(studio, alice)

    plan = replays.plan(studio, alice, turns[3].id, GPT)

    assert not plan.practice
    assert plan.cost == sum(stop.cost for stop in plan.stops) > plan.stops[0].cost > 0


def test_a_budget_that_has_enough_for_each_turn_but_not_for_all_is_told_before(studio: Studio, alice: Person) -> None:
    """Else the branch would be paid for in part, and stop in the middle."""
    home, turns = a_branch(studio, alice)
    ada = access.person_named(studio, "ada", "Ada", ADMIN)
    plan = replays.plan(studio, alice, turns[3].id, GPT)
    budgets.set_cap(studio, ada, TEAM, EVERYBODY, plan.cost - Decimal("0.01"))
    assert max(stop.cost for stop in plan.stops) < plan.cost - Decimal("0.01")

    with pytest.raises(Refused, match="the team's budget"):
        replays.plan(studio, alice, turns[3].id, GPT)
    with pytest.raises(Refused, match="the team's budget"):
        replays.begin(studio, alice, turns[3].id, GPT, "run")

    assert shown(studio, alice, home) == turns
    budgets.set_cap(studio, ada, TEAM, EVERYBODY, plan.cost)
    assert replays.plan(studio, alice, turns[3].id, GPT).warning is None


def test_references_from_elsewhere_stay_what_they_were(studio: Studio, alice: Person, make: Callable[..., str]) -> None:
    fox, owl = make(alice, "a red fox"), make(alice, "an owl")
    asked = conversations.start(studio, alice, wish("both", GPT, source=fox, references=(owl,)))

    replays.begin(studio, alice, asked.turn_id, "openai/gpt-image-2.5-flare", "run")

    made = shown(studio, alice, asked.conversation_id)[-1]
    assert [(used.id, used.role) for used in made.references] == [(fox, "source"), (owl, "reference")]


def test_what_the_branch_made_itself_is_no_reference_for_another_model(
    studio: Studio, alice: Person, work: Work, make: Callable[..., str]
) -> None:
    owl = make(alice, "an owl")
    home = conversations.start(studio, alice, wish("a shop", count=2)).conversation_id
    work()
    first, second = (answer.images[0].id for answer in shown(studio, alice, home)[0].generations)
    asked = conversations.ask(studio, alice, home, wish("as these", GPT, source=first, references=(second, owl)))

    steps, _shortened = branches.steps(studio, alice, asked.turn_id, "openai/gpt-image-2.5-flare", "run")

    assert [step.references for _turn, step in steps] == [(), (owl,)]


def test_a_model_that_takes_no_references_replays_a_branch_that_used_its_own_images_as_such(
    studio: Studio, alice: Person, work: Work
) -> None:
    home = conversations.start(studio, alice, wish("a shop", count=2)).conversation_id
    work()
    first, second = (answer.images[0].id for answer in shown(studio, alice, home)[0].generations)
    asked = conversations.ask(studio, alice, home, wish("as these", GPT, source=first, references=(second,)))

    plan = replays.plan(studio, alice, asked.turn_id, INK)

    assert [stop.position for stop in plan.stops] == [1, 2]


@pytest.mark.parametrize(("length", "shortened"), [(40, False), (41, True)])
def test_only_a_branch_of_more_than_forty_turns_is_shortened(
    studio: Studio, alice: Person, length: int, shortened: bool
) -> None:
    home = grow(studio, alice, [Step(f"turn {n}", source=n - 1 or None) for n in range(1, length + 1)], files=False)

    plan = replays.plan(studio, alice, shown(studio, alice, home.id)[-1].id, INK)

    assert (len(plan.stops), plan.shortened) == (40, shortened)


def test_a_paid_caption_makes_a_replay_of_practice_images_cost_something(
    studio: Studio, alice: Person, work: Work
) -> None:
    writer = next(model.name for model in studio.catalogue.texts(studio.writers) if not model.practice)
    asked = conversations.start(studio, alice, wish("a red fox", caption=writer))

    plan = replays.plan(studio, alice, asked.turn_id, INK)

    assert plan.cost > 0 and not plan.practice


def test_a_model_that_cannot_do_all_of_it_is_refused_before_anything_is_paid(studio: Studio, alice: Person) -> None:
    home, turns = a_branch(studio, alice)

    for model, why in (("gemini/gemini-3-pro-image", "not set up here"), ("openai/dall-e-3", "dall-e-3")):
        with pytest.raises(Refused, match=why):
            replays.begin(studio, alice, turns[3].id, model, "run")

    assert shown(studio, alice, home) == turns


def test_a_double_click_begins_one_replay(studio: Studio, alice: Person) -> None:
    home, turns = a_branch(studio, alice)

    twice = [replays.begin(studio, alice, turns[3].id, INK, "run") for _ in range(2)]

    assert twice[0] == twice[1]
    assert len(shown(studio, alice, home)) == len(turns) + 1


def test_the_next_turn_is_asked_once_however_often_and_by_whomever(studio: Studio, alice: Person, work: Work) -> None:
    """The worker's own step, the minute's round and another process all came to the same replay."""
    home, turns = a_branch(studio, alice)
    replays.begin(studio, alice, turns[3].id, INK, "run")
    first = unfinished(studio)[0][0]
    work()

    at_once(*[lambda: replays.go_on(studio, first)] * 3, *[lambda: replays.take_up(studio)] * 3)
    replays.go_on(studio, first)

    assert len(shown(studio, alice, home)) == len(turns) + 2


def test_nothing_follows_while_the_image_is_not_there(studio: Studio, alice: Person) -> None:
    home, turns = a_branch(studio, alice)
    replays.begin(studio, alice, turns[3].id, INK, "run")
    [(first, _round)] = unfinished(studio)

    replays.go_on(studio, first)
    replays.take_up(studio)

    assert len(shown(studio, alice, home)) == len(turns) + 1


def test_a_replay_whose_image_failed_goes_on_when_it_comes_after_all(studio: Studio, alice: Person, work: Work) -> None:
    home, turns = a_branch(studio, alice)
    replays.begin(studio, alice, turns[3].id, INK, "run")
    [(first, _round)] = unfinished(studio)
    stand(studio, first, FAILED)
    replays.take_up(studio)
    stopped = len(shown(studio, alice, home))

    stand(studio, first, QUEUED)
    work()
    replays.take_up(studio)

    assert (stopped, len(shown(studio, alice, home))) == (len(turns) + 1, len(turns) + 2)


def test_a_replay_that_was_stopped_asks_nothing_more_until_it_is_resumed(
    studio: Studio, alice: Person, work: Work
) -> None:
    home, turns = a_branch(studio, alice)
    asked = replays.begin(studio, alice, turns[3].id, INK, "run")
    replays.stop(studio, alice, asked.turn_id)
    replays.stop(studio, alice, asked.turn_id)
    [(first, _round)] = unfinished(studio)
    work()
    replays.go_on(studio, first)
    replays.take_up(studio)
    stopped = shown(studio, alice, home)

    replays.resume(studio, alice, asked.turn_id)
    resumed = shown(studio, alice, home)

    assert (len(stopped), len(resumed)) == (len(turns) + 1, len(turns) + 2)
    assert replays.going(studio, stopped) == {stopped[-1].id: False}
    assert replays.going(studio, resumed) == {turn.id: True for turn in resumed[-2:]}


def test_a_replay_is_stopped_on_any_of_its_turns(studio: Studio, alice: Person, work: Work) -> None:
    home, turns = a_branch(studio, alice)
    asked = replays.begin(studio, alice, turns[3].id, INK, "run")
    work()
    replays.take_up(studio)
    replays.stop(studio, alice, asked.turn_id)
    work()

    replays.take_up(studio)

    assert len(shown(studio, alice, home)) == len(turns) + 2


def test_a_replay_that_is_stopped_just_before_its_next_turn_is_asked_ends_there(
    studio: Studio, alice: Person, work: Work
) -> None:
    """Whoever asks has read the turn already, and looks at the clock next."""
    home, turns = a_branch(studio, alice)
    asked = replays.begin(studio, alice, turns[3].id, INK, "run")
    [(first, _round)] = unfinished(studio)
    work()

    def now() -> datetime:
        replays.stop(studio, alice, asked.turn_id)
        return studio.now()

    replays.go_on(replace(studio, now=now), first)

    assert len(shown(studio, alice, home)) == len(turns) + 1


def test_a_replay_that_asked_its_last_turn_cannot_be_stopped(studio: Studio, alice: Person) -> None:
    home, turns = a_branch(studio, alice)
    asked = replays.begin(studio, alice, turns[0].id, INK, "run")

    for turn in (asked.turn_id, turns[0].id):
        with pytest.raises(Refused, match="No turn of a replay is left to ask"):
            replays.stop(studio, alice, turn)

    assert replays.going(studio, shown(studio, alice, home)) == {}


def test_a_replay_is_not_resumed_from_an_image_that_failed(studio: Studio, alice: Person) -> None:
    home, turns = a_branch(studio, alice)
    asked = replays.begin(studio, alice, turns[3].id, INK, "run")
    replays.stop(studio, alice, asked.turn_id)
    stand(studio, unfinished(studio)[0][0], FAILED)

    with pytest.raises(Refused, match="no image to go on from"):
        replays.resume(studio, alice, asked.turn_id)

    assert len(shown(studio, alice, home)) == len(turns) + 1


def test_a_replay_whose_conversation_was_in_the_trash_waits_for_a_person(
    studio: Studio, alice: Person, work: Work
) -> None:
    home, turns = a_branch(studio, alice)
    asked = replays.begin(studio, alice, turns[3].id, INK, "run")
    work()
    conversations.trash(studio, alice, home)
    replays.take_up(studio)
    conversations.restore(studio, alice, home)
    replays.take_up(studio)
    waiting = len(shown(studio, alice, home))

    replays.resume(studio, alice, asked.turn_id)

    assert (waiting, len(shown(studio, alice, home))) == (len(turns) + 1, len(turns) + 2)


def test_a_replay_that_was_purged_keeps_no_other_from_going_on(studio: Studio, alice: Person, work: Work) -> None:
    """Of its turns only the ledger is left."""
    home, turns = a_branch(studio, alice)
    replays.begin(studio, alice, turns[3].id, INK, "run")
    work()
    with studio.transaction() as db:
        purged = db.exec(select(Turn.id).where(Turn.conversation_id == home)).all()
        purging._forget_some(studio, db, purged)
    other, others = a_branch(studio, alice)
    replays.begin(studio, alice, others[3].id, INK, "other")
    work()

    replays.take_up(studio)

    assert len(shown(studio, alice, other)) > len(others) + 1


def test_an_image_that_comes_days_later_does_not_pay_for_the_rest_by_itself(
    studio: Studio, alice: Person, work: Work, clock: Clock
) -> None:
    """Somebody tried a failed image again, long after they had forgotten what it once belonged to."""
    home, turns = a_branch(studio, alice)
    replays.begin(studio, alice, turns[3].id, INK, "run")
    [(first, _round)] = unfinished(studio)
    clock.skip(days=2)
    work()

    replays.go_on(studio, first)
    replays.take_up(studio)
    waiting = shown(studio, alice, home)
    replays.resume(studio, alice, waiting[-1].id)

    assert (len(waiting), len(shown(studio, alice, home))) == (len(turns) + 1, len(turns) + 2)
    assert replays.going(studio, waiting) == {waiting[-1].id: False}


def test_a_turn_that_is_refused_now_is_asked_in_another_minute(studio: Studio, alice: Person, work: Work) -> None:
    home, turns = a_branch(studio, alice)
    replays.begin(studio, alice, turns[3].id, INK, "run")
    [(first, _round)] = unfinished(studio)
    work()
    full = replace(studio, settings=replace(studio.settings, free_space_floor_mb=10**9))

    replays.go_on(full, first)
    refused = len(shown(studio, alice, home))
    replays.take_up(studio)

    assert (refused, len(shown(studio, alice, home))) == (len(turns) + 1, len(turns) + 2)


def test_a_replay_whose_image_was_thrown_away_ends(studio: Studio, alice: Person, work: Work) -> None:
    home, turns = a_branch(studio, alice)
    asked = replays.begin(studio, alice, turns[3].id, INK, "run")
    work()
    with studio.transaction() as db:
        made = select(Image).join(Generation, col(Generation.id) == Image.generation_id)
        for row in db.exec(made.where(Generation.turn_id == asked.turn_id)).all():
            row.deleted_at = studio.now()

    replays.take_up(studio)

    assert len(shown(studio, alice, home)) == len(turns) + 1


def test_a_replay_can_be_asked_again_as_a_turn_of_its_own(studio: Studio, alice: Person) -> None:
    home, turns = a_branch(studio, alice)
    asked = replays.begin(studio, alice, turns[0].id, INK, "run")

    conversations.again(studio, alice, asked.turn_id, "token")

    assert "replay" not in shown(studio, alice, home)[-1].settings


def test_somebody_elses_branch_is_not_there(studio: Studio, alice: Person, bob: Person) -> None:
    _home, turns = a_branch(studio, alice)

    for reach in (
        lambda: replays.plan(studio, bob, turns[3].id, INK),
        lambda: replays.begin(studio, bob, turns[3].id, INK, "run"),
        lambda: replays.stop(studio, bob, turns[3].id),
        lambda: replays.resume(studio, bob, turns[3].id),
    ):
        with pytest.raises(NotFound):
            reach()


def a_branch(studio: Studio, who: Person, *, files: bool = False) -> tuple[str, tuple[TurnView, ...]]:
    """Four turns: the second from the first's other image, the third from elsewhere, the fourth from the second."""
    steps = [Step("a shop", count=2), Step("at night", 1), Step("something else"), Step("with rain", 2, count=2)]
    plain = {"resolution": "512", "caption": captions.NONE}
    home = grow(studio, who, [replace(step, settings=plain) for step in steps], files=files, posts=True).id
    return home, shown(studio, who, home)


def shown(studio: Studio, who: Person, home: str) -> tuple[TurnView, ...]:
    return conversations.opened(studio, who, home, limit=50).turns


def image(turn: TurnView) -> str:
    return turn.generations[0].images[0].id


def source(turn: TurnView) -> str | None:
    return next((used.id for used in turn.references if used.role == "source"), None)


def stand(studio: Studio, generation_id: str, status: str) -> None:
    with studio.transaction() as db:
        db.get_one(Generation, generation_id).status = status


def at_once(*calls: Callable[[], None]) -> None:
    """All of them in threads that start together; what one raises is raised here."""
    gate, raised = threading.Barrier(len(calls)), list[Exception]()

    def one(call: Callable[[], None]) -> None:
        gate.wait()
        try:
            call()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
