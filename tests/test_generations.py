"""A generation goes from queued to kept, fails with a sentence, waits, is retried or canceled, and never pays twice."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from PIL import Image as Pillow
from sqlmodel import select

from core import access, conversations, doctor, generations, spool
from core.access import Person
from core.errors import NotFound, Refused
from core.providers import Answer, Provider, Request, Result
from core.settings import Settings
from core.spool import Receipt
from core.studio import Studio, open_studio
from core.tables import FAILED, SENT, STORED, UNKNOWN, Attempt, Generation, Image, Turn, new_id
from core.views import GenerationView
from tests.conftest import Clock, unfinished, wish
from tests.test_provider_answers import WAYS
from tests.vendor_answers import good
from tests.vendors import Vendors


def _noise() -> bytes:
    picture = BytesIO()
    Pillow.effect_noise((64, 48), 60).convert("RGB").save(picture, "PNG")
    return picture.getvalue()


NOISE = _noise()
NANO = "openrouter/google/gemini-nano-banana-2.1"


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(NOISE) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, vendors: Vendors) -> Settings:
    """Both homes, with every provider open and talking to the stand-in."""
    return replace(settings, **vendors.settings())


class Watched:
    """A provider that looks into the ledger at the moment it is called."""

    name = "openrouter"

    def __init__(self, studio: Studio, real: Provider) -> None:
        self.studio, self.real, self.seen = studio, real, list[tuple[str, Decimal | None]]()

    def sent(self, request: Request) -> dict[str, Any]:
        return self.real.sent(request)

    async def send(self, request: Request) -> Answer:
        self.seen += [(a.state, a.reserved_cost) for a in attempts(self.studio)]
        return await self.real.send(request)

    def read(self, request: Request, answer: Answer) -> Result:
        return self.real.read(request, answer)


def ask(studio: Studio, person: Person, *models: str, **wishes: object) -> list[GenerationView]:
    asked = conversations.start(studio, person, wish("a red fox", *models, **wishes))
    return look(studio, person, asked.conversation_id)


def look(studio: Studio, person: Person, conversation_id: str) -> list[GenerationView]:
    opened = conversations.opened(studio, person, conversation_id)
    return [g for turn in opened.turns for g in turn.generations]


def again(studio: Studio, person: Person, generation: GenerationView) -> GenerationView:
    """The same generation as it is now."""
    with studio.reading() as db:
        row = access.find(db, Generation, generation.id, person)
        turn = db.get_one(Turn, row.turn_id)
    return next(g for g in look(studio, person, turn.conversation_id) if g.id == row.id)


def step(studio: Studio, generation: GenerationView) -> float | None:
    return asyncio.run(generations.run(studio, generation.id, generation.round))


def attempts(studio: Studio) -> list[Attempt]:
    with studio.reading() as db:
        return list(db.exec(select(Attempt).order_by(Attempt.id)).all())


def test_an_answer_becomes_a_kept_image_with_its_cost_and_duration(studio: Studio, alice: Person) -> None:
    [asked] = ask(studio, alice, NANO)

    assert step(studio, asked) is None

    made = again(studio, alice, asked)
    assert (made.status, made.cost_basis, len(made.images)) == ("succeeded", "reported", 1)
    assert made.cost and made.duration_ms is not None
    assert (made.images[0].width, made.images[0].height) == (64, 48)
    assert [(a.state, a.cost) for a in attempts(studio)] == [(STORED, made.cost)]


def test_the_call_is_in_the_ledger_before_it_is_sent(studio: Studio, alice: Person, vendors: Vendors) -> None:
    [asked] = ask(studio, alice, NANO)
    watched = Watched(studio, studio.providers["openrouter"])

    step(replace(studio, providers={"openrouter": watched}), asked)

    [(state, reserved)] = watched.seen
    assert state == SENT
    assert reserved and round(reserved, 4) == Decimal("0.0336")


def test_doing_a_finished_round_again_calls_nobody(studio: Studio, alice: Person, vendors: Vendors) -> None:
    [asked] = ask(studio, alice, NANO)
    step(studio, asked)

    step(studio, asked)

    assert len(vendors.calls) == 1


def test_one_models_failure_leaves_the_others_intact(studio: Studio, alice: Person, vendors: Vendors) -> None:
    asked = ask(studio, alice, NANO, "openai/gpt-image-2", "sketch/sketch")
    vendors.next("402")

    for generation in asked:
        step(studio, generation)

    made = [again(studio, alice, g) for g in asked]
    assert sorted(g.status for g in made) == ["failed", "succeeded", "succeeded"]
    [failed] = [g for g in made if g.status == FAILED]
    assert failed.error_kind == "account" and failed.error and failed.cost == 0


def test_a_busy_provider_is_asked_again_and_pays_once(studio: Studio, alice: Person, vendors: Vendors) -> None:
    [asked] = ask(studio, alice, NANO)
    vendors.next("429")

    wait = step(studio, asked)
    waiting = again(studio, alice, asked)
    step(studio, asked)

    assert wait and wait >= 2
    assert (waiting.status, waiting.error_kind) == ("queued", "busy") and waiting.error and waiting.next_at
    assert again(studio, alice, asked).status == "succeeded"
    assert [(a.state, a.error_kind) for a in attempts(studio)] == [(FAILED, "busy"), (STORED, None)]


def test_a_provider_that_stays_busy_is_given_up_with_a_sentence(
    studio: Studio, alice: Person, vendors: Vendors
) -> None:
    [asked] = ask(studio, alice, NANO)
    vendors.always = "429"

    waits = 0
    while step(studio, asked) is not None:
        waits += 1

    ended = again(studio, alice, asked)
    assert waits == generations.TRIES - 1 == len(vendors.calls) - 1
    assert (ended.status, ended.error_kind, ended.cost) == ("failed", "busy", 0)


def test_a_lost_answer_is_unknown_and_never_sent_again_by_itself(
    studio: Studio, alice: Person, vendors: Vendors
) -> None:
    [asked] = ask(studio, alice, NANO)
    vendors.next("closed")

    assert step(studio, asked) is None
    step(studio, asked)
    generations.recover(studio)

    lost = again(studio, alice, asked)
    assert lost.unknown and lost.error and "may have been charged" in lost.error
    assert len(vendors.calls) == 1
    assert [(a.state, a.cost) for a in attempts(studio)] == [(UNKNOWN, None)]
    assert attempts(studio)[0].reserved_cost


def test_a_person_may_decide_to_try_a_lost_one_again(studio: Studio, alice: Person, vendors: Vendors) -> None:
    [asked] = ask(studio, alice, NANO)
    vendors.next("closed")
    step(studio, asked)

    generations.retry(studio, alice, asked.id)
    for generation_id, round in unfinished(studio):
        asyncio.run(generations.run(studio, generation_id, round))

    made = again(studio, alice, asked)
    assert (made.status, made.round, made.cost_basis) == ("succeeded", 1, "unknown")
    assert [a.state for a in attempts(studio)] == [UNKNOWN, STORED]


def test_an_answer_without_a_picture_fails_and_is_kept_for_support(
    studio: Studio, alice: Person, vendors: Vendors
) -> None:
    [asked] = ask(studio, alice, NANO)
    vendors.next("truncated")

    step(studio, asked)

    failed = again(studio, alice, asked)
    assert (failed.status, failed.error_kind, failed.images) == ("failed", "unusable", ())
    assert [p.suffix for p in (studio.settings.spool_dir / spool.UNUSABLE).iterdir()] == [".answer"]
    assert not list(spool.waiting(studio.settings))


def test_a_spooled_answer_is_kept_after_a_restart(studio: Studio, alice: Person, vendors: Vendors) -> None:
    [asked] = ask(studio, alice, NANO)
    _die_after_spooling(studio, asked)

    generations.recover(open_studio(studio.settings))

    assert again(studio, alice, asked).status == "succeeded"
    assert len(vendors.calls) == 1
    assert not list(spool.waiting(studio.settings))


def test_a_spooled_answer_is_kept_even_when_its_call_was_booked_as_lost_and_canceled(
    studio: Studio, alice: Person
) -> None:
    """A machine came back after others had given its call up: its receipt still counts."""
    [asked] = ask(studio, alice, NANO)
    _die_after_spooling(studio, asked)
    with studio.transaction() as db:
        for attempt in db.exec(select(Attempt)).all():
            attempt.state = UNKNOWN
    generations.cancel(studio, alice, asked.id)

    generations.recover(studio)

    assert again(studio, alice, asked).status == "succeeded"


def test_a_call_that_nobody_waits_for_any_more_is_listed_as_unknown(
    studio: Studio, alice: Person, clock: Callable[..., object]
) -> None:
    [asked] = ask(studio, alice, NANO)
    _die_while_calling(studio, asked)

    generations.recover(studio)
    before = again(studio, alice, asked).status
    clock.skip(minutes=8)  # type: ignore[attr-defined]  # the conftest's Clock
    generations.recover(studio)

    assert before == "running"
    assert again(studio, alice, asked).unknown


def test_a_process_that_wakes_up_after_another_took_over_makes_no_second_call(studio: Studio, alice: Person) -> None:
    [asked] = ask(studio, alice, NANO)
    _die_while_calling(studio, asked)

    booked = generations.ledger.send(studio, asked.id, asked.round, Decimal("0.0336"), {})

    assert booked is None
    assert [a.state for a in attempts(studio)] == [SENT]


def test_a_picture_is_kept_even_when_the_disk_does_not_take_its_receipt(
    studio: Studio, alice: Person, vendors: Vendors
) -> None:
    [asked] = ask(studio, alice, NANO)
    studio.settings.spool_dir.rmdir()  # writing fails, also for root

    step(studio, asked)

    assert again(studio, alice, asked).status == "succeeded"


def test_a_damaged_receipt_does_not_keep_the_others_waiting(studio: Studio, alice: Person) -> None:
    [asked] = ask(studio, alice, NANO)
    _die_after_spooling(studio, asked)
    (studio.settings.spool_dir / "0damaged.answer").write_bytes(b"\x00\xff no receipt")

    generations.recover(studio)

    assert again(studio, alice, asked).status == "succeeded"


def test_a_receipt_waits_for_a_provider_whose_key_was_taken_away(studio: Studio, alice: Person) -> None:
    [asked] = ask(studio, alice, NANO)
    _die_after_spooling(studio, asked)

    generations.recover(replace(studio, providers={}))
    waiting = list(spool.waiting(studio.settings))
    generations.recover(studio)

    assert len(waiting) == 1
    assert again(studio, alice, asked).status == "succeeded"


def test_an_answer_on_another_machine_is_waited_for_and_only_after_a_day_lost(
    studio: Studio, alice: Person, clock: Clock
) -> None:
    """Its machine may only be restarting, or its store be down; a second try would pay twice."""
    [asked] = ask(studio, alice, NANO)
    attempt_id = _die_while_calling(studio, asked)
    generations.ledger.receive(studio, attempt_id, 1234)

    wait = step(studio, asked)
    clock.skip(hours=1)
    generations.recover(studio)
    after_an_hour = again(studio, alice, asked).status
    clock.skip(days=1)
    generations.recover(studio)

    assert wait == generations.ELSEWHERE_WAIT
    assert after_an_hour == "running"
    assert again(studio, alice, asked).unknown


def test_sample_content_is_not_tried_again_for_money(studio: Studio, alice: Person) -> None:
    """A failed sample under a paid model's name would have made a real call and called it practice."""
    [asked] = ask(studio, alice, NANO)
    with studio.transaction() as db:
        row = db.get_one(Generation, asked.id)
        row.practice, row.status = True, FAILED

    with pytest.raises(Refused, match="sample content"):
        generations.retry(studio, alice, asked.id)
    assert again(studio, alice, asked).wire(studio.catalogue)["sample"]  # so its tile does not offer it


def test_an_answer_that_an_older_database_does_not_know_is_kept(studio: Studio, alice: Person) -> None:
    answer = Answer(200, {"content-type": "application/json"}, b"{}")
    for _ in range(2):  # its folder is made once
        spool.write(studio.settings, Receipt(asked := new_id(), 1, answer))

    generations.recover(studio)

    assert not list(spool.waiting(studio.settings))
    assert (studio.settings.spool_dir / "unknown" / f"{asked}.answer").read_bytes().endswith(b"{}")
    assert any("2 to calls that this database does not know" in found.text for found in doctor.look(studio.settings))


def test_malformed_answers_leave_no_half_visible_row(studio: Studio, alice: Person) -> None:
    chance = random.Random(20261121)
    for n, asked in enumerate(asked for _ in range(4) for asked in ask(studio, alice, NANO, count=10)):
        body = chance.choice(WAYS)(chance, good("openrouter", NOISE))
        answer = Answer(200, {"content-type": "application/json"}, body)
        spool.write(studio.settings, Receipt(_die_while_calling(studio, asked), n, answer))

    generations.recover(studio)

    assert not list(spool.waiting(studio.settings))
    with studio.reading() as db:
        images = db.exec(select(Image)).all()
    ended = {a.id: a.state for a in attempts(studio)}
    assert set(ended.values()) == {STORED, FAILED}
    assert {image.attempt_id for image in images} == {i for i, state in ended.items() if state == STORED}
    assert all(studio.store.get(image.key) for image in images)


def test_canceling_a_queued_one_sends_nothing(studio: Studio, alice: Person, vendors: Vendors) -> None:
    [asked] = ask(studio, alice, NANO)

    generations.cancel(studio, alice, asked.id)
    step(studio, asked)

    assert again(studio, alice, asked).status == "canceled"
    assert not vendors.calls and not attempts(studio)


def test_canceling_a_running_one_cuts_the_call_and_books_a_possible_charge(
    studio: Studio, alice: Person, vendors: Vendors
) -> None:
    [asked] = ask(studio, alice, NANO)
    vendors.seconds = 30

    async def cancel_while_it_runs() -> None:
        running = asyncio.create_task(generations.run(studio, asked.id, 0))
        while not vendors.calls:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(generations.cancel, studio, alice, asked.id)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancel_while_it_runs())

    assert again(studio, alice, asked).status == "canceled"
    assert [a.state for a in attempts(studio)] == [UNKNOWN]


def test_what_is_done_or_on_its_way_is_not_retried_and_what_ended_not_canceled(studio: Studio, alice: Person) -> None:
    [asked] = ask(studio, alice, NANO)

    with pytest.raises(Refused):
        generations.retry(studio, alice, asked.id)
    step(studio, asked)

    with pytest.raises(Refused):
        generations.retry(studio, alice, asked.id)
    with pytest.raises(Refused):
        generations.cancel(studio, alice, asked.id)


def test_somebody_elses_generation_is_not_there(studio: Studio, alice: Person, bob: Person) -> None:
    [asked] = ask(studio, alice, NANO)

    for verb in (generations.retry, generations.cancel):
        with pytest.raises(NotFound):
            verb(studio, bob, asked.id)


def test_nothing_is_paid_for_when_the_disk_is_nearly_full(studio: Studio, alice: Person, vendors: Vendors) -> None:
    [asked] = ask(studio, alice, NANO)
    full = replace(studio, settings=replace(studio.settings, free_space_floor_mb=10**9))

    step(full, asked)

    failed = again(studio, alice, asked)
    assert failed.status == "failed" and failed.error and "disk space" in failed.error
    assert not vendors.calls


def test_the_chosen_source_and_seed_are_sent(studio: Studio, alice: Person, make: Callable[..., str]) -> None:
    fox = make(alice, "a red fox")

    [asked] = ask(studio, alice, "a1111/default", source=fox, seed=77)
    step(studio, asked)

    [attempt] = [a for a in attempts(studio) if a.generation_id == asked.id]
    assert attempt.state == STORED
    assert attempt.sent["seed"] == 77
    assert again(studio, alice, asked).seed is not None


def _die_after_spooling(studio: Studio, asked: GenerationView) -> None:
    """What a kill right after the receipt was written leaves behind."""
    attempt_id = _die_while_calling(studio, asked)
    provider = studio.providers["openrouter"]
    request = generations.calls.plain_request(*_rows(studio, asked))
    answer = asyncio.run(provider.send(request))
    spool.write(studio.settings, Receipt(attempt_id, 1234, answer))


def _die_while_calling(studio: Studio, asked: GenerationView) -> str:
    booked = generations.ledger.send(studio, asked.id, asked.round, Decimal("0.0336"), {})
    assert booked
    return booked.attempt.id


def _rows(studio: Studio, asked: GenerationView) -> tuple[Generation, Turn]:
    with studio.reading() as db:
        generation = db.get_one(Generation, asked.id)
        return generation, db.get_one(Turn, generation.turn_id)
