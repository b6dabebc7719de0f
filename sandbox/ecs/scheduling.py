"""The decisions of the ECS scheduler, as pure functions: no clock, no state, no API.

Sources: the ECS developer guide (rolling update, circuit breaker) and botocore's ECS model. What AWS does
not document is marked (inferred).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WITHOUT_CHECKS_HEALTHY_AFTER = 40.0  # sandbox seconds in RUNNING, where neither target group nor health check is set
_BREAKER_LOWEST, _BREAKER_HIGHEST, _BREAKER_PERCENT = 3, 200, 50
_UNTHROTTLED_FAILURES = 3
_FIRST_THROTTLE_SECONDS, _LONGEST_THROTTLE_SECONDS = 10.0, 300.0


@dataclass(frozen=True)
class Bounds:
    """How many tasks a deployment must keep healthy (`lower`) and may have at most (`upper`)."""

    lower: int
    upper: int


def bounds(desired: int, minimum_healthy_percent: int, maximum_percent: int) -> Bounds:
    return Bounds(math.ceil(desired * minimum_healthy_percent / 100), desired * maximum_percent // 100)


def breaker_threshold(desired: int, configuration: Mapping[str, Any] | None = None) -> int:
    """How many failed tasks end a deployment; `configuration` is DeploymentCircuitBreaker.thresholdConfiguration."""
    kind = (configuration or {}).get("type", "BOUNDED_PERCENT")
    value = (configuration or {}).get("value", _BREAKER_PERCENT)
    if kind == "COUNT":
        return max(1, int(value))
    share = math.ceil(desired * value / 100)
    if kind == "UNBOUNDED_PERCENT":
        return max(1, share)
    return min(max(share, _BREAKER_LOWEST), _BREAKER_HIGHEST)


def start_delay(failed_tasks: int) -> float:
    """Sandbox seconds to wait before the next start: repeated failures are throttled (steps inferred)."""
    over = failed_tasks - _UNTHROTTLED_FAILURES
    return 0.0 if over < 0 else min(_FIRST_THROTTLE_SECONDS * 2**over, _LONGEST_THROTTLE_SECONDS)


@dataclass(frozen=True)
class TaskView:
    """What the scheduler sees of one task that is meant to run.

    `current`: of the revision being rolled out; `replacement`: started for a lost task of the completed revision
    before it, and not healthy yet.
    """

    id: str
    current: bool
    running: bool
    healthy: bool
    replacement: bool = False


@dataclass(frozen=True)
class Plan:
    """`start` tasks of the current revision, `restore` ones of the completed one before it; `stop` these tasks.

    `stuck`: the bounds allow nothing.
    """

    start: int = 0
    stop: tuple[str, ...] = ()
    stuck: bool = False
    restore: int = 0


def plan_rolling(desired: int, limits: Bounds, tasks: Sequence[TaskView], lost: int = 0) -> Plan:
    """One tick of a rolling update; also what keeps a finished service at its desired count.

    `tasks` are in the order of their start. New tasks are started as far as `upper` allows. Old tasks that
    are not healthy go first and at once, healthy ones only while `lower` healthy tasks remain (inferred).
    Too many current tasks are stopped youngest first. `lost`: tasks of the completed revision that ended although
    they were still wanted; below `lower` they are replaced by the same revision (as ECS does since November 2025).
    """
    current = [task for task in tasks if task.current]
    old = [task for task in tasks if not task.current]
    missing = desired - len(current)
    stop = [task.id for task in _scale_in_order(current)[: max(0, -missing)]]
    healthy = sum(task.healthy for task in tasks if task.id not in stop)
    room = max(0, limits.upper - len(tasks))
    restore = min(lost, room) if healthy < limits.lower else 0
    start = max(0, min(missing, room - restore))
    for task in sorted(old, key=lambda task: task.healthy):
        if not task.healthy:
            if not task.replacement or healthy >= limits.lower:
                stop.append(task.id)
        elif healthy - 1 >= limits.lower:
            stop.append(task.id)
            healthy -= 1
    in_motion = any(not task.healthy for task in tasks)
    stuck = bool(missing > 0 or old) and not (start or stop or restore or in_motion)
    return Plan(start, tuple(stop), stuck, restore)


def plan_count(wanted: int, tasks: Sequence[TaskView]) -> Plan:
    """What brings one revision to so many tasks, whatever the bounds of a rolling update.

    Tasks that are not `current` leave (their instance drains) as soon as they are replaced.
    """
    return plan_rolling(wanted, Bounds(wanted, wanted + len(tasks)), tasks)


def _scale_in_order(current: Sequence[TaskView]) -> list[TaskView]:
    youngest_first = list(current)[::-1]
    return sorted(youngest_first, key=lambda task: (task.healthy, task.running))


def is_stable(desired: int, tasks: Sequence[TaskView], leaving: int) -> bool:
    """Whether the current revision is all there and healthy and no other task is left (`leaving`: not yet stopped)."""
    current = [task for task in tasks if task.current]
    return (
        len(current) == desired == len(tasks) and all(task.healthy and task.running for task in current) and not leaving
    )


def container_health(check: Mapping[str, Any], passing_after: float | None, age: float) -> str:
    """HEALTHY, UNHEALTHY or UNKNOWN for a container that is `age` sandbox seconds old.

    `check` is the container definition's healthCheck (its defaults: interval 30, retries 3, start period 0);
    `passing_after`: from what age the command would succeed, None for never.
    """
    interval, retries = float(check.get("interval") or 30), int(check.get("retries") or 3)
    patience = float(check.get("startPeriod") or 0) + interval * retries
    if passing_after is not None and age >= max(interval, passing_after):
        return "HEALTHY"
    return "UNHEALTHY" if age >= patience else "UNKNOWN"
