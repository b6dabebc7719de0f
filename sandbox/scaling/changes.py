"""Carries out what policies, schedules and changed bounds mean for ECS services. Runs under the engine's lock.

`backend` is the sandbox's ApplicationAutoscalingBackend (moto_ext), which keeps everything that must be remembered.
"""

from __future__ import annotations

import json
from typing import Any

from moto.ecs.models import ecs_backends

from sandbox.ecs.model import Service
from sandbox.metrics.actions import AlarmNotice
from sandbox.scaling import activities
from sandbox.scaling.activities import Activity
from sandbox.scaling.decisions import (
    DEFAULT_COOLDOWN,
    Bounds,
    Cooldowns,
    Past,
    adjusted,
    base_for_scaling_out,
    settled,
    step_for,
    tracked,
)
from sandbox.scaling.schedule import parse_schedule

_NO_FIGURE_STEP = 1  # tasks, where an alarm rings that says no figure (inferred)


def service_of(backend: Any, target: Any) -> Service | None:
    """The active ECS service that a scalable target is; None where it is gone or is no service."""
    if target.service_namespace != "ecs":
        return None
    _, cluster, name = target.resource_id.split("/")
    ecs = ecs_backends[backend.account_id][backend.region_name]
    if cluster not in ecs.clusters:
        return None
    service: Service | None = ecs.find_service(cluster, name)
    return service if service is not None and service.status == "ACTIVE" else None


def bounds_of(target: Any) -> Bounds:
    return Bounds(int(target.min_capacity), int(target.max_capacity))


def enforce_bounds(backend: Any, target: Any) -> None:
    """Bounds that were set, by a call or a schedule, hold at once: the count comes to the nearer one."""
    service = service_of(backend, target)
    if service is None:
        return
    allowed = bounds_of(target).of(service.desired_count)
    if allowed != service.desired_count:
        side = "minimum" if allowed > service.desired_count else "maximum"
        _set_count(backend, target, service, allowed, f"{side} capacity was set to {allowed}")


# -- policies ----------------------------------------------------------------------------------------------------


def act(backend: Any, policy: Any, notice: AlarmNotice, now: float) -> bool:
    """What a policy does while one of its alarms is in ALARM; whether anything is to be saved."""
    target = backend.target_of(policy)
    service = service_of(backend, target) if target is not None else None
    if target is None or service is None or notice.new_state != "ALARM":
        return False
    past, current = backend.past.get(policy.policy_arn), service.desired_count
    cooldowns = _cooldowns(policy)
    base = base_for_scaling_out(current, past, cooldowns, now)
    wanted = _wanted(backend, policy, notice, current, base)
    if wanted is None or _suspended(target, wanted, current):
        return False
    cause = activities.alarm_cause(notice.alarm.name, policy.policy_name)
    if wanted < current and service.deployment is not None:
        # "Application Auto Scaling turns off scale-in processes while Amazon ECS deployments are in progress."
        return _not_scaled(backend, target, cause, "TargetServicePutResourceAsUnscalable", current)
    outcome = settled(current, wanted, bounds_of(target), past, cooldowns, now)
    if outcome.capacity is None:
        return bool(outcome.reason) and _not_scaled(backend, target, cause, outcome.reason, current)
    if outcome.capacity > current:
        for other in backend.policies_of(target):  # scaling out ends whatever waits after scaling in
            if (former := backend.past.get(other.policy_arn)) and not former.out:
                del backend.past[other.policy_arn]
    # A larger step is still the same scaling out: an alarm that goes on ringing must not add it once more.
    before = base if outcome.capacity > current else current
    backend.past[policy.policy_arn] = Past(now, before, outcome.capacity)
    _set_count(backend, target, service, outcome.capacity, cause)
    return True


def _cooldowns(policy: Any) -> Cooldowns:
    if step := policy.step_scaling_policy_configuration:
        seconds = float(step.get("Cooldown", DEFAULT_COOLDOWN))
        return Cooldowns(seconds, seconds)
    given = policy.target_tracking_scaling_policy_configuration
    return Cooldowns(
        float(given.get("ScaleOutCooldown", DEFAULT_COOLDOWN)), float(given.get("ScaleInCooldown", DEFAULT_COOLDOWN))
    )


def _wanted(backend: Any, policy: Any, notice: AlarmNotice, current: int, base: int) -> int | None:
    """The capacity that the policy asks for, None where it asks for none. `base`: what scaling out counts from."""
    value = _figure(notice)
    if step := policy.step_scaling_policy_configuration:
        breach = 0.0 if value is None else value - float(notice.alarm.threshold)
        adjustment = step_for(step.get("StepAdjustments") or [], breach)
        if adjustment is None:
            return None
        kind, least = step.get("AdjustmentType"), int(step.get("MinAdjustmentMagnitude") or 0)
        wanted = adjusted(base, kind, adjustment, least)
        # Only more than what is cooling down adds to it; everything else counts from the present capacity.
        return max(wanted, current) if wanted > base else adjusted(current, kind, adjustment, least)
    target_value = float(policy.target_tracking_scaling_policy_configuration["TargetValue"])
    scaling_in = notice.alarm.comparison_operator == "LessThanThreshold"
    if not scaling_in:
        wanted = current + _NO_FIGURE_STEP if value is None else tracked(base, value, target_value)
        return max(wanted, current)
    if current == 0:
        return None
    wanted = current - _NO_FIGURE_STEP if value is None else tracked(current, value, target_value)
    backend.wishes[policy.policy_arn] = wanted
    others = [each for each in backend.tracking_of(policy) if each is not policy]
    if not all(backend.is_low(each) for each in others):
        return None  # scaling in takes every tracking policy that may scale in
    return min(max([wanted, *(backend.wishes.get(each.policy_arn, current) for each in others)]), current)


def _figure(notice: AlarmNotice) -> float | None:
    """The newest datapoint: the evaluation's, or the one in the StateReasonData of a SetAlarmState."""
    if notice.value is not None:
        return notice.value
    try:
        given = json.loads(notice.alarm.state_reason_data or "{}")
        recent = given.get("recentDatapoints") or [each["value"] for each in given.get("evaluatedDatapoints") or []]
        return float(recent[-1]) if recent else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _suspended(target: Any, wanted: int, current: int) -> bool:
    side = "DynamicScalingOutSuspended" if wanted > current else "DynamicScalingInSuspended"
    return bool((target.suspended_state or {}).get(side))


def _not_scaled(backend: Any, target: Any, cause: str, code: str, current: int) -> bool:
    """Remembered once in a row, however often the alarm is evaluated."""
    reason: dict[str, Any] = {"Code": code}
    if code == "AlreadyAtMaxCapacity":
        reason["MaxCapacity"] = int(target.max_capacity)
    elif code == "AlreadyAtMinCapacity":
        reason["MinCapacity"] = int(target.min_capacity)
    else:
        reason["CurrentCapacity"] = current
    newest = next((each for each in backend.activities if each.resource_id == target.resource_id), None)
    if newest is not None and newest.not_scaled == [reason]:
        return False
    backend.remember(activities.not_scaled(target.resource_id, cause, reason))
    return True


# -- schedules ---------------------------------------------------------------------------------------------------


def run_schedule(backend: Any, since: float, until: float) -> bool:
    """Whatever became due after `since` and up to `until` (sandbox epoch seconds); whether anything did."""
    due = [(moment, action) for action in backend.scheduled_actions if (moment := _due(action, since, until))]
    for _, action in sorted(due, key=lambda each: each[0]):
        _trigger(backend, action)
    return bool(due)


def _due(action: Any, since: float, until: float) -> float | None:
    """When it was due last, None where it was not; what came in between has no effect that lasts."""
    schedule = parse_schedule(action.schedule, action.timezone, action.start_time or action.since)
    moment, last = max(since, action.since, (action.start_time or 0) - 1e-6), None
    until = min(until, action.end_time or until)
    while (due := schedule.next_after(moment)) is not None and due <= until:
        moment = last = due
    return last


def _trigger(backend: Any, action: Any) -> None:
    target = backend.targets.get(action.scalable_dimension, {}).get(action.resource_id)
    if target is None or (target.suspended_state or {}).get("ScheduledScalingSuspended"):
        return
    given = action.scalable_target_action or {}
    least, most = given.get("MinCapacity"), given.get("MaxCapacity")
    if least is not None:
        target.min_capacity = least
        target.max_capacity = max(target.max_capacity, least)
    if most is not None:
        target.max_capacity = most
        target.min_capacity = min(target.min_capacity, most)
    backend.remember(activities.setting_bounds(action.resource_id, action.scheduled_action_name, least, most))
    enforce_bounds(backend, target)


# -- activities --------------------------------------------------------------------------------------------------


def _set_count(backend: Any, target: Any, service: Service, wanted: int, cause: str) -> None:
    ecs = ecs_backends[backend.account_id][backend.region_name]
    for each in backend.activities:
        if each.under_way and each.resource_id == target.resource_id:
            activities.overridden(each)
    ecs.scale(service, wanted)
    backend.remember(activities.setting_count(target.resource_id, wanted, cause))


def follow_up(backend: Any) -> bool:
    """See what has become of the activities under way; whether any of them ended."""
    ended = False
    for activity in [each for each in backend.activities if each.under_way]:
        ended |= _follow(backend, activity)
    return ended


def _follow(backend: Any, activity: Activity) -> bool:
    _, cluster, name = activity.resource_id.split("/")
    ecs = ecs_backends[backend.account_id][backend.region_name]
    service = ecs.find_service(cluster, name) if cluster in ecs.clusters else None
    if service is None or service.desired_count != activity.wanted:
        activities.overridden(activity)
        return True
    running = sum(task.last_status == "RUNNING" and task.meant_to_run for task in ecs.tasks_of(service))
    if running == activity.wanted:
        activities.fulfilled(activity)
        return True
    return False
