"""Where metrics are kept: one series per namespace, name, dimensions and unit, in moto's CloudWatch backend.

Moments are sandbox epoch seconds (see clock.Timeline). As in CloudWatch, old points are kept in coarser
periods: by the second for 3 hours, by 5 minutes for a day, by the hour for 15 days, all in sandbox time.
"""

from __future__ import annotations

import math
import pickle
import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from moto.cloudwatch.models import cloudwatch_backends

_HOUR, _DAY = 3_600, 86_400
RESOLUTIONS = ((3 * _HOUR, 1), (_DAY, 300), (15 * _DAY, _HOUR))  # up to this age (s), in periods of (s)
_COMPACTED_EVERY = 64  # new points between two compactions
_DISTINCT_VALUES_KEPT = 500  # of one period: beyond that, values that lie closest together count as one

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Metric:
    """What ListMetrics lists. `dimensions` are pairs of name and value, sorted."""

    namespace: str
    name: str
    dimensions: Dimensions


class Point(NamedTuple):
    """What was reported in a moment or period: enough for every statistic.

    `values`: value -> how often, None where only a statistic set is known (percentiles then cannot be told).
    """

    at: float
    total: float
    least: float
    most: float
    samples: float
    values: Mapping[float, float] | None = None


def dimensions_of(given: Mapping[str, str] | Iterable[Mapping[str, str]]) -> Dimensions:
    """From `{name: value}` or AWS's `[{"Name": ..., "Value": ...}]`."""
    pairs = given.items() if isinstance(given, Mapping) else ((each["Name"], each["Value"]) for each in given)
    return tuple(sorted((str(name), str(value)) for name, value in pairs))


def point_of(at: float, values: Mapping[float, float]) -> Point:
    """Values with how often each was seen (above 0 times), as one point."""
    count = sum(values.values())
    total = sum(value * times for value, times in values.items())
    return Point(at, total, min(values), max(values), count, values)


def merged(at: float, points: Iterable[Point]) -> Point:
    """Several points (at least one) as one of a longer period."""
    points = list(points)
    values: dict[float, float] | None = {}
    for point in points:
        if point.values is None or values is None:
            values = None
            continue
        for value, times in point.values.items():
            values[value] = values.get(value, 0) + times
    return Point(
        at,
        math.fsum(point.total for point in points),
        min(point.least for point in points),
        max(point.most for point in points),
        math.fsum(point.samples for point in points),
        values if values is None else thinned(values),
    )


def thinned(values: Mapping[float, float], kept: int = _DISTINCT_VALUES_KEPT) -> Mapping[float, float]:
    """At most `kept` distinct values; extremes and counts stay, the others move to their neighbours' values."""
    if len(values) <= kept:
        return values
    ordered = sorted(values)
    representatives = [ordered[round(index * (len(ordered) - 1) / (kept - 1))] for index in range(kept)]
    thin: dict[float, float] = dict.fromkeys(representatives, 0.0)
    at = 0
    for value in ordered:
        while at + 1 < kept and abs(representatives[at + 1] - value) <= abs(representatives[at] - value):
            at += 1
        thin[representatives[at]] += values[value]
    return {value: times for value, times in thin.items() if times}


def _packed(point: Point) -> Point:
    return point if point.values is None else point._replace(values=thinned(point.values))


@dataclass
class Series:
    """The points of one metric in one unit, by the whole second (as finely as CloudWatch keeps them)."""

    seconds: list[int] = field(default_factory=list)  # in order
    points: dict[int, Point] = field(default_factory=dict)
    since_compaction: int = 0

    def add(self, point: Point) -> None:
        second = math.floor(point.at)
        if before := self.points.get(second):
            self.points[second] = merged(second, (before, point))
            return
        self.points[second] = _packed(point._replace(at=second))
        insort(self.seconds, second)
        self.since_compaction += 1
        if self.since_compaction >= _COMPACTED_EVERY:
            self.compact(self.seconds[-1])

    def between(self, start: float, end: float) -> list[Point]:
        """Those with start <= at < end, oldest first."""
        wanted = self.seconds[bisect_left(self.seconds, start) : bisect_left(self.seconds, end)]
        return [self.points[second] for second in wanted]

    def compact(self, now: float) -> None:
        """Merge what is old into coarser periods, forget what is older than all of them."""
        groups: dict[int, list[Point]] = {}
        for second, point in self.points.items():
            period = next((period for age, period in RESOLUTIONS if now - second < age), None)
            if period is not None:
                groups.setdefault(second // period * period, []).append(point)
        self.points = {
            start: points[0] if points[0].at == start and len(points) == 1 else merged(start, points)
            for start, points in groups.items()
        }
        self.seconds = sorted(self.points)
        self.since_compaction = 0


class MetricStore:
    """The metrics of one account and region. Thread-safe; pickled as one block, since it may hold many points."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._series: dict[Metric, dict[str, Series]] = {}

    def put(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str] | Iterable[Mapping[str, str]],
        value: float | Mapping[float, float],
        unit: str,
        at: float,
    ) -> None:
        """Report a value, or values with how often each was seen, at a sandbox epoch second.

        `unit` is one of CloudWatch's (Percent, Count, Seconds, Bytes, ...; `None` for none).
        """
        values = value if isinstance(value, Mapping) else {float(value): 1.0}
        if values:
            self.add(Metric(namespace, name, dimensions_of(dimensions)), unit, point_of(at, values))

    def add(self, metric: Metric, unit: str, point: Point) -> None:
        with self._lock:
            self._series.setdefault(metric, {}).setdefault(unit, Series()).add(point)

    def points(self, metric: Metric, start: float, end: float, unit: str | None = None) -> list[Point]:
        """Those with start <= at < end, oldest first; in one unit, or in whatever unit they came."""
        with self._lock:
            found = [
                point
                for given, series in self._series.get(metric, {}).items()
                if unit in (None, given)
                for point in series.between(start, end)
            ]
        return sorted(found, key=lambda point: point.at)

    def units(self, metric: Metric) -> list[str]:
        with self._lock:
            return sorted(self._series.get(metric, {}))

    def metrics(self) -> list[Metric]:
        """Every metric that has points, in a stable order."""
        with self._lock:
            known = list(self._series)
        return sorted(known, key=lambda each: (each.namespace, each.name, each.dimensions))

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {"packed": pickle.dumps(self._series, pickle.HIGHEST_PROTOCOL)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._lock = threading.RLock()
        self._series = pickle.loads(state["packed"])


def store_of(account: str, region: str) -> MetricStore:
    """The metrics of an account and region."""
    store: MetricStore = cloudwatch_backends[account][region].metrics
    return store
