"""A release of a service on EC2 capacity: its tasks run on instances, which ECS starts as they need them."""

import pytest

from environments_app.models import Environment
from tests import factories
from tests.release_world import ReleaseWorld
from tests.sandbox_fixture import SandboxProcess
from tests.sandbox_fleet import Fleet

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fleet(sandbox: SandboxProcess) -> Fleet:
    return Fleet(sandbox, size=0, most=3, managed=True)


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("small"), auto_deploy=True)


def test_a_release_starts_the_instances_that_it_needs_and_a_bad_one_is_taken_back(
    fleet: Fleet, environment: Environment
) -> None:
    world = ReleaseWorld.make(fleet.world, environment, compatibility="EC2")
    assert fleet.instances() == []

    good = world.ended(world.deploy("healthy"))
    assert good.state == "succeeded", good.failure
    arns = fleet.world.ecs.list_tasks(cluster=fleet.world.cluster, serviceName=world.name)["taskArns"]
    tasks = fleet.world.ecs.describe_tasks(cluster=fleet.world.cluster, tasks=arns)["tasks"]
    assert [(task["launchType"], task["capacityProviderName"]) for task in tasks] == [("EC2", fleet.name)] * 2
    assert {task["containerInstanceArn"] for task in tasks} <= {
        each["containerInstanceArn"] for each in fleet.instances()
    }

    bad = world.ended(world.deploy("unhealthy"))
    assert bad.state == "rolled_back", bad.failure
    assert "answered 503" in bad.failure["cause"]
    assert world.running_digests() == set(good.release.digests.values())
