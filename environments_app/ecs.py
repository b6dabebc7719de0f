"""Reads from ECS what a plan does not say: how big the tasks are that run. Adapter; changes nothing."""

from collections.abc import Iterable
from typing import Any

from controlplane.lib.aws import Account, calling_aws, client


def task_sizes(account: Account, definitions: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Size and platform by the ARN of a task definition, in the names of the stack's output `task_template`.

    Raises AwsError. Terraform calls the same for its own definitions, so the role that plans may.
    """
    ecs = client("ecs", account)
    sizes = {}
    for arn in definitions:
        with calling_aws("ecs:DescribeTaskDefinition"):
            found = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        platform = found.get("runtimePlatform", {})
        sizes[arn] = {
            "cpu": found.get("cpu"),
            "memory": found.get("memory"),
            "ephemeral_storage_gib": found.get("ephemeralStorage", {}).get("sizeInGiB"),
            "runtime_platform": {
                "operating_system_family": platform.get("operatingSystemFamily"),
                "cpu_architecture": platform.get("cpuArchitecture"),
            },
        }
    return sizes
