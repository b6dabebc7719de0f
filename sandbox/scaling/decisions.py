"""How much capacity a scaling policy wants, and what its target allows. Pure.

After the Application Auto Scaling user guide ("Step scaling policies", "Target tracking scaling policies") and the
notes on desired counts outside the bounds in ECS's developer guide ("Service auto scaling").
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LOW_ALARM_SHARE = 0.9  # of the target value: where target tracking begins to scale in (as observed, not documented)
DEFAULT_COOLDOWN = 300.0  # sandbox seconds, for ECS services

_ROUNDING = 1e-9  # a ratio of floats that is a whole number must not be rounded up to the next one


@dataclass(frozen=True)
class Bounds:
    """A scalable target's MinCapacity and MaxCapacity."""

    least: int
    most: int

    def of(self, capacity: int) -> int:
        return min(max(capacity, self.least), self.most)


@dataclass(frozen=True)
class Past:
    """A policy's last scaling: when (sandbox seconds), and the capacity before and after it.

    `before` is that of the first of the steps that followed each other within a cooldown.
    """

    at: float
    before: int
    after: int

    @property
    def out(self) -> bool:
        return self.after > self.before


@dataclass(frozen=True)
class Cooldowns:
    """Sandbox seconds that a policy waits after having scaled out, or in."""

    out: float = DEFAULT_COOLDOWN
    into: float = DEFAULT_COOLDOWN


@dataclass(frozen=True)
class Outcome:
    """The capacity to set, or None with the reason (a NotScaledReason's code; empty: the policy is cooling down)."""

    capacity: int | None
    reason: str = ""


# -- what a policy wants -----------------------------------------------------------------------------------------


def step_for(steps: Sequence[Mapping[str, Any]], breach: float) -> int | None:
    """The ScalingAdjustment for how far the metric is above (or below) the alarm's threshold, None where no step fits.

    Above the threshold, a step's lower bound belongs to it and the upper one does not; below, the other way round.
    """
    for step in steps:
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        low = -math.inf if low is None else float(low)
        high = math.inf if high is None else float(high)
        above = low >= 0 or (low < 0 < high and breach >= 0)
        if (low <= breach < high) if above else (low < breach <= high):
            return int(step["ScalingAdjustment"])
    return None


def adjusted(capacity: int, kind: str, adjustment: int, least_magnitude: int = 0) -> int:
    """The capacity after an adjustment of `kind` (AdjustmentType); never below 0.

    A percentage is rounded towards 0, but to 1 at least; `least_magnitude` is MinAdjustmentMagnitude.
    """
    if kind == "ExactCapacity":
        return adjustment
    if kind == "ChangeInCapacity":
        return max(capacity + adjustment, 0)
    if adjustment == 0:
        return capacity
    size = max(abs(math.trunc(capacity * adjustment / 100)), 1, least_magnitude)
    return max(capacity + (size if adjustment > 0 else -size), 0)


def tracked(capacity: int, value: float, target: float) -> int:
    """The capacity at which a metric that falls in proportion to it comes to its target."""
    return max(math.ceil(capacity * value / target - _ROUNDING), 0)


# -- what is allowed ---------------------------------------------------------------------------------------------


def base_for_scaling_out(current: int, last: Past | None, cooldowns: Cooldowns, now: float) -> int:
    """What an adjustment counts from: while scaling out cools down, what was added counts as part of the next one."""
    cooling = last is not None and last.out and now < last.at + cooldowns.out
    return last.before if cooling and last is not None and current >= last.after else current


def settled(current: int, wanted: int, bounds: Bounds, last: Past | None, cooldowns: Cooldowns, now: float) -> Outcome:
    """What becomes of a wish. Scaling in waits for its cooldown; scaling out during one must be a larger one."""
    if wanted > current:
        # A count that was set below the minimum by hand is raised to it, one above the maximum is left alone.
        capacity = bounds.of(wanted)
        return Outcome(capacity) if capacity > current else Outcome(None, "AlreadyAtMaxCapacity")
    if wanted < current:
        if last is not None and not last.out and now < last.at + cooldowns.into:
            return Outcome(None)
        capacity = bounds.of(wanted)
        return Outcome(capacity) if capacity < current else Outcome(None, "AlreadyAtMinCapacity")
    return Outcome(None, "AlreadyAtDesiredCapacity")
