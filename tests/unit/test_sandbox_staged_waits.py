"""The engine looks seldom at a staged deployment that only waits, and often at one that moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.ecs.hooks import hooks_of
from sandbox.ecs.model import ServiceDeployment
from sandbox.ecs.staged import waiting, waits

PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
CANARY = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 5}}


def deployment(stage: str, **changed: Any) -> ServiceDeployment:
    begun = ServiceDeployment(
        arn="arn:a", target_revision="arn:new", source_revisions=["arn:old"], rollout_id="ecs-svc/2",
        configuration=CANARY, status="IN_PROGRESS", source="ecs-svc/1", step_since=100.0,
    )  # fmt: skip
    begun.step = [step.stage for step in begun.steps].index(stage)
    return replace(begun, **changed)


def test_it_waits_while_it_bakes() -> None:
    assert waits(deployment("PRODUCTION_TRAFFIC_SHIFT"), 399)
    assert not waits(deployment("PRODUCTION_TRAFFIC_SHIFT"), 400)


def test_it_waits_at_a_hook_and_says_which() -> None:
    hooks = hooks_of({"lifecycleHooks": [PAUSE]}, "POST_SCALE_UP", 100)
    paused = deployment("POST_SCALE_UP", hooks=hooks)
    assert waits(paused, 10**6)
    assert waiting(paused) == [hooks[0].id]


@pytest.mark.parametrize("status", ["PENDING", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOP_REQUESTED"])
def test_what_has_to_be_done_at_once_does_not_wait(status: str) -> None:
    assert not waits(deployment("PRODUCTION_TRAFFIC_SHIFT", status=status), 101)
    assert not waits(deployment("SCALE_UP"), 101)
    assert not waits(deployment("PRE_SCALE_UP", step_since=None), 101)
    rolling = deployment("PRE_SCALE_UP", configuration={"strategy": "ROLLING"})
    assert not waits(rolling, 101)
