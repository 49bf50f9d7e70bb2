"""Nobody spends more than the team agreed on: money is held before it is spent, and counters never drift."""

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlmodel import select

from core import access, budgets, conversations, generations, holds, jobs, ledger, posting
from core.access import Person
from core.errors import NotFound, Refused
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import ADMIN, EVERYBODY, PERSON, PROJECT, TEAM, Generation, Hold, Project, Spending
from tests.conftest import Clock, unfinished, wish
from tests.test_generations import NOISE
from tests.vendors import Vendors

NANO = "openrouter/google/gemini-nano-banana-2.1"
PARALLEL = 50


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(NOISE) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, vendors: Vendors) -> Settings:
    """Both homes, with every provider open and talking to the stand-in."""
    return replace(settings, **vendors.settings())


@pytest.fixture
def ada(studio: Studio) -> Person:
    """Who may set budgets."""
    return access.person_named(studio, "ada", "Ada", ADMIN)


def cap(studio: Studio, ada: Person, usd: object, kind: str = TEAM, of_id: str = EVERYBODY) -> None:
    budgets.set_cap(studio, ada, kind, of_id, Decimal(str(usd)))


def price(studio: Studio, person: Person) -> Decimal:
    return conversations.quote(studio, person, wish("a fox", NANO)).cost


def ask(studio: Studio, person: Person, count: int = 1, **wishes: object) -> str:
    return conversations.start(studio, person, wish("a fox", NANO, count=count, **wishes)).conversation_id


def work(studio: Studio) -> None:
    for generation_id, round in unfinished(studio):
        while asyncio.run(generations.run(studio, generation_id, round)) is not None:
            pass


def counted(studio: Studio, kind: str = TEAM, of_id: str = EVERYBODY) -> tuple[Decimal, Decimal]:
    """What is held and what is spent this month."""
    with studio.reading() as db:
        row = db.get(Spending, (kind, of_id, budgets.month_of(studio.now())))
    return (row.reserved, row.spent) if row else (Decimal(0), Decimal(0))


def drifted(studio: Studio) -> list[str]:
    with studio.reading() as db:
        return holds.differences(db)


def project_of(studio: Studio, person: Person) -> str:
    with studio.transaction() as db:
        db.add(row := Project(user_id=person.id, title="Winter", created_at=studio.now(), updated_at=studio.now()))
        db.flush()
    return row.id


def test_what_is_asked_is_held_and_what_came_is_spent(studio: Studio, alice: Person) -> None:
    one = price(studio, alice)

    ask(studio, alice)
    held = counted(studio)
    work(studio)

    assert held == (one, 0)
    with studio.reading() as db:
        assert counted(studio) == (0, db.exec(select(Generation.cost)).one())
    assert counted(studio, PERSON, alice.id) == counted(studio)
    assert drifted(studio) == []


def test_at_the_cap_an_ask_is_refused_and_leaves_nothing(studio: Studio, alice: Person, ada: Person) -> None:
    one = price(studio, alice)
    cap(studio, ada, one * 2)
    ask(studio, alice)

    with pytest.raises(Refused, match=r"the team's budget for \w+ has \$0.\d+ of \$0.\d+ left.*begins anew on 1 \w+"):
        ask(studio, alice, count=2)

    assert counted(studio) == (one, 0)
    assert len(unfinished(studio)) == 1
    ask(studio, alice)


def test_the_refusal_names_the_cheapest_model_that_can_do_it(studio: Studio, alice: Person, ada: Person) -> None:
    cap(studio, ada, "0.000001")

    with pytest.raises(Refused, match=r"(Within the budget, the|Even the) cheapest model that can do this, .+, takes"):
        ask(studio, alice)


def test_each_of_team_project_and_person_has_a_cap_of_its_own(
    studio: Studio, alice: Person, bob: Person, ada: Person
) -> None:
    one, winter = price(studio, alice), project_of(studio, alice)
    cap(studio, ada, one, PROJECT, winter)
    cap(studio, ada, one * 2, PERSON, alice.id)
    conversations.start(studio, alice, wish("a fox", NANO), winter)

    with pytest.raises(Refused, match="this project's budget"):
        conversations.start(studio, alice, wish("a fox", NANO), winter)
    ask(studio, alice)
    with pytest.raises(Refused, match="your budget"):
        ask(studio, alice)

    ask(studio, bob)
    assert counted(studio, PROJECT, winter) == (one, 0)


def test_practice_holds_nothing_and_is_never_refused(studio: Studio, alice: Person, ada: Person) -> None:
    cap(studio, ada, 0)

    conversations.start(studio, alice, wish("a fox"))

    assert counted(studio) == (0, 0)


def test_a_caption_and_its_rewriting_are_held_too(studio: Studio, alice: Person, ada: Person) -> None:
    asked = conversations.start(studio, alice, wish("a fox", NANO, caption="openai/gpt-6-luna"))
    with studio.reading() as db:
        both = {hold.generation_id for hold in db.exec(select(Hold)).all()}
        post_id = db.exec(select(Generation.post_id).where(Generation.kind == "caption")).one()
    work(studio)
    cap(studio, ada, 0)

    assert len(both) == 2
    assert post_id is not None
    with pytest.raises(Refused, match="the team's budget"):
        posting.ask_caption(studio, alice, post_id, "openai/gpt-6-luna")
    assert conversations.opened(studio, alice, asked.conversation_id).images


def test_trying_again_is_held_anew(studio: Studio, alice: Person, ada: Person, vendors: Vendors) -> None:
    one = price(studio, alice)
    vendors.next("402")
    ask(studio, alice)
    work(studio)
    with studio.reading() as db:
        failed = db.exec(select(Generation.id)).one()

    generations.retry(studio, alice, failed)
    held = counted(studio)
    generations.cancel(studio, alice, failed)
    cap(studio, ada, 0)

    assert held == (one, 0)
    assert counted(studio) == (0, 0)
    with pytest.raises(Refused, match="the team's budget"):
        generations.retry(studio, alice, failed)


def test_what_may_have_been_charged_counts(studio: Studio, alice: Person, vendors: Vendors) -> None:
    one = price(studio, alice)
    vendors.next("closed")
    ask(studio, alice)

    work(studio)

    assert counted(studio) == (0, one)
    assert drifted(studio) == []


def test_a_cancel_gives_back_what_was_not_sent(studio: Studio, alice: Person) -> None:
    ask(studio, alice)
    (generation_id, _), *_ = unfinished(studio)

    generations.cancel(studio, alice, generation_id)

    assert counted(studio) == (0, 0)


def test_an_answer_that_comes_after_the_cancel_puts_it_right(studio: Studio, alice: Person) -> None:
    one = price(studio, alice)
    ask(studio, alice)
    (generation_id, round), *_ = unfinished(studio)
    sent = ledger.send(studio, generation_id, round, one, {})
    assert sent is not None
    generations.cancel(studio, alice, generation_id)
    possible = counted(studio)

    for _ in range(2):  # twice is once
        ledger.store(studio, sent.attempt.id, [], ledger.Bill(Decimal("0.000000007"), "reported"))

    assert possible == (0, one)
    assert counted(studio) == (0, Decimal("0.000000007"))
    assert drifted(studio) == []


def test_a_new_month_begins_with_a_full_budget(studio: Studio, alice: Person, ada: Person, clock: Clock) -> None:
    cap(studio, ada, price(studio, alice))
    ask(studio, alice)

    clock.skip(days=32)
    ask(studio, alice)

    work(studio)
    assert drifted(studio) == []


def test_an_answer_counts_in_the_month_in_which_it_was_asked(studio: Studio, alice: Person, clock: Clock) -> None:
    ask(studio, alice)
    month = budgets.month_of(studio.now())

    clock.skip(days=32)
    work(studio)

    with studio.reading() as db:
        assert {row.month for row in db.exec(select(Spending)).all()} == {month}


def test_months_are_those_of_utc() -> None:
    assert budgets.month_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == "2026-12"


def test_from_eighty_percent_on_screens_can_say_so(studio: Studio, alice: Person, ada: Person) -> None:
    one = price(studio, alice)
    cap(studio, ada, one * 5)
    ask(studio, alice, count=3)
    before = conversations.quote(studio, alice, wish("a fox", NANO)).warning

    ask(studio, alice)

    assert before is None
    assert str(conversations.quote(studio, alice, wish("a fox", NANO)).warning).startswith("80 % of the team's budget")


def test_a_quote_says_what_asking_would(studio: Studio, alice: Person, ada: Person) -> None:
    cap(studio, ada, 0)

    with pytest.raises(Refused, match="the team's budget"):
        conversations.quote(studio, alice, wish("a fox", NANO))


def test_only_an_admin_sets_a_budget(studio: Studio, alice: Person, bob: Person) -> None:
    with pytest.raises(Refused, match="admin"):
        budgets.set_cap(studio, alice, PERSON, alice.id, Decimal(5))
    with pytest.raises(NotFound):
        budgets.set_cap(studio, alice, PERSON, bob.id, Decimal(5))


def test_a_person_sees_the_budgets_that_count_for_them(studio: Studio, alice: Person, bob: Person, ada: Person) -> None:
    cap(studio, ada, 100)
    cap(studio, ada, 5, PERSON, alice.id)

    assert [state.kind for state in budgets.caps(studio, alice)] == [TEAM, PERSON]
    assert [state.kind for state in budgets.caps(studio, bob)] == [TEAM]
    budgets.set_cap(studio, ada, TEAM, EVERYBODY, None)
    assert [state.usd for state in budgets.caps(studio, ada)] == [5]


def test_fifty_at_once_never_overshoot(studio: Studio, settings: Settings, ada: Person) -> None:
    people = [access.person_named(studio, f"p{number}", f"P{number}") for number in range(5)]
    other = open_studio(settings, studio.now)  # as another process would
    jobs.ready(other)
    one = price(studio, people[0])
    cap(studio, ada, one * 7 + one / 2)

    def try_it(number: int) -> bool:
        try:
            ask((studio, other)[number % 2], people[number % len(people)])
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(PARALLEL) as threads:
        went = list(threads.map(try_it, range(PARALLEL)))
    other.engine.dispose()

    assert sum(went) == 7
    assert counted(studio) == (one * 7, 0)
    assert drifted(studio) == []


def test_asks_and_answers_at_once_wait_for_each_other_and_not_crosswise(studio: Studio, alice: Person) -> None:
    winter = project_of(studio, alice)
    people = [alice, *(access.person_named(studio, f"p{n}", f"P{n}") for n in range(3))]

    def live(number: int) -> None:
        person = people[number % len(people)]
        asked = conversations.start(studio, person, wish("a fox", NANO, count=2), winter if person == alice else None)
        for turn in conversations.opened(studio, person, asked.conversation_id).turns:
            for generation in turn.generations:
                while asyncio.run(generations.run(studio, generation.id, 0)) is not None:
                    pass

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(live, range(16)))

    assert counted(studio)[0] == 0
    assert drifted(studio) == []


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("chance", range(4))
def test_whatever_happens_counters_say_what_the_ledger_says(
    studio: Studio, ada: Person, clock: Clock, chance: int
) -> None:
    dice = random.Random(chance)
    people = [access.person_named(studio, f"p{n}", f"P{n}") for n in range(3)]
    homes: dict[str, list[str | None]] = {person.id: [None, project_of(studio, person)] for person in people}
    owner: dict[str, Person] = {}
    sent: list[str] = []
    cap(studio, ada, "2")
    bills = (ledger.FREE, ledger.POSSIBLE, ledger.Bill(Decimal("0.0391234567891"), "computed"))

    def one_step() -> None:
        person = dice.choice(people)
        what = dice.choice(("ask", "send", "send", "store", "fail", "lose", "give up", "cancel", "retry", "late"))
        mine = [generation_id for generation_id, of in owner.items() if of == person]
        generation_id = dice.choice(mine) if mine else None
        waiting = dict(unfinished(studio))
        if what == "ask":
            where = dice.choice(homes[person.id])
            asked = conversations.start(studio, person, wish("a fox", NANO, count=dice.randint(1, 3)), where)
            for turn in conversations.opened(studio, person, asked.conversation_id).turns:
                owner.update({generation.id: person for generation in turn.generations})
        elif what == "send" and waiting:
            chosen = dice.choice(sorted(waiting))
            booked = ledger.send(studio, chosen, waiting[chosen], Decimal("0.04"), {})
            sent.extend([booked.attempt.id] if booked else [])
        elif what in ("store", "late") and sent:
            ledger.store(studio, dice.choice(sent), [], dice.choice(bills))
        elif what == "fail" and sent:
            ledger.fail(studio, dice.choice(sent), dice.choice(bills), "request", "It said no.")
        elif what == "lose" and sent:
            ledger.lose(studio, dice.choice(sent))
        elif what == "give up" and waiting:
            chosen = dice.choice(sorted(waiting))
            ledger.give_up(studio, chosen, waiting[chosen], "ours", "It broke.")
        elif what == "cancel" and generation_id:
            generations.cancel(studio, person, generation_id)
        elif what == "retry" and generation_id:
            generations.retry(studio, person, generation_id)

    def killed_step() -> None:
        """Nothing of a transaction is left that did not end."""
        with studio.transaction() as db:
            generation = db.exec(select(Generation)).first()
            if generation is not None:
                generation.status = "failed"
                holds.settle(db, generation)
            raise Killed

    for step in range(120):
        clock.skip(hours=dice.choice((0, 1, 12)))
        with suppress(Refused, Killed):
            killed_step() if dice.random() < 0.1 else one_step()
        if step % 10 == 0:
            assert drifted(studio) == []

    assert drifted(studio) == []
    assert all(row.reserved >= 0 and row.spent >= 0 for row in _all(studio))


def _all(studio: Studio) -> list[Spending]:
    with studio.reading() as db:
        return list(db.exec(select(Spending)).all())


def test_a_counter_that_drifted_is_told(studio: Studio, alice: Person) -> None:
    ask(studio, alice)
    with studio.transaction() as db:
        row = db.exec(select(Spending).where(Spending.kind == TEAM)).one()
        row.reserved += Decimal("0.000000001")

    assert [line.split(":")[0] for line in drifted(studio)] == [f"team team {budgets.month_of(studio.now())}"]
