"""Points to datapoints: statistics over periods. Pure; moments are sandbox epoch seconds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sandbox.metrics.store import Point, merged

TimeSeries = dict[float, float]  # start of a period -> value

_PERCENTILE = re.compile(r"^p(\d{1,2}(?:\.\d+)?|100)$")
_STATISTICS: Mapping[str, Callable[[Point], float]] = {
    "Average": lambda point: point.total / point.samples,
    "Sum": lambda point: point.total,
    "Minimum": lambda point: point.least,
    "Maximum": lambda point: point.most,
    "SampleCount": lambda point: point.samples,
}


class StatisticUnknown(ValueError):
    """No such statistic; the message lists those that exist."""


@dataclass(frozen=True)
class Window:
    """From `start` until before `end`. `anchor`: some moment at which a period begins, whatever its length.

    Periods of queries begin at multiples of their length (anchor 0), those of alarms end when they are evaluated.
    """

    start: float
    end: float
    anchor: float = 0.0

    def period_of(self, at: float, period: float) -> float:
        """The start of the period that the moment lies in."""
        return self.anchor + math.floor((at - self.anchor) / period) * period

    def starts(self, period: float) -> list[float]:
        """Every period of the window, the first one whole."""
        first = self.period_of(self.start, period)
        return [first + index * period for index in range(max(math.ceil((self.end - first) / period), 0))]


def check_statistic(name: str) -> None:
    """Raises StatisticUnknown."""
    if name not in _STATISTICS and not _PERCENTILE.match(name):
        raise StatisticUnknown(f"unknown statistic {name!r}. Known: {', '.join(_STATISTICS)}, pNN such as p95 or p99.9")


def statistic(point: Point, name: str) -> float | None:
    """One statistic of what was reported in a period; None where it cannot be told (percentiles of statistic sets).

    Percentiles are by nearest rank: the least value that so many percent of the samples do not exceed.
    """
    check_statistic(name)
    if name in _STATISTICS:
        return _STATISTICS[name](point)
    if point.values is None:
        return point.least if point.least == point.most else None
    rank = math.ceil(float(name[1:]) / 100 * point.samples)
    seen = 0.0
    for value in sorted(point.values):
        seen += point.values[value]
        if seen >= rank:
            return value
    return point.most


def by_period(points: Iterable[Point], period: float, window: Window) -> dict[float, Point]:
    """What was reported, period by period; periods without a report are missing."""
    periods: dict[float, list[Point]] = {}
    for point in points:
        periods.setdefault(window.period_of(point.at, period), []).append(point)
    return {start: merged(start, found) for start, found in sorted(periods.items())}


def time_series(points: Iterable[Point], name: str, period: float, window: Window) -> TimeSeries:
    series = {start: statistic(point, name) for start, point in by_period(points, period, window).items()}
    return {start: value for start, value in series.items() if value is not None}
