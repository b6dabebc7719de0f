"""Faults that hit what runs: tasks killed, Spot capacity taken back, an availability zone lost; repeatably."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_world import ServiceUnderTest, World


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture
def world(sandbox: SandboxProcess) -> Iterator[World]:
    yield World(sandbox)
    sandbox.control("DELETE", "faults")


def hit_by(world: World, **fault: Any) -> set[str]:
    return set(world.sandbox.control("POST", "faults", fault)["hit"])


def whole(service: ServiceUnderTest, count: int) -> bool:
    described = service.describe()
    return bool(described["runningCount"] == count and described["pendingCount"] == 0)


def test_a_share_of_a_services_tasks_is_killed_and_replaced(world: World) -> None:
    service, other = world.service(balanced=False), world.service(balanced=False)
    for each in (service, other):
        each.create(desired=4)
    before = {task["taskArn"] for task in service.tasks()}
    hit = hit_by(world, kind="kill-tasks", service=service.name, cluster=world.cluster, share=0.5, exit_code=134)
    assert len(hit) == 2
    assert hit < before
    stopped = world.ecs.describe_tasks(cluster=world.cluster, tasks=sorted(hit))["tasks"]
    assert {(task["stopCode"], task["containers"][0]["exitCode"]) for task in stopped} == {
        ("EssentialContainerExited", 134)
    }
    eventually(lambda: whole(service, 4) and before - hit < {task["taskArn"] for task in service.tasks()})
    assert len(other.tasks("STOPPED")) == 0


def test_the_same_fleet_loses_the_same_tasks_for_the_same_seed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Task ids are chance, so compare which one of each service, in the order of their start."""
    losses = []
    for seed in (5, 5, 6):
        with start_sandbox(tmp_path_factory.mktemp("seeded"), scale=50, seed=seed) as sandbox:
            world = World(sandbox)
            service = world.service(balanced=False)
            service.create(desired=12)
            started = sorted(service.tasks(), key=lambda task: task["createdAt"])
            hit = hit_by(world, kind="kill-tasks", service=service.name, times=4)
            losses.append([number for number, task in enumerate(started) if task["taskArn"] in hit])
    assert losses[0] == losses[1] != losses[2]
    assert len(losses[0]) == 4


def test_spot_capacity_is_taken_back_with_its_own_stop_code(world: World) -> None:
    spot, steady = world.service(balanced=False), world.service(balanced=False)
    spot.world.ecs.create_service(
        cluster=world.cluster,
        serviceName=spot.name,
        taskDefinition=spot.register(spot.image("healthy", "v1")["image"]),
        desiredCount=2,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        networkConfiguration=world.network,
    )
    spot.ended()
    steady.create(desired=2)
    hit = hit_by(world, kind="spot-interruption", cluster=world.cluster)
    assert len(hit) == 2
    tasks = world.ecs.describe_tasks(cluster=world.cluster, tasks=sorted(hit))["tasks"]
    assert {(task["stopCode"], task["stoppedReason"]) for task in tasks} == {
        ("SpotInterruption", "Your Spot Task was interrupted.")
    }
    eventually(lambda: whole(spot, 2))
    assert steady.tasks("STOPPED") == []


def test_a_lost_zone_loses_its_targets_then_its_tasks_and_gets_none_until_it_is_back(world: World) -> None:
    service = world.service()
    service.create(desired=4)
    assert {task["availabilityZone"] for task in service.tasks()} == {"us-east-1a", "us-east-1b"}
    world.sandbox.control("POST", "faults", {"kind": "zone", "zone": "us-east-1a"})

    def states() -> set[str]:
        described = world.elbv2.describe_target_health(TargetGroupArn=service.target_group)
        return {each["TargetHealth"]["State"] for each in described["TargetHealthDescriptions"]}

    def zones() -> list[str]:
        return sorted(task["availabilityZone"] for task in service.tasks() if task["lastStatus"] == "RUNNING")

    eventually(lambda: states() & {"unhealthy", "draining"}, why="targets of the lost zone are not healthy")
    eventually(lambda: zones() == ["us-east-1b"] * 4, why="all tasks run in the other zone")
    world.sandbox.control("DELETE", "faults")
    service.update(forceNewDeployment=True)
    service.ended()
    eventually(lambda: zones() == ["us-east-1a"] * 2 + ["us-east-1b"] * 2, why="tasks are spread over both zones")


def test_where_every_zone_is_lost_nothing_can_be_placed(world: World) -> None:
    service = world.service(balanced=False)
    service.create(desired=1)
    for zone in ("us-east-1a", "us-east-1b"):
        world.sandbox.control("POST", "faults", {"kind": "zone", "zone": zone})
    eventually(lambda: any("Capacity is unavailable at this time" in text for text in service.messages()))
    refused = world.ecs.run_task(
        cluster=world.cluster,
        taskDefinition=service.describe()["taskDefinition"],
        launchType="FARGATE",
        networkConfiguration=world.network,
    )
    assert refused["tasks"] == []
    assert "Capacity is unavailable" in refused["failures"][0]["reason"]
    world.sandbox.control("DELETE", "faults")
    eventually(lambda: whole(service, 1))


def test_a_leak_is_killed_for_its_memory_and_replaced(world: World) -> None:
    service = world.service(balanced=False)
    service.create("leaks:128", desired=1)
    ended = eventually(lambda: [task for task in service.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])[0]
    container = ended["containers"][0]
    assert (ended["stopCode"], container["exitCode"]) == ("EssentialContainerExited", 137)
    assert container["reason"].startswith("OutOfMemoryError")
    eventually(lambda: whole(service, 1))
