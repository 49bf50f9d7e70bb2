"""Spans for who traces: a generation's life, its calls and the keeping of its answers, sent to a collector by OTLP.

A generation's id is the id of its trace, so a log line leads to it, and what several processes did stands together.
Spans are made at their ends, from times that the ledger has. Without an address nothing is imported, and nothing sent.
"""

import atexit
import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from core import log
from core.errors import Refused
from core.release import version
from core.settings import Settings

SECONDS = 5
"""That the collector may take for one delivery; a process that ends waits no longer for it."""
MISSING = "OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends spans is not installed. Run `make watch`, or empty it."

_send: Callable[..., None] | None = None


def start(settings: Settings) -> None:
    """Send spans from here on, where the settings say to whom. Raises Refused when the extra `watch` is missing."""
    global _send
    if not settings.otel_exporter_otlp_endpoint or _send:
        return
    try:
        _send = _sender(settings.otel_exporter_otlp_endpoint)
    except ImportError:
        raise Refused(MISSING) from None


def whole(name: str, begin: datetime, end: datetime, *, generation: str, round: int, **facts: Any) -> None:
    """One round of a generation, from being asked for to its end. Facts are those of log lines."""
    if _send:
        _send(name, begin, end, generation, _span(generation, round), None, {**facts, "round": round})


def part(name: str, begin: datetime, end: datetime, *, generation: str, round: int, attempt: str, **facts: Any) -> None:
    """What one of its calls did meanwhile."""
    if _send:
        own = _span(f"{attempt}.{name}", round)
        _send(name, begin, end, generation, own, _span(generation, round), {**facts, "attempt": attempt})


def _span(of: str, round: int) -> int:
    """The same for every process that tells it, and never 0."""
    return int.from_bytes(hashlib.sha256(f"{of}.{round}".encode()).digest()[:8]) or 1


def _sender(endpoint: str) -> Callable[..., None]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=SECONDS)
    processor = BatchSpanProcessor(exporter)
    resource = Resource({"service.name": "image-studio", "service.version": version()})
    atexit.register(processor.shutdown)

    def context(trace: int, span: int) -> SpanContext:
        return SpanContext(trace, span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))

    def send(
        name: str, begin: datetime, end: datetime, generation: str, span: int, parent: int | None, facts: dict[str, Any]
    ) -> None:
        trace = int(generation, 16)
        told = log.fitting({**facts, "generation": generation})
        well = facts.get("outcome") in (None, "succeeded")
        processor.on_end(
            ReadableSpan(
                name,
                context(trace, span),
                context(trace, parent) if parent else None,
                resource,
                {f"studio.{key}": value for key, value in told.items()},
                kind=SpanKind.CLIENT if name == "provider.call" else SpanKind.INTERNAL,
                status=Status(StatusCode.OK if well else StatusCode.ERROR),
                start_time=_nanoseconds(begin),
                end_time=_nanoseconds(end),
            )
        )

    def quietly(*span: Any) -> None:
        with suppress(Exception):  # what cannot be traced must not cost anybody an image
            send(*span)

    return quietly


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1_000
