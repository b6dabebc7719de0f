"""Application Auto Scaling: tags of scalable targets, alarms with the policy's own figures, activities, bounds that
hold; a policy keeps its ARN when it is changed, and what belongs to a target goes with it.
"""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling import models, responses, urls
from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import JsonRESTError

from sandbox.clock import Clock
from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model, use_response
from sandbox.scaling import activities, changes
from sandbox.scaling.activities import Activity
from sandbox.scaling.decisions import Past
from sandbox.scaling.schedule import ScheduleInvalid, parse_schedule
from sandbox.scaling.tracking import TrackingInvalid, make_alarms

_PAGE = 50
_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


class ObjectNotFound(JsonRESTError):
    def __init__(self, message: str) -> None:
        super().__init__("ObjectNotFoundException", message)


class FakeApplicationAutoscalingPolicy(models.FakeApplicationAutoscalingPolicy):
    """moto gives every tracking policy alarms at 6 percent; theirs follow from the configuration."""

    policy_arn: str
    creation_time: float

    def _generate_ecs_alarms(self) -> list[Any]:
        try:
            configuration = self.target_tracking_scaling_policy_configuration or {}
            return make_alarms(self.account_id, self.region_name, self, configuration)
        except TrackingInvalid as error:
            raise AWSValidationException(str(error)) from error

    def keep_name_of(self, former: FakeApplicationAutoscalingPolicy) -> None:
        """Go on under the ARN of the policy that this one replaces, its alarms with it."""
        for alarm in self.alarms:
            alarm.alarm_actions = [arn.replace(self.policy_arn, former.policy_arn) for arn in alarm.alarm_actions]
            alarm.description = alarm.description.replace(self.policy_arn, former.policy_arn)
        self.policy_arn, self.creation_time = former.policy_arn, former.creation_time


class ApplicationAutoscalingBackend(ExtendedBackend, models.ApplicationAutoscalingBackend):
    """`clock` is the running sandbox's. `past` and `wishes` are kept by policy ARN."""

    clock: Clock
    scheduled_actions: list[Any]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tags: dict[str, dict[str, str]] = {}
        self.activities: list[Activity] = []  # newest first
        self.past: dict[str, Past] = {}
        self.wishes: dict[str, int] = {}  # what tracking policies would scale in to

    def remember(self, activity: Activity) -> None:
        self.activities.insert(0, activity)
        del self.activities[activities.KEPT :]

    def target_of(self, policy: Any) -> Any:
        return self.targets.get(policy.scalable_dimension, {}).get(policy.resource_id)

    def policies_of(self, target: Any) -> list[Any]:
        return [
            each
            for each in self.policies.values()
            if (each.resource_id, each.scalable_dimension) == (target.resource_id, target.scalable_dimension)
        ]

    def tracking_of(self, policy: Any) -> list[Any]:
        """The tracking policies of the same target that may scale in."""
        return [
            each
            for each in self.policies_of(policy)
            if (given := each.target_tracking_scaling_policy_configuration) and not given.get("DisableScaleIn")
        ]

    def alarms_of(self, policy: Any) -> list[Any]:
        """Every alarm that names the policy: a tracking policy's own, a step policy's by whoever made them."""
        alarms = list(cloudwatch_backends[self.account_id][self.region_name].alarms.values())
        return [
            alarm
            for alarm in alarms
            if any(arn.partition(":createdBy/")[0] == policy.policy_arn for arn in alarm.alarm_actions or [])
        ]

    def is_low(self, policy: Any) -> bool:
        low = [alarm for alarm in self.alarms_of(policy) if alarm.comparison_operator == "LessThanThreshold"]
        return all(alarm.state_value == "ALARM" for alarm in low)

    def register_scalable_target(
        self, namespace: str, r_id: str, dimension: str, min_capacity: int | None, max_capacity: int | None, *rest: Any,
        **given: Any,
    ) -> Any:  # fmt: skip
        former = self.targets.get(dimension, {}).get(r_id)
        least = former.min_capacity if former and min_capacity is None else min_capacity
        most = former.max_capacity if former and max_capacity is None else max_capacity
        if least is None or most is None:
            raise AWSValidationException("MinCapacity and MaxCapacity are required for a new scalable target")
        if least > most:
            raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")
        if suspended := given.get("suspended_state"):
            given["suspended_state"] = {**_NOT_SUSPENDED, **(former.suspended_state if former else {}), **suspended}
        target = super().register_scalable_target(
            namespace, r_id, dimension, min_capacity, max_capacity, *rest, **given
        )
        target.suspended_state = target.suspended_state or dict(_NOT_SUSPENDED)
        # Documented of bounds that are modified (user guide, "Scaling activities"); of the first ones it is inferred
        # that they wait for a policy or a schedule.
        if former is not None:
            changes.enforce_bounds(self, target)
        return target

    def deregister_scalable_target(self, namespace: str, r_id: str, dimension: str) -> None:
        target = self.targets.get(dimension, {}).get(r_id)
        if target is None:
            raise ObjectNotFound(f"No scalable target found for {_place(namespace, r_id, dimension)}")
        for policy in self.policies_of(target):
            self.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)
        self.scheduled_actions = [
            each for each in self.scheduled_actions if (each.resource_id, each.scalable_dimension) != (r_id, dimension)
        ]
        super().deregister_scalable_target(namespace, r_id, dimension)

    def put_scaling_policy(
        self,
        policy_name: str,
        service_namespace: str,
        resource_id: str,
        scalable_dimension: str,
        policy_body: dict[str, Any],
        policy_type: str | None,
    ) -> Any:
        where = (service_namespace, resource_id, scalable_dimension)
        if resource_id not in self.targets.get(scalable_dimension, {}):
            raise ObjectNotFound(f"No scalable target registered for {_place(*where)}")
        key = FakeApplicationAutoscalingPolicy.formulate_key(*where, policy_name)
        former = self.policies.get(key)
        policy = super().put_scaling_policy(policy_name, *where, policy_body, policy_type)
        if isinstance(former, FakeApplicationAutoscalingPolicy):
            former.delete_alarms(self.account_id, self.region_name)
            policy.keep_name_of(former)
        return policy

    def delete_scaling_policy(
        self, policy_name: str, service_namespace: str, resource_id: str, scalable_dimension: str
    ) -> None:
        where = (service_namespace, resource_id, scalable_dimension)
        policy = self.policies.get(FakeApplicationAutoscalingPolicy.formulate_key(*where, policy_name))
        if policy is None:
            raise ObjectNotFound(f"No scaling policy found for {_place(*where)}, policy name: {policy_name}")
        for kept in (self.past, self.wishes):
            kept.pop(policy.policy_arn, None)
        super().delete_scaling_policy(policy_name, *where)

    def put_scheduled_action(self, *given: Any, **named: Any) -> None:
        where = tuple(named[each] for each in ("service_namespace", "resource_id", "scalable_dimension"))
        if where[1] not in self.targets.get(where[2], {}):
            raise ObjectNotFound(f"No scalable target registered for {_place(*where)}")
        now = self.clock.epoch()
        former = self._scheduled(named["scheduled_action_name"], where)
        try:
            schedule = named["schedule"] or (former.schedule if former else "")
            parse_schedule(schedule, named["timezone"] or (former.timezone if former else None), now)
        except ScheduleInvalid as error:
            raise AWSValidationException(str(error)) from error
        super().put_scheduled_action(*given, **named)
        self._scheduled(named["scheduled_action_name"], where).since = now  # a rate begins, what was due is over

    def delete_scheduled_action(
        self, service_namespace: str, scheduled_action_name: str, resource_id: str, scalable_dimension: str
    ) -> None:
        where = (service_namespace, resource_id, scalable_dimension)
        if self._scheduled(scheduled_action_name, where) is None:
            raise ObjectNotFound(
                f"No scheduled action found for {_place(*where)}, scheduled action name: {scheduled_action_name}"
            )
        super().delete_scheduled_action(service_namespace, scheduled_action_name, resource_id, scalable_dimension)

    def _scheduled(self, name: str, where: tuple[str, ...]) -> Any:
        return next(
            (
                each
                for each in self.scheduled_actions
                if each.scheduled_action_name == name
                and (each.service_namespace, each.resource_id, each.scalable_dimension) == where
            ),
            None,
        )


def _place(namespace: str, resource_id: str, dimension: str) -> str:
    return f"service namespace: {namespace}, resource ID: {resource_id}, scalable dimension: {dimension}"


class ApplicationAutoScalingResponse(responses.ApplicationAutoScalingResponse):
    @property
    def _backend(self) -> ApplicationAutoscalingBackend:
        backend: ApplicationAutoscalingBackend = self.applicationautoscaling_backend
        return backend

    @property
    def _tags(self) -> dict[str, str]:
        return self._backend.tags.setdefault(self._get_param("ResourceARN"), {})

    def register_scalable_target(self) -> str:
        body = super().register_scalable_target()
        if wanted := self._get_param("Tags"):
            self._backend.tags.setdefault(json.loads(body)["ScalableTargetARN"], {}).update(wanted)
        return str(body)

    def describe_scalable_targets(self) -> str:
        """moto's next page begins where the first one did."""
        self._validate_params()
        found = self._backend.describe_scalable_targets(
            self._get_param("ServiceNamespace"), self._get_param("ResourceIds"), self._get_param("ScalableDimension")
        )
        return self._page("ScalableTargets", [self._target(each) for each in found])

    def describe_scaling_policies(self) -> str:
        """moto ignores PolicyNames, takes a part of a resource's name for it, and shows no alarms of step policies."""
        names = self._get_param("PolicyNames") or []
        found = [
            responses._build_policy(each)
            | {"Alarms": [{"AlarmName": a.name, "AlarmARN": a.alarm_arn} for a in self._backend.alarms_of(each)]}
            for each in self._here(self._backend.policies.values())
            if not names or each.policy_name in names
        ]
        return self._page("ScalingPolicies", found)

    def describe_scheduled_actions(self) -> str:
        names = self._get_param("ScheduledActionNames") or []
        found = [
            _present(responses._build_scheduled_action(each))
            for each in self._here(self._backend.scheduled_actions)
            if not names or each.scheduled_action_name in names
        ]
        return self._page("ScheduledActions", found)

    def describe_scaling_activities(self) -> str:
        resource = self._get_param("ResourceId")
        unscaled = bool(self._get_param("IncludeNotScaledActivities"))
        found = [
            activities.shape(each)
            for each in self._backend.activities
            if self._get_param("ServiceNamespace") == activities.ECS[0]
            and resource in (None, each.resource_id)
            and (unscaled or not each.not_scaled)
        ]
        return self._page("ScalingActivities", found)

    def list_tags_for_resource(self) -> str:
        return json.dumps({"Tags": self._tags})

    def tag_resource(self) -> str:
        self._tags.update(self._get_param("Tags") or {})
        return "{}"

    def untag_resource(self) -> str:
        for key in self._get_param("TagKeys") or []:
            self._tags.pop(key, None)
        return "{}"

    def _here(self, held: Any) -> list[Any]:
        """What this call's namespace, resource and dimension name."""
        resource, dimension = self._get_param("ResourceId"), self._get_param("ScalableDimension")
        return [
            each
            for each in list(held)
            if each.service_namespace == self._get_param("ServiceNamespace")
            and resource in (None, each.resource_id)
            and dimension in (None, each.scalable_dimension)
        ]

    def _target(self, target: Any) -> dict[str, Any]:
        shape: dict[str, Any] = responses._build_target(target)
        if target.service_namespace == "ecs" and not target.role_arn:
            shape["RoleARN"] = (
                f"arn:aws:iam::{self.current_account}:role/aws-service-role/"
                "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
            )
        return shape

    def _page(self, name: str, found: list[Any]) -> str:
        token, most = self._get_param("NextToken"), self._get_int_param("MaxResults") or _PAGE
        if token is not None and not str(token).isdigit():
            raise JsonRESTError("InvalidNextTokenException", f"NextToken {token!r} is not one of this list's")
        start = int(token or 0)
        answer: dict[str, Any] = {name: found[start : start + most]}
        if len(found) > start + most:
            answer["NextToken"] = str(start + most)
        return json.dumps(answer)


def _present(shape: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if value is not None}


def install() -> None:
    use_model(models, FakeApplicationAutoscalingPolicy)
    use_backend(models.applicationautoscaling_backends, ApplicationAutoscalingBackend)
    use_response(urls, ApplicationAutoScalingResponse)
