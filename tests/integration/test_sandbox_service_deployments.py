"""The service deployment API beside the strategies: lists, pages, revisions, limits, the view of DescribeServices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_world import ServiceUnderTest, World

NEVER_HEALTHY = {"healthCheckGracePeriodSeconds": 10**6}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


def listed(service: ServiceUnderTest, **filters: Any) -> list[dict[str, Any]]:
    answer = service.world.ecs.list_service_deployments(cluster=service.world.cluster, service=service.name, **filters)
    briefs: list[dict[str, Any]] = answer["serviceDeployments"]
    return briefs


def digests_of(tasks: list[dict[str, Any]]) -> list[str]:
    return sorted(task["containers"][0].get("imageDigest", "") for task in tasks if task["lastStatus"] == "RUNNING")


def test_deployments_are_listed_newest_first_by_status_and_by_time(world: World) -> None:
    service = world.service(balanced=False)
    service.create(desired=0)
    service.deploy("healthy", "v2")
    service.ended()
    service.deploy("slow-start:100000", "v3", desiredCount=1, **NEVER_HEALTHY)
    eventually(lambda: service.deployment()["status"] == "IN_PROGRESS")
    world.ecs.stop_service_deployment(
        serviceDeploymentArn=service.deployment()["serviceDeploymentArn"], stopType="ABORT"
    )
    service.ended()
    assert [each["status"] for each in listed(service)] == ["STOPPED", "SUCCESSFUL", "SUCCESSFUL"]
    assert [each["status"] for each in listed(service, status=["STOPPED"])] == ["STOPPED"]
    assert listed(service, status=["IN_PROGRESS"]) == []
    assert len(listed(service, status=["STOPPED", "SUCCESSFUL"])) == 3
    newest, middle, oldest = listed(service)
    instant = timedelta(milliseconds=1)
    assert listed(service, createdAt={"after": middle["createdAt"] - instant}) == [newest, middle]
    assert listed(service, createdAt={"before": middle["createdAt"] + instant}) == [middle, oldest]


def test_deployments_come_in_pages(world: World) -> None:
    service = world.service(balanced=False)
    service.create(desired=0)
    for _ in range(4):
        service.update(forceNewDeployment=True)
        service.ended()
    everything = [each["serviceDeploymentArn"] for each in listed(service)]
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        answer = world.ecs.list_service_deployments(cluster=world.cluster, service=service.name, maxResults=2, **token)
        pages.append([each["serviceDeploymentArn"] for each in answer["serviceDeployments"]])
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [arn for page in pages for arn in page] == everything


def test_paginators_and_waiters_of_boto3_follow(world: World) -> None:
    names = []
    for _ in range(3):
        service = world.service(balanced=False)
        service.create(desired=1)
        names.append(service.name)
    pages = world.ecs.get_paginator("list_services").paginate(cluster=world.cluster, PaginationConfig={"PageSize": 2})
    found = [arn.rsplit("/", 1)[-1] for page in pages for arn in page["serviceArns"]]
    assert set(names) <= set(found)
    tasks = world.ecs.get_paginator("list_tasks").paginate(cluster=world.cluster, PaginationConfig={"PageSize": 1})
    arns = [arn for page in tasks for arn in page["taskArns"]]
    world.ecs.get_waiter("services_stable").wait(cluster=world.cluster, services=names)
    world.ecs.get_waiter("tasks_running").wait(cluster=world.cluster, tasks=arns[:100])
    for name in names:
        world.ecs.delete_service(cluster=world.cluster, service=name, force=True)
    world.ecs.get_waiter("services_inactive").wait(
        cluster=world.cluster, services=names, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def test_what_does_not_exist_is_missing_or_not_found(world: World) -> None:
    service = world.service(balanced=False)
    service.create(desired=0)
    deployment = service.deployment()
    gone = f"{deployment['serviceDeploymentArn']}0"
    answer = world.ecs.describe_service_deployments(serviceDeploymentArns=[deployment["serviceDeploymentArn"], gone])
    assert len(answer["serviceDeployments"]) == 1
    assert answer["failures"] == [{"arn": gone, "reason": "MISSING"}]
    revision = deployment["targetServiceRevision"]["arn"]
    answer = world.ecs.describe_service_revisions(serviceRevisionArns=[revision, f"{revision}0"])
    assert [each["serviceRevisionArn"] for each in answer["serviceRevisions"]] == [revision]
    assert answer["failures"] == [{"arn": f"{revision}0", "reason": "MISSING"}]
    with pytest.raises(ClientError, match="ServiceDeploymentNotFoundException"):
        world.ecs.stop_service_deployment(serviceDeploymentArn=gone)
    with pytest.raises(ClientError, match="ServiceNotFoundException"):
        world.ecs.list_service_deployments(cluster=world.cluster, service="nobody")


def test_a_revision_tells_what_was_deployed(world: World) -> None:
    service = world.service()
    service.create(desired=1)
    image = service.deploy("healthy", "v2")
    target = service.ended()["targetServiceRevision"]
    revision = world.ecs.describe_service_revisions(serviceRevisionArns=[target["arn"]])["serviceRevisions"][0]
    assert revision["taskDefinition"] == service.describe()["taskDefinition"]
    assert revision["launchType"] == "FARGATE"
    assert revision["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == world.subnets
    assert revision["loadBalancers"][0]["targetGroupArn"] == service.target_group
    assert [each["imageDigest"] for each in revision["containerImages"]] == [image["digest"]]


def test_the_old_view_shows_both_deployments_while_one_replaces_the_other(world: World) -> None:
    service = world.service()
    service.create(desired=1)
    service.deploy("slow-start:100000", "slow", **NEVER_HEALTHY)
    eventually(lambda: len(service.tasks()) == 2)
    described = service.describe()
    states = [(each["status"], each["rolloutState"]) for each in described["deployments"]]
    assert states == [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")]
    assert [each["desiredCount"] for each in described["deployments"]] == [1, 1]
    assert described["currentServiceDeployment"] == service.deployment()["serviceDeploymentArn"]
    assert [each["requestedTaskCount"] for each in described["currentServiceRevisions"]] == [1, 1]
    world.ecs.stop_service_deployment(serviceDeploymentArn=described["currentServiceDeployment"])
    assert service.ended()["status"] == "ROLLBACK_SUCCESSFUL"
    assert "currentServiceDeployment" not in service.describe()


def test_a_stop_that_is_already_under_way_goes_on(world: World) -> None:
    service = world.service()
    service.create(desired=1)
    world.elbv2.modify_target_group_attributes(
        TargetGroupArn=service.target_group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "100"}],
    )
    service.deploy("slow-start:100000", "slow", **NEVER_HEALTHY)
    eventually(lambda: len(service.tasks()) == 2)
    arn = service.deployment()["serviceDeploymentArn"]
    for _ in range(2):
        assert world.ecs.stop_service_deployment(serviceDeploymentArn=arn)["serviceDeploymentArn"] == arn
    assert service.ended()["status"] == "ROLLBACK_SUCCESSFUL"
    with pytest.raises(ClientError, match="ConflictException"):
        world.ecs.stop_service_deployment(serviceDeploymentArn=arn)


def has_deployments(service: ServiceUnderTest, count: int) -> bool:
    return len(service.describe()["deployments"]) == count


def test_five_deployments_that_are_not_completed_refuse_a_sixth(world: World) -> None:
    service = world.service(balanced=False)
    service.create(desired=0)
    wide = {"maximumPercent": 1000, "minimumHealthyPercent": 0}
    service.update(desiredCount=1, deploymentConfiguration=wide)
    eventually(lambda: service.describe()["runningCount"] == 1)
    scale = world.sandbox.control("GET", "clock")["scale"]
    try:
        world.sandbox.control("POST", "clock", {"scale": 0.001})  # the tasks that are superseded take long to stop
        for number in range(5):
            service.update(forceNewDeployment=True)
            eventually(partial(has_deployments, service, number + 2))
            eventually(lambda: service.describe()["deployments"][0]["pendingCount"] == 1)
        with pytest.raises(ClientError, match=r"InvalidParameterException.*not completed"):
            service.update(forceNewDeployment=True)
        service.update(desiredCount=1)  # what starts no deployment is taken
    finally:
        world.sandbox.control("POST", "clock", {"scale": scale})
    assert service.ended()["status"] == "SUCCESSFUL"
    service.update(forceNewDeployment=True)
    assert service.ended()["status"] == "SUCCESSFUL"


def test_an_old_task_that_is_lost_during_a_deployment_is_replaced_by_its_own_revision(world: World) -> None:
    service = world.service()
    service.create(desired=2)
    old = service.digests()
    service.deploy("slow-start:100000", "slow", **NEVER_HEALTHY)
    eventually(lambda: len(service.tasks()) == 4)
    lost = next(task for task in service.tasks() if task["containers"][0].get("imageDigest") in old)
    world.ecs.stop_task(cluster=world.cluster, task=lost["taskArn"])
    eventually(
        lambda: digests_of([task for task in service.tasks() if task["taskArn"] != lost["taskArn"]]).count(*old) == 2,
        why="two old tasks again",
    )
    assert service.deployment()["status"] == "IN_PROGRESS"
    assert len(service.tasks()) <= 4


@pytest.mark.parametrize("ended_by", ["ABORT", "the circuit breaker"])
def test_after_a_stop_without_rollback_lost_tasks_are_replaced(world: World, ended_by: str) -> None:
    service = world.service()
    service.create(desired=2, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    old = service.digests()
    if ended_by == "ABORT":
        service.deploy("slow-start:100000", "slow", **NEVER_HEALTHY)
        eventually(lambda: len(service.tasks()) == 4)
        world.ecs.stop_service_deployment(
            serviceDeploymentArn=service.deployment()["serviceDeploymentArn"], stopType="ABORT"
        )
    else:
        service.deploy("crashes", "bad")
    assert service.ended()["status"] == "STOPPED"
    lost = next(task for task in service.tasks() if task["containers"][0].get("imageDigest") in old)
    world.ecs.stop_task(cluster=world.cluster, task=lost["taskArn"])
    eventually(
        lambda: digests_of([task for task in service.tasks() if task["taskArn"] != lost["taskArn"]]) == [*old, *old],
        why="two old tasks again",
    )
    image = service.deploy("healthy", "v3")
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.digests() == {image["digest"]}


def test_scaling_out_during_a_deployment_that_cannot_succeed_reaches_the_old_revision(world: World) -> None:
    service = world.service()
    service.create(desired=1)
    old = service.digests()
    service.deploy("slow-start:100000", "slow", **NEVER_HEALTHY)
    eventually(lambda: len(service.tasks()) == 2)
    service.update(desiredCount=3)
    eventually(lambda: digests_of(service.tasks()).count(*old) == 3, why="the old revision at the new count")


@pytest.mark.parametrize("controller", ["EXTERNAL", "CODE_DEPLOY"])
def test_other_deployment_controllers_are_refused_in_words(world: World, controller: str) -> None:
    service = world.service(balanced=False)
    with pytest.raises(ClientError, match=f"does not imitate the deployment controller {controller}"):
        service.create(deploymentController={"type": controller})
    with pytest.raises(ClientError, match=r"NotImplemented.*task sets"):
        world.ecs.create_task_set(cluster=world.cluster, service=service.name, taskDefinition="any")


def test_daemon_scheduling_is_refused_in_words(world: World) -> None:
    with pytest.raises(ClientError, match="does not imitate the scheduling strategy DAEMON"):
        world.service(balanced=False).create(schedulingStrategy="DAEMON")
