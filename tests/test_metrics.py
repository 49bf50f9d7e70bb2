"""Every end of every call and generation is counted once, money only where it is real, and trouble where it happens."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core import conversations, generations, ledger, log, metrics
from core.access import Person
from core.files import StoreDown
from core.settings import Settings
from core.studio import Studio
from tests.conftest import unfinished, wish
from tests.test_generations import NANO, NOISE
from tests.vendors import Vendors

MODEL = {"provider": "openrouter", "model": NANO.partition("/")[2]}


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(NOISE) as running:
        yield running


@pytest.fixture
def settings(furnished: Settings, vendors: Vendors) -> Settings:
    return replace(furnished, **vendors.settings())


class Counted:
    """How much a count has grown since this was made."""

    def __init__(self) -> None:
        self.before = self._now()

    def _now(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        families = metrics.REGISTRY.collect()
        return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}

    def grew(self, name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return self._now().get(key, 0.0) - self.before.get(key, 0.0)


@pytest.fixture
def counted() -> Counted:
    return Counted()


def ask(studio: Studio, person: Person, model: str = NANO) -> str:
    conversations.start(studio, person, wish("a red fox", model))
    return unfinished(studio)[-1][0]


def step(studio: Studio, generation_id: str) -> float | None:
    return asyncio.run(generations.run(studio, generation_id, 0))


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [("", "succeeded"), ("402", "account"), ("400", "request"), ("blocked", "moderation"), ("cut", "unknown")],
)
def test_a_call_and_its_generation_are_counted_by_how_they_ended(
    studio: Studio, alice: Person, vendors: Vendors, counted: Counted, trouble: str, outcome: str
) -> None:
    vendors.next(trouble)

    step(studio, ask(studio, alice))

    assert outcome in metrics.OUTCOMES
    assert counted.grew("studio_provider_calls_total", provider="openrouter", outcome=outcome) == 1
    assert counted.grew("studio_generations_total", outcome=outcome, **MODEL) == 1
    assert counted.grew("studio_unknown_outcomes_total", provider="openrouter") == (outcome == "unknown")
    answered = outcome == "succeeded" or counted.grew("studio_provider_seconds_count", provider="openrouter") == 0
    assert answered or outcome == "moderation"  # some say no in a complete answer


def test_what_it_cost_and_how_long_it_took_is_counted(studio: Studio, alice: Person, counted: Counted) -> None:
    step(studio, ask(studio, alice))

    assert counted.grew("studio_cost_dollars_total", provider="openrouter") > 0
    assert counted.grew("studio_provider_seconds_count", provider="openrouter") == 1


def test_a_busy_provider_is_a_call_and_no_end(
    studio: Studio, alice: Person, vendors: Vendors, counted: Counted
) -> None:
    vendors.next("429")
    generation_id = ask(studio, alice)

    assert step(studio, generation_id)

    assert counted.grew("studio_provider_calls_total", provider="openrouter", outcome="busy") == 1
    assert counted.grew("studio_generations_total", outcome="busy", **MODEL) == 0

    step(studio, generation_id)
    assert counted.grew("studio_generations_total", outcome="succeeded", **MODEL) == 1


def test_practice_is_no_money(studio: Studio, alice: Person, counted: Counted) -> None:
    step(studio, ask(studio, alice, "sketch/sketch"))

    assert counted.grew("studio_provider_calls_total", provider="sketch", outcome="succeeded") == 1
    assert counted.grew("studio_cost_dollars_total", provider="sketch") == 0


def test_a_cancel_is_an_end_and_the_call_that_it_cut_is_one_of_unknown_outcome(
    studio: Studio, alice: Person, vendors: Vendors, counted: Counted
) -> None:
    vendors.seconds = 30
    queued, running = ask(studio, alice), ask(studio, alice)
    generations.cancel(studio, alice, queued)

    async def cut() -> None:
        work = asyncio.create_task(generations.run(studio, running, 0))
        while not vendors.calls:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(generations.cancel, studio, alice, running)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(cut())

    assert counted.grew("studio_generations_total", outcome="canceled", **MODEL) == 2
    assert counted.grew("studio_generations_total", outcome="unknown", **MODEL) == 0
    assert counted.grew("studio_unknown_outcomes_total", provider="openrouter") == 1


def test_what_stops_on_our_side_is_counted_once(studio: Studio, alice: Person, counted: Counted) -> None:
    generation_id = ask(studio, alice)

    for _ in range(2):
        ledger.give_up(studio, generation_id, 0, "ours", "It broke.")

    assert counted.grew("studio_generations_total", outcome="ours", **MODEL) == 1
    assert counted.grew("studio_provider_calls_total", provider="openrouter", outcome="ours") == 0


def test_a_store_in_trouble_is_counted_whoever_meets_it(studio: Studio, counted: Counted) -> None:
    (studio.store.root / ".image-studio").unlink(missing_ok=True)
    studio.store.check()
    (studio.store.root / ".image-studio").write_bytes(b"another one")

    with pytest.raises(StoreDown):
        studio.store.check()

    assert counted.grew("studio_storage_errors_total") == 1


def test_an_unforeseen_error_is_counted_once(counted: Counted) -> None:
    error = RuntimeError()

    log.broken(error)
    log.broken(error)

    assert counted.grew("studio_broken_total") == 1


def test_counts_of_a_provider_begin_at_nothing(counted: Counted) -> None:
    metrics.expect(["a-new-one"])

    lines = metrics.text().decode().splitlines()

    for outcome in metrics.OUTCOMES:
        assert f'studio_provider_calls_total{{outcome="{outcome}",provider="a-new-one"}} 0.0' in lines
    assert 'studio_unknown_outcomes_total{provider="a-new-one"} 0.0' in lines
