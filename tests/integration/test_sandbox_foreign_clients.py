"""The `aws` command line and ecs-deploy take the sandbox for AWS: they deploy, wait, fail, stop and roll back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.foreign_clients import Clients, install_clients
from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_staged import pause_at, staged_service
from tests.sandbox_world import ServiceUnderTest, World


@pytest.fixture(scope="module")
def clients() -> Clients:
    return install_clients()


@pytest.fixture(scope="module")
def sandbox(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


class Aws:
    """`aws ecs ACTION` for one service."""

    def __init__(self, clients: Clients, service: ServiceUnderTest) -> None:
        self._clients, self._service = clients, service

    def __call__(self, action: str, *arguments: str, of_service: bool = False) -> Any:
        where = ["--cluster", self._service.world.cluster, "--service", self._service.name] if of_service else []
        ended = self._clients.run(self._service.world.sandbox, "aws", "ecs", action, *where, *arguments)
        return json.loads(ended.stdout) if ended.stdout else None

    def wait_until_stable(self) -> None:
        cluster, service = self._service.world.cluster, self._service.name
        self._clients.run(
            self._service.world.sandbox,
            "aws", "ecs", "wait", "services-stable", "--cluster", cluster, "--services", service,
        )  # fmt: skip


def test_the_aws_command_line_deploys_and_waits(world: World, clients: Clients) -> None:
    service = world.service()
    service.create(desired=2)
    image = service.image("healthy", "v2")
    aws = Aws(clients, service)
    definition = service.register(image["image"])
    answer = aws("update-service", "--task-definition", definition, of_service=True)
    assert answer["service"]["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    aws.wait_until_stable()
    assert service.deployment()["status"] == "SUCCESSFUL"
    assert service.digests() == {image["digest"]}


def test_the_aws_command_line_stops_a_deployment(world: World, clients: Clients) -> None:
    service = world.service()
    service.create(desired=1)
    old = service.digests()
    aws = Aws(clients, service)
    bad = service.register(service.image("slow-start:100000", "slow")["image"])
    aws("update-service", "--task-definition", bad, "--health-check-grace-period-seconds", "1000000", of_service=True)
    arn = aws("list-service-deployments", "--status", "PENDING", "IN_PROGRESS", of_service=True)["serviceDeployments"][
        0
    ]["serviceDeploymentArn"]
    eventually(lambda: len(service.tasks()) == 2)
    answer = aws("stop-service-deployment", "--service-deployment-arn", arn, "--stop-type", "ROLLBACK")
    assert answer == {"serviceDeploymentArn": arn}
    aws.wait_until_stable()
    described = aws("describe-service-deployments", "--service-deployment-arns", arn)["serviceDeployments"][0]
    assert described["status"] == "ROLLBACK_SUCCESSFUL"
    assert service.digests() == old


def test_the_aws_command_line_takes_a_canary_through_its_pause(world: World, clients: Clients) -> None:
    service = staged_service(world)
    service.create_staged({"strategy": "BLUE_GREEN"}, desired=1)
    image = service.image("healthy", "v2")
    aws = Aws(clients, service)
    configuration = {
        "strategy": "CANARY",
        "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1},
        "lifecycleHooks": [pause_at("POST_TEST_TRAFFIC_SHIFT")],
    }
    definition = service.register(image["image"])
    aws(
        "update-service", "--task-definition", definition,
        "--deployment-configuration", json.dumps(configuration), of_service=True,
    )  # fmt: skip
    arn = service.at("POST_TEST_TRAFFIC_SHIFT")["serviceDeploymentArn"]
    described = aws("describe-service-deployments", "--service-deployment-arns", arn)["serviceDeployments"][0]
    assert described["targetServiceRevision"]["requestedTestTrafficWeight"] == 100
    hook = described["lifecycleHookDetails"][0]
    assert hook["status"] == "AWAITING_ACTION"
    aws("continue-service-deployment", "--service-deployment-arn", arn, "--hook-id", hook["hookId"])
    aws.wait_until_stable()
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.digests() == {image["digest"]}


def ecs_deploy(clients: Clients, service: ServiceUnderTest, image: str, *options: str, fails: bool = False) -> str:
    ended = clients.run(
        service.world.sandbox,
        "ecs", "deploy", service.world.cluster, service.name, "--image", "app", image, *options,
        fails=fails,
    )  # fmt: skip
    return ended.stdout + ended.stderr


def test_ecs_deploy_deploys(world: World, clients: Clients) -> None:
    service = world.service()
    service.create(desired=2)
    image = service.image("healthy", "v2")
    said = ecs_deploy(clients, service, image["image"], "--timeout", "60")
    assert "Deployment successful" in said
    assert service.deployment()["status"] == "SUCCESSFUL"
    assert service.digests() == {image["digest"]}


def test_ecs_deploy_fails_and_rolls_back(world: World, clients: Clients) -> None:
    service = world.service()
    service.create(desired=1, deploymentConfiguration={})
    old = service.digests()
    image = service.image("crashes", "bad")
    said = ecs_deploy(clients, service, image["image"], "--timeout", "5", "--rollback", fails=True)
    assert "Deployment failed" in said
    assert "Rollback successful" in said
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.describe()["taskDefinition"].endswith(":1")
    assert service.digests() == old


def test_ecs_deploy_takes_a_rollback_by_the_circuit_breaker_for_a_success(world: World, clients: Clients) -> None:
    """It looks at running and desired counts only: the trap that AWS sets, and that the product must not fall into."""
    service = world.service()
    service.create(desired=1)
    image = service.image("crashes", "bad")
    said = ecs_deploy(clients, service, image["image"], "--timeout", "60", "--no-deregister")
    assert "Deployment successful" in said
    assert service.ended()["status"] == "ROLLBACK_SUCCESSFUL"
