"""What scaling policies want and what their targets allow, decided without a sandbox."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.scaling.decisions import (
    Bounds,
    Cooldowns,
    Past,
    adjusted,
    base_for_scaling_out,
    settled,
    step_for,
    tracked,
)

COUNTS = st.integers(0, 500)
BOUNDS = st.tuples(COUNTS, COUNTS).map(lambda pair: Bounds(min(pair), max(pair)))
COOLDOWNS = st.builds(Cooldowns, st.floats(0, 900), st.floats(0, 900))
PASTS = st.none() | st.builds(Past, st.floats(0, 1_000), COUNTS, COUNTS)
STEPS = [
    {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
]
DOWN = [
    {"MetricIntervalUpperBound": -10.0, "ScalingAdjustment": -3},
    {"MetricIntervalLowerBound": -10.0, "MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1},
]


@pytest.mark.parametrize(("breach", "adjustment"), [(0, 1), (9.99, 1), (10, 3), (400, 3), (-1, None)])
def test_above_the_threshold_a_steps_lower_bound_belongs_to_it(breach: float, adjustment: int | None) -> None:
    assert step_for(STEPS, breach) == adjustment


@pytest.mark.parametrize(("breach", "adjustment"), [(0, -1), (-9.99, -1), (-10, -3), (-40, -3), (1, None)])
def test_below_the_threshold_a_steps_upper_bound_belongs_to_it(breach: float, adjustment: int | None) -> None:
    assert step_for(DOWN, breach) == adjustment


@pytest.mark.parametrize(
    ("capacity", "kind", "adjustment", "least", "after"),
    [
        (4, "ChangeInCapacity", 3, 0, 7),
        (2, "ChangeInCapacity", -5, 0, 0),
        (4, "ExactCapacity", 9, 0, 9),
        (4, "PercentChangeInCapacity", 25, 2, 6),  # the example of botocore's MinAdjustmentMagnitude
        (10, "PercentChangeInCapacity", 127, 0, 22),  # 12.7 is rounded down
        (2, "PercentChangeInCapacity", 30, 0, 3),  # 0.6 is 1
        (10, "PercentChangeInCapacity", -66, 0, 4),  # -6.6 is -6
        (2, "PercentChangeInCapacity", -30, 0, 1),
        (7, "PercentChangeInCapacity", 0, 5, 7),
    ],
)
def test_adjustments_are_rounded_as_the_user_guide_says(
    capacity: int, kind: str, adjustment: int, least: int, after: int
) -> None:
    assert adjusted(capacity, kind, adjustment, least) == after


def test_tracking_comes_to_the_capacity_at_which_the_metric_is_at_its_target() -> None:
    assert tracked(4, 90.0, 60.0) == 6
    assert tracked(3, 61.0, 60.0) == 4
    assert tracked(10, 12.0, 60.0) == 2
    assert tracked(3, 0.1 + 0.2, 0.1) == 9  # 9.000000000000002 is 9


@given(COUNTS, st.floats(0, 1e4), st.floats(0.1, 1e4))
def test_at_the_tracked_capacity_the_load_of_each_is_at_most_the_target(
    capacity: int, value: float, target: float
) -> None:
    wanted = tracked(capacity, value, target)
    load = capacity * value
    rounding = 1e-6 * (load + target)
    assert wanted * target >= load - rounding
    assert wanted == 0 or (wanted - 1) * target <= load + rounding


@given(COUNTS, COUNTS, BOUNDS, PASTS, COOLDOWNS, st.floats(0, 3_000))
def test_a_wish_never_leads_out_of_the_bounds_nor_the_other_way(
    current: int, wanted: int, bounds: Bounds, last: Past | None, cooldowns: Cooldowns, now: float
) -> None:
    outcome = settled(current, wanted, bounds, last, cooldowns, now)
    if outcome.capacity is not None:
        assert bounds.least <= outcome.capacity <= bounds.most
        assert math.copysign(1, outcome.capacity - current) == math.copysign(1, wanted - current)
        assert outcome.capacity != current


@given(COUNTS, COUNTS, BOUNDS, COOLDOWNS, st.integers(0, 500), st.integers(0, 499), st.floats(0, 1_000))
def test_scaling_in_again_waits_for_its_cooldown_scaling_out_does_not(
    current: int, wanted: int, bounds: Bounds, cooldowns: Cooldowns, before: int, after: int, passed: float
) -> None:
    last = Past(100.0, max(before, after) + 1, min(before, after))
    outcome = settled(current, wanted, bounds, last, cooldowns, 100.0 + passed)
    free = settled(current, wanted, bounds, None, cooldowns, 100.0 + passed)
    waits = wanted < current and 100.0 + passed < 100.0 + cooldowns.into
    assert outcome.capacity == (None if waits else free.capacity)


@given(COUNTS, st.integers(1, 50), st.integers(1, 50), st.floats(0, 900), st.floats(0, 900))
def test_what_a_cooling_scale_out_added_counts_as_part_of_the_next_one(
    before: int, added: int, more: int, cooldown: float, passed: float
) -> None:
    last, now = Past(0.0, before, before + added), passed
    base = base_for_scaling_out(before + added, last, Cooldowns(cooldown, 0), now)
    assert base == (before if passed < cooldown else before + added)
    if passed < cooldown:
        wanted = max(base + more, before + added)
        assert wanted - before == max(added, more)


def test_a_count_below_the_minimum_is_raised_to_it_when_scaling_out_and_left_when_scaling_in() -> None:
    bounds, cooldowns = Bounds(4, 8), Cooldowns()
    assert settled(1, 2, bounds, None, cooldowns, 0).capacity == 4
    assert settled(2, 1, bounds, None, cooldowns, 0).reason == "AlreadyAtMinCapacity"
    assert settled(12, 11, bounds, None, cooldowns, 0).capacity == 8
    assert settled(12, 13, bounds, None, cooldowns, 0).reason == "AlreadyAtMaxCapacity"
    assert settled(5, 5, bounds, None, cooldowns, 0).reason == "AlreadyAtDesiredCapacity"
