"""A daily and a weekly window meet where they share a minute, midnight and the week's end included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments_app.schema.windows import windows_meet

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK = 7 * 24 * 60


@pytest.mark.parametrize(
    ("daily", "weekly", "meet"),
    [
        ("05:00-06:00", "sun:03:00-sun:04:00", False),
        ("05:00-06:00", "sun:05:30-sun:06:30", True),
        ("05:00-06:00", "sun:06:00-sun:07:00", False),
        ("23:30-00:30", "mon:00:00-mon:01:00", True),
        ("23:30-00:30", "mon:00:30-mon:01:00", False),
        ("00:00-01:00", "sun:23:30-mon:00:30", True),
        ("01:00-02:00", "sat:23:30-sun:00:30", False),
        ("12:00-13:00", "sat:11:00-sun:11:00", True),
    ],
)
def test_windows_meet_where_they_share_a_minute(daily: str, weekly: str, meet: bool) -> None:
    assert windows_meet(daily, weekly) is meet


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@given(st.integers(0, 1439), st.integers(1, 1439), st.integers(0, WEEK - 1), st.integers(1, WEEK - 1))
def test_it_is_the_same_as_counting_minutes(begins: int, length: int, opens: int, span: int) -> None:
    closes = (opens + span) % WEEK
    daily = f"{clock(begins)}-{clock((begins + length) % 1440)}"
    weekly = f"{DAYS[opens // 1440]}:{clock(opens % 1440)}-{DAYS[closes // 1440]}:{clock(closes % 1440)}"
    backed_up = {(day * 1440 + begins + minute) % WEEK for day in range(7) for minute in range(length)}
    maintained = {(opens + minute) % WEEK for minute in range(span)}

    assert windows_meet(daily, weekly) is bool(backed_up & maintained)
