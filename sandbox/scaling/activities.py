"""What DescribeScalingActivities tells, in Application Auto Scaling's words. Plain data, kept in moto's backend.

The words of examples in the user guide ("Scaling activities") and of the aws command line's reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

KEPT = 500  # of an account and region; AWS keeps six weeks
ECS = ("ecs", "ecs:service:DesiredCount")
_UNDER_WAY = ("Pending", "InProgress")


@dataclass
class Activity:
    """`wanted` is the desired count that it set, None where it set none. `not_scaled`: NotScaledReasons."""

    resource_id: str
    description: str
    cause: str
    status: str
    message: str | None = None
    wanted: int | None = None
    not_scaled: list[dict[str, Any]] = field(default_factory=list)
    id: str = field(default_factory=lambda: str(uuid4()))
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None

    @property
    def under_way(self) -> bool:
        return self.status in _UNDER_WAY

    def end(self, status: str, message: str) -> None:
        self.status, self.message, self.ended_at = status, message, datetime.now(UTC)


def setting_count(resource_id: str, wanted: int, cause: str) -> Activity:
    return Activity(
        resource_id,
        f"Setting desired count to {wanted}.",
        cause,
        "InProgress",
        f"Successfully set desired count to {wanted}. Waiting for change to be fulfilled by ecs.",
        wanted,
    )


def fulfilled(activity: Activity) -> None:
    activity.end(
        "Successful", f"Successfully set desired count to {activity.wanted}. Change successfully fulfilled by ecs."
    )


def overridden(activity: Activity) -> None:
    activity.end("Overridden", f"Successfully set desired count to {activity.wanted}. Superseded by another change.")


def failed(resource_id: str, wanted: int, cause: str, why: str) -> Activity:
    activity = setting_count(resource_id, wanted, cause)
    activity.end("Failed", f"Failed to set desired count to {wanted}. Reason: {why}")
    return activity


def setting_bounds(resource_id: str, action_name: str, least: int | None, most: int | None) -> Activity:
    parts = [f"{name} capacity to {value}" for name, value in (("min", least), ("max", most)) if value is not None]
    words = " and ".join(parts)
    activity = Activity(
        resource_id, f"Setting {words}", f"scheduled action name {action_name} was triggered", "Successful"
    )
    activity.message = f"Successfully set {words}"
    return activity


def not_scaled(resource_id: str, cause: str, reason: dict[str, Any]) -> Activity:
    status = "Successful" if reason["Code"] == "AlreadyAtDesiredCapacity" else "Failed"
    return Activity(resource_id, "Attempting to scale due to alarm triggered", cause, status, not_scaled=[reason])


def alarm_cause(alarm: str, policy: str) -> str:
    return f"monitor alarm {alarm} in state ALARM triggered policy {policy}"


def shape(activity: Activity) -> dict[str, Any]:
    """An activity as the API answers it."""
    fields = {
        "ActivityId": activity.id,
        "ServiceNamespace": ECS[0],
        "ResourceId": activity.resource_id,
        "ScalableDimension": ECS[1],
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.started_at.timestamp(),
        "EndTime": activity.ended_at.timestamp() if activity.ended_at else None,
        "StatusCode": activity.status,
        "StatusMessage": activity.message,
        "NotScaledReasons": activity.not_scaled or None,
    }
    return {name: value for name, value in fields.items() if value is not None}
