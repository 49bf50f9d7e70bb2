"""What this process counts for operators, in the names that `/metrics` shows."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server

REGISTRY = CollectorRegistry()
"""What happens in this process and on this machine. Of our own: the library's default one also holds what others put
there."""
SHARED = CollectorRegistry()
"""What is so for all processes, read from the database; processes that serve screens tell it."""
OUTCOMES = ("succeeded", "busy", "moderation", "account", "request", "unusable", "unknown", "failed")
"""How a call can end. A generation can also end as "canceled", or as "ours": it stopped on our side."""

# To count something else, add it here and use it where it happens; an alert on it is a line of `data/alerts.yml`.
GENERATIONS = Counter(
    "studio_generations_total", "Generations at their end.", ["provider", "model", "outcome"], registry=REGISTRY
)
CALLS = Counter("studio_provider_calls_total", "Calls at their end.", ["provider", "outcome"], registry=REGISTRY)
PROVIDER_SECONDS = Histogram(
    "studio_provider_seconds",
    "Seconds that calls to a provider took.",
    ["provider"],
    buckets=(0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300),
    registry=REGISTRY,
)
COST = Counter("studio_cost_dollars_total", "US dollars booked, without practice.", ["provider"], registry=REGISTRY)
UNKNOWN = Counter("studio_unknown_outcomes_total", "Calls whose outcome nobody knows.", ["provider"], registry=REGISTRY)
STORAGE_ERRORS = Counter("studio_storage_errors_total", "Files that could not be read or written.", registry=REGISTRY)
BROKEN = Counter("studio_broken_total", "Errors that nobody foresaw; each is in the log.", registry=REGISTRY)
GUESSES = Counter(
    "studio_link_guesses_total",
    "Addresses and passwords of links that opened nothing; a picture is a tenth of one.",
    registry=REGISTRY,
)
HELD_UP = Counter(
    "studio_link_guesses_held_up_total", "Readers who were told to wait after too many.", registry=REGISTRY
)
CRASHED = Counter("studio_pictures_crashed_total", "Pictures that broke what opens them.", registry=REGISTRY)
SPOOLED = Gauge("studio_spooled_answers", "Raw provider answers not finished yet.", registry=REGISTRY)
DISK_FREE = Gauge("studio_disk_free_bytes", "Free space where the studio keeps its data.", registry=REGISTRY)
DISK_FLOOR = Gauge("studio_disk_floor_bytes", "Below this much of it nothing new is paid for.", registry=REGISTRY)
LIVE = Gauge("studio_live_sockets", "Screens that are listening.", registry=REGISTRY)

QUEUED = Gauge("studio_generations_queued", "Generations that wait for a worker.", registry=SHARED)
RUNNING = Gauge("studio_generations_running", "Generations at work.", registry=SHARED)
OLDEST = Gauge("studio_oldest_queued_seconds", "Age of the generation that waits longest.", registry=SHARED)
DOUBTFUL = Gauge("studio_unknown_outcomes_open", "Generations of unknown outcome to be decided on.", registry=SHARED)
POSSIBLE = Gauge("studio_possible_cost_dollars", "US dollars that these may have cost.", registry=SHARED)
WORKERS = Gauge("studio_workers", "Processes that do background work and show signs of life.", registry=SHARED)


def expect(providers: Iterable[str]) -> None:
    """Begin all counts of these at 0: Prometheus takes the first value that it sees for no increase."""
    for provider in providers:
        UNKNOWN.labels(provider)
        COST.labels(provider)
        PROVIDER_SECONDS.labels(provider)
        for outcome in OUTCOMES:
            CALLS.labels(provider, outcome)


def called(provider: str, outcome: str, seconds: float | None, dollars: Decimal | None) -> None:
    """Count one call to a provider at its end, how long its answer took where one came, and what was booked."""
    CALLS.labels(provider, outcome).inc()
    if seconds is not None:
        PROVIDER_SECONDS.labels(provider).observe(seconds)
    if dollars:
        COST.labels(provider).inc(float(dollars))
    if outcome == "unknown":
        UNKNOWN.labels(provider).inc()


def finished(provider: str, model: str, outcome: str) -> None:
    """Count one generation at its end; the outcome is its status, or why it failed."""
    GENERATIONS.labels(provider, model, outcome).inc()


def text() -> bytes:
    """Everything in Prometheus' text format."""
    return generate_latest(REGISTRY) + generate_latest(SHARED)


def serve(port: int, free: Callable[[], float], floor: float, spooled: Callable[[], float]) -> None:
    """Tell what is counted here at http://127.0.0.1:port/metrics, for a process without screens.

    The disk and the answers on it are looked at with each question. Raises OSError when the port is taken.
    """
    DISK_FREE.set_function(free)
    DISK_FLOOR.set(floor)
    SPOOLED.set_function(spooled)
    start_http_server(port, "127.0.0.1", REGISTRY)
