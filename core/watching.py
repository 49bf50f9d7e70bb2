"""What watches a process that serves people or works for them: log lines, error tracking, traces."""

from core import log, sentry, tracing
from core.settings import Settings


def start(settings: Settings) -> None:
    """Begin to watch; once, at the start. Raises Refused when a setting of it cannot be followed."""
    log.setup()
    sentry.start(settings)
    tracing.start(settings)
