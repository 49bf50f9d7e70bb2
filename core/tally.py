"""What operators count and trace of each call and each generation, told once at their ends, from what the ledger says.

So whoever finishes what a killed process began tells it just the same.
"""

from datetime import timedelta
from functools import partial

from core import metrics, tracing
from core.tables import STORED, Attempt, Generation


def call_ended(attempt: Attempt, generation: Generation, outcome: str) -> None:
    """A call to a provider ended so; one that was busy will be made again."""
    took = None if attempt.duration_ms is None else timedelta(milliseconds=attempt.duration_ms)
    dollars = None if generation.practice else attempt.cost  # practice says what the real thing would cost
    metrics.called(generation.provider, outcome, took.total_seconds() if took else None, dollars)
    ended = attempt.finished_at or attempt.started_at
    answered = ended if took is None else attempt.started_at + took
    told = partial(tracing.part, generation=generation.id, attempt=attempt.id, round=attempt.round)
    provider, model = generation.provider, generation.model
    told("provider.call", attempt.started_at, answered, provider=provider, model=model, outcome=outcome)
    if attempt.state == STORED:
        told("answer.kept", answered, max(answered, ended), count=attempt.images)


def round_ended(generation: Generation, outcome: str) -> None:
    """A generation came to an end so; asked for again, it will come to another one."""
    metrics.finished(generation.provider, generation.model, outcome)
    tracing.whole(
        "generation",
        generation.queued_at,
        generation.finished_at or generation.queued_at,
        generation=generation.id,
        round=generation.round,
        kind=generation.kind,
        provider=generation.provider,
        model=generation.model,
        outcome=outcome,
    )
