"""One JSON line per step of a life on stderr, made only of ids, names and numbers: no prompt, key or token gets in."""

import json
import logging
import re
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from core import metrics

# To let a line carry another fact, add its name here. Never a text that a person or a provider wrote.
FIELDS = frozenset(
    {"conversation", "turn", "generation", "attempt", "image", "user", "provider", "model", "kind", "status", "outcome"}
    | {"basis", "cost", "ms", "seconds", "wait", "count", "bytes", "round", "error", "id", "where"}
)
_NAME = re.compile(r"[\w./:+@~-]{0,120}", re.ASCII)
"""What ids and names look like. A prompt or a sentence has blanks and does not fit."""
_LINES = logging.getLogger("studio")
_SECRET_PATH = re.compile(r"/([ms])/[^/\s?\"]+")
_ACCESS_LOGS = ("uvicorn.access", "uvicorn.error")  # the second one names the addresses of web sockets
_NUMBERED = "logged as "
_strict = True
_told: list[Callable[[BaseException, str], None]] = []


def setup() -> None:
    """Begin to write lines; a process that serves people calls it once at its start.

    From then on a field that does not belong in a line is left out and named in it: it must not cost a paid picture.
    Before, as in tests, it raises.
    """
    global _strict
    _strict = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json())
    _LINES.handlers, _LINES.propagate = [handler], False
    _LINES.setLevel(logging.INFO)
    for name in _ACCESS_LOGS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, MaskTokens) for known in logger.filters):
            logger.addFilter(MaskTokens())


def step(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """One line: what happened, e.g. "generation.sent", with the facts of `FIELDS`. Fields that are None are left out.

    Raises ValueError before `setup` for an unknown field, or for text that is neither an id nor a name.
    """
    _LINES.log(level, event, extra={"facts": fitting(fields)})


def fitting(fields: dict[str, Any]) -> dict[str, Any]:
    """What of these may be told outside the studio, as `step` does."""
    unfit = sorted(name for name, value in fields.items() if name not in FIELDS or not _fits(value))
    if unfit and _strict:
        raise ValueError(f"These do not belong in a log line: {', '.join(unfit)}")
    facts = {name: value for name, value in fields.items() if name not in unfit and value is not None}
    return {**facts, "dropped": unfit} if unfit else facts


def tell(whom: Callable[[BaseException, str], None]) -> None:
    """From here on also hand every unforeseen error, with its number, to this one; what it raises is left out."""
    _told.append(whom)


def broken(error: BaseException) -> str:
    """Log an unforeseen error, once however often it is handed in, and return the number that people are told.

    Only the kinds of error and where they came from are written: messages may quote prompts or keys.
    """
    for note in getattr(error, "__notes__", []):
        if note.startswith(_NUMBERED):
            return str(note.removeprefix(_NUMBERED))
    number = secrets.token_hex(4)
    error.add_note(_NUMBERED + number)
    facts = {"id": number, "error": [type(e).__name__ for e in chain(error)], "where": _where(error)}
    _LINES.error("broken", extra={"facts": facts})
    metrics.BROKEN.inc()
    for whom in _told:
        with suppress(Exception):  # who looks for errors elsewhere must not cost anybody an image here
            whom(error, number)
    return number


def apology(error: BaseException) -> str:
    """The sentence for whoever met an unforeseen error; logs it."""
    return f"Something broke on our side ({broken(error)}). What was kept stays kept; try again in a moment."


class MaskTokens(logging.Filter):
    """Hides the tokens of media and shared links in lines about requests; they work like passwords."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the line in place; never drops it."""
        record.msg = _masked(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_masked(part) for part in record.args)
        return True


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps({**line, **getattr(record, "facts", {})}, default=str)


def _fits(value: Any) -> bool:
    return _NAME.fullmatch(value) is not None if isinstance(value, str) else not isinstance(value, (bytes, dict, list))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it came from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def frames(error: BaseException) -> list[tuple[str, int, str]]:
    """Where it came from, innermost last: file, line and function. Of files only the name and its folder's: whole paths
    tell about the machine."""
    found = traceback.extract_tb(error.__traceback__)[-8:]
    return [("/".join(frame.filename.split("/")[-2:]), frame.lineno or 0, frame.name) for frame in found]


def _where(error: BaseException) -> list[str]:
    return [f"{file}:{line} {name}" for file, line, name in reversed(frames(error))]


def _masked(part: Any) -> Any:
    return _SECRET_PATH.sub(r"/\1/...", part) if isinstance(part, str) else part
