"""Application Auto Scaling as the controller needs it: it scales a service only once something runs there."""

from collections.abc import Mapping
from typing import Any

from controlplane.lib.aws import Account, calling_aws, client

_ECS_SERVICE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
_RESUMED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


def resume(account: Account, target: Mapping[str, Any]) -> None:
    """Lets policies and schedules act on a service, within its bounds. Doing it twice is no harm. Raises AwsError.

    target: the stack's output `scalable_target`: resource_id, min, max. The bounds are given again because the
    target is to be as its configuration has it by day, whatever was made of it before anything ran.
    """
    with calling_aws("application-autoscaling:RegisterScalableTarget"):
        client("application-autoscaling", account).register_scalable_target(
            **_ECS_SERVICE,
            ResourceId=target["resource_id"],
            MinCapacity=target["min"],
            MaxCapacity=target["max"],
            SuspendedState=_RESUMED,
        )
