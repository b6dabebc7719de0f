"""Who gets a service's traffic: its target groups and their weights on the listener rules.

ECS moves traffic by the weights of two target groups on the production and the test listener rule
(`loadBalancers[].advancedConfiguration`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from moto.elbv2.models import elbv2_backends

from sandbox.ecs.model import Revision
from sandbox.ecs.strategies import rule_weights
from sandbox.moto_ext.elbv2 import forwarded_groups


class NotAttached(Exception):
    """A listener rule is gone, or a target group is on none of them; the message says which."""


def advanced(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The load balancers of the settings whose traffic ECS moves."""
    return [each for each in settings.get("loadBalancers") or [] if each.get("advancedConfiguration")]


def resolve(revision: Revision, source: Revision | None, *, moves: bool) -> None:
    """Settle which target group the revision uses: the free one where traffic `moves` to it, else the source's."""
    resolved = []
    for each in advanced(revision.settings):
        pair = (each["targetGroupArn"], each["advancedConfiguration"].get("alternateTargetGroupArn"))
        taken = _group_of(source, each) if source else None
        if taken in pair and moves:
            resolved.append((pair[0], pair[1 - pair.index(taken)]))
        else:
            resolved.append((pair[0], taken if taken in pair else pair[0]))
    revision.resolved = tuple(resolved)


def _group_of(source: Revision, balancer: Mapping[str, Any]) -> str | None:
    """The group in which the source's tasks for the same container and port are."""
    for each in source.load_balancers:
        if (each.get("containerName"), each.get("containerPort")) == (
            balancer.get("containerName"),
            balancer.get("containerPort"),
        ):
            group: str | None = each.get("targetGroupArn")
            return group
    return None


def resolved(revision: Revision) -> list[dict[str, str]]:
    """Which groups and rules serve the revision, in the shape of ServiceRevisionLoadBalancer."""
    return [
        {"targetGroupArn": group, "productionListenerRule": rules["production"]} for group, _, rules in _moved(revision)
    ]


def share_of(account: str, region: str, revision: Revision) -> float:
    """Percent of the production traffic that goes to the revision's target groups, read from the rules."""
    shares = []
    for group, _, rules in _moved(revision):
        weights = _weights(account, region, rules["production"])
        shares.append(100.0 * weights.get(group, 0) / (sum(weights.values()) or 1))
    return max(shares, default=0.0)


def has_test_rule(revision: Revision) -> bool:
    return any("test" in rules for _, _, rules in _moved(revision))


def shift(account: str, region: str, revision: Revision, *, production: float, test: float) -> None:
    """Give the revision so many percent of the production and of the test traffic. Raises NotAttached."""
    for group, other, rules in _moved(revision):
        attached = {arn for rule in rules.values() for arn in _weights(account, region, rule)}
        if missing := sorted({group, other} - attached):
            raise NotAttached(f"the target group {missing[0]} is not associated with the service's listener rules")
        _set_weights(account, region, rules["production"], group, other, production)
        if "test" in rules:
            _set_weights(account, region, rules["test"], group, other, test)


def _moved(revision: Revision) -> Iterable[tuple[str, str, dict[str, str]]]:
    """The revision's group, the other one and the ARNs of the rules, for each of its load balancers."""
    for each in advanced(revision.settings):
        configuration = each["advancedConfiguration"]
        pair = (each["targetGroupArn"], configuration["alternateTargetGroupArn"])
        group = dict(revision.resolved).get(pair[0], pair[0])
        rules = {"production": configuration["productionListenerRule"]}
        if configuration.get("testListenerRule"):
            rules["test"] = configuration["testListenerRule"]
        yield group, pair[1 - pair.index(group)], rules


def _rule(account: str, region: str, arn: str) -> Any:
    """A rule by its ARN; a network load balancer's listener ARN stands for its default rule. Raises NotAttached."""
    backend = elbv2_backends[account][region]
    for balancer in list(backend.load_balancers.values()):
        for listener in list(balancer.listeners.values()):
            for rule in listener.rules.values():
                if arn == rule.arn or (arn == listener.arn and rule.is_default):
                    return rule
    raise NotAttached(f"the listener rule {arn} does not exist")


def _weights(account: str, region: str, arn: str) -> dict[str, int]:
    actions: Sequence[Any] = _rule(account, region, arn).actions
    return {group: weight for action in actions for group, weight in forwarded_groups(action.data).items()}


def _set_weights(account: str, region: str, arn: str, group: str, other: str, percent: float) -> None:
    weight, rest = rule_weights(percent)
    if _weights(account, region, arn) == {group: weight, other: rest}:
        return
    rule = _rule(account, region, arn)
    actions = [deepcopy(action.data) for action in rule.actions]
    for action in actions:
        if action.get("Type") == "forward":
            action.pop("TargetGroupArn", None)
            config = action.setdefault("ForwardConfig", {})
            config["TargetGroups"] = [
                {"TargetGroupArn": group, "Weight": weight},
                {"TargetGroupArn": other, "Weight": rest},
            ]
    elbv2_backends[account][region].modify_rule(rule.arn, [], actions)
    if rule.is_default:
        _listener_of(account, region, rule).default_actions = rule.actions


def _listener_of(account: str, region: str, rule: Any) -> Any:
    backend = elbv2_backends[account][region]
    return next(
        listener
        for balancer in backend.load_balancers.values()
        for listener in balancer.listeners.values()
        if listener.arn == rule.listener_arn
    )
