"""EC2 Auto Scaling: mixed policies survive updates and launch enough instances, spread over all subnets; instance
refresh exists; instances that lose their protection leave a group that has too many.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import uuid4

from moto.autoscaling import models, responses, urls
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model, use_response


class FakeAutoScalingGroup(models.FakeAutoScalingGroup):
    mixed_instances_policy: dict[str, Any] | None
    vpc_zone_identifier: str | None

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """moto rounds the on-demand and the spot share down, both: launch what is missing."""
        super().set_desired_capacity(new_capacity)
        missing = (self.desired_capacity or 0) - len(self.active_instances())
        if missing > 0:
            self.replace_autoscaling_group_instances(missing, self.get_propagated_tags())

    def replace_autoscaling_group_instances(self, count_needed: int, propagated_tags: dict[str, str]) -> None:
        """moto launches all in the first subnet: launch each where the fewest are."""
        identifier = self.vpc_zone_identifier
        subnets = [subnet for subnet in (identifier or "").split(",") if subnet]
        if len(subnets) < 2:
            super().replace_autoscaling_group_instances(count_needed, propagated_tags)
            return
        try:
            for _ in range(count_needed):
                there = Counter(state.instance.subnet_id for state in self.instance_states)
                self.vpc_zone_identifier = min(subnets, key=lambda subnet: there[subnet])
                super().replace_autoscaling_group_instances(1, propagated_tags)
        finally:
            self.vpc_zone_identifier = identifier

    def update(self, *args: Any, **kwargs: Any) -> None:
        """An update that names no launch source keeps the mixed policy, which moto drops."""
        policy = self.mixed_instances_policy
        super().update(*args, **kwargs)
        if (
            not self.mixed_instances_policy
            and not kwargs.get("launch_template")
            and not kwargs.get("launch_config_name")
        ):
            self.mixed_instances_policy = policy


class FakeScalingPolicy(models.FakeScalingPolicy):
    predictive_scaling_configuration: dict[str, Any] | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enabled = True
        # An empty object would be read back as a block that nobody configured.
        self.predictive_scaling_configuration = self.predictive_scaling_configuration or None


class AutoScalingBackend(ExtendedBackend, models.AutoScalingBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.instance_refreshes: list[dict[str, Any]] = []

    def set_instance_protection(self, group_name: str, instance_ids: list[str], protected_from_scale_in: bool) -> None:
        """moto scales in at the moment of a new capacity only, and what was protected then stays for ever."""
        super().set_instance_protection(group_name, instance_ids, protected_from_scale_in)
        group = self.autoscaling_groups[group_name]
        if not protected_from_scale_in and len(group.active_instances()) > (group.desired_capacity or 0):
            group.set_desired_capacity(group.desired_capacity)


class AutoScalingResponse(responses.AutoScalingResponse):
    def start_instance_refresh(self) -> ActionResult:
        now = utcnow()
        refresh = {
            "InstanceRefreshId": str(uuid4()),
            "AutoScalingGroupName": self._get_param("AutoScalingGroupName"),
            "Status": "Successful",
            "StartTime": now,
            "EndTime": now,
            "PercentageComplete": 100,
            "InstancesToUpdate": 0,
        }
        self.autoscaling_backend.instance_refreshes.insert(0, refresh)
        return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})

    def describe_instance_refreshes(self) -> ActionResult:
        group = self._get_param("AutoScalingGroupName")
        refreshes = self.autoscaling_backend.instance_refreshes
        return ActionResult({"InstanceRefreshes": [r for r in refreshes if r["AutoScalingGroupName"] == group]})


def install() -> None:
    use_model(models, FakeAutoScalingGroup)
    use_model(models, FakeScalingPolicy)
    use_backend(models.autoscaling_backends, AutoScalingBackend)
    use_response(urls, AutoScalingResponse)
