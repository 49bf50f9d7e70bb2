"""Places in lists that are in order of time, as addresses carry them: a value if the order has one, a moment, an id."""

import re
from datetime import UTC, datetime, timedelta

from core.errors import Refused

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 2**63
"""No database holds a larger number."""
_WRITTEN = re.compile(r"(?:(-?[0-9a-f]{1,16})\.)?([0-9a-f]{1,16})\.([0-9a-f]{0,32})", re.ASCII)
"""The moment in microseconds since 1970. gallery_shelf.js writes one too: without an id, right before all of it."""


def write(moment: datetime, row_id: str, value: int | None = None) -> str:
    """A place that `read` gives back. A moment without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    place = f"{(aware - EPOCH) // timedelta(microseconds=1):x}.{row_id}"
    return place if value is None else f"{value:x}.{place}"


def read(cursor: str, *, valued: bool = False) -> tuple[datetime, str, int]:
    """Moment, id ("" stands before every other of its moment) and value, 0 without one.

    Raises Refused for what is no cursor, and for one with a value where none belongs, or without.
    """
    written = _WRITTEN.fullmatch(cursor)
    try:
        at = EPOCH + timedelta(microseconds=int(written[2], 16)) if written else None
    except OverflowError:
        at = None
    value = int((written and written[1]) or "0", 16)
    if not written or not at or bool(written[1]) != valued or not -MOST <= value < MOST:
        raise Refused("This place in the list cannot be read. Reload the page to start from its beginning.")
    return at, written[3], value
