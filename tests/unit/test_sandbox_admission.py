"""What ECS refuses at once, in its words."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.ecs.admission import Definition, Problem, move_problem, request_problem, service_problem, task_problem
from sandbox.ecs.deployment_settings import DEFAULTS, merged, problem

SPOT = [{"capacityProvider": "FARGATE_SPOT"}]
OWN = [{"capacityProvider": "own", "weight": 1}]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
WEB = Definition(ports={"web": {8080}, "side": set()})
BRIDGE = Definition(network_mode="bridge", ports=WEB.ports, fargate=False)
INACTIVE = Definition(status="INACTIVE", ports=WEB.ports)
GROUP = "arn:group"


def said(problem: Problem | None) -> tuple[str, str]:
    """Code and words of a problem; empty for none."""
    return problem or ("", "")


@pytest.mark.parametrize(
    ("given", "default", "message"),
    [
        ({}, [], ""),
        ({"launchType": "FARGATE", "desiredCount": 0}, [], ""),
        ({"launchType": "FARGATE", "capacityProviderStrategy": []}, [], ""),
        ({"capacityProviderStrategy": OWN}, [], ""),
        ({"launchType": "FARGATE"}, SPOT, ""),
        ({"capacityProviderStrategy": OWN}, SPOT, ""),
        ({}, [*SPOT, *OWN], ""),
        ({}, SPOT, "no capacity providers with a weight value greater than zero"),
        ({"launchType": "FARGATE", "capacityProviderStrategy": OWN}, [], "both a launch type and capacity provider"),
        ({"capacityProviderStrategy": SPOT}, [], "a capacity provider that is not associated with the cluster"),
        ({"desiredCount": -1}, [], "cannot be negative"),
    ],
)
def test_requests(given: dict[str, Any], default: list[dict[str, Any]], message: str) -> None:
    code, words = said(request_problem(given, ["own"], default))
    assert message in words
    assert code == ("InvalidParameterException" if message else "")


@pytest.mark.parametrize(
    ("given", "settings", "refused"),
    [
        ({}, {"capacityProviderStrategy": OWN}, False),
        ({"capacityProviderStrategy": OWN}, {"capacityProviderStrategy": OWN}, False),
        ({"capacityProviderStrategy": []}, {"launchType": "FARGATE"}, False),
        ({"capacityProviderStrategy": OWN}, {"launchType": "FARGATE"}, True),
        ({"capacityProviderStrategy": []}, {"capacityProviderStrategy": OWN}, True),
        ({"capacityProviderStrategy": OWN, "forceNewDeployment": True}, {"launchType": "FARGATE"}, False),
    ],
)
def test_capacity_moves_by_a_new_deployment(given: dict[str, Any], settings: dict[str, Any], refused: bool) -> None:
    assert ("you must force a new deployment" in said(move_problem(given, settings))[1]) == refused


@pytest.mark.parametrize(
    ("definition", "balancer", "target_type", "message"),
    [
        (WEB, ("web", 8080), "ip", ""),
        (BRIDGE, ("web", 8080), "instance", ""),
        (WEB, ("api", 8080), "ip", "The container api does not exist"),
        (WEB, ("web", 80), "ip", "web did not have a container port 80"),
        (WEB, ("side", 8080), "ip", "side did not have a container port 8080"),
        (WEB, ("web", 8080), "instance", "target type instance, which is incompatible with the awsvpc network mode"),
        (BRIDGE, ("web", 8080), "ip", "target type ip, which is incompatible with the bridge network mode"),
    ],
)
def test_load_balancers_of_a_service(
    definition: Definition, balancer: tuple[str, int], target_type: str, message: str
) -> None:
    balanced = {"targetGroupArn": GROUP, "containerName": balancer[0], "containerPort": balancer[1]}
    code, words = said(service_problem(definition, {"loadBalancers": [balanced]}, {GROUP: target_type}))
    assert message in words
    assert code == ("InvalidParameterException" if message else "")


@pytest.mark.parametrize(
    ("definition", "settings", "message"),
    [
        (WEB, {"launchType": "FARGATE", "networkConfiguration": NETWORK}, ""),
        (BRIDGE, {"launchType": "EC2"}, ""),
        (BRIDGE, {"launchType": "FARGATE"}, "does not support launch_type FARGATE"),
        (Definition(fargate=False), {"launchType": "FARGATE"}, "does not support launch_type FARGATE"),
        (BRIDGE, {"networkConfiguration": NETWORK}, "not valid for the given networkMode"),
    ],
)
def test_capacity_and_network_go_with_the_definition(
    definition: Definition, settings: dict[str, Any], message: str
) -> None:
    expected = ("InvalidParameterException" if message else "", message)
    for code, words in (said(service_problem(definition, settings, {})), said(task_problem(definition, settings))):
        assert (code, message if message in words else words) == expected


def test_an_inactive_definition_has_a_code_for_services_and_one_for_tasks() -> None:
    assert service_problem(INACTIVE, {}, {}) == ("ClientException", "TaskDefinition is inactive")
    assert task_problem(INACTIVE, {}) == ("InvalidParameterException", "TaskDefinition is inactive")


def test_an_override_names_a_container_of_the_definition() -> None:
    for name, refused in (("side", False), ("job", True)):
        given = {"overrides": {"containerOverrides": [{"name": name}]}}
        assert ("named job is not a container" in said(task_problem(WEB, given))[1]) == refused


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"minimumHealthyPercent": 100, "maximumPercent": 101}, False),
        ({"minimumHealthyPercent": 0, "maximumPercent": 100}, False),
        ({"minimumHealthyPercent": 100, "maximumPercent": 100}, True),
        ({"maximumPercent": 100}, True),
    ],
)
def test_bounds_that_would_block_every_deployment(asked: dict[str, Any], refused: bool) -> None:
    """The minimum is 100 % where nothing is said."""
    words = problem({"deploymentConfiguration": asked}, merged(DEFAULTS, asked), {})
    assert ("will block deployments" in (words or "")) == refused
