"""What ECS refuses at once, in its words."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.ecs.admission import Definition, definition_problem, request_problem

SPOT = [{"capacityProvider": "FARGATE_SPOT"}]
WEB = Definition(ports={"web": {8080}, "side": set()})
GROUP = "arn:group"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, None),
        ({"launchType": "FARGATE", "desiredCount": 0}, None),
        ({"launchType": "FARGATE", "capacityProviderStrategy": []}, None),
        ({"capacityProviderStrategy": SPOT}, None),
        ({"capacityProviderStrategy": [*SPOT, {"capacityProvider": "own"}]}, None),
        ({"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 101}}, None),
        ({"deploymentConfiguration": {"minimumHealthyPercent": 0, "maximumPercent": 100}}, None),
        ({"launchType": "FARGATE", "capacityProviderStrategy": SPOT}, "both a launch type and capacity provider"),
        ({"capacityProviderStrategy": [{"capacityProvider": "mars"}]}, "capacity provider mars was not found"),
        ({"desiredCount": -1}, "cannot be negative"),
        ({"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}}, "block deployments"),
    ],
)
def test_requests(given: dict[str, Any], message: str | None) -> None:
    problem = request_problem(given, ["own"])
    assert (message is None) == (problem is None)
    if problem is not None:
        assert (problem.code, (message or "") in problem.message) == ("InvalidParameterException", True)


@pytest.mark.parametrize(
    ("definition", "balancer", "target_type", "override", "code", "message"),
    [
        (WEB, ("web", 8080), "ip", "side", None, ""),
        (Definition(network_mode="bridge", ports=WEB.ports), ("web", 8080), "instance", "web", None, ""),
        (Definition(status="INACTIVE", ports=WEB.ports), None, "ip", None, "ClientException", "is inactive"),
        (WEB, ("api", 8080), "ip", None, "InvalidParameterException", "container api does not exist"),
        (WEB, ("web", 80), "ip", None, "InvalidParameterException", "did not have a container port 80"),
        (WEB, ("side", 8080), "ip", None, "InvalidParameterException", "did not have a container port 8080"),
        (WEB, ("web", 8080), "instance", None, "InvalidParameterException", "incompatible with the awsvpc"),
        (WEB, None, "ip", "job", "InvalidParameterException", "named job is not a container"),
    ],
)
def test_task_definitions(
    definition: Definition,
    balancer: tuple[str, int] | None,
    target_type: str,
    override: str | None,
    code: str | None,
    message: str,
) -> None:
    given = {"overrides": {"containerOverrides": [{"name": override}]}} if override else {}
    balancers: list[dict[str, Any]] = []
    if balancer:
        balancers = [{"targetGroupArn": GROUP, "containerName": balancer[0], "containerPort": balancer[1]}]
    problem = definition_problem(given, definition, balancers, {GROUP: target_type})
    assert (problem.code if problem else None) == code
    assert problem is None or message in problem.message
