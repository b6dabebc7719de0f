"""Reads from ECS what a plan does not say: how big the tasks are that run. Adapter; changes nothing."""

from typing import Any

from controlplane.lib.aws import Account, calling_aws, client


def task_size(account: Account, definition: str) -> dict[str, Any]:
    """Size and platform by a task definition's ARN, in the names of the stack's output `task_template`.

    Raises AwsError. Terraform calls the same for its own definitions, so the role that plans may.
    """
    with calling_aws("ecs:DescribeTaskDefinition"):
        found = client("ecs", account).describe_task_definition(taskDefinition=definition)["taskDefinition"]
    platform = found.get("runtimePlatform", {})
    return {
        "cpu": found.get("cpu"),
        "memory": found.get("memory"),
        "ephemeral_storage_gib": found.get("ephemeralStorage", {}).get("sizeInGiB"),
        "runtime_platform": {
            "operating_system_family": platform.get("operatingSystemFamily"),
            "cpu_architecture": platform.get("cpuArchitecture"),
        },
    }
