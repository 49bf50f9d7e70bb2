"""Prices put right are billed anew on purpose, on their own days, and what a provider reported stays."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import access, budgets, holds, repricing
from core.access import Person
from core.catalogue import Catalogue
from core.errors import Refused
from core.models import MODELS
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import Attempt, Event, Generation, Spending
from tests.books import Books

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
DAY = date(2026, 11, 10)
GPT = ("openai", "gpt-image-2")
USAGE = {"text_in": 1_000_000, "image_out": 1_000_000}


@pytest.fixture(params=["furnished", "on_postgres"], ids=["laptop", "on_postgres"])
def studio(request: pytest.FixtureRequest) -> Iterator[Studio]:
    home: Settings = request.getfixturevalue(request.param)
    opened = open_studio(home, now=lambda: NOON)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def ana(studio: Studio) -> Person:
    return access.person_named(studio, "ana", "Ana")


def billed(studio: Studio, who: Person, basis: str, cost: str = "0.01", day: date = DAY) -> str:
    """A call that was billed by our own arithmetic; its id."""
    turn = Books(studio).call(who, NOON, cost, model=GPT)
    with studio.transaction() as db:
        attempt = db.exec(select(Attempt).join(Generation).where(Generation.turn_id == turn)).one()
        attempt.cost_basis, attempt.priced_on, attempt.usage = basis, day, USAGE
        holds.settle(db, db.get_one(Generation, attempt.generation_id))
        return attempt.id


def cost(studio: Studio, attempt_id: str) -> Decimal | None:
    with studio.reading() as db:
        return db.get_one(Attempt, attempt_id).cost


def right(studio: Studio) -> Decimal:
    """What a million tokens of each kind come to."""
    rule = studio.catalogue.priced("openai/gpt-image-2", DAY)
    assert rule
    return rule.rates["text_in"] + rule.rates["image_out"]


def test_a_dry_run_tells_what_would_change_and_changes_nothing(studio: Studio, ana: Person) -> None:
    attempt = billed(studio, ana, "computed")

    (found,) = repricing.reprice(studio, DAY, DAY)

    assert (found.model, found.calls) == ("openai/gpt-image-2", 1)
    assert (found.before, found.after) == (Decimal("0.01"), right(studio))
    assert cost(studio, attempt) == Decimal("0.01")


def test_what_is_wrong_is_put_right_in_ledger_budget_and_audit(studio: Studio, ana: Person) -> None:
    attempt = billed(studio, ana, "computed")

    repricing.reprice(studio, DAY, DAY, dry_run=False)

    with studio.reading() as db:
        row = db.get_one(Attempt, attempt)
        made = db.get_one(Generation, row.generation_id)
        counted = db.scalars(sa.select(Spending.spent).where(Spending.kind == budgets.PERSON)).one()
        told = db.scalars(select(Event).where(col(Event.kind) == "attempt.repriced")).one()
    assert row.cost == made.cost == counted == right(studio)
    assert (told.facts["before"], Decimal(told.facts["after"])) == ("0.01", right(studio))
    assert repricing.reprice(studio, DAY, DAY) == ()


@pytest.mark.parametrize("basis", ["reported", "unknown"])
def test_what_is_not_our_own_arithmetic_stays(studio: Studio, ana: Person, basis: str) -> None:
    attempt = billed(studio, ana, basis)

    assert repricing.reprice(studio, DAY, DAY, dry_run=False) == ()

    assert cost(studio, attempt) == Decimal("0.01")


def test_an_estimate_is_estimated_anew(studio: Studio, ana: Person) -> None:
    attempt = billed(studio, ana, "estimated")

    repricing.reprice(studio, DAY, DAY, dry_run=False)

    assert cost(studio, attempt) not in (Decimal("0.01"), right(studio), None)


def test_other_days_and_other_models_stay(studio: Studio, ana: Person) -> None:
    billed(studio, ana, "computed", day=DAY - timedelta(1))

    assert repricing.reprice(studio, DAY, DAY) == ()
    assert repricing.reprice(studio, DAY - timedelta(9), DAY, ["openai/gpt-image-1.5"]) == ()
    assert len(repricing.reprice(studio, DAY - timedelta(9), DAY, ["openai/gpt-image-2"])) == 1


def test_more_than_one_block_is_gone_through(studio: Studio, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repricing, "AT_ONCE", 2)
    for _ in range(5):
        billed(studio, ana, "computed")

    (found,) = repricing.reprice(studio, DAY, DAY, dry_run=False)

    assert (found.calls, found.after) == (5, 5 * right(studio))
    assert repricing.reprice(studio, DAY, DAY) == ()


def test_days_that_are_none_are_refused(studio: Studio) -> None:
    with pytest.raises(Refused, match="end before they begin"):
        repricing.reprice(studio, DAY, DAY - timedelta(1))


def test_each_day_has_its_own_price(tmp_path: Path) -> None:
    text = MODELS.read_text()
    before, after = 'price = { kind = "per_image", flat = 0.0 }\nas_of', "as_of"
    dated = """prices_before = [
    { kind = "per_image", flat = 0.3, valid_until = "2026-01-31" },
    { kind = "per_image", flat = 0.2, valid_until = "2026-06-30" },
]
price = { kind = "per_image", flat = 0.1, valid_until = "2026-12-31" }
price_next = { kind = "per_image", flat = 0.05, valid_from = "2027-01-01" }
"""
    assert before in text
    (tmp_path / "models.toml").write_text(text.replace(before, dated + after, 1))
    catalogue = Catalogue.load(tmp_path / "models.toml", today=lambda: date(2027, 3, 1))

    def flat(day: date) -> str:
        rule = catalogue.priced("sketch/sketch", day)
        assert rule
        return str(rule.rates["flat"])

    assert [flat(date(2020, 1, 1)), flat(date(2026, 1, 31)), flat(date(2026, 2, 1))] == ["0.3", "0.3", "0.2"]
    assert [flat(date(2026, 7, 1)), flat(date(2026, 12, 31)), flat(date(2027, 1, 1))] == ["0.1", "0.1", "0.05"]
    today = catalogue.find("sketch/sketch").price
    assert today and str(today.rates["flat"]) == "0.05"
