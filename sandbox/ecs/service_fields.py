"""Which fields of CreateService, UpdateService and RunTask are kept, and what they are where nothing is said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.ecs.model import Service

# UpdateService's fields that start a deployment when they change (botocore's ECS model).
_REVISION = (
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)
_KEPT = (
    *_REVISION,
    "launchType",
    "capacityProviderStrategy",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "schedulingStrategy",
    "deploymentController",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
)
DEFAULTS: dict[str, Any] = {
    "loadBalancers": [],
    "serviceRegistries": [],
    "placementConstraints": [],
    "placementStrategy": [],
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "enableExecuteCommand": False,
    "availabilityZoneRebalancing": "DISABLED",
}


def kept(given: Mapping[str, Any]) -> dict[str, Any]:
    """What of a request stays with the service or task."""
    return {key: given[key] for key in _KEPT if given.get(key) is not None}


def asks_for_a_revision(given: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Whether UpdateService changes what belongs to a service revision."""
    return any(given.get(key) not in (None, settings.get(key)) for key in _REVISION)


def propagated_tags(service: Service, definition_tags: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """The tags of a service's new task, by its `propagateTags`."""
    source = service.settings.get("propagateTags")
    tags = list(service.tags if source == "SERVICE" else definition_tags or [] if source == "TASK_DEFINITION" else [])
    if service.settings.get("enableECSManagedTags"):
        tags += [
            {"key": "aws:ecs:clusterName", "value": service.cluster_name},
            {"key": "aws:ecs:serviceName", "value": service.name},
        ]
    return tags
