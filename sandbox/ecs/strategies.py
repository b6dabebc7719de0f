"""How BLUE_GREEN, LINEAR and CANARY deployments proceed, as pure functions: no clock, no state, no API.

Sources: botocore's ECS model (stages, ranges, defaults) and the ECS developer guide. What AWS does not document
is marked (inferred). Weights are percent of the traffic that goes to the target revision, the new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

STAGED = ("BLUE_GREEN", "LINEAR", "CANARY")
STAGE_TIMEOUT = 24 * 3600.0  # sandbox seconds in which a stage must get its tasks
PRODUCTION_SHIFT, CLEAN_UP, SCALE_UP, RECONCILE = (
    "PRODUCTION_TRAFFIC_SHIFT",
    "CLEAN_UP",
    "SCALE_UP",
    "RECONCILE_SERVICE",
)
_BEFORE_SCALE_UP = (RECONCILE, "PRE_SCALE_UP")


@dataclass(frozen=True)
class Step:
    """One lifecycle stage. The weights hold from its beginning on; it lasts at least `bake` sandbox seconds."""

    stage: str
    production: float = 0.0
    test: float = 0.0
    bake: float = 0.0


def shifts(configuration: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Production weight and bake (sandbox seconds) of every traffic shift; the last weight is 100 and bakes later."""
    strategy = configuration.get("strategy")
    if strategy == "CANARY":
        canary = configuration.get("canaryConfiguration") or {}
        percent, minutes = canary.get("canaryPercent", 5.0), canary.get("canaryBakeTimeInMinutes", 10)
        return [*([(float(percent), minutes * 60.0)] if percent < 100 else []), (100.0, 0.0)]
    if strategy == "LINEAR":
        linear = configuration.get("linearConfiguration") or {}
        percent, minutes = linear.get("stepPercent", 10.0), linear.get("stepBakeTimeInMinutes", 6)
        weights = [round(number * percent, 1) for number in range(1, int(100 // percent) + 1)]
        return [*((weight, minutes * 60.0) for weight in weights if weight < 100), (100.0, 0.0)]
    return [(100.0, 0.0)]


def plan(configuration: Mapping[str, Any], *, reconcile: bool = False, replaces: bool = True) -> tuple[Step, ...]:
    """The steps of a deployment, in order.

    `reconcile`: several revisions were active when it began. `replaces`: there is a revision to take traffic
    from; the first deployment of a service has none and shifts once (inferred).
    """
    steps = [Step(RECONCILE)] if reconcile else []
    steps += [Step("PRE_SCALE_UP"), Step(SCALE_UP), Step("POST_SCALE_UP")]
    steps += [Step("TEST_TRAFFIC_SHIFT", test=100.0), Step("POST_TEST_TRAFFIC_SHIFT", test=100.0)]
    former = 0.0
    for weight, bake in shifts(configuration) if replaces else [(100.0, 0.0)]:
        steps.append(Step("PRE_PRODUCTION_TRAFFIC_SHIFT", former, 100.0))
        steps.append(Step(PRODUCTION_SHIFT, weight, 100.0, bake))
        former = weight
    bake_time = float(configuration.get("bakeTimeInMinutes") or 0) * 60
    steps.append(Step("POST_PRODUCTION_TRAFFIC_SHIFT", 100.0, 100.0))
    steps.append(Step("BAKE_TIME", 100.0, 100.0, bake_time))
    steps.append(Step(CLEAN_UP, 100.0, 100.0))
    return tuple(steps)


def wanted_tasks(stage: str, desired: int) -> tuple[int, int]:
    """How many tasks the target revision and the one that it replaces should have in this stage."""
    return (0 if stage in _BEFORE_SCALE_UP else desired), (0 if stage == CLEAN_UP else desired)


class Hook(Enum):
    """What a lifecycle hook means for its stage."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    ROLLED_BACK = "rolled back"


_HOOK_REASONS = {
    Hook.FAILED: "hook execution failure(s) detected",
    Hook.TIMED_OUT: "a lifecycle hook timed out",
    Hook.ROLLED_BACK: "rolled back at a paused lifecycle hook",
}


@dataclass(frozen=True)
class Look:
    """What is seen now. `age` counts from the step's begin, `idle` from when its last hook was done (sandbox seconds).

    `scaled`: the target revision has all its tasks and they are healthy. `alone`: no task is left of a revision
    that the step wants gone.
    """

    age: float
    idle: float
    scaled: bool
    alone: bool
    hooks: Sequence[Hook] = ()


class Verdict(Enum):
    WAIT = "wait"
    NEXT = "next"
    DONE = "done"
    FAIL = "fail"


def judge(steps: Sequence[Step], number: int, look: Look) -> tuple[Verdict, str]:
    """Whether step `number` goes on, is over, was the last one, or failed and why."""
    for hook, reason in _HOOK_REASONS.items():
        if hook in look.hooks:
            return Verdict.FAIL, reason
    step = steps[number]
    following = steps[number + 1] if number + 1 < len(steps) else None
    if Hook.WAITING in look.hooks or look.age < step.bake:
        return Verdict.WAIT, ""
    if _must_wait(step, following, look):
        if look.idle >= STAGE_TIMEOUT + step.bake:
            return Verdict.FAIL, f"the lifecycle stage {step.stage} timed out"
        return Verdict.WAIT, ""
    return (Verdict.NEXT if following else Verdict.DONE), ""


def _must_wait(step: Step, following: Step | None, look: Look) -> bool:
    """Traffic is never given to tasks that are not all there, and what they replace is not stopped before."""
    if step.stage in (RECONCILE, CLEAN_UP) and not look.alone:
        return True
    if following is None:
        return not look.scaled
    raises = following.production > step.production or following.test > step.test
    return not look.scaled and (raises or step.stage == SCALE_UP or following.stage == CLEAN_UP)


class Return(Enum):
    """The next move of a rollback."""

    RESTORE = "scale the former revision up again"
    FLIP = "give all traffic to the former revision"
    SCALE_DOWN = "stop the failed revision's tasks"
    DONE = "the former revision is alone and complete"


def way_back(*, flipped: bool, cleaned_up: bool, restored: bool, alone: bool) -> Return:
    """A rollback has no stages: first the traffic, then the tasks.

    `flipped`: no traffic goes to the failed revision. `cleaned_up`: CLEAN_UP had begun, so that tasks of the
    former revision are gone and must come back first. `restored`: it has all its tasks, healthy. `alone`: no
    other revision has a task left.
    """
    if not flipped:
        return Return.RESTORE if cleaned_up and not restored else Return.FLIP
    return Return.DONE if alone and restored else Return.SCALE_DOWN


@dataclass(frozen=True)
class Held:
    """How many tasks the newest revision and the completed one before it keep after a stop without a rollback."""

    newest: int
    completed: int


def held_tasks(desired: int, kept: int, left: int, *, newest_weight: float | None, cleaning: bool) -> Held:
    """What a service keeps alive once its deployment ended without result (inferred).

    `kept` and `left`: tasks of the newest revision that were healthy then, and those that the one before it was
    to have. `newest_weight`: the newest revision's share of the production traffic in a staged deployment, None in
    a rolling one, where both revisions together make up the desired count. A revision that has traffic keeps all
    its tasks; `cleaning`: the former one was already leaving.
    """
    kept = min(kept, desired)
    if newest_weight is None:
        return Held(kept, min(left, desired - kept))
    return Held(desired if newest_weight > 0 else kept, 0 if cleaning else desired)


def rule_weights(percent: float) -> tuple[int, int]:
    """ELB weights (whole, 0-999) of the target revision's group and the other one: tenths only where needed."""
    if percent == int(percent):
        return int(percent), 100 - int(percent)
    tenths = round(percent * 10)
    return tenths, 1000 - tenths
