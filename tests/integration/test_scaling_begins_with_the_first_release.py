"""Terraform makes a service's scaling suspended; the first release that succeeds, and no other, resumes it."""

from typing import Any

import pytest

from controlplane.core.services import output
from deployments_app.models import Deployment
from environments_app.models import Environment
from tests import factories
from tests.release_world import ReleaseWorld
from tests.sandbox_fixture import SandboxProcess
from tests.sandbox_world import World

pytestmark = pytest.mark.django_db(transaction=True)
SUSPENDED = {
    "DynamicScalingInSuspended": True,
    "DynamicScalingOutSuspended": True,
    "ScheduledScalingSuspended": True,
}


class Scaled:
    """A service as the stack leaves it: between 1 and 3 tasks by day, suspended."""

    def __init__(self, sandbox: SandboxProcess, environment: Environment) -> None:
        self.world = ReleaseWorld.make(World(sandbox), environment, desired=1, scaled=(1, 3))
        self.resource = f"service/{self.world.world.cluster}/{self.world.name}"
        self.scaling = sandbox.client("application-autoscaling")
        self.register(MinCapacity=1, MaxCapacity=3, SuspendedState=SUSPENDED)

    def register(self, **given: Any) -> None:
        self.scaling.register_scalable_target(
            ServiceNamespace="ecs", ResourceId=self.resource, ScalableDimension="ecs:service:DesiredCount", **given
        )

    def suspended(self) -> set[bool]:
        found = self.scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[self.resource])
        return set(found["ScalableTargets"][0]["SuspendedState"].values())


@pytest.fixture
def scaled(sandbox: SandboxProcess) -> Scaled:
    return Scaled(sandbox, factories.environment(factories.system("small"), auto_deploy=True))


def told(deployment: Deployment) -> str:
    assert deployment.stream_id
    return "\n".join(line.text for line in output.lines_after(deployment.stream_id))


def test_the_first_release_that_succeeds_resumes_it(scaled: Scaled) -> None:
    bad = scaled.world.ended(scaled.world.deploy("unhealthy"))
    assert bad.state == "failed"
    assert scaled.suspended() == {True}, "nothing runs, so nothing is to be scaled"
    assert scaled.world.describe()["desiredCount"] == 0

    good = scaled.world.ended(scaled.world.deploy("healthy"))
    assert good.state == "succeeded", good.failure
    assert scaled.suspended() == {False}
    assert "autoscaling resumed, between 1 and 3 tasks" in told(good)


def test_what_people_suspend_later_stays_suspended(scaled: Scaled) -> None:
    scaled.world.ended(scaled.world.deploy("healthy"))
    scaled.register(SuspendedState=SUSPENDED)

    second = scaled.world.ended(scaled.world.deploy("healthy"))
    assert second.state == "succeeded", second.failure
    assert scaled.suspended() == {True}


def test_a_refusal_is_told_and_the_release_succeeds_all_the_same(scaled: Scaled, sandbox: SandboxProcess) -> None:
    refused = {"service": "application-autoscaling", "action": "RegisterScalableTarget"}
    sandbox.control("POST", "faults", {"kind": "error", "code": "AccessDeniedException", **refused})
    try:
        done = scaled.world.ended(scaled.world.deploy("healthy"))
    finally:
        sandbox.control("DELETE", "faults")
    assert done.state == "succeeded", done.failure
    assert "autoscaling stays suspended, AWS refused to resume it" in told(done)
