"""Metric math: operators and functions on values. Pure.

A value is a scalar, a time series or an array of time series, as in CloudWatch's user guide. Operations between
two series hold where both have a datapoint.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from sandbox.metrics.expressions import Expression, ExpressionInvalid, Name, Number
from sandbox.metrics.statistics import TimeSeries

Value = float | TimeSeries | list[TimeSeries]


def _power(left: float, right: float) -> float:
    result = left**right
    return result if isinstance(result, float) else math.nan


_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "&&": lambda left, right: float(bool(left) and bool(right)),
    "||": lambda left, right: float(bool(left) or bool(right)),
}


def operate(operator: str, left: Value, right: Value) -> Value:
    """An operator between any two values; a datapoint that cannot be computed (x / 0) is missing."""
    if isinstance(left, list):
        if isinstance(right, list):
            raise ExpressionInvalid(f"{operator} does not stand between two arrays")
        return [as_series(operate(operator, each, right)) for each in left]
    if isinstance(right, list):
        return [as_series(operate(operator, left, each)) for each in right]
    if isinstance(left, float) and isinstance(right, float):
        return as_number(_computed(operator, left, right))
    moments = (left if isinstance(left, dict) else {}) or (right if isinstance(right, dict) else {})
    computed: TimeSeries = {}
    for start in moments:
        one, other = _at(left, start), _at(right, start)
        if one is not None and other is not None and (value := _computed(operator, one, other)) is not None:
            computed[start] = value
    return computed


def _computed(operator: str, left: float, right: float) -> float | None:
    try:
        value = _OPERATORS[operator](left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _at(value: float | TimeSeries, start: float) -> float | None:
    return value if isinstance(value, float) else value.get(start)


def as_number(value: float | None) -> float:
    if value is None:
        raise ExpressionInvalid("a part of the expression has no result, such as a division by zero")
    return value


def as_series(value: Value) -> TimeSeries:
    if not isinstance(value, dict):
        raise ExpressionInvalid("an array holds time series")
    return value


def each_series(value: Value, change: Callable[[TimeSeries], TimeSeries]) -> Value:
    """One series or each of an array."""
    if isinstance(value, float):
        raise ExpressionInvalid("this function takes a metric, not a number")
    return [change(series) for series in value] if isinstance(value, list) else change(value)


def _repeat(series: TimeSeries, starts: Sequence[float]) -> TimeSeries:
    filled: TimeSeries = {}
    last = None
    for start in starts:
        last = series.get(start, last)
        if last is not None:
            filled[start] = last
    return filled


def _linear(series: TimeSeries, starts: Sequence[float]) -> TimeSeries:
    known = sorted(series)
    filled = {start: series[start] for start in starts if start in series}
    for before, after in pairwise(known):
        slope = (series[after] - series[before]) / (after - before)
        filled |= {start: series[before] + slope * (start - before) for start in starts if before < start < after}
    return dict(sorted(filled.items()))


FILLERS = {"REPEAT": _repeat, "LINEAR": _linear}


def _aggregate(reduce: Callable[[list[float]], float]) -> Callable[[Value], Value]:
    """Over one series: a scalar. Over an array: a series, moment by moment."""

    def aggregate(value: Value) -> Value:
        if isinstance(value, float):
            return value
        if isinstance(value, dict):
            if not value:
                return {}
            return float(reduce(list(value.values())))
        moments = sorted({start for series in value for start in series})
        return {start: float(reduce([series[start] for series in value if start in series])) for start in moments}

    return aggregate


def _pointwise(change: Callable[[float], float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        if isinstance(value, float):
            return as_number(_finite(change, value))
        return each_series(value, lambda series: _kept({at: _finite(change, each) for at, each in series.items()}))

    return apply


def _finite(change: Callable[[float], float], value: float) -> float | None:
    try:
        return float(change(value))
    except (ValueError, OverflowError):
        return None


def _kept(series: Mapping[float, float | None]) -> TimeSeries:
    return {at: value for at, value in series.items() if value is not None}


def _changes(of: Callable[[float, float], float]) -> Callable[[Value], Value]:
    """From each datapoint and the one before it: `of(change of value, change of time)`."""

    def changes(series: TimeSeries) -> TimeSeries:
        at = sorted(series)
        return {after: of(series[after] - series[before], after - before) for before, after in pairwise(at)}

    return lambda value: each_series(value, changes)


def _running_sum(value: Value) -> Value:
    def run(series: TimeSeries) -> TimeSeries:
        total, sums = 0.0, {}
        for at in sorted(series):
            total += series[at]
            sums[at] = total
        return sums

    return each_series(value, run)


def _calendar(read: Callable[[datetime], float]) -> Callable[[Value], Value]:
    """A part of each datapoint's time (UTC)."""
    return lambda value: each_series(
        value, lambda series: {at: float(read(datetime.fromtimestamp(at, UTC))) for at in series}
    )


def _if(condition: Value, then: Value, otherwise: Value | None = None) -> Value:
    """Where there is no third value, datapoints that do not fulfil the condition are missing."""
    if isinstance(condition, list) or isinstance(then, list) or isinstance(otherwise, list):
        raise ExpressionInvalid("IF does not take arrays")
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        return {} if chosen is None else chosen
    decided: dict[float, float | None] = {}
    for start, holds in condition.items():
        branch = then if holds else otherwise
        decided[start] = None if branch is None else _at(branch, start)
    return _kept(decided)


def _pick(index: int) -> Callable[[Value], Value]:
    def pick(value: Value) -> Value:
        if not isinstance(value, list) or not value:
            raise ExpressionInvalid("FIRST and LAST take an array that is not empty")
        return value[index]

    return pick


def _slice(value: Value, start: Value, end: Value | None = None) -> Value:
    if not isinstance(value, list) or not isinstance(start, float) or not isinstance(end, float | None):
        raise ExpressionInvalid("SLICE takes an array and one or two numbers")
    return value[int(start) : None if end is None else int(end)]


def _remove_empty(value: Value) -> Value:
    return [series for series in value if series] if isinstance(value, list) else value


def sort_array(given: Sequence[Value], how: Sequence[Expression]) -> Value:
    """SORT(array, AVG|MIN|MAX|SUM, ASC|DESC, limit)."""
    names = [each.name for each in how if isinstance(each, Name)]
    limits = [int(each.value) for each in how if isinstance(each, Number)]
    if not given or not isinstance(given[0], list) or len(names) != 2 or names[0] not in _SORTED_BY:
        raise ExpressionInvalid("SORT takes an array, one of AVG, MIN, MAX, SUM, and ASC or DESC")
    reduce = _SORTED_BY[names[0]]
    full = sorted(
        (series for series in given[0] if series),
        key=lambda series: reduce(list(series.values())),
        reverse=names[1] == "DESC",
    )
    return full[: limits[0]] if limits else full


_SORTED_BY: Mapping[str, Callable[[list[float]], float]] = {
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
    "SUM": math.fsum,
}
FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "ABS": _pointwise(abs),
    "AVG": _aggregate(statistics.fmean),
    "CEIL": _pointwise(math.ceil),
    "DATAPOINT_COUNT": _aggregate(len),
    "DATE": _calendar(lambda at: at.day),
    "DAY": _calendar(lambda at: at.isoweekday()),
    "DIFF": _changes(lambda change, _: change),
    "DIFF_TIME": _changes(lambda _, seconds: seconds),
    "EPOCH": _calendar(lambda at: at.timestamp()),
    "FIRST": _pick(0),
    "FLOOR": _pointwise(math.floor),
    "HOUR": _calendar(lambda at: at.hour),
    "IF": _if,
    "LAST": _pick(-1),
    "LOG": _pointwise(math.log),
    "LOG10": _pointwise(math.log10),
    "MAX": _aggregate(max),
    "METRIC_COUNT": lambda value: float(len(value)) if isinstance(value, list) else 1.0,
    "MIN": _aggregate(min),
    "MINUTE": _calendar(lambda at: at.minute),
    "MONTH": _calendar(lambda at: at.month),
    "RATE": _changes(lambda change, seconds: change / seconds),
    "REMOVE_EMPTY": _remove_empty,
    "RUNNING_SUM": _running_sum,
    "SLICE": _slice,
    "STDDEV": _aggregate(statistics.pstdev),
    "SUM": _aggregate(math.fsum),
    "TIME_SERIES": lambda value: value,
    "YEAR": _calendar(lambda at: at.year),
}
KNOWN_FUNCTIONS = sorted([*FUNCTIONS, "FILL", "METRICS", "PERIOD", "SORT"])
