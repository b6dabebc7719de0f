"""CreateService, UpdateService and RunTask refuse at once what could never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import start_sandbox
from tests.sandbox_world import ServiceUnderTest, World

SPOT = [{"capacityProvider": "FARGATE_SPOT"}]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as sandbox:
        yield World(sandbox)


@pytest.fixture(scope="module")
def service(world: World) -> ServiceUnderTest:
    service = world.service()
    service.create(desired=0)
    return service


def balanced(service: ServiceUnderTest, **given: Any) -> list[dict[str, Any]]:
    return [{"targetGroupArn": service.target_group, "containerName": "app", "containerPort": 8080, **given}]


def test_a_refused_service_is_not_made(world: World, service: ServiceUnderTest) -> None:
    instances = world.target_group("instances", TargetType="instance")
    for given, message in (
        ({"loadBalancers": balanced(service, containerName="api")}, "container api does not exist"),
        ({"loadBalancers": balanced(service, containerPort=80)}, "did not have a container port 80"),
        ({"loadBalancers": balanced(service, targetGroupArn=instances)}, "has target type instance"),
        ({"capacityProviderStrategy": SPOT}, "Specifying both a launch type"),
        ({"desiredCount": -1}, "cannot be negative"),
    ):
        definition = service.register(service.image("healthy", "v1")["image"])
        asked: dict[str, Any] = {"taskDefinition": definition, "launchType": "FARGATE", "desiredCount": 1, **given}
        with pytest.raises(ClientError, match=message) as refused:
            world.ecs.create_service(
                cluster=world.cluster, serviceName="new", networkConfiguration=world.network, **asked
            )
        assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    assert world.ecs.describe_services(cluster=world.cluster, services=["new"])["failures"][0]["reason"] == "MISSING"


def test_a_refused_update_changes_nothing(service: ServiceUnderTest) -> None:
    before = service.describe()
    other = service.register(service.image("healthy", "v2")["image"], name="other")
    for given, message in (
        ({"taskDefinition": other}, "container app does not exist"),
        ({"capacityProviderStrategy": [{"capacityProvider": "mars"}]}, "not associated with the cluster"),
        ({"capacityProviderStrategy": SPOT}, "you must force a new deployment"),
        ({"desiredCount": -1}, "cannot be negative"),
        ({"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}}, "will block deployments"),
    ):
        with pytest.raises(ClientError, match=message):
            service.update(**given)
    assert service.describe() == before


def test_an_inactive_definition_is_run_no_more_and_its_family_is_the_one_before(service: ServiceUnderTest) -> None:
    world = service.world
    image = service.image("healthy", "v3")["image"]
    kept, ended = service.register(image), service.register(image)
    world.ecs.deregister_task_definition(taskDefinition=ended)
    asked = {"cluster": world.cluster, "launchType": "FARGATE", "networkConfiguration": world.network}
    with pytest.raises(ClientError, match="TaskDefinition is inactive") as refused:
        world.ecs.run_task(taskDefinition=ended, **asked)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    with pytest.raises(ClientError, match="TaskDefinition is inactive") as refused:
        service.update(taskDefinition=ended)
    assert refused.value.response["Error"]["Code"] == "ClientException"
    with pytest.raises(ClientError, match=r"TaskDefinition not found\.") as refused:
        service.update(taskDefinition="nowhere:1")
    assert refused.value.response["Error"]["Code"] == "ClientException"
    assert world.ecs.run_task(taskDefinition=service.name, **asked)["tasks"][0]["taskDefinitionArn"] == kept


def test_fargate_runs_what_is_made_for_it(service: ServiceUnderTest) -> None:
    world = service.world
    containers = [{"name": "app", "image": service.image("healthy", "v5")["image"], "memory": 64}]
    world.ecs.register_task_definition(family="bridged", containerDefinitions=containers)
    with pytest.raises(ClientError, match="Task definition does not support launch_type FARGATE"):
        world.ecs.run_task(
            cluster=world.cluster,
            taskDefinition="bridged",
            launchType="FARGATE",
            networkConfiguration=world.network,
        )


def test_a_default_strategy_needs_a_weight(service: ServiceUnderTest) -> None:
    world = World(service.world.sandbox)
    world.ecs.put_cluster_capacity_providers(
        cluster=world.cluster, capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=SPOT
    )
    with pytest.raises(ClientError, match="no capacity providers with a weight value greater than zero"):
        world.ecs.run_task(
            cluster=world.cluster,
            taskDefinition=service.register(service.image("healthy", "v6")["image"]),
            networkConfiguration=world.network,
        )


def test_an_override_needs_its_container(service: ServiceUnderTest) -> None:
    world = service.world
    with pytest.raises(ClientError, match="Override for container named job is not a container"):
        world.ecs.run_task(
            cluster=world.cluster,
            taskDefinition=service.register(service.image("healthy", "v4")["image"]),
            launchType="FARGATE",
            networkConfiguration=world.network,
            overrides={"containerOverrides": [{"name": "job", "command": ["migrate"]}]},
        )
