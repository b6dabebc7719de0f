"""AWS/ApplicationELB from what the proxy counted and from its targets' health; AWS/WAFV2 for what stands before it.

As in AWS, counts of nothing are not reported, health always is. TargetResponseTime is in real seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.wafv2.models import wafv2_backends

from sandbox.metrics.readings import Reading, one
from sandbox.proxy.counts import HostCount, Route, RouteCounts

_NAMESPACE = "AWS/ApplicationELB"


def balancer_readings(routes: Mapping[Route, RouteCounts], hosts: Iterable[HostCount]) -> Iterator[Reading]:
    """What went through since the last look, per load balancer and per target group behind it, and who is healthy."""
    hosts = list(hosts)
    healthy = {(each.load_balancer, each.target_group): each.healthy for each in hosts}
    for each in hosts:
        dimensions = _both(each.load_balancer, each.target_group)
        yield _reading(each.load_balancer, "HealthyHostCount", dimensions, one(each.healthy), momentary=True)
        yield _reading(each.load_balancer, "UnHealthyHostCount", dimensions, one(each.unhealthy), momentary=True)
    by_balancer: dict[str, RouteCounts] = {}
    by_group: dict[tuple[str, str], RouteCounts] = {}
    for route, counts in routes.items():
        _add(by_balancer.setdefault(route.load_balancer, RouteCounts()), counts)
        if route.target_group:
            _add(by_group.setdefault((route.load_balancer, route.target_group), RouteCounts()), counts)
    for balancer, counts in by_balancer.items():
        yield from _traffic(balancer, {"LoadBalancer": _balancer_name(balancer)}, counts)
        yield from _own_answers(balancer, {"LoadBalancer": _balancer_name(balancer)}, counts)
        yield from _firewall(balancer, counts.requests)
    for (balancer, group), counts in by_group.items():
        yield from _traffic(balancer, _both(balancer, group), counts)
        if targets := healthy.get((balancer, group)):
            share = one(counts.requests / targets)
            for dimensions in ({"TargetGroup": _group_name(group)}, _both(balancer, group)):
                yield _reading(balancer, "RequestCountPerTarget", dimensions, share)


def _traffic(balancer: str, dimensions: Mapping[str, str], counts: RouteCounts) -> Iterator[Reading]:
    figures = {
        "RequestCount": counts.requests,
        "TargetConnectionErrorCount": counts.connection_errors,
        **{f"HTTPCode_Target_{hundred}XX_Count": counts.status_class(hundred) for hundred in (2, 3, 4, 5)},
    }
    for name, number in figures.items():
        if number:
            yield _reading(balancer, name, dimensions, one(number))
    if counts.latencies:
        latencies = {at: float(times) for at, times in Counter(round(each, 4) for each in counts.latencies).items()}
        yield _reading(balancer, "TargetResponseTime", dimensions, latencies, unit="Seconds")


def _own_answers(balancer: str, dimensions: Mapping[str, str], counts: RouteCounts) -> Iterator[Reading]:
    figures = {
        "HTTPCode_ELB_4XX_Count": counts.elb_status_class(4),
        "HTTPCode_ELB_5XX_Count": counts.elb_status_class(5),
        **{f"HTTPCode_ELB_{status}_Count": counts.elb_statuses[status] for status in (502, 503, 504)},
        "HTTP_Fixed_Response_Count": counts.fixed_responses,
        "HTTP_Redirect_Count": counts.redirects,
    }
    for name, number in figures.items():
        if number:
            yield _reading(balancer, name, dimensions, one(number))
    if counts.sent_bytes:
        yield _reading(balancer, "ProcessedBytes", dimensions, one(counts.sent_bytes), unit="Bytes")


def _firewall(balancer: str, requests: int) -> Iterator[Reading]:
    """The sandbox's firewalls let everything through; that they blocked nothing is reported, for alarms on it."""
    account, region = _place(balancer)
    for acl in list(wafv2_backends[account][region].wacls.values()):
        if balancer in acl.associated_resources:
            name = (acl.visibility_config or {}).get("MetricName") or acl.name
            dimensions = {"WebACL": name, "Region": region, "Rule": "ALL"}
            for figure, number in (("AllowedRequests", requests), ("BlockedRequests", 0)):
                yield Reading(account, region, "AWS/WAFV2", figure, dimensions, one(number), "Count", momentary=False)


def _add(total: RouteCounts, counts: RouteCounts) -> None:
    total.requests += counts.requests
    total.statuses.update(counts.statuses)
    total.elb_statuses.update(counts.elb_statuses)
    total.latencies.extend(counts.latencies)
    total.connection_errors += counts.connection_errors
    total.fixed_responses += counts.fixed_responses
    total.redirects += counts.redirects
    total.sent_bytes += counts.sent_bytes


def _reading(
    balancer: str, name: str, dimensions: Mapping[str, str], values: Mapping[float, float], **more: Any
) -> Reading:
    account, region = _place(balancer)
    return Reading(
        account, region, _NAMESPACE, name, dimensions, values, more.get("unit", "Count"), more.get("momentary", False)
    )


def _place(arn: str) -> tuple[str, str]:
    """Account and region."""
    parts = arn.split(":")
    return parts[4], parts[3]


def _balancer_name(arn: str) -> str:
    """The dimension: `app/name/id`."""
    return arn.split(":loadbalancer/", 1)[-1]


def _group_name(arn: str) -> str:
    """The dimension: `targetgroup/name/id`."""
    return arn.rsplit(":", 1)[-1]


def _both(balancer: str, group: str) -> dict[str, str]:
    return {"LoadBalancer": _balancer_name(balancer), "TargetGroup": _group_name(group)}
