"""CloudWatch's metrics: moto answers no metric math, aligns no periods, and knows no percentiles.

Periods are sandbox seconds, timestamps are real (docs/sandbox.md, "Time"). Where time was advanced by hand, several
periods fall into one real moment: the newest of them is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.core.base_backend import BaseBackend
from moto.core.responses import ActionResult, EmptyResult

from sandbox.clock import Clock
from sandbox.metrics.queries import Query, QueryInvalid, answer
from sandbox.metrics.statistics import StatisticUnknown, TimeSeries, Window, by_period, check_statistic, statistic
from sandbox.metrics.store import Metric, MetricStore, Point, dimensions_of, point_of

_LIST_PAGE = 500
_MOST_DATAPOINTS = 100_800  # of a GetMetricData page; AWS's limit
_MOST_STATISTICS = 1_440  # of a GetMetricStatistics answer; AWS's limit
_OLDEST, _NEWEST = 14 * 86_400, 2 * 3_600  # real seconds that a reported timestamp may lie in the past and future
_SHORT_PERIODS = (1, 5, 10, 20, 30)


class MetricsBackend(BaseBackend):
    """Keeps metrics in a store that finds a series at once, where moto looks through all datapoints."""

    clock: Clock

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.metrics = MetricStore()

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        for number, datum in enumerate(metric_data, 1):
            self._validate_parameters_put_metric_data(datum, number)
            self._check_timestamp(datum, number)
        for datum in metric_data:
            metric = Metric(namespace, datum["MetricName"], dimensions_of(datum.get("Dimensions") or []))
            at = self.moment_of(datum["Timestamp"]) if datum.get("Timestamp") else self.clock.epoch()
            if point := _point_of(at, datum):
                self.metrics.add(metric, datum.get("Unit") or "None", point)

    def moment_of(self, timestamp: datetime) -> float:
        """Sandbox epoch seconds of a real moment, to the millisecond: whole seconds stay whole."""
        return self.moment_at(aware(timestamp).timestamp())

    def moment_at(self, wall: float) -> float:
        """The same of POSIX seconds."""
        return round(self.clock.timeline.epoch_at(wall), 3)

    def timestamp_of(self, moment: float) -> datetime:
        return datetime.fromtimestamp(round(self.clock.timeline.wall_at(moment), 3), UTC)

    def window(self, start: datetime, end: datetime) -> Window:
        return Window(self.moment_of(start), self.moment_of(end))

    def points(self, metric: Metric, unit: str | None, start: float, end: float) -> list[Point]:
        return self.metrics.points(metric, start, end, unit)

    def _check_timestamp(self, datum: Mapping[str, Any], number: int) -> None:
        given = datum.get("Timestamp")
        if given is None:
            return
        age = datetime.now(UTC).timestamp() - aware(given).timestamp()
        if age > _OLDEST or age < -_NEWEST:
            raise InvalidParameterValue(
                f"The parameter MetricData.member.{number}.Timestamp must specify a time within the past two weeks "
                "and no more than two hours in the future."
            )


def _point_of(at: float, datum: Mapping[str, Any]) -> Point | None:
    if statistics := datum.get("StatisticValues"):
        return Point(
            at,
            float(statistics["Sum"]),
            float(statistics["Minimum"]),
            float(statistics["Maximum"]),
            float(statistics["SampleCount"]),
        )
    if values := datum.get("Values"):
        counts = datum.get("Counts") or [1.0] * len(values)
        seen: dict[float, float] = {}
        for value, times in zip(values, counts, strict=True):
            if float(times) > 0:
                seen[float(value)] = seen.get(float(value), 0.0) + float(times)
        return point_of(at, seen) if seen else None
    return point_of(at, {float(datum.get("Value", 0)): 1.0})


class MetricsResponse:
    """The metric actions of CloudWatchResponse; `cloudwatch_backend` and the parameters are moto's."""

    cloudwatch_backend: Any
    _get_param: Any
    _get_params: Any
    _get_int_param: Any

    def get_metric_data(self) -> ActionResult:
        params = self._get_params()
        backend = self.cloudwatch_backend
        window = _window(backend, params["StartTime"], params["EndTime"])
        queries = [query_of(each, number) for number, each in enumerate(params.get("MetricDataQueries") or [], 1)]
        try:
            answers = answer(queries, window, backend.points)
        except QueryInvalid as error:
            raise ValidationError(str(error)) from error
        newest_first = params.get("ScanBy") != "TimestampAscending"
        results = [
            (query, _timed(backend, series, newest_first)) for query in queries for series in answers.get(query.id, [])
        ]
        most = int(params.get("MaxDatapoints") or _MOST_DATAPOINTS)
        offset = page_offset(params.get("NextToken"))
        page, more = _page(results, offset, most)
        answered: dict[str, Any] = {"MetricDataResults": page, "Messages": []}
        if more:
            answered["NextToken"] = str(offset + most)
        return ActionResult(answered)

    def get_metric_statistics(self) -> ActionResult:
        backend = self.cloudwatch_backend
        window = _window(backend, self._get_param("StartTime"), self._get_param("EndTime"))
        period = checked_period(self._get_int_param("Period"), "Period")
        simple = list(self._get_param("Statistics", []) or [])
        extended = list(self._get_param("ExtendedStatistics", []) or [])
        if not simple and not extended:
            raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
        _check_statistics([*simple, *extended])
        metric = Metric(
            self._get_param("Namespace"),
            self._get_param("MetricName"),
            dimensions_of(self._get_param("Dimensions", []) or []),
        )
        unit = self._get_param("Unit")
        datapoints = []
        for given in [unit] if unit else backend.metrics.units(metric):
            points = backend.metrics.points(metric, window.period_of(window.start, period), window.end, given)
            for start, point in by_period(points, period, window).items():
                datapoint: dict[str, Any] = {"Timestamp": backend.timestamp_of(start), "Unit": given}
                datapoint |= {name: statistic(point, name) for name in simple}
                percentiles = {name: statistic(point, name) for name in extended}
                if extended:
                    datapoint["ExtendedStatistics"] = {k: v for k, v in percentiles.items() if v is not None}
                datapoints.append(datapoint)
        if len(datapoints) > _MOST_STATISTICS:
            raise InvalidParameterCombination(
                f"You have requested up to {len(datapoints)} datapoints, which exceeds the limit of "
                f"{_MOST_STATISTICS}. You may reduce the datapoints requested by increasing Period, or decreasing the "
                "time range."
            )
        return ActionResult({"Label": metric.name, "Datapoints": datapoints})

    def list_metrics(self) -> ActionResult:
        namespace, name = self._get_param("Namespace"), self._get_param("MetricName")
        wanted = [(each["Name"], each.get("Value")) for each in self._get_param("Dimensions", []) or []]
        found = [
            metric
            for metric in self.cloudwatch_backend.metrics.metrics()
            if namespace in (None, metric.namespace)
            and name in (None, metric.name)
            and all(
                any(has == key and value in (None, held) for has, held in metric.dimensions) for key, value in wanted
            )
        ]
        offset = page_offset(self._get_param("NextToken"))
        answered: dict[str, Any] = {
            "Metrics": [
                {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
                }
                for metric in found[offset : offset + _LIST_PAGE]
            ]
        }
        if len(found) > offset + _LIST_PAGE:
            answered["NextToken"] = str(offset + _LIST_PAGE)
        return ActionResult(answered)

    def put_metric_data(self) -> EmptyResult:
        self.cloudwatch_backend.put_metric_data(self._get_param("Namespace"), self._get_param("MetricData", []) or [])
        return EmptyResult()


def query_of(given: Mapping[str, Any], number: int) -> Query:
    """A Query from a MetricDataQuery as botocore names its members. Raises ValidationError."""
    where = f"MetricDataQueries.member.{number}"
    returned = given.get("ReturnData") is not False
    stated = given.get("MetricStat")
    if not stated and not given.get("Expression"):
        raise ValidationError(f"The parameter {where}.MetricStat is required.\n")
    if not stated:
        period = checked_period(given.get("Period") or 60, f"{where}.Period")
        return Query(given["Id"], period, expression=given["Expression"], label=given.get("Label"), returned=returned)
    metric = stated["Metric"]
    _check_statistics([stated["Stat"]])
    return Query(
        given["Id"],
        checked_period(stated["Period"], f"{where}.MetricStat.Period"),
        Metric(metric["Namespace"], metric["MetricName"], dimensions_of(metric.get("Dimensions") or [])),
        stated["Stat"],
        stated.get("Unit"),
        label=given.get("Label"),
        returned=returned,
    )


def aware(timestamp: datetime) -> datetime:
    """moto reads timestamps as naive UTC."""
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)


def checked_period(period: Any, where: str) -> float:
    seconds = int(period or 0)
    if seconds not in _SHORT_PERIODS and (seconds < 60 or seconds % 60):
        raise ValidationError(f"The parameter {where} must be 1, 5, 10, 20, 30 or a multiple of 60.")
    return float(seconds)


def _check_statistics(names: Iterable[str]) -> None:
    try:
        for name in names:
            check_statistic(name)
    except StatisticUnknown as error:
        raise InvalidParameterValue(f"The value {name} for parameter Stat is not supported: {error}") from error


def _window(backend: Any, start: datetime, end: datetime) -> Window:
    if start == end:
        raise ValidationError("The parameter StartTime must not equal parameter EndTime.")
    if start > end:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    window: Window = backend.window(start, end)
    return window


def _timed(backend: Any, series: TimeSeries, newest_first: bool) -> list[tuple[datetime, float]]:
    timed = {backend.timestamp_of(start): value for start, value in sorted(series.items())}
    return sorted(timed.items(), reverse=newest_first)


def _page(
    results: list[tuple[Query, list[tuple[datetime, float]]]], offset: int, most: int
) -> tuple[list[dict[str, Any]], bool]:
    """At most `most` datapoints from the `offset`-th on, every query named; whether there are more."""
    page, seen = [], 0
    for query, timed in results:
        part = timed[max(offset - seen, 0) : max(offset + most - seen, 0)]
        seen += len(timed)
        page.append(
            {
                "Id": query.id,
                "Label": query.label or (query.metric.name if query.metric else query.id),
                "Timestamps": [at for at, _ in part],
                "Values": [value for _, value in part],
                "StatusCode": "PartialData" if seen > offset + most else "Complete",
            }
        )
    return page, seen > offset + most


def page_offset(token: str | None) -> int:
    """Where the page of this NextToken begins. Raises InvalidParameterValue."""
    if token is None:
        return 0
    if not token.isdigit():
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    return int(token)
