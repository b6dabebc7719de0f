"""GetMetricData's queries and those of alarms, answered. Pure: from the points that they need to time series.

What is not here is refused by name: ANOMALY_DETECTION_BAND, SEARCH, INSIGHT_RULE_METRIC, SERVICE_QUOTA,
DB_PERF_INSIGHTS and Metrics Insights queries (SELECT).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.metrics.expressions import Array, Call, Expression, ExpressionInvalid, Name, Number, Operation, Text, parse
from sandbox.metrics.functions import (
    FILLERS,
    FUNCTIONS,
    KNOWN_FUNCTIONS,
    Value,
    as_series,
    each_series,
    operate,
    sort_array,
)
from sandbox.metrics.statistics import StatisticUnknown, TimeSeries, Window, time_series
from sandbox.metrics.store import Metric, Point

Fetch = Callable[[Metric, str | None, float, float], Sequence[Point]]  # in a unit, from start until before end


@dataclass(frozen=True)
class Query:
    """One of GetMetricData's queries: `metric` with its `stat`, or an `expression`. Periods are sandbox seconds."""

    id: str
    period: float = 60.0
    metric: Metric | None = None
    stat: str = "Average"
    unit: str | None = None
    expression: str | None = None
    label: str | None = None
    returned: bool = True


class QueryInvalid(ValueError):
    """A query cannot be answered; the message says which one and why."""


def answer(queries: Sequence[Query], window: Window, fetch: Fetch) -> dict[str, list[TimeSeries]]:
    """Id -> time series of every query that is to be returned; an expression may make several. Raises QueryInvalid."""
    computation = _Computation({query.id: query for query in queries}, window, fetch)
    answers = {}
    for query in queries:
        if query.returned:
            value = computation.value_of(query.id)
            if isinstance(value, float):
                raise QueryInvalid(f"Error in expression '{query.id}': the expression must return a time series")
            answers[query.id] = value if isinstance(value, list) else [value]
    return answers


class _Computation:
    def __init__(self, queries: Mapping[str, Query], window: Window, fetch: Fetch) -> None:
        self._queries = queries
        self._window = window
        self._fetch = fetch
        self._values: dict[str, Value] = {}
        self._open: list[str] = []

    def value_of(self, query_id: str) -> Value:
        if query_id not in self._values:
            if query_id in self._open:
                raise QueryInvalid(f"Error in expression '{query_id}': it depends on itself")
            self._open.append(query_id)
            try:
                self._values[query_id] = self._compute(self._queries[query_id])
            except (ExpressionInvalid, StatisticUnknown) as error:
                raise QueryInvalid(f"Error in expression '{query_id}': {error}") from error
            self._open.pop()
        return self._values[query_id]

    def _compute(self, query: Query) -> Value:
        if query.metric is not None:
            start = self._window.period_of(self._window.start, query.period)
            points = self._fetch(query.metric, query.unit, start, self._window.end)
            return time_series(points, query.stat, query.period, self._window)
        text = query.expression or ""
        if text.lstrip().upper().startswith("SELECT"):
            raise ExpressionInvalid("the sandbox does not answer Metrics Insights queries")
        return self._evaluate(parse(text), self.period_of(query))

    def period_of(self, query: Query) -> float:
        """An expression's period: the longest of the metrics that it may use."""
        if query.metric is not None:
            return query.period
        return max((each.period for each in self._queries.values() if each.metric is not None), default=query.period)

    def _evaluate(self, expression: Expression, period: float) -> Value:
        match expression:
            case Number(value):
                return value
            case Name(name):
                if name not in self._queries:
                    raise ExpressionInvalid(f"unknown id {name!r}")
                return self.value_of(name)
            case Array(items):
                return [as_series(self._evaluate(item, period)) for item in items]
            case Operation(operator, left, right):
                return operate(operator, self._evaluate(left, period), self._evaluate(right, period))
            case Call():
                return self._call(expression, period)
            case Text():
                raise ExpressionInvalid("a text stands only in METRICS(...)")

    def _call(self, call: Call, period: float) -> Value:
        name, given = call.function, call.arguments
        if name not in KNOWN_FUNCTIONS:
            raise ExpressionInvalid(f"the function {name} is unknown here. Known: {', '.join(KNOWN_FUNCTIONS)}")
        if name == "METRICS":
            return self._metrics(given)
        if name == "FILL" and len(given) == 2 and isinstance(given[1], Name) and given[1].name in FILLERS:
            filler = FILLERS[given[1].name]
            return each_series(
                self._evaluate(given[0], period), lambda series: filler(series, self._window.starts(period))
            )
        if name == "SORT":
            return sort_array([self._evaluate(given[0], period)] if given else [], given[1:])
        arguments = [self._evaluate(item, period) for item in given]
        if name == "FILL":
            return self._fill(arguments, period)
        if name == "PERIOD":
            return period
        if name == "TIME_SERIES" and len(arguments) == 1 and isinstance(arguments[0], float):
            return dict.fromkeys(self._window.starts(period), arguments[0])
        try:
            return FUNCTIONS[name](*arguments)
        except TypeError as error:
            raise ExpressionInvalid(f"{name} does not take these arguments") from error

    def _metrics(self, given: Sequence[Expression]) -> list[TimeSeries]:
        """METRICS() are the metrics of the request, METRICS("text") those whose id contains the text."""
        part = given[0].value if given and isinstance(given[0], Text) else ""
        return [
            as_series(self.value_of(query.id))
            for query in self._queries.values()
            if query.metric is not None and part in query.id
        ]

    def _fill(self, arguments: Sequence[Value], period: float) -> Value:
        if len(arguments) != 2 or isinstance(arguments[1], list):
            raise ExpressionInvalid("FILL takes a metric and a number, a metric, REPEAT or LINEAR")
        value = arguments[1]

        def fill(series: TimeSeries) -> TimeSeries:
            filled = {}
            for start in self._window.starts(period):
                found = series.get(start, value if isinstance(value, float) else value.get(start))
                if found is not None:
                    filled[start] = found
            return filled

        return each_series(arguments[0], fill)
