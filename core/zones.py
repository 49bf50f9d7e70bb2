"""Time zones by the names that browsers give them."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo


def named(name: str | None) -> tzinfo:
    """The zone of this name; UTC for none and for one that nobody knows."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or a folder of zones
        return UTC
