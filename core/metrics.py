"""What this process counts for operators, in the names that `/metrics` shows."""

from decimal import Decimal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
"""Of our own: the library's default one also holds what Streamlit and others register."""

# To count something else, add it here and use it where it happens.
GENERATIONS = Counter(
    "studio_generations_total", "Generations at their end.", ["provider", "model", "outcome"], registry=REGISTRY
)
PROVIDER_SECONDS = Histogram(
    "studio_provider_seconds",
    "Seconds that calls to a provider took.",
    ["provider"],
    buckets=(0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300),
    registry=REGISTRY,
)
COST = Counter("studio_cost_dollars_total", "US dollars booked.", ["provider"], registry=REGISTRY)
UNKNOWN = Counter("studio_unknown_outcomes_total", "Calls whose outcome nobody knows.", ["provider"], registry=REGISTRY)
STORAGE_ERRORS = Counter("studio_storage_errors_total", "Files that could not be read or written.", registry=REGISTRY)

QUEUED = Gauge("studio_generations_queued", "Generations that wait for a worker.", registry=REGISTRY)
RUNNING = Gauge("studio_generations_running", "Generations at work.", registry=REGISTRY)
OLDEST = Gauge("studio_oldest_queued_seconds", "Age of the generation that waits longest.", registry=REGISTRY)
SPOOLED = Gauge("studio_spooled_answers", "Raw provider answers not finished yet.", registry=REGISTRY)
DISK_FREE = Gauge("studio_disk_free_bytes", "Free space where the studio keeps its data.", registry=REGISTRY)
LIVE = Gauge("studio_live_sockets", "Screens that are listening.", registry=REGISTRY)


def called(provider: str, seconds: float, cost: Decimal | None = None) -> None:
    """Count one call to a provider that came back, and what it cost in US dollars."""
    PROVIDER_SECONDS.labels(provider).observe(seconds)
    if cost:
        COST.labels(provider).inc(float(cost))


def finished(provider: str, model: str, outcome: str) -> None:
    """Count one generation at its end; the outcome is its status, or "unknown" when nobody knows what was charged."""
    GENERATIONS.labels(provider, model, outcome).inc()
    if outcome == "unknown":
        UNKNOWN.labels(provider).inc()


def text() -> bytes:
    """Everything in Prometheus' text format."""
    return generate_latest(REGISTRY)
