"""Unforeseen errors, told to Sentry or what speaks like it: which kind, where in the code, and the number people have.

What is sent is made here, field by field, from what the log says too. The library's own ways of collecting (messages,
variables, lines of code, requests, people, breadcrumbs) are all off, and what it adds by itself is taken out again.
"""

import atexit
from typing import Any

from core import log
from core.errors import Refused
from core.release import version
from core.settings import Settings

SECONDS = 2.0
"""That a process which ends waits for what is still to be sent."""
MISSING = "SENTRY_DSN is set, but sentry-sdk is not installed. Run `make watch`, or empty it."
UNREADABLE = (
    "SENTRY_DSN is not an address as Sentry gives them. Copy it from the project's settings there, or empty it."
)
# To let another field be sent, add its name here. Never one with texts that a person or a provider wrote.
SENT = frozenset({"event_id", "timestamp", "level", "platform", "release", "environment", "exception", "tags", "sdk"})


def start(settings: Settings) -> None:
    """Tell errors from here on, where the settings say to whom; else nothing is even imported.

    Raises Refused for an address that is none, and when the extra `watch` is missing.
    """
    if not settings.sentry_dsn:
        return
    try:
        client = _client(settings.sentry_dsn)
    except ImportError:
        raise Refused(MISSING) from None
    atexit.register(client.close, timeout=SECONDS)
    log.tell(lambda error, number: client.capture_event(_event(error, number)))


def _client(dsn: str) -> Any:
    import sentry_sdk
    from sentry_sdk.utils import BadDsn

    try:
        return sentry_sdk.Client(
            dsn=dsn,
            release=f"image-studio@{version()}",
            server_name="",
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            include_source_context=False,
            send_client_reports=False,
            auto_session_tracking=False,
            max_breadcrumbs=0,
            before_send=_bare,
        )
    except BadDsn:  # its message quotes the address
        raise Refused(UNREADABLE) from None


def _bare(event: Any, _hint: Any) -> Any:
    return {name: value for name, value in event.items() if name in SENT}


def _event(error: BaseException, number: str) -> dict[str, Any]:
    """Sentry wants what an error came from before the error itself."""
    return {"level": "error", "tags": {"number": number}, "exception": {"values": [*map(_one, log.chain(error))][::-1]}}


def _one(error: BaseException) -> dict[str, Any]:
    frames = [{"filename": file, "lineno": line, "function": name} for file, line, name in log.frames(error)]
    return (
        {"type": type(error).__name__, "stacktrace": {"frames": frames}} if frames else {"type": type(error).__name__}
    )
