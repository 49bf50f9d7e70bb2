"""A generation is a trace with its own id: its life, its calls, the keeping of its answers; by names and ids alone."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlmodel import select

from core import conversations, generations, log, tracing
from core.access import Person
from core.settings import Settings
from core.studio import Studio
from core.tables import Attempt, Generation
from tests.conftest import unfinished, wish
from tests.receiver import Receiver
from tests.test_generations import NANO, NOISE
from tests.vendors import KEY, Vendors

PROMPT = "a red fox for Acme"


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(NOISE) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, vendors: Vendors) -> Settings:
    return replace(settings, **vendors.settings())


@pytest.fixture
def there() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def spans(there: Receiver, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """Sends them to the receiver from here on; gives those that arrived, once they are all there."""
    ends: list[Callable[[], None]] = []
    monkeypatch.setattr(tracing, "_send", None)
    monkeypatch.setattr(tracing.atexit, "register", ends.append)
    tracing.start(Settings(otel_exporter_otlp_endpoint=f"http://{there.host}/"))

    def arrived() -> list[Any]:
        for end in ends:
            end()
        requests = [ExportTraceServiceRequest.FromString(one.body) for one in there.arrived]
        return [s for r in requests for group in r.resource_spans for scope in group.scope_spans for s in scope.spans]

    return arrived


def asked(studio: Studio, person: Person) -> Generation:
    conversations.start(studio, person, wish(PROMPT, NANO))
    with studio.reading() as db:
        return db.exec(select(Generation)).one()


def work(studio: Studio) -> None:
    for generation_id, round in unfinished(studio):
        asyncio.run(generations.run(studio, generation_id, round))


def facts(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_generations_life_its_call_and_the_keeping_are_one_trace_under_its_id(
    studio: Studio, alice: Person, spans: Callable[[], list[Any]], there: Receiver
) -> None:
    generation = asked(studio, alice)
    work(studio)

    found = {span.name: span for span in spans()}

    assert set(found) == {"generation", "provider.call", "answer.kept"}
    assert {span.trace_id.hex() for span in found.values()} == {generation.id}
    life = found["generation"]
    assert not life.parent_span_id
    assert {found[name].parent_span_id for name in ("provider.call", "answer.kept")} == {life.span_id}
    call = found["provider.call"]
    assert life.start_time_unix_nano <= call.start_time_unix_nano <= call.end_time_unix_nano
    assert call.end_time_unix_nano <= found["answer.kept"].end_time_unix_nano <= life.end_time_unix_nano + 10**9
    told = facts(call)
    assert (told["studio.provider"], told["studio.outcome"]) == ("openrouter", "succeeded")
    assert told["studio.generation"] == generation.id
    assert all(one.path == "/v1/traces" for one in there.arrived)


def test_attributes_are_those_of_log_lines_and_nothing_private_leaves(
    studio: Studio, alice: Person, vendors: Vendors, spans: Callable[[], list[Any]], there: Receiver
) -> None:
    vendors.next("refusal")
    asked(studio, alice)
    work(studio)

    found = spans()

    assert found
    assert {key.removeprefix("studio.") for span in found for key in facts(span)} <= log.FIELDS
    everything = b"".join(one.everything for one in there.arrived)
    assert [secret for secret in (PROMPT, "fox", KEY, alice.id, "Alice") if secret.encode() in everything] == []


def test_a_call_that_nobody_lived_to_see_is_told_by_who_ends_it(
    studio: Studio, alice: Person, vendors: Vendors, spans: Callable[[], list[Any]]
) -> None:
    generation = asked(studio, alice)
    vendors.next("cut")
    work(studio)
    with studio.reading() as db:
        attempt = db.exec(select(Attempt)).one()

    found = {span.name: span for span in spans()}

    assert set(found) == {"generation", "provider.call"}
    assert facts(found["provider.call"])["studio.attempt"] == attempt.id
    assert {facts(span)["studio.outcome"] for span in found.values()} == {"unknown"}
    assert found["generation"].trace_id.hex() == generation.id


def test_a_collector_that_is_down_costs_nobody_an_image(
    studio: Studio, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_send", None)
    monkeypatch.setattr(tracing.atexit, "register", lambda _: None)
    tracing.start(Settings(otel_exporter_otlp_endpoint="http://127.0.0.1:9"))
    asked(studio, alice)

    work(studio)

    with studio.reading() as db:
        assert db.exec(select(Generation)).one().status == "succeeded"
