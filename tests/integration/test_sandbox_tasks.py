"""Tasks run by RunTask: exit codes, tokens, stops; and what containers write to CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_world import ServiceUnderTest, World

MIGRATE = {"containerOverrides": [{"name": "app", "command": ["python", "manage.py", "migrate"]}]}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


@pytest.fixture
def service(world: World) -> ServiceUnderTest:
    return world.service(balanced=False)


def run(service: ServiceUnderTest, behaviour: str, **given: Any) -> dict[str, Any]:
    world = service.world
    started = world.ecs.run_task(
        cluster=world.cluster,
        taskDefinition=service.register(service.image(behaviour, "job")["image"]),
        launchType="FARGATE",
        networkConfiguration=world.network,
        **given,
    )
    task: dict[str, Any] = started["tasks"][0]
    return task


def look(service: ServiceUnderTest, task: dict[str, Any]) -> dict[str, Any]:
    described = service.world.ecs.describe_tasks(cluster=service.world.cluster, tasks=[task["taskArn"]])
    found: dict[str, Any] = described["tasks"][0]
    return found


def stopped(service: ServiceUnderTest, task: dict[str, Any]) -> dict[str, Any]:
    service.world.ecs.get_waiter("tasks_stopped").wait(
        cluster=service.world.cluster, tasks=[task["taskArn"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    return look(service, task)


@pytest.mark.parametrize(
    ("behaviour", "overrides", "code"),
    [
        ("healthy", MIGRATE, 0),
        ("job-exit:3", MIGRATE, 3),
        ("crashes", MIGRATE, 1),
        ("exit:7", {}, 7),
        ("exit:0", {}, 0),
    ],
)
def test_a_one_off_task_ends_with_its_exit_code(
    service: ServiceUnderTest, behaviour: str, overrides: dict[str, Any], code: int
) -> None:
    ended = stopped(service, run(service, behaviour, overrides=overrides, startedBy="slipway"))
    assert ended["containers"][0]["exitCode"] == code
    assert (ended["stopCode"], ended["startedBy"]) == ("EssentialContainerExited", "slipway")
    assert ended["createdAt"] <= ended["startedAt"] <= ended["stoppedAt"]


def test_the_same_client_token_starts_one_task(service: ServiceUnderTest) -> None:
    definition = service.register(service.image("healthy", "job")["image"])
    tasks = {
        service.world.ecs.run_task(
            cluster=service.world.cluster,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=service.world.network,
            overrides=MIGRATE,
            clientToken="deployment-1",
        )["tasks"][0]["taskArn"]
        for _ in range(3)
    }
    assert len(tasks) == 1


def test_a_task_that_hangs_runs_until_it_is_stopped_and_is_then_killed(service: ServiceUnderTest) -> None:
    task = run(service, "hang", overrides=MIGRATE)
    eventually(lambda: look(service, task)["lastStatus"] == "RUNNING")
    service.world.ecs.stop_task(cluster=service.world.cluster, task=task["taskArn"], reason="too slow")
    ended = stopped(service, task)
    assert (ended["stopCode"], ended["stoppedReason"]) == ("UserInitiated", "too slow")
    assert ended["containers"][0]["exitCode"] == 137


def test_a_task_goes_through_its_states_in_order(service: ServiceUnderTest) -> None:
    order = ["PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]
    task = run(service, "healthy", overrides=MIGRATE)
    seen: list[str] = []

    def watch() -> bool:
        seen.append(look(service, task)["lastStatus"])
        return seen[-1] == "STOPPED"

    eventually(watch)
    positions = [order.index(status) for status in seen]
    assert positions == sorted(positions)
    assert {"RUNNING", "STOPPED"} <= set(seen)


def test_a_task_has_an_address_in_its_subnet_and_a_zone(service: ServiceUnderTest) -> None:
    task = run(service, "healthy", overrides=MIGRATE)
    details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}
    assert details["subnetId"] in service.world.subnets
    assert details["privateIPv4Address"].startswith("10.20.")
    assert task["availabilityZone"] in ("us-east-1a", "us-east-1b")
    stopped(service, task)


def test_containers_write_to_their_log_stream(service: ServiceUnderTest) -> None:
    service.create(desired=1)
    task_id = service.tasks()[0]["taskArn"].split("/")[-1]
    logs = service.world.sandbox.client("logs")

    def lines() -> list[str]:
        events = logs.get_log_events(
            logGroupName=service.world.log_group, logStreamName=f"{service.name}/app/{task_id}", startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    eventually(lambda: "listening on port 8080" in lines())
    assert lines()[0].startswith("starting 123456789012.dkr.ecr")


def test_a_missing_log_group_stops_the_task_before_it_starts(service: ServiceUnderTest) -> None:
    image = service.image("healthy", "v1")["image"]
    options = {"awslogs-group": "/nowhere", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}
    definition = service.register(image, logConfiguration={"logDriver": "awslogs", "options": options})
    task = service.world.ecs.run_task(
        cluster=service.world.cluster,
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration=service.world.network,
    )["tasks"][0]
    ended = stopped(service, task)
    assert ended["stopCode"] == "TaskFailedToStart"
    assert "The specified log group does not exist" in ended["stoppedReason"]


def test_a_cluster_with_running_tasks_cannot_be_deleted(service: ServiceUnderTest) -> None:
    service.create(desired=1)
    with pytest.raises(ClientError, match="ClusterContainsServicesException"):
        service.world.ecs.delete_cluster(cluster=service.world.cluster)
    cluster = service.world.ecs.describe_clusters(clusters=[service.world.cluster])["clusters"][0]
    assert cluster["activeServicesCount"] >= 1
    assert cluster["runningTasksCount"] >= 1


def test_lists_are_paged(service: ServiceUnderTest) -> None:
    service.create(desired=5)
    pages = service.world.ecs.get_paginator("list_tasks").paginate(
        cluster=service.world.cluster, serviceName=service.name, PaginationConfig={"PageSize": 2}
    )
    sizes = [len(page["taskArns"]) for page in pages]
    assert sizes == [2, 2, 1]


def test_tasks_of_a_service_that_never_was_cannot_be_listed(world: World) -> None:
    with pytest.raises(ClientError, match="ServiceNotFoundException"):
        world.ecs.list_tasks(cluster=world.cluster, serviceName="nobody")
