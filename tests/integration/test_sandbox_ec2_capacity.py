"""EC2 capacity: instances of an Auto Scaling group join a cluster, take tasks, run out, drain, end and scale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_fleet import Fleet
from tests.sandbox_world import World


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=100) as running:
        yield running


def test_instances_join_the_cluster_and_take_tasks_on_ports_of_their_own(sandbox: SandboxProcess) -> None:
    fleet = Fleet(sandbox, size=2)
    instances = fleet.registered(2)
    assert {each["capacityProviderName"] for each in instances} == {fleet.name}
    resources = {each["name"]: each["integerValue"] for each in instances[0]["registeredResources"]}
    assert (resources["CPU"], resources["MEMORY"]) == (2048, 1914)
    service = fleet.service(4)
    tasks = service.tasks()
    assert {task["launchType"] for task in tasks} == {"EC2"}
    assert {task["capacityProviderName"] for task in tasks} == {fleet.name}
    bindings = [task["containers"][0]["networkBindings"][0] for task in tasks]
    assert all(32_768 <= each["hostPort"] <= 60_999 and each["containerPort"] == 8080 for each in bindings)
    by_arn = {each["containerInstanceArn"]: each["ec2InstanceId"] for each in fleet.instances()}
    placed = sorted(
        (by_arn[task["containerInstanceArn"]], task["containers"][0]["networkBindings"][0]["hostPort"], "healthy")
        for task in tasks
    )
    assert service.targets() == placed
    assert len({instance for instance, _, _ in placed}) == 2, "tasks are spread"
    assert len({answer["task"] for answer in service.answers(8)}) == 4
    left = {each["name"]: each["integerValue"] for each in fleet.instances()[0]["remainingResources"]}
    assert (left["CPU"], left["MEMORY"]) == (2048 - 2 * 256, 1914 - 2 * 900)
    assert {each["runningTasksCount"] for each in fleet.instances()} == {2}


def test_a_mixed_group_joins_too_and_its_instances_are_in_all_zones(sandbox: SandboxProcess) -> None:
    fleet = Fleet(sandbox, size=3, mixed=True)
    zones = [
        attribute["value"]
        for instance in fleet.registered(3)
        for attribute in instance["attributes"]
        if attribute["name"] == "ecs.availability-zone"
    ]
    assert sorted(set(zones)) == ["us-east-1a", "us-east-1b"]
    service = fleet.service(2)
    assert len({task["availabilityZone"] for task in service.tasks()}) == 2


@pytest.mark.parametrize("mode", ["awsvpc", "host"])
def test_tasks_run_in_every_network_mode(sandbox: SandboxProcess, mode: str) -> None:
    fleet = Fleet(sandbox, size=1)
    fleet.registered(1)
    service = fleet.service(1, mode=mode)
    identity, port, state = service.targets()[0]
    assert (port, state) == (8080, "healthy")
    assert identity.startswith("10.20." if mode == "awsvpc" else "i-")
    assert service.answers(1)[0]["service"] == service.name


def test_what_does_not_fit_waits_and_the_event_says_why(sandbox: SandboxProcess) -> None:
    fleet = Fleet(sandbox, size=0)
    service = fleet.service(3, wait=False)
    eventually(lambda: "No Container Instances were found in your cluster" in service.events())
    fleet.scaling.set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=1)
    eventually(lambda: service.described()["runningCount"] == 2, why="two tasks fit on one instance")
    eventually(lambda: "has insufficient memory available" in service.events())
    assert "was unable to place a task because no container instance met all of its requirements" in service.events()
    fixed = fleet.service(1, host_port=8080, memory=64)
    taken = fleet.service(1, host_port=8080, memory=10, wait=False)
    eventually(lambda: "is already using a port required by your task" in taken.events())
    assert fixed.targets()[0][1] == 8080
    fleet.scaling.set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=2)
    service.stable(3)
    taken.stable(1)


def test_run_task_says_what_is_missing(sandbox: SandboxProcess) -> None:
    fleet = Fleet(sandbox, size=1)
    fleet.registered(1)
    world = fleet.world
    world.ecs.register_task_definition(
        family="large", containerDefinitions=[{"name": "app", "image": "large", "cpu": 1, "memory": 9000}]
    )
    answer = world.ecs.run_task(cluster=world.cluster, taskDefinition="large", launchType="EC2")
    assert (answer["tasks"], answer["failures"][0]["reason"]) == ([], "RESOURCE:MEMORY")


@pytest.fixture
def small(sandbox: SandboxProcess) -> World:
    """A cluster with one instance and a definition, named like the cluster, of which two tasks fit on it."""
    fleet = Fleet(sandbox, size=1)
    fleet.registered(1)
    world = fleet.world
    sandbox.client("ecr").create_repository(repositoryName=world.cluster)
    image = sandbox.image(world.cluster, "healthy", "v1")["image"]
    world.ecs.register_task_definition(
        family=world.cluster, containerDefinitions=[{"name": "app", "image": image, "cpu": 1, "memory": 900}]
    )
    return world


def run(world: World, cluster: str = "", **given: Any) -> tuple[list[str], list[str]]:
    """RunTask of five (or as given): the ARNs of what was started, and why the rest was not."""
    answer = world.ecs.run_task(
        cluster=cluster or world.cluster, taskDefinition=world.cluster, **{"count": 5, "launchType": "EC2", **given}
    )
    return [task["taskArn"] for task in answer["tasks"]], [failure["reason"] for failure in answer["failures"]]


def test_run_task_answers_what_it_placed_beside_what_it_did_not(small: World) -> None:
    tasks, failures = run(small, clientToken="one")
    assert len(tasks) == 2
    assert failures == ["RESOURCE:MEMORY"] * 3
    assert sorted(small.ecs.list_tasks(cluster=small.cluster)["taskArns"]) == sorted(tasks)
    assert run(small, clientToken="one") == (tasks, failures), "a retry starts nothing and hears the same"


def test_a_token_that_placed_nothing_may_be_used_again(small: World) -> None:
    first = run(small)[0][0]
    assert run(small, clientToken="one") == ([], ["RESOURCE:MEMORY"] * 5)
    small.ecs.stop_task(cluster=small.cluster, task=first)
    eventually(lambda: len(run(small, clientToken="one")[0]) == 1, why="there is room again")


def test_a_token_belongs_to_its_cluster_and_to_its_parameters_for_a_day(small: World) -> None:
    tasks, _ = run(small, count=1, clientToken="one")
    with pytest.raises(ClientError) as refused:
        run(small, count=2, clientToken="one")
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    assert refused.value.response["resourceIds"] == tasks
    elsewhere = World(small.sandbox).cluster
    placed, failures = run(small, elsewhere, clientToken="one")
    assert (placed, len(failures)) == ([], 5), "there is no instance there"
    small.sandbox.control("POST", "clock", {"advance": 24 * 3600})
    again, _ = run(small, count=1, clientToken="one")
    assert len(again) == 1
    assert again != tasks


def test_tasks_are_listed_by_the_instance_that_they_run_on(sandbox: SandboxProcess) -> None:
    fleet = Fleet(sandbox, size=2)
    instances = [each["containerInstanceArn"] for each in fleet.registered(2)]
    tasks = fleet.service(3, memory=400).tasks()
    for instance in instances:
        own = sorted(task["taskArn"] for task in tasks if task["containerInstanceArn"] == instance)
        assert own
        for name in (instance, instance.split("/")[-1]):
            listed = fleet.world.ecs.list_tasks(cluster=fleet.world.cluster, containerInstance=name)
            assert sorted(listed["taskArns"]) == own


def test_a_cluster_reports_what_is_reserved_and_used_of_its_instances(sandbox: SandboxProcess) -> None:
    fleet = Fleet(sandbox, size=2)
    fleet.registered(2)
    fleet.service(2)
    dimensions = [{"Name": "ClusterName", "Value": fleet.world.cluster}]

    def newest(name: str) -> float | None:
        now = datetime.now(UTC)
        found = sandbox.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/ECS", MetricName=name, Dimensions=dimensions, Period=60, Statistics=["Average"],
            StartTime=now - timedelta(minutes=10), EndTime=now,
        )["Datapoints"]  # fmt: skip
        return float(max(found, key=lambda each: each["Timestamp"])["Average"]) if found else None

    eventually(lambda: newest("CPUReservation") == 100 * 2 * 256 / (2 * 2048))
    assert newest("MemoryReservation") == pytest.approx(100 * 2 * 900 / (2 * 1914), abs=0.001)
    assert 0 < (newest("CPUUtilization") or 0) < 100 * 2 * 256 / (2 * 2048)
    assert 0 < (newest("MemoryUtilization") or 0) < 100 * 2 * 900 / (2 * 1914)


def test_a_draining_instance_loses_its_tasks_to_others_and_a_terminated_one_at_once(sandbox: SandboxProcess) -> None:
    fleet = Fleet(sandbox, size=2)
    first, second = (each["containerInstanceArn"] for each in fleet.registered(2))
    service = fleet.service(2, memory=400)
    world = fleet.world
    world.ecs.update_container_instances_state(cluster=world.cluster, containerInstances=[first], status="DRAINING")
    eventually(lambda: {task["containerInstanceArn"] for task in service.tasks()} == {second})
    service.stable(2)
    assert [each["runningTasksCount"] for each in fleet.instances() if each["containerInstanceArn"] == first] == [0]
    world.ecs.update_container_instances_state(cluster=world.cluster, containerInstances=[first], status="ACTIVE")
    ended = next(each["ec2InstanceId"] for each in fleet.instances() if each["containerInstanceArn"] == second)
    before = [task["taskArn"] for task in service.tasks()]
    world.sandbox.client("ec2").terminate_instances(InstanceIds=[ended])
    eventually(lambda: {task["containerInstanceArn"] for task in service.tasks()} == {first})
    stopped = world.ecs.describe_tasks(cluster=world.cluster, tasks=before)["tasks"]
    assert {(task["stopCode"], task["stoppedReason"]) for task in stopped} == {
        ("TerminationNotice", f"Host EC2 (instance {ended}) terminated.")
    }
    service.stable(2)


def test_a_capacity_provider_scales_its_group_out_for_tasks_and_in_when_idle(sandbox: SandboxProcess) -> None:
    fleet = Fleet(sandbox, size=0, most=3, managed=True)
    service = fleet.service(4, wait=False)
    eventually(lambda: service.described()["runningCount"] == 4, seconds=60)
    service.stable(4)
    assert fleet.desired() == len(fleet.instances()) == 2
    world = fleet.world
    world.ecs.update_service(cluster=world.cluster, service=service.name, desiredCount=0)
    service.stable(0)
    eventually(lambda: fleet.desired() == 0, why="idle instances are ended", seconds=60)


def test_instances_and_their_tasks_survive_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    with start_sandbox(folder, scale=100) as sandbox:
        fleet = Fleet(sandbox, size=1)
        instance = fleet.registered(1)[0]["containerInstanceArn"]
        service = fleet.service(2, memory=300)
        before = sorted(task["taskArn"] for task in service.tasks())
    with start_sandbox(folder, scale=100) as sandbox:
        world = fleet.world
        world.sandbox, world.ecs, world.elbv2 = sandbox, sandbox.client("ecs"), sandbox.client("elbv2")
        assert [each["containerInstanceArn"] for each in fleet.instances()] == [instance]
        eventually(lambda: {state for _, _, state in service.targets()} == {"healthy"})
        assert sorted(task["taskArn"] for task in service.tasks()) == before
        assert len({answer["task"] for answer in service.answers()}) == 2
