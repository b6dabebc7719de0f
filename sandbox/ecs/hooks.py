"""Lifecycle hooks of staged deployments: which run in a stage, and what becomes of them. Pure.

PAUSE hooks wait for ContinueServiceDeployment. The sandbox runs no Lambda functions: what a function would answer
is ordered over the control interface, and a hook whose function nobody spoke for fails, as a function does that
cannot be invoked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sandbox.ecs.strategies import Hook

PAUSE, LAMBDA = "PAUSE", "AWS_LAMBDA"
ANSWERS = ("SUCCEEDED", "FAILED", "IN_PROGRESS")
_DEFAULT_TIMEOUT_MINUTES = 1440
_ASK_AGAIN_SECONDS = 30.0  # ECS calls a function that is IN_PROGRESS again after this long
_NO_PAUSE_STAGES = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)


@dataclass(frozen=True)
class HookRun:
    """One hook in one stage. `due` and `ask_due` are sandbox seconds; `status` and `action` are the API's words."""

    id: str
    target_type: str
    target_arn: str | None
    status: str
    action: str
    due: float
    ask_due: float = 0.0
    rolled_back: bool = False

    @property
    def meaning(self) -> Hook:
        if self.rolled_back:
            return Hook.ROLLED_BACK
        if self.status == "TIMED_OUT":
            return Hook.PASSED if self.action == "CONTINUE" else Hook.TIMED_OUT
        return {"SUCCEEDED": Hook.PASSED, "FAILED": Hook.FAILED}.get(self.status, Hook.WAITING)


def hooks_of(configuration: Mapping[str, Any], stage: str, now: float) -> tuple[HookRun, ...]:
    """The hooks that begin with this stage."""
    return tuple(
        _begun(hook, now)
        for hook in configuration.get("lifecycleHooks") or []
        if stage in (hook.get("lifecycleStages") or [])
    )


def _begun(hook: Mapping[str, Any], now: float) -> HookRun:
    timeout = hook.get("timeoutConfiguration") or {}
    kind = hook.get("targetType") or LAMBDA
    return HookRun(
        id=str(uuid4()),
        target_type=kind,
        target_arn=hook.get("hookTargetArn"),
        status="AWAITING_ACTION" if kind == PAUSE else "IN_PROGRESS",
        action=timeout.get("action") or "ROLLBACK",
        due=now + 60.0 * (timeout.get("timeoutInMinutes") or _DEFAULT_TIMEOUT_MINUTES),
    )


def after(run: HookRun, now: float, answers: Mapping[str, str]) -> HookRun:
    """The hook at `now`; `answers` are the ordered ones, by the function's name."""
    if run.meaning is not Hook.WAITING:
        return run
    if run.target_type == LAMBDA and now >= run.ask_due:
        answer = answers.get(function_name(run.target_arn or ""), "FAILED")
        run = replace(run, status=answer, ask_due=now + _ASK_AGAIN_SECONDS)
    if run.meaning is Hook.WAITING and now >= run.due:
        return replace(run, status="TIMED_OUT")
    return run


def resolved(run: HookRun, action: str) -> HookRun:
    """After ContinueServiceDeployment."""
    return replace(run, status="SUCCEEDED") if action == "CONTINUE" else replace(run, status="FAILED", rolled_back=True)


def function_name(arn_or_name: str) -> str:
    """`arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`, or the name itself, -> the name."""
    return arn_or_name.split(":function:")[-1].split(":")[0]


def problem_with(hooks: Sequence[Mapping[str, Any]]) -> str | None:
    """Why ECS would refuse these hooks; None where it would not. Words inferred, rules from botocore's model."""
    for hook in hooks:
        kind, stages = hook.get("targetType") or LAMBDA, hook.get("lifecycleStages") or []
        if not stages:
            return "lifecycleStages must be specified for every lifecycle hook."
        if unknown := sorted(set(stages) - set(STAGES)):
            return f"lifecycleStages holds an invalid value: {unknown[0]}."
        if kind == LAMBDA and not (hook.get("hookTargetArn") and hook.get("roleArn")):
            return "hookTargetArn and roleArn are required for AWS_LAMBDA lifecycle hooks."
        if kind == PAUSE and set(stages) & set(_NO_PAUSE_STAGES):
            return "PAUSE hooks cannot be configured at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT stages."
        minutes = (hook.get("timeoutConfiguration") or {}).get("timeoutInMinutes", 1)
        if not 1 <= minutes <= 20160:
            return "timeoutInMinutes must be between 1 and 20160."
    return None
