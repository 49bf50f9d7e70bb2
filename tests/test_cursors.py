"""A place in a list is read back as it was written, and nothing else is read at all."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import cursors
from core.errors import Refused

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))
IDS = st.text("0123456789abcdef", max_size=32)


@given(MOMENTS, IDS, st.none() | st.integers(-(16**15), 16**15))
def test_it_is_read_as_it_was_written(moment: datetime, row_id: str, value: int | None) -> None:
    place = cursors.write(moment, row_id, value)

    assert cursors.read(place, valued=value is not None) == (moment, row_id, value or 0)


@given(st.text(max_size=60), st.booleans())
def test_whatever_else_comes_is_refused_with_a_sentence(text: str, valued: bool) -> None:
    try:
        moment, row_id, value = cursors.read(text, valued=valued)
    except Refused as refusal:
        assert str(refusal).endswith(".")
    else:
        assert cursors.read(cursors.write(moment, row_id, value if valued else None), valued=valued)


@pytest.mark.parametrize(
    ("cursor", "valued"), [("5.1.ab", False), ("1.ab", True), ("f" * 16 + ".ab", False), ("f" * 16 + ".1.", True)]
)
def test_a_place_of_another_order_and_one_beyond_what_is_kept_are_refused(cursor: str, valued: bool) -> None:
    with pytest.raises(Refused, match="Reload the page"):
        cursors.read(cursor, valued=valued)


def test_a_moment_without_a_zone_is_utc() -> None:
    assert cursors.write(datetime(2026, 11, 21), "a") == cursors.write(datetime(2026, 11, 21, tzinfo=UTC), "a")
