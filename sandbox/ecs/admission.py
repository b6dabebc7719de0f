"""What CreateService, UpdateService and RunTask refuse before anything is started. Pure.

Codes and words are ECS's, as its users report them on GitHub: the issue stands beside each. What nobody reported is
marked (inferred).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Problem(NamedTuple):
    """An error of ECS: its code and its message."""

    code: str
    message: str


@dataclass(frozen=True)
class Definition:
    """What matters here of a task definition; `ports`: container name -> its container ports.

    `fargate`: whether Fargate can run it (awsvpc, CPU and memory of the whole task).
    """

    status: str = "ACTIVE"
    network_mode: str = "awsvpc"
    ports: Mapping[str, Collection[int]] = field(default_factory=dict)
    fargate: bool = True


NO_DEFINITION = Problem("ClientException", "TaskDefinition not found.")  # Cloud-CV/EvalAI#2419


def definition_of(held: Any) -> Definition:
    """From moto's task definition."""
    ports = {
        each["name"]: {mapping.get("containerPort") for mapping in each.get("portMappings") or []}
        for each in held.container_definitions
    }
    mode = held.network_mode or "bridge"
    return Definition(held.status, mode, ports, mode == "awsvpc" and bool(held.cpu and held.memory))


def request_problem(
    given: Mapping[str, Any], providers: Collection[str], default_strategy: Sequence[Mapping[str, Any]] = ()
) -> Problem | None:
    """What is wrong with the request by itself.

    `providers`: those that are associated with the cluster, Fargate's two included; `default_strategy`: the
    cluster's, where the request may leave the capacity to it.
    """
    strategy = given.get("capacityProviderStrategy") or []
    if given.get("launchType") and strategy:  # terraform-linters/tflint-ruleset-aws#349
        return _invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    if any(each["capacityProvider"] not in providers for each in strategy):  # dask/dask-cloudprovider#328
        return _invalid(
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated with "
            "the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and "
            "try again."
        )
    by_default = default_strategy and not strategy and not given.get("launchType")
    if by_default and not any(each.get("weight") for each in default_strategy):
        return _invalid(  # terraform-aws-modules/terraform-aws-ecs#27
            "There are no capacity providers with a weight value greater than zero defined in the default capacity "
            "provider strategy. At least one capacity provider must have a weight value greater than zero specified. "
            "Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy "
            "and try again."
        )
    if (given.get("desiredCount") or 0) < 0:  # (inferred)
        return _invalid("desiredCount cannot be negative.")
    return None


def move_problem(given: Mapping[str, Any], settings: Mapping[str, Any]) -> Problem | None:
    """What UpdateService refuses of a service that has these `settings`: its capacity moves by a new deployment."""
    strategy = given.get("capacityProviderStrategy")
    moves = strategy not in (None, settings.get("capacityProviderStrategy") or [])
    if not moves or given.get("forceNewDeployment"):
        return None
    return _invalid(  # pipe-cd/pipecd#6385
        "When switching from launch type to capacity provider strategy on an existing service, or making a change to "
        "a capacity provider strategy on a service that is already using one, you must force a new deployment."
    )


def service_problem(
    definition: Definition, settings: Mapping[str, Any], target_types: Mapping[str, str]
) -> Problem | None:
    """What of a service's `settings` does not go with its task definition.

    `target_types`: target group ARN -> instance, ip, lambda or alb.
    """
    if definition.status != "ACTIVE":  # aws/aws-cdk#33195
        return Problem("ClientException", "TaskDefinition is inactive")
    problems = (_problem_with_balancer(each, definition, target_types) for each in settings.get("loadBalancers") or [])
    return _problem_with_capacity(definition, settings) or next(filter(None, problems), None)


def task_problem(definition: Definition, given: Mapping[str, Any]) -> Problem | None:
    """What of RunTask's request does not go with the task definition."""
    if definition.status != "ACTIVE":  # another code than a service's: DefangLabs/defang#775
        return _invalid("TaskDefinition is inactive")
    for override in (given.get("overrides") or {}).get("containerOverrides") or []:
        name = override.get("name")
        if name not in definition.ports:  # azavea/django-ecsmanage#21
            return _invalid(f"Override for container named {name} is not a container in the TaskDefinition.")
    return _problem_with_capacity(definition, given)


def _problem_with_capacity(definition: Definition, settings: Mapping[str, Any]) -> Problem | None:
    if settings.get("launchType") == "FARGATE" and not definition.fargate:  # aws/aws-cli#3983
        return _invalid("Task definition does not support launch_type FARGATE.")
    if settings.get("networkConfiguration") and definition.network_mode != "awsvpc":
        # DataDog/test-infra-definitions#57
        return _invalid("Network Configuration is not valid for the given networkMode of this task definition.")
    return None


def _problem_with_balancer(
    balancer: Mapping[str, Any], definition: Definition, target_types: Mapping[str, str]
) -> Problem | None:
    name, port, group = balancer.get("containerName"), balancer.get("containerPort"), balancer.get("targetGroupArn")
    if name is not None and name not in definition.ports:  # aws/amazon-ecs-agent#1276
        return _invalid(f"The container {name} does not exist in the task definition.")
    if name is not None and port not in definition.ports[name]:  # pulumi/pulumi-aws#3095
        return _invalid(f"The container {name} did not have a container port {port} defined.")
    kind, mode = target_types.get(group or ""), definition.network_mode
    # riboseinc/terraform-aws-ecs-gitlab#5 and, the other way round, hashicorp/terraform#24266
    if kind == ("instance" if mode == "awsvpc" else "ip"):
        return _invalid(
            f"The provided target group {group} has target type {kind}, which is incompatible with the {mode} network "
            "mode specified in the task definition."
        )
    return None


def _invalid(message: str) -> Problem:
    return Problem("InvalidParameterException", message)
