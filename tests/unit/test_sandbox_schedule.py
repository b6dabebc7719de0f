"""Scheduled actions: when at, rate and cron expressions are due."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.scaling.schedule import ScheduleInvalid, parse_schedule

MOMENTS = st.floats(1_600_000_000, 1_900_000_000)
BERLIN = "Europe/Berlin"


def due(text: str, after: datetime, timezone: str | None = None) -> str | None:
    moment = parse_schedule(text, timezone, after.timestamp()).next_after(after.timestamp())
    zone = ZoneInfo(timezone) if timezone else UTC
    return None if moment is None else datetime.fromtimestamp(moment, zone).strftime("%a %Y-%m-%d %H:%M")


NOW = datetime(2026, 3, 12, 10, 7, 30, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("text", "timezone", "expected"),
    [
        ("cron(0 18 ? * MON-FRI *)", None, "Thu 2026-03-12 18:00"),
        ("cron(0 8 ? * MON-FRI *)", None, "Fri 2026-03-13 08:00"),
        ("cron(0 8 ? * MON-FRI *)", BERLIN, "Fri 2026-03-13 08:00"),
        ("cron(0 12 ? * 5 *)", BERLIN, "Thu 2026-03-12 12:00"),
        ("cron(*/15 * * * ? *)", None, "Thu 2026-03-12 10:15"),
        ("cron(5/20 * * * ? *)", None, "Thu 2026-03-12 10:25"),
        ("cron(0 0 1 * ? *)", None, "Wed 2026-04-01 00:00"),
        ("cron(0 0 L * ? *)", None, "Tue 2026-03-31 00:00"),
        ("cron(0 0 31 4,5 ? *)", None, "Sun 2026-05-31 00:00"),
        ("cron(0 9 15W * ? *)", None, "Mon 2026-03-16 09:00"),  # the 15th is a Sunday
        ("cron(0 9 ? * 6#3 *)", None, "Fri 2026-03-20 09:00"),
        ("cron(0 9 ? * FRIL *)", None, "Fri 2026-03-27 09:00"),
        ("cron(0 9 ? * SAT-MON *)", None, "Sat 2026-03-14 09:00"),
        ("cron(0 0 29 2 ? *)", None, "Tue 2028-02-29 00:00"),
        ("cron(0 0 1 1 ? 2027-2029)", None, "Fri 2027-01-01 00:00"),
        ("cron(0 0 1 1 ? 2025)", None, None),
        ("cron(30 6 29 MAR ? *)", BERLIN, "Sun 2026-03-29 06:30"),  # the day on which summer time begins
        ("at(2026-03-12T10:08:00)", None, "Thu 2026-03-12 10:08"),
        ("at(2026-03-12T11:08:00)", BERLIN, "Thu 2026-03-12 11:08"),
        ("at(2026-03-12T10:00:00)", None, None),
        ("rate(5 minutes)", None, "Thu 2026-03-12 10:12"),
        ("rate(1 day)", None, "Fri 2026-03-13 10:07"),
    ],
)
def test_an_expression_is_due(text: str, timezone: str | None, expected: str | None) -> None:
    assert due(text, NOW, timezone) == expected


@pytest.mark.parametrize(
    "text",
    [
        "every day",
        "at(tomorrow)",
        "rate(5 minute)",
        "rate(1 hours)",
        "rate(0 days)",
        "rate(2 weeks)",
        "cron(0 8 * * *)",
        "cron(0 8 * * * *)",
        "cron(0 8 ? * ? *)",
        "cron(61 8 * * ? *)",
        "cron(0 8 ? * MOON *)",
        "cron(0 8 ? * 9 *)",
        "cron(0 8 32 * ? *)",
        "cron(0/0 8 1 * ? *)",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScheduleInvalid):
        parse_schedule(text, None, 0)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ScheduleInvalid, match="Europe/Berlin"):
        parse_schedule("rate(1 day)", "Berlin", 0)


@given(MOMENTS, st.integers(0, 59), st.integers(0, 23), st.sampled_from(["UTC", BERLIN, "America/New_York"]))
def test_a_daily_cron_is_due_once_a_day_at_its_own_time(moment: float, minute: int, hour: int, zone: str) -> None:
    schedule = parse_schedule(f"cron({minute} {hour} * * ? *)", zone, 0)
    first = schedule.next_after(moment)
    assert first is not None
    second = schedule.next_after(first)
    assert second is not None
    assert moment < first < second
    assert second - first in (23 * 3600, 24 * 3600, 25 * 3600)  # summer time begins and ends
    assert first - moment <= 25 * 3600


@given(MOMENTS, MOMENTS, st.integers(2, 90), st.sampled_from(["minutes", "hours", "days"]))
def test_a_rate_comes_in_steps_from_its_start(start: float, moment: float, number: int, unit: str) -> None:
    schedule = parse_schedule(f"rate({number} {unit})", None, start)
    seconds = number * {"minutes": 60, "hours": 3_600, "days": 86_400}[unit]
    first = schedule.next_after(moment)
    assert first is not None
    assert first > moment
    assert first >= start + seconds - 1e-3
    assert schedule.next_after(first) == pytest.approx(first + seconds)
