"""The ECS scheduler decides as ECS does: bounds, circuit breaker, one tick of a rolling update."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ecs.scheduling import (
    Bounds,
    Plan,
    TaskView,
    bounds,
    breaker_threshold,
    container_health,
    is_stable,
    plan_count,
    plan_rolling,
    start_delay,
)


def old(name: str, *, healthy: bool = True) -> TaskView:
    return TaskView(name, current=False, running=True, healthy=healthy)


def new(name: str, *, healthy: bool = True, running: bool = True) -> TaskView:
    return TaskView(name, current=True, running=running, healthy=healthy)


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "expected"),
    [
        (4, 100, 200, Bounds(4, 8)),
        (3, 50, 150, Bounds(2, 4)),
        (1, 100, 100, Bounds(1, 1)),
        (1, 0, 100, Bounds(0, 1)),
        (0, 100, 200, Bounds(0, 0)),
    ],
)
def test_the_lower_bound_is_rounded_up_and_the_upper_one_down(
    desired: int, minimum: int, maximum: int, expected: Bounds
) -> None:
    assert bounds(desired, minimum, maximum) == expected


@pytest.mark.parametrize(("desired", "threshold"), [(1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (1000, 200)])
def test_the_breaker_trips_at_half_the_desired_count_within_3_and_200(desired: int, threshold: int) -> None:
    assert breaker_threshold(desired) == threshold


@pytest.mark.parametrize(
    ("configuration", "threshold"),
    [
        ({"type": "COUNT", "value": 7}, 7),
        ({"type": "BOUNDED_PERCENT", "value": 10}, 10),
        ({"type": "UNBOUNDED_PERCENT", "value": 1}, 1),
        ({"type": "UNBOUNDED_PERCENT", "value": 300}, 300),
    ],
)
def test_the_threshold_can_be_configured(configuration: dict[str, object], threshold: int) -> None:
    assert breaker_threshold(100, configuration) == threshold


def test_a_rolling_update_starts_as_many_new_tasks_as_the_upper_bound_allows() -> None:
    tasks = [old("a"), old("b"), old("c"), old("d")]
    assert plan_rolling(4, Bounds(4, 6), tasks) == Plan(start=2)
    assert plan_rolling(4, Bounds(4, 8), tasks) == Plan(start=4)


def test_old_tasks_stop_only_while_enough_healthy_ones_remain() -> None:
    tasks = [old("a"), old("b"), new("c"), new("d", healthy=False)]
    assert plan_rolling(2, Bounds(2, 4), tasks).stop == ("a",)


def test_old_tasks_that_are_not_healthy_stop_first_and_at_once() -> None:
    tasks = [old("a"), old("b", healthy=False), new("c", healthy=False)]
    assert plan_rolling(2, Bounds(2, 4), tasks).stop == ("b",)


def test_room_is_made_first_where_the_upper_bound_leaves_none() -> None:
    tasks = [old("a"), old("b")]
    assert plan_rolling(2, Bounds(1, 2), tasks) == Plan(start=0, stop=("a",))


def test_bounds_that_allow_nothing_are_reported_as_stuck() -> None:
    assert plan_rolling(1, Bounds(1, 1), [old("a")]) == Plan(stuck=True)


def test_scaling_in_stops_the_youngest_and_those_not_healthy_first() -> None:
    tasks = [new("a"), new("b"), new("c", healthy=False), new("d")]
    assert plan_rolling(2, Bounds(2, 4), tasks).stop == ("c", "d")


def test_a_service_that_is_complete_is_left_alone() -> None:
    assert plan_rolling(2, Bounds(2, 4), [new("a"), new("b")]) == Plan()


@given(
    desired=st.integers(1, 12),
    minimum=st.integers(0, 100),
    maximum=st.integers(100, 300),
)
def test_a_whole_update_keeps_its_bounds_at_every_tick_and_ends(desired: int, minimum: int, maximum: int) -> None:
    limits = bounds(desired, minimum, maximum)
    if limits.lower == limits.upper == desired:
        return  # nothing may start or stop: ECS stalls
    tasks = [old(f"old{number}") for number in range(desired)]
    started = 0
    for _ in range(10 * desired + 10):
        plan = plan_rolling(desired, limits, tasks)
        tasks = [task for task in tasks if task.id not in plan.stop]
        tasks += [new(f"new{started + number}", healthy=False, running=False) for number in range(plan.start)]
        started += plan.start
        assert len(tasks) <= limits.upper
        assert sum(task.healthy for task in tasks) >= limits.lower
        if is_stable(desired, tasks, leaving=0):
            break
        tasks = [new(task.id) if task.current else task for task in tasks]
    assert [task.current for task in tasks] == [True] * desired


@given(
    desired=st.integers(1, 8),
    minimum=st.integers(0, 100),
    maximum=st.integers(100, 300),
    losses=st.lists(st.integers(0, 2), min_size=1, max_size=6),
)
def test_while_the_new_image_never_gets_healthy_lost_old_tasks_come_back(
    desired: int, minimum: int, maximum: int, losses: list[int]
) -> None:
    limits = bounds(desired, minimum, maximum)
    tasks = [old(f"old{number}") for number in range(desired)]
    kept, born = desired, 0
    for loss in [*losses, *([0] * (4 * desired + 4))]:
        tasks = [task for task in tasks if task.current] + [task for task in tasks if not task.current][loss:]
        there = sum(not task.current for task in tasks)
        plan = plan_rolling(desired, limits, tasks, lost=max(0, kept - there))
        kept -= sum(task.id in plan.stop for task in tasks if not task.current)
        tasks = [task for task in tasks if task.id not in plan.stop]
        replacements = [
            TaskView(f"again{born + number}", current=False, running=False, healthy=False, replacement=True)
            for number in range(plan.restore)
        ]
        starting = [new(f"new{born + number}", healthy=False, running=False) for number in range(plan.start)]
        born += plan.restore + plan.start
        assert len(tasks) + len(replacements) + len(starting) <= max(limits.upper, desired)
        tasks = [task for task in tasks if not task.current]  # the former tick's new tasks have crashed
        tasks += [old(task.id) for task in replacements] + starting
    if limits.upper > limits.lower:
        assert sum(task.healthy for task in tasks) >= limits.lower


def test_a_replacement_is_not_stopped_before_it_is_of_use() -> None:
    replacement = TaskView("r", current=False, running=False, healthy=False, replacement=True)
    tasks = [old("a"), replacement, new("n", healthy=False)]
    assert plan_rolling(2, Bounds(2, 4), tasks) == Plan(start=1)
    done = [old("a"), replacement, new("n"), new("m")]
    assert plan_rolling(2, Bounds(2, 4), done).stop == ("r", "a")


def test_a_lost_task_is_replaced_only_below_the_lower_bound() -> None:
    assert plan_rolling(2, Bounds(2, 4), [old("a"), new("n", healthy=False)], lost=1).restore == 1
    assert plan_rolling(2, Bounds(1, 4), [old("a"), new("n", healthy=False)], lost=1).restore == 0


def test_one_revision_is_brought_to_its_count() -> None:
    assert plan_count(3, [new("a")]) == Plan(start=2)
    assert plan_count(1, [new("a"), new("b", healthy=False)]).stop == ("b",)
    assert plan_count(0, [new("a")]).stop == ("a",)
    leaving = old("leaving")
    assert plan_count(1, [leaving]) == Plan(start=1)
    assert plan_count(1, [leaving, new("a", healthy=False)]) == Plan()
    assert plan_count(1, [leaving, new("a")]).stop == ("leaving",)
    assert set(plan_count(0, [leaving, new("a")]).stop) == {"leaving", "a"}


def test_a_deployment_is_stable_only_without_any_task_of_another_revision() -> None:
    assert is_stable(1, [new("a")], leaving=0)
    assert not is_stable(1, [new("a")], leaving=1)
    assert not is_stable(1, [new("a"), old("b")], leaving=0)
    assert not is_stable(1, [new("a", healthy=False)], leaving=0)
    assert is_stable(0, [], leaving=0)


def test_repeated_failures_are_throttled_up_to_five_minutes() -> None:
    assert [start_delay(failures) for failures in (0, 2, 3, 4, 5)] == [0, 0, 10, 20, 40]
    assert start_delay(50) == 300


@pytest.mark.parametrize(
    ("passing_after", "age", "expected"),
    [
        (0.0, 10, "UNKNOWN"),
        (0.0, 30, "HEALTHY"),
        (50.0, 49, "UNKNOWN"),
        (50.0, 50, "HEALTHY"),
        (None, 89, "UNKNOWN"),
        (None, 90, "UNHEALTHY"),
        (200.0, 100, "UNHEALTHY"),
    ],
)
def test_a_container_health_check_needs_interval_and_retries(
    passing_after: float | None, age: float, expected: str
) -> None:
    assert container_health({"interval": 30, "retries": 3}, passing_after, age) == expected


def test_the_start_period_gives_a_slow_container_time() -> None:
    check = {"interval": 10, "retries": 3, "startPeriod": 60}
    assert container_health(check, None, 89) == "UNKNOWN"
    assert container_health(check, None, 90) == "UNHEALTHY"
