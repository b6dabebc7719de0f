"""ELBv2: target health by real checks, targets told apart by port, draining."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from ipaddress import ip_network
from typing import Any

from moto.elbv2 import models

from sandbox.clock import Clock
from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model
from sandbox.targets import CheckSettings, TargetKey, TargetState, code_ranges

_DRAINING = TargetState("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
_UNUSED = TargetState("unused", "Target.NotRegistered", "Target is not registered to the target group")
_NO_LISTENER = TargetState(
    "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
)


class FakeTargetGroup(models.FakeTargetGroup):
    """`clock`, `look` and `runs_tasks` are the running sandbox's: where a target's checked state is read, and whether
    an instance is one that runs tasks.
    """

    clock: Clock
    look: Callable[[TargetKey], TargetState]
    runs_tasks: Callable[[str], bool]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draining_until: dict[str, float] = {}

    def register(self, targets: list[dict[str, Any]]) -> None:
        """moto keeps one port per target; here one target may be registered with several."""
        for target in targets:
            port = int(target.get("Port") or self.port)
            key = f"{target['Id']}:{port}"
            self.targets[key] = {"Id": target["Id"], "Port": port}
            self.draining_until.pop(key, None)

    def deregister(self, targets: list[dict[str, Any]]) -> None:
        now = self.clock.seconds()
        delay = float(self.attributes.get("deregistration_delay.timeout_seconds", 300))
        self.draining_until = {key: until for key, until in self.draining_until.items() if until > now}
        for target in targets:
            gone = [
                key
                for key, held in self.targets.items()
                if held["Id"] == target["Id"] and target.get("Port") in (None, held["Port"])
            ]
            if not gone:
                raise models.InvalidTargetError()
            for key in gone:
                self.targets.pop(key)
                self.draining_until[key] = now + delay

    def deregister_terminated_instances(self, instance_ids: list[str]) -> None:
        gone = [dict(held) for held in self.targets.values() if held["Id"] in instance_ids]
        if gone:
            self.deregister(gone)

    def check_settings(self) -> CheckSettings:
        return CheckSettings(
            path=self.health_check_path or "/",
            port=int(self.health_check_port) if str(self.health_check_port).isdigit() else None,
            interval=float(self.health_check_interval_seconds),
            timeout=float(self.health_check_timeout_seconds),
            healthy_threshold=int(self.healthy_threshold_count),
            unhealthy_threshold=int(self.unhealthy_threshold_count),
            matcher=(getattr(self, "matcher", None) or {}).get("HttpCode") or "200",
        )

    def all_targets(self) -> list[dict[str, Any]]:
        """Registered ones and those still draining, as DescribeTargetHealth lists them."""
        draining = [_split(key) for key, until in self.draining_until.items() if until > self.clock.seconds()]
        return [*self.targets.values(), *draining]

    def health_for(self, target: dict[str, Any], ec2_backend: Any) -> models.FakeHealthStatus:
        port = int(target.get("Port") or self.port)
        state = self._state(f"{target['Id']}:{port}", target["Id"], port)
        return models.FakeHealthStatus(
            target["Id"], port, self.health_check_port, state.state, state.reason, state.description
        )

    def _state(self, key: str, target_id: str, port: int) -> TargetState:
        if key in self.targets:
            if self.arn not in groups_in_use(models.elbv2_backends[self.account_id][self.region_name]):
                return _NO_LISTENER
            return self.checked(target_id, port)
        return _DRAINING if self.draining_until.get(key, 0) > self.clock.seconds() else _UNUSED

    def is_checked(self, target_id: str) -> bool:
        """Not an instance that runs no tasks: it is moto's, there is nothing in it that could be asked."""
        return not target_id.startswith("i-") or type(self).runs_tasks(target_id)

    def checked(self, target_id: str, port: int) -> TargetState:
        """What the health checks of a registered target found."""
        if not self.is_checked(target_id):
            return TargetState("healthy", None, None)
        return type(self).look(TargetKey(self.arn, target_id, port))


class ELBv2Backend(ExtendedBackend, models.ELBv2Backend):
    def create_target_group(self, name: str, **kwargs: Any) -> Any:
        _check_matcher((kwargs.get("matcher") or {}).get("HttpCode"), kwargs.get("protocol"))
        return super().create_target_group(name, **kwargs)

    def modify_target_group(self, arn: str, *args: Any, **kwargs: Any) -> Any:
        given = signature(super().modify_target_group).bind(arn, *args, **kwargs).arguments
        group = self.target_groups.get(arn)
        _check_matcher(given.get("http_codes"), group.protocol if group else None)
        return super().modify_target_group(arn, *args, **kwargs)

    def _validate_conditions(self, conditions: list[dict[str, Any]]) -> None:
        """Of CreateRule and ModifyRule: what the listeners here could not decide is refused."""
        for condition in conditions:
            _check_condition(condition)
        super()._validate_conditions(conditions)

    def describe_target_health(
        self, target_group_arn: str, targets: list[dict[str, Any]]
    ) -> list[models.FakeHealthStatus]:
        group = self.target_groups.get(target_group_arn)
        if group is None:
            raise models.TargetGroupNotFoundError()
        return [group.health_for(target, self.ec2_backend) for target in targets or group.all_targets()]


def groups_in_use(backend: Any) -> set[str]:
    """The ARNs of the target groups that some listener or rule forwards to."""
    return {
        arn
        for listener in list(backend.load_balancers.values())
        for each in listener.listeners.values()
        for rule in each.rules.values()
        for action in rule.actions
        for arn in forwarded_groups(action.data)
    }


def forwarded_groups(action: dict[str, Any]) -> dict[str, int]:
    """Target group ARN -> weight, of one action (nothing where it does not forward)."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    if groups:
        return {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in groups}
    return {action["TargetGroupArn"]: 1} if action.get("TargetGroupArn") else {}


def _check_condition(condition: dict[str, Any]) -> None:
    configs = [condition, *(each for each in condition.values() if isinstance(each, dict))]
    if any(each.get("RegexValues") for each in configs):
        raise models.InvalidConditionValueError(
            "The sandbox does not match RegexValues: use Values, where * and ? are wildcards, instead"
        )
    for block in (condition.get("SourceIpConfig") or {}).get("Values") or []:
        try:
            ip_network(block, strict=False)
        except ValueError as error:
            raise models.InvalidConditionValueError(
                f"The source-ip value '{block}' is not a CIDR block, such as 10.0.0.0/8"
            ) from error


def _check_matcher(matcher: str | None, protocol: str | None) -> None:
    """moto takes whatever begins with a digit, such as 2xx (bounds: API reference, Matcher)."""
    if not matcher:
        return
    highest = 499 if protocol in ("HTTP", "HTTPS") else 599
    try:
        readable = all(200 <= low <= high <= highest for low, high in code_ranges(matcher))
    except ValueError:
        readable = False
    if not readable:
        raise models.ValidationError(
            f"Health check matcher HTTP code '{matcher}' must be codes or ranges of codes from 200 to {highest}, "
            "such as 200, 200,202 or 200-299"
        )


def _split(key: str) -> dict[str, Any]:
    target_id, _, port = key.rpartition(":")
    return {"Id": target_id, "Port": int(port)}


def install() -> None:
    use_model(models, FakeTargetGroup)
    use_backend(models.elbv2_backends, ELBv2Backend)
