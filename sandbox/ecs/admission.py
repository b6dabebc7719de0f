"""What CreateService, UpdateService and RunTask refuse before anything is started.

The words are ECS's as remembered, not looked up; those about a negative count and an unknown provider are inferred.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_OF_AWS = ("FARGATE", "FARGATE_SPOT")  # accepted whether or not the cluster lists them


class Problem(NamedTuple):
    """An error of ECS: its code and its message."""

    code: str
    message: str


@dataclass(frozen=True)
class Definition:
    """What matters here of a task definition; `ports`: container name -> its container ports."""

    status: str = "ACTIVE"
    network_mode: str = "awsvpc"
    ports: Mapping[str, Collection[int]] = field(default_factory=dict)


def definition_of(held: Any) -> Definition:
    """From moto's task definition."""
    ports = {
        each["name"]: {mapping.get("containerPort") for mapping in each.get("portMappings") or []}
        for each in held.container_definitions
    }
    return Definition(held.status, held.network_mode or "bridge", ports)


def request_problem(given: Mapping[str, Any], providers: Collection[str]) -> Problem | None:
    """What is wrong with the request by itself. `providers`: the account's own capacity providers."""
    strategy = given.get("capacityProviderStrategy") or []
    if given.get("launchType") and strategy:
        return _invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    for each in strategy:
        if each["capacityProvider"] not in (*_OF_AWS, *providers):
            return _invalid(f"The specified capacity provider {each['capacityProvider']} was not found.")
    if (given.get("desiredCount") or 0) < 0:
        return _invalid("desiredCount cannot be negative.")
    asked = given.get("deploymentConfiguration") or {}
    if asked.get("minimumHealthyPercent") == asked.get("maximumPercent") == 100:
        return _invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
    return None


def definition_problem(
    given: Mapping[str, Any],
    definition: Definition,
    load_balancers: Collection[Mapping[str, Any]] = (),
    target_types: Mapping[str, str] | None = None,
) -> Problem | None:
    """What does not go with the task definition. `target_types`: target group ARN -> instance, ip, lambda or alb."""
    if definition.status != "ACTIVE":
        return Problem("ClientException", "TaskDefinition is inactive")
    for each in load_balancers:
        name, port = each.get("containerName"), each.get("containerPort")
        if name is not None and name not in definition.ports:
            return _invalid(f"The container {name} does not exist in the task definition.")
        if name is not None and port not in definition.ports[name]:
            return _invalid(f"The container {name} did not have a container port {port} defined.")
        group = each.get("targetGroupArn") or ""
        if definition.network_mode == "awsvpc" and (target_types or {}).get(group) == "instance":
            return _invalid(
                f"The provided target group {group} has target type instance, which is incompatible with the awsvpc "
                "network mode specified in the task definition."
            )
    for override in (given.get("overrides") or {}).get("containerOverrides") or []:
        if override.get("name") not in definition.ports:
            return _invalid(
                f"Override for container named {override.get('name')} is not a container in the TaskDefinition."
            )
    return None


def _invalid(message: str) -> Problem:
    return Problem("InvalidParameterException", message)
