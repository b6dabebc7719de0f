"""Lifecycle hooks: how they begin, time out, are answered, and which of them ECS would refuse."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.ecs.hooks import HookRun, after, function_name, hooks_of, problem_with, resolved
from sandbox.ecs.strategies import Hook

LAMBDA = {
    "hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:check:live",
    "roleArn": "arn:aws:iam::123456789012:role/hooks",
    "lifecycleStages": ["POST_SCALE_UP"],
}
PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}


def begun(hook: dict[str, Any], now: float = 0) -> HookRun:
    (run,) = hooks_of({"lifecycleHooks": [hook]}, "POST_SCALE_UP", now)
    return run


def test_a_stage_begins_its_own_hooks_each_with_an_id() -> None:
    runs = hooks_of({"lifecycleHooks": [PAUSE, LAMBDA, PAUSE]}, "POST_SCALE_UP", 0)
    assert [run.status for run in runs] == ["AWAITING_ACTION", "IN_PROGRESS", "AWAITING_ACTION"]
    assert len({run.id for run in runs}) == 3
    assert hooks_of({"lifecycleHooks": [PAUSE]}, "PRE_SCALE_UP", 0) == ()
    assert hooks_of({}, "POST_SCALE_UP", 0) == ()


def test_a_pause_waits_a_day_and_then_rolls_back() -> None:
    run = begun(PAUSE, now=100)
    assert after(run, 100 + 86399, {}).meaning is Hook.WAITING
    late = after(run, 100 + 86400, {})
    assert (late.status, late.meaning) == ("TIMED_OUT", Hook.TIMED_OUT)


def test_a_pause_may_time_out_into_going_on() -> None:
    run = begun({**PAUSE, "timeoutConfiguration": {"timeoutInMinutes": 5, "action": "CONTINUE"}})
    assert after(run, 299, {}).meaning is Hook.WAITING
    assert after(run, 300, {}).meaning is Hook.PASSED


@pytest.mark.parametrize(
    ("action", "status", "meaning"),
    [("CONTINUE", "SUCCEEDED", Hook.PASSED), ("ROLLBACK", "FAILED", Hook.ROLLED_BACK)],
)
def test_a_pause_is_resolved_either_way_and_stays_so(action: str, status: str, meaning: Hook) -> None:
    run = after(resolved(begun(PAUSE), action), 10**9, {})
    assert (run.status, run.meaning) == (status, meaning)


def test_a_function_is_asked_again_every_thirty_seconds() -> None:
    run = after(begun(LAMBDA), 0, {"check": "IN_PROGRESS"})
    assert run.meaning is Hook.WAITING
    assert after(run, 29, {"check": "SUCCEEDED"}).meaning is Hook.WAITING
    assert after(run, 30, {"check": "SUCCEEDED"}).meaning is Hook.PASSED
    assert after(run, 30, {"check": "FAILED"}).meaning is Hook.FAILED


def test_a_function_that_nobody_spoke_for_fails() -> None:
    assert after(begun(LAMBDA), 0, {"another": "SUCCEEDED"}).status == "FAILED"


def test_functions_are_known_by_name() -> None:
    assert function_name(str(LAMBDA["hookTargetArn"])) == function_name("check") == "check"


@pytest.mark.parametrize(
    ("hook", "problem"),
    [
        (LAMBDA, None),
        (PAUSE, None),
        ({**PAUSE, "lifecycleStages": []}, "lifecycleStages must be specified"),
        ({**PAUSE, "lifecycleStages": ["SCALE_UP"]}, "invalid value: SCALE_UP"),
        ({**PAUSE, "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]}, "PAUSE hooks cannot be configured"),
        ({**LAMBDA, "roleArn": None}, "hookTargetArn and roleArn are required"),
        ({**PAUSE, "timeoutConfiguration": {"timeoutInMinutes": 0}}, "between 1 and 20160"),
    ],
)
def test_hooks_that_ecs_would_refuse(hook: dict[str, Any], problem: str | None) -> None:
    found = problem_with([hook])
    assert found is None if problem is None else problem in str(found)
