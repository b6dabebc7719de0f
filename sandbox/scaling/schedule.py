"""When a scheduled action is due: `at(...)`, `rate(...)` and `cron(...)` expressions. Pure.

Formats: PutScheduledAction in botocore's model; cron fields as in EventBridge Scheduler's user guide: minutes, hours,
day of month, month, day of week (1 is Sunday), year, with `* ? , - / L W #`. Moments are POSIX-like seconds.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_HORIZON_DAYS = 366 * 9  # a 29th of February may be eight years away
_YEARS = range(1970, 2200)


class ScheduleInvalid(ValueError):
    """The expression is not one; the message says what would be right."""


class Schedule(Protocol):
    def next_after(self, moment: float) -> float | None:
        """The first moment after this one at which the action is due; None where there is none."""


@dataclass(frozen=True)
class At:
    moment: float

    def next_after(self, moment: float) -> float | None:
        return self.moment if self.moment > moment else None


@dataclass(frozen=True)
class Rate:
    """Every `seconds`, counted from `start`."""

    seconds: int
    start: float

    def next_after(self, moment: float) -> float | None:
        passed = max(math.floor((moment - self.start) / self.seconds), 0)
        due = self.start + (passed + 1) * self.seconds
        # Floats of moments far from the start may come out on the moment itself.
        return due if due > moment else due + self.seconds


@dataclass(frozen=True)
class Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    days: str
    weekdays: str
    zone: tzinfo

    def next_after(self, moment: float) -> float | None:
        today = datetime.fromtimestamp(moment, self.zone).date()
        for ahead in range(-1, _HORIZON_DAYS):  # from yesterday: a local time may come twice
            day = today + timedelta(days=ahead)
            if self._matches(day):
                due = [each for each in self._times(day) if each > moment]
                if due:
                    return min(due)
        return None

    def _times(self, day: date) -> Iterator[float]:
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).timestamp()

    def _matches(self, day: date) -> bool:
        if day.month not in self.months or day.year not in self.years:
            return False
        if self.days != "?":
            return day.day in days_of_month(self.days, day.year, day.month)
        return day.day in days_of_week(self.weekdays, day.year, day.month)


def parse_schedule(text: str, timezone: str | None, start: float) -> Schedule:
    """The schedule that an expression means; `start` is when a rate begins. Raises ScheduleInvalid."""
    found = re.fullmatch(r"\s*(at|rate|cron)\((.*)\)\s*", text)
    if found is None:
        raise ScheduleInvalid(f"Schedule {text!r} must be at(...), rate(...) or cron(...)")
    kind, inner = found[1], found[2].strip()
    zone = zone_of(timezone)
    if kind == "at":
        try:
            return At(datetime.strptime(inner, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).timestamp())
        except ValueError as error:
            raise ScheduleInvalid(f"at({inner}) must be at(yyyy-mm-ddThh:mm:ss)") from error
    return _rate(inner, start) if kind == "rate" else _cron(inner, zone)


def zone_of(name: str | None) -> tzinfo:
    """A time zone by its IANA name, UTC by default. Raises ScheduleInvalid."""
    if not name or name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ScheduleInvalid(f"Timezone {name!r} is not one of the IANA time zones, such as Europe/Berlin") from error


def _rate(inner: str, start: float) -> Rate:
    found = re.fullmatch(r"(\d+)\s+(minute|hour|day)(s?)", inner)
    if found is None or int(found[1]) < 1 or (int(found[1]) == 1) == bool(found[3]):
        raise ScheduleInvalid(f"rate({inner}) must be such as rate(1 hour) or rate(5 minutes)")
    return Rate(int(found[1]) * _UNITS[found[2]], start)


def _cron(inner: str, zone: tzinfo) -> Cron:
    fields = inner.upper().split()
    if len(fields) != 6:
        raise ScheduleInvalid(f"cron({inner}) must have six fields: minutes hours day-of-month month day-of-week year")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise ScheduleInvalid(f"cron({inner}) must have ? either as its day of month or as its day of week")
    cron = Cron(
        _values(minutes, range(60)),
        _values(hours, range(24)),
        _values(months, range(1, 13), _MONTHS),
        _values(years, _YEARS),
        days,
        weekdays,
        zone,
    )
    for year, month in ((2024, 2), (2024, 3)):  # a month of each kind tells whether the fields can be read
        if days != "?":
            days_of_month(days, year, month)
        else:
            days_of_week(weekdays, year, month)
    return cron


def days_of_month(text: str, year: int, month: int) -> frozenset[int]:
    """The days of a month that a cron field means, by its own number. Raises ScheduleInvalid."""
    last = calendar.monthrange(year, month)[1]
    if text == "L":
        return frozenset({last})
    if found := re.fullmatch(r"(\d{1,2}|L)W", text):
        return frozenset({_nearest_weekday(year, month, last if found[1] == "L" else min(int(found[1]), last))})
    return frozenset(day for day in _values(text, range(1, 32)) if day <= last)


def days_of_week(text: str, year: int, month: int) -> frozenset[int]:
    """The days of a month on which the weekdays of a cron field fall. Raises ScheduleInvalid."""
    days = range(1, calendar.monthrange(year, month)[1] + 1)
    if text == "L":
        text = "SAT"
    found = re.fullmatch(r"(\w+)(L|#[1-5])", text)
    weekdays = _values(found[1] if found else text, range(1, 8), _WEEKDAYS)
    chosen = [day for day in days if _weekday(year, month, day) in weekdays]
    if found is None:
        return frozenset(chosen)
    place = -1 if found[2] == "L" else int(found[2][1]) - 1
    return frozenset(chosen[place:][:1])


def _weekday(year: int, month: int, day: int) -> int:
    return date(year, month, day).isoweekday() % 7 + 1  # Sunday is 1


def _nearest_weekday(year: int, month: int, day: int) -> int:
    last = calendar.monthrange(year, month)[1]
    weekday = _weekday(year, month, day)
    if weekday == _WEEKDAYS["SAT"]:
        return day - 1 if day > 1 else day + 2
    if weekday == _WEEKDAYS["SUN"]:
        return day + 1 if day < last else day - 2
    return day


def _values(text: str, allowed: range, names: Mapping[str, int] | None = None) -> frozenset[int]:
    chosen: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = allowed[0], allowed[-1]
        else:
            low = _number(first, text, names or {})
            high = _number(last, text, names or {}) if dash else allowed[-1] if step else low
        pace = _number(step, text, {}) if step else 1
        if pace < 1 or low not in allowed or high not in allowed:
            raise ScheduleInvalid(f"{text!r} must lie between {allowed[0]} and {allowed[-1]}")
        # A span may run over the end: FRI-MON.
        chosen.update(
            range(low, high + 1, pace) if low <= high else [*range(low, allowed[-1] + 1), *range(allowed[0], high + 1)]
        )
    return frozenset(chosen)


def _number(text: str, field: str, names: Mapping[str, int]) -> int:
    if text in names:
        return names[text]
    if not text.isdigit():
        raise ScheduleInvalid(f"{field!r} cannot be read as a field of a cron expression")
    return int(text)
