"""What goes into a column: moments in UTC, exact dollars, ids that sort by age."""

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa
import uuid_utils
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC and aware. SQLite would hand back naive times."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive times: they are a bug that shows only across time zones."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the zone back."""
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Dollars(TypeDecorator[Decimal]):
    """US dollars, exact to a billionth, as an integer: SQLite has no decimals and sums of floats drift."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        """Dollars to billionths."""
        return None if value is None else int((value * 1_000_000_000).to_integral_value())

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        """Billionths to dollars."""
        return None if value is None else Decimal(value) / 1_000_000_000


def new_id() -> str:
    """A new id: UUIDv7 in 32 hex digits, so that ids sort by age and fit into keys."""
    return uuid_utils.uuid7().hex


def plain(text: str) -> str:
    """Without control characters and lone surrogates, which Postgres cannot store; nothing else is touched."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
