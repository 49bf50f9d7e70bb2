"""Figures are what the ledger says, to the last billionth of a dollar, and nobody counts what they may not see."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import access, analytics, marks, projects, trash
from core.access import Person
from core.analytics import OTHERS, Analytics, Question
from core.errors import NotFound, Refused
from core.figures import SPLITS
from core.replica import Behind, Replica
from core.replica_calls import LEDGER
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import LEAD, STORED, UNKNOWN, Attempt, Generation, Image, Turn
from tests.books import MODELS, Books, scattered

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
DAY = date(2026, 11, 10)
WEEK = Question(DAY - timedelta(6), DAY)
Ask = Callable[[Person], Analytics]


@pytest.fixture(params=["furnished", "on_postgres"], ids=["laptop", "on_postgres"])
def studio(request: pytest.FixtureRequest) -> Iterator[Studio]:
    home: Settings = request.getfixturevalue(request.param)
    opened = open_studio(home, now=lambda: NOON)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def books(studio: Studio) -> Books:
    return Books(studio)


@pytest.fixture
def ana(studio: Studio) -> Person:
    return access.person_named(studio, "ana", "Ana")


@pytest.fixture
def lea(studio: Studio) -> Person:
    return access.person_named(studio, "lea", "Lea", LEAD)


@pytest.fixture
def ask(studio: Studio) -> Iterator[Ask]:
    """The figures as a person sees them now."""
    with Replica(studio, LEDGER).running() as copy:

        def asked(person: Person) -> Analytics:
            copy.sync()
            with analytics.opened(studio, person) as figures:
                return figures

        yield asked


# ---- what is counted ----


def test_a_call_is_counted_with_what_it_cost_brought_and_took(books: Books, ana: Person, ask: Ask) -> None:
    books.call(ana, NOON, "0.04", images=2, chosen=1, took=8_000, waited=300)

    totals = ask(ana).totals(WEEK)

    assert (totals["spend"], totals["images"], totals["calls"], totals["selected"]) == (Decimal("0.04"), 2, 1, 1)
    assert (totals["per_image"], totals["per_selected"]) == (Decimal("0.02"), Decimal("0.04"))
    assert (totals["success"], totals["typical"], totals["slow"], totals["waited"]) == (1.0, 8_000, 8_000, 300)


def test_nothing_is_nothing_and_no_error(ana: Person, ask: Ask) -> None:
    totals = ask(ana).totals(WEEK)

    assert (totals["spend"], totals["images"], totals["success"], totals["per_selected"]) == (None, 0, None, None)
    assert ask(ana).by(WEEK, "model") == ()
    assert ask(ana).projection(WEEK, DAY) is None


def test_practice_is_left_out_unless_it_is_asked_for(books: Books, ana: Person, ask: Ask) -> None:
    books.call(ana, NOON, "0.04")
    books.call(ana, NOON, "9", practice=True)

    with_practice = Question(WEEK.since, WEEK.until, practice=True)

    assert ask(ana).totals(WEEK)["spend"] == Decimal("0.04")
    assert ask(ana).totals(with_practice)["spend"] == Decimal("9.04")


def test_a_busy_provider_is_no_failure_and_an_unknown_outcome_may_have_cost(
    books: Books, ana: Person, ask: Ask
) -> None:
    books.call(ana, NOON, "0", state="failed", error="busy")
    books.call(ana, NOON, "0", state="failed", error="moderation")
    books.call(ana, NOON, None, state=UNKNOWN, error="unknown", reserved="0.07")
    books.call(ana, NOON)

    totals = ask(ana).totals(WEEK)

    assert (totals["turned_away"], totals["failed"], totals["unknown"]) == (1, 2, 1)
    assert totals["success"] == pytest.approx(1 / 3)
    assert (totals["spend"], totals["possible"]) == (Decimal("0.04"), Decimal("0.07"))
    assert [(f.error, f.calls) for f in ask(ana).failures(WEEK)] == [("moderation", 1), ("unknown", 1)]


def test_a_selected_image_costs_what_its_whole_tree_cost(books: Books, ana: Person, ask: Ask) -> None:
    """$0.06 final, $1.42 total: every try before it, those that were discarded, and the caption."""
    root = books.call(ana, NOON - timedelta(90), "0.50")
    books.call(ana, NOON - timedelta(90), "0.01", root=root, kind="caption")
    books.call(ana, NOON - timedelta(1), "0.85", root=root)
    books.call(ana, NOON, "0.06", root=root, chosen=1, model=MODELS[1])
    books.call(ana, NOON, "5.00")

    figures = ask(ana)

    assert figures.totals(WEEK)["per_selected"] == Decimal("1.42")
    assert {row.key: row.figures["per_selected"] for row in figures.by(WEEK, "model")} == {
        "openai/gpt-image-2": None,
        "openrouter/google/gemini-3-pro-image": Decimal("1.42"),
    }


def test_selecting_and_trashing_changes_it_at_once(studio: Studio, books: Books, ana: Person, ask: Ask) -> None:
    books.call(ana, NOON)
    with studio.reading() as db:
        image = db.scalar(sa.select(Image.id))

    marks.select(studio, ana, [image])
    selected = ask(ana).totals(WEEK)["selected"]
    trash.trash(studio, ana, [image])

    assert (selected, ask(ana).totals(WEEK)["selected"]) == (1, 0)


def test_what_is_moved_to_another_project_counts_there(studio: Studio, books: Books, ana: Person, ask: Ask) -> None:
    books.call(ana, NOON)
    with studio.reading() as db:
        image = db.scalar(sa.select(Image.id))
    winter = projects.start(studio, ana, "Winter")

    moved = marks.put_into(studio, ana, [image], winter)
    there = [row.key for row in ask(ana).by(WEEK, "project")]
    marks.put_back(studio, ana, winter, moved)

    assert there == [winter]
    assert [row.key for row in ask(ana).by(WEEK, "project")] == [""]


# ---- time ----


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo", "Asia/Kathmandu", "Europe/Berlin", "Australia/Lord_Howe"])
def test_days_are_those_of_the_persons_zone_also_where_clocks_change(
    books: Books, ana: Person, ask: Ask, zone: str
) -> None:
    midnight = datetime(2026, 10, 25, tzinfo=ZoneInfo(zone))  # on this night clocks change in Berlin
    for hours in (-26, -1, 0, 1, 23, 24, 26):
        books.call(ana, (midnight.astimezone(UTC) + timedelta(hours=hours)), "1")
    question = Question(date(2026, 10, 20), date(2026, 10, 30), zone)

    found = {point.day: point.figures["spend"] for point in ask(ana).course(question, "day") if point.figures["calls"]}

    days: dict[date, Decimal] = defaultdict(Decimal)
    for hours in (-26, -1, 0, 1, 23, 24, 26):
        days[(midnight.astimezone(UTC) + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).date()] += 1
    assert found == days


@pytest.mark.parametrize(("every", "starts"), [("day", 40), ("week", 7), ("month", 3)])
def test_every_step_of_time_is_there_also_without_a_call(
    books: Books, ana: Person, ask: Ask, every: str, starts: int
) -> None:
    books.call(ana, NOON, "1")
    question = Question(date(2026, 10, 2), date(2026, 11, 10)) if every != "month" else Question(date(2026, 9, 2), DAY)

    points = ask(ana).course(question, every)

    assert len(points) == starts
    assert [point.figures["calls"] for point in points if point.figures["calls"]] == [1]
    assert all(point.day.weekday() == 0 for point in points) or every != "week"


def test_few_have_a_colour_of_their_own_and_the_others_share_one(books: Books, ana: Person, ask: Ask) -> None:
    for number in range(9):
        books.call(ana, NOON, f"{number + 1}", model=("a1111", f"model {number}"))

    points = ask(ana).shares(Question(DAY, DAY), "day", "model")

    assert [point.key for point in points] == [*(f"a1111/model {n}" for n in (8, 7, 6, 5, 4, 3)), OTHERS]
    assert [point.figures["spend"] for point in points] == [9, 8, 7, 6, 5, 4, 1 + 2 + 3]


def test_the_month_is_projected_by_the_last_two_weeks(books: Books, ana: Person, ask: Ask) -> None:
    for days in range(1, 15):
        books.call(ana, NOON - timedelta(days), "2")
    books.call(ana, NOON, "5")

    # nine days of this month and today, and two dollars for each of the twenty days that are left
    assert ask(ana).projection(WEEK, DAY) == 9 * 2 + 5 + 20 * 2


# ---- who sees what ----


def test_a_member_counts_their_own_and_a_lead_everybodys(books: Books, ana: Person, lea: Person, ask: Ask) -> None:
    books.call(ana, NOON, "1")
    books.call(lea, NOON, "2")
    of_ana = Question(WEEK.since, WEEK.until, people=(ana.id,))

    assert ask(ana).totals(WEEK)["spend"] == 1
    assert ask(lea).totals(WEEK)["spend"] == 3
    assert ask(lea).totals(of_ana)["spend"] == 1
    assert {row.key for row in ask(lea).by(WEEK, "person")} == {ana.id, lea.id}


def test_nobody_counts_what_they_do_not_see(books: Books, ana: Person, lea: Person, ask: Ask) -> None:
    books.call(lea, NOON, "2", model=("a1111", "secret"), project="p" * 32)
    question = Question(WEEK.since, WEEK.until, people=(lea.id,))

    figures = ask(ana)

    for asked in (
        figures.totals,
        figures.failures,
        lambda q: figures.by(q, "model"),
        lambda q: figures.course(q, "day"),
    ):
        with pytest.raises(NotFound):
            asked(question)
    assert "secret" not in repr(figures.occurring(("model", "project", "person")))
    assert figures.totals(Question(WEEK.since, WEEK.until, models=("a1111/secret",)))["calls"] == 0


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [(DAY, DAY - timedelta(1), "before it begins"), (date(1990, 1, 1), DAY, "ten years")],
)
def test_a_period_that_is_none_is_refused(ana: Person, ask: Ask, since: date, until: date, says: str) -> None:
    with pytest.raises(Refused, match=says):
        ask(ana).totals(Question(since, until))


def test_without_a_copy_it_says_so(studio: Studio, ana: Person) -> None:
    with pytest.raises(Behind), analytics.opened(studio, ana):
        pass


# ---- to the last billionth ----


def test_every_figure_is_what_the_ledger_says(studio: Studio, ana: Person, lea: Person, ask: Ask) -> None:
    """Random calls and random questions; the same is counted in Python from the tables."""
    named = [projects.start(studio, lea, title) for title in ("Winter", "Spring")]
    scattered(studio, (ana, lea), named, 400, NOON, seed=20261122)
    ledger, chance = list(told(studio)), random.Random(7)
    seen = {person: ask(person) for person in (ana, lea)}
    counted = 0

    for _ in range(40):
        person = chance.choice((ana, lea))
        question = asked_at_random(chance, (ana, lea) if person == lea else (ana,), named)
        mine = [call for call in ledger if counts(call, question, {ana.id, lea.id} if person == lea else {ana.id})]
        split = chance.choice(SPLITS)
        assert seen[person].totals(question)["spend"] == spend(mine)
        rows = {row.key: row.figures for row in seen[person].by(question, split)}
        assert {key: figures["spend"] for key, figures in rows.items()} == {
            key: spend(calls) for key, calls in grouped(mine, split).items()
        }
        assert sum(figures["images"] for figures in rows.values()) == sum(call["images"] for call in mine)
        assert sum(figures["selected"] for figures in rows.values()) == sum(call["chosen"] for call in mine)
        days = sum((p.figures["spend"] or 0 for p in seen[person].course(question, "month")), Decimal(0))
        shares = sum((p.figures["spend"] or 0 for p in seen[person].shares(question, "week", split)), Decimal(0))
        assert days == shares == (spend(mine) or 0)
        counted += len(mine)

    assert counted > 500


def told(studio: Studio) -> Iterator[dict[str, Any]]:
    """Every call, from the tables."""
    query = sa.select(Attempt, Generation, Turn).join(Generation, col(Generation.id) == Attempt.generation_id)
    with studio.reading() as db:
        chosen = {image.attempt_id for image in db.scalars(sa.select(Image).where(col(Image.selected)))}
        for attempt, made, _ in db.execute(query.join(Turn, col(Turn.id) == Generation.turn_id)):
            yield {
                "person": made.user_id,
                "model": f"{made.provider}/{made.model}",
                "provider": made.provider,
                "project": made.project_id or "",
                "kind": made.kind,
                "practice": made.practice,
                "at": attempt.started_at,
                "cost": attempt.cost,
                "images": attempt.images if attempt.state == STORED else 0,
                "chosen": int(attempt.id in chosen),
            }


def asked_at_random(chance: random.Random, people: tuple[Person, ...], named: list[str]) -> Question:
    days = chance.choice((1, 7, 30, 365))
    until = DAY - timedelta(chance.randrange(30))
    return Question(
        until - timedelta(days - 1),
        until,
        chance.choice(("UTC", "America/Sao_Paulo", "Europe/Berlin")),
        people=chance.choice(((), (chance.choice(people).id,))),
        models=chance.choice(((), ("openai/gpt-image-2",), ("openai/gpt-image-2", "sketch/sketch"))),
        projects=chance.choice(((), (named[0],), ("", named[1]))),
        kinds=chance.choice(((), ("image",))),
        practice=chance.random() < 0.5,
    )


def counts(call: dict[str, Any], question: Question, seen: set[str]) -> bool:
    day = call["at"].astimezone(ZoneInfo(question.zone)).date()
    filters = {"person": question.people or seen, "model": question.models, "project": question.projects}
    filters["kind"] = question.kinds
    return (
        question.since <= day <= question.until
        and (question.practice or not call["practice"])
        and all(not wanted or call[name] in wanted for name, wanted in filters.items())
    )


def grouped(calls: Iterable[dict[str, Any]], split: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in calls:
        groups[call[split]].append(call)
    return groups


def spend(calls: list[dict[str, Any]]) -> Decimal | None:
    costs = [call["cost"] for call in calls if call["cost"] is not None]
    return sum(costs, Decimal(0)) if costs else None
