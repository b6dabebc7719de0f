"""Metric math and statistics: what CloudWatch's user guide says, and what holds for any figures."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.metrics.expressions import ExpressionInvalid, parse
from sandbox.metrics.functions import KNOWN_FUNCTIONS
from sandbox.metrics.queries import Query, QueryInvalid, answer
from sandbox.metrics.statistics import StatisticUnknown, TimeSeries, Window, statistic, time_series
from sandbox.metrics.store import Metric, MetricStore, Point, merged, point_of, thinned

MINUTE = 60.0
WINDOW = Window(0.0, 300.0)
SERIES: dict[str, TimeSeries] = {
    "m1": {0.0: 1.0, 60.0: 2.0, 120.0: 3.0, 180.0: 4.0, 240.0: 5.0},
    "m2": {0.0: 10.0, 120.0: 30.0, 240.0: 50.0},
    "zero": {0.0: 0.0, 60.0: 0.0},
    "none": {},
}
FIGURES = st.floats(-1e6, 1e6)


def computed(expression: str, series: dict[str, TimeSeries] | None = None) -> list[TimeSeries]:
    store = MetricStore()
    queries = []
    for name, points in (series or SERIES).items():
        for at, value in points.items():
            store.put("N", name, {}, value, "None", at)
        queries.append(Query(name, MINUTE, Metric("N", name, ()), "Sum", returned=False))
    queries.append(Query("e", expression=expression))
    return answer(queries, WINDOW, lambda metric, unit, start, end: store.points(metric, start, end, unit))["e"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 + m2", {0.0: 11.0, 120.0: 33.0, 240.0: 55.0}),
        ("m1 * 2 ^ 2 - 1", {0.0: 3.0, 60.0: 7.0, 120.0: 11.0, 180.0: 15.0, 240.0: 19.0}),
        ("100 * m2 / m1", {0.0: 1000.0, 120.0: 1000.0, 240.0: 1000.0}),
        ("m1 / zero", {}),
        ("-m2", {0.0: -10.0, 120.0: -30.0, 240.0: -50.0}),
        ("m1 > 3", {0.0: 0.0, 60.0: 0.0, 120.0: 0.0, 180.0: 1.0, 240.0: 1.0}),
        ("m2 >= 30 AND m2 < 50", {0.0: 0.0, 120.0: 1.0, 240.0: 0.0}),
        ("m2 == 10 || m2 != 30", {0.0: 1.0, 120.0: 0.0, 240.0: 1.0}),
        ("FILL(m2, 0)", {0.0: 10.0, 60.0: 0.0, 120.0: 30.0, 180.0: 0.0, 240.0: 50.0}),
        ("FILL(m2, REPEAT)", {0.0: 10.0, 60.0: 10.0, 120.0: 30.0, 180.0: 30.0, 240.0: 50.0}),
        ("FILL(m2, LINEAR)", {0.0: 10.0, 60.0: 20.0, 120.0: 30.0, 180.0: 40.0, 240.0: 50.0}),
        ("FILL(m2, m1)", {0.0: 10.0, 60.0: 2.0, 120.0: 30.0, 180.0: 4.0, 240.0: 50.0}),
        ("FILL(none, 7)", {0.0: 7.0, 60.0: 7.0, 120.0: 7.0, 180.0: 7.0, 240.0: 7.0}),
        ("IF(m1 > 3, m1, 0)", {0.0: 0.0, 60.0: 0.0, 120.0: 0.0, 180.0: 4.0, 240.0: 5.0}),
        ("IF(m1 > 3, m1)", {180.0: 4.0, 240.0: 5.0}),
        ("IF(m2 > 0, 100 * FILL(none, 0) / m2, 0)", {0.0: 0.0, 120.0: 0.0, 240.0: 0.0}),
        ("IF(zero > 0, m1 / zero, 0)", {0.0: 0.0, 60.0: 0.0}),
        ("SUM([m1, m2])", {0.0: 11.0, 60.0: 2.0, 120.0: 33.0, 180.0: 4.0, 240.0: 55.0}),
        ("AVG([m1, m2])", {0.0: 5.5, 60.0: 2.0, 120.0: 16.5, 180.0: 4.0, 240.0: 27.5}),
        ("MAX([m1, m2])", {0.0: 10.0, 60.0: 2.0, 120.0: 30.0, 180.0: 4.0, 240.0: 50.0}),
        ('MIN(METRICS("m"))', {0.0: 1.0, 60.0: 2.0, 120.0: 3.0, 180.0: 4.0, 240.0: 5.0}),
        ("m1 - AVG(m1)", {0.0: -2.0, 60.0: -1.0, 120.0: 0.0, 180.0: 1.0, 240.0: 2.0}),
        ("RATE(m2)", {120.0: 20 / 120, 240.0: 20 / 120}),
        ("DIFF(m1)", {60.0: 1.0, 120.0: 1.0, 180.0: 1.0, 240.0: 1.0}),
        ("RUNNING_SUM(m1)", {0.0: 1.0, 60.0: 3.0, 120.0: 6.0, 180.0: 10.0, 240.0: 15.0}),
        ("m2 / PERIOD(m2)", {0.0: 10 / 60, 120.0: 0.5, 240.0: 50 / 60}),
        ("ABS(CEIL(m2 / -4))", {0.0: 2.0, 120.0: 7.0, 240.0: 12.0}),
        ("MINUTE(m2)", {0.0: 0.0, 120.0: 2.0, 240.0: 4.0}),
        ("FIRST(SORT(METRICS(), SUM, DESC))", SERIES["m2"]),
        ("TIME_SERIES(4)", {0.0: 4.0, 60.0: 4.0, 120.0: 4.0, 180.0: 4.0, 240.0: 4.0}),
    ],
)
def test_an_expression_computes_what_the_guide_says(expression: str, expected: TimeSeries) -> None:
    assert computed(expression) == [pytest.approx(expected)]


def test_an_array_makes_several_series() -> None:
    assert computed("REMOVE_EMPTY(METRICS()) * 2") == [
        {at: 2 * value for at, value in SERIES[name].items()} for name in ("m1", "m2", "zero")
    ]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("m1 +", "ends too early"),
        ("m1 m2", "unexpected 'm2'"),
        ("(m1", "ends too early"),
        ("m1 $ 2", "unexpected character"),
        ("nobody + 1", "unknown id 'nobody'"),
        ("FROBNICATE(m1)", "the function FROBNICATE is unknown here. Known: ABS, AVG"),
        ("SEARCH('x', 'Sum')", "SEARCH is unknown here"),
        ("ANOMALY_DETECTION_BAND(m1)", "ANOMALY_DETECTION_BAND is unknown here"),
        ("SELECT AVG(x) FROM y", "Metrics Insights"),
        ("SUM(m1)", "must return a time series"),
        ("1 / 0", "division by zero"),
        ("RATE(3)", "takes a metric"),
        ("ABS(m1, m2)", "does not take these arguments"),
        ("e + 1", "depends on itself"),
        ("FILL(m1)", "FILL takes"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_a_reason(expression: str, why: str) -> None:
    with pytest.raises(QueryInvalid, match="Error in expression 'e'") as caught:
        computed(expression)
    assert why in str(caught.value)


@given(st.text(alphabet="m12+-*/()[], ^<>=&|.'\"ABSUMFIL", max_size=30))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    with suppress(ExpressionInvalid):
        parse(text)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ExpressionInvalid, match="too deeply"):
        parse("(" * 5_000 + "1" + ")" * 5_000)


@given(st.dictionaries(st.sampled_from([0.0, 60.0, 120.0, 180.0, 240.0]), FIGURES), FIGURES)
def test_fill_leaves_no_gap_and_changes_no_datapoint(series: TimeSeries, value: float) -> None:
    filled = computed(f"FILL(m, ({value!r}))", {"m": series})[0]
    assert list(filled) == WINDOW.starts(MINUTE)
    assert {at: filled[at] for at in series} == pytest.approx(series)


@given(st.lists(FIGURES, min_size=5, max_size=5), st.lists(FIGURES, min_size=5, max_size=5))
def test_sums_are_sums_however_they_are_written(one: list[float], other: list[float]) -> None:
    series = {
        "a": dict(zip(WINDOW.starts(MINUTE), one, strict=True)),
        "b": dict(zip(WINDOW.starts(MINUTE), other, strict=True)),
    }
    assert computed("SUM(METRICS())", series) == [pytest.approx(computed("a + b", series)[0])]
    last = computed("RUNNING_SUM(a)", series)[0][240.0]
    assert last == pytest.approx(math.fsum(one), abs=1e-6)


def test_every_function_that_is_told_of_exists() -> None:
    assert {"FILL", "IF", "METRICS", "RATE", "SUM"} <= set(KNOWN_FUNCTIONS)
    for name in KNOWN_FUNCTIONS:
        told = ""
        try:
            computed(f"{name}(m1)")
        except QueryInvalid as error:
            told = str(error)
        assert "unknown" not in told


# -- statistics --------------------------------------------------------------------------------------------------

VALUES = st.lists(st.floats(0, 1000), min_size=1, max_size=60)


def of(values: list[float], at: float = 0.0) -> Point:
    return merged(at, [point_of(at, {value: 1.0}) for value in values])


@given(VALUES)
def test_statistics_are_those_of_the_values(values: list[float]) -> None:
    point = of(values)
    assert statistic(point, "Sum") == pytest.approx(math.fsum(values))
    assert statistic(point, "SampleCount") == len(values)
    assert statistic(point, "Minimum") == min(values)
    assert statistic(point, "Maximum") == max(values)
    assert statistic(point, "Average") == pytest.approx(math.fsum(values) / len(values))
    assert statistic(point, "p100") == max(values)


@given(VALUES, st.integers(1, 99), st.integers(1, 99))
def test_percentiles_rise_and_lie_among_the_values(values: list[float], one: int, other: int) -> None:
    low, high = sorted((one, other))
    point = of(values)
    lower, higher = statistic(point, f"p{low}"), statistic(point, f"p{high}")
    assert lower is not None
    assert higher is not None
    assert lower <= higher
    assert {lower, higher} <= set(values)
    assert sum(value <= higher for value in values) >= len(values) * high / 100


def test_p95_of_a_hundred_is_the_ninety_fifth() -> None:
    assert statistic(of([float(value) for value in range(1, 101)]), "p95") == 95.0


def test_percentiles_of_a_statistic_set_cannot_be_told_unless_all_is_one() -> None:
    assert statistic(Point(0, 10, 1, 9, 2), "p50") is None
    assert statistic(Point(0, 8, 4, 4, 2), "p50") == 4


@pytest.mark.parametrize("name", ["Median", "p", "p101", "average", ""])
def test_an_unknown_statistic_is_refused(name: str) -> None:
    with pytest.raises(StatisticUnknown, match="Known: Average"):
        statistic(of([1.0]), name)


@given(st.dictionaries(st.integers(0, 10_000), st.floats(0, 100), min_size=1), st.sampled_from([60.0, 300.0]))
def test_periods_lose_no_sample_and_begin_at_multiples(points: dict[int, float], period: float) -> None:
    series = time_series(
        [point_of(at, {value: 1.0}) for at, value in points.items()], "SampleCount", period, Window(0, 1)
    )
    assert sum(series.values()) == len(points)
    assert all(start % period == 0 for start in series)


@given(st.dictionaries(st.floats(0, 100), st.integers(1, 5).map(float), min_size=1, max_size=200), st.integers(2, 50))
def test_thinning_keeps_extremes_and_counts(values: dict[float, float], kept: int) -> None:
    thin = thinned(values, kept)
    assert len(thin) <= max(kept, 2)
    assert sum(thin.values()) == sum(values.values())
    assert (min(thin), max(thin)) == (min(values), max(values))


def test_old_points_are_kept_more_coarsely_and_forgotten_in_the_end() -> None:
    store, metric, day = MetricStore(), Metric("N", "M", ()), 86_400
    for minute in range(0, 20 * 1440, 7):
        store.put("N", "M", {}, 1.0, "Count", minute * 60.0)
    end = 20 * day
    points = store.points(metric, 0, end)
    assert points[0].at >= end - 16 * day
    assert len(points) < 1_500
    last_week = store.points(metric, end - 7 * day, end)
    assert sum(point.samples for point in last_week) == pytest.approx(7 * 1440 / 7, abs=10)
