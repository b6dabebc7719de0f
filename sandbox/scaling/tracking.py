"""The two alarms that a target tracking policy makes for itself, as Application Auto Scaling does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from moto.cloudwatch.models import Dimension, Metric, MetricDataQuery, MetricStat, cloudwatch_backends

from sandbox.scaling.decisions import LOW_ALARM_SHARE

_PERIOD = 60
_PERIODS_HIGH, _PERIODS_LOW = 3, 15  # one-minute datapoints before it scales out, and in
_ECS_METRICS = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}
_REQUESTS = "ALBRequestCountPerTarget"
PREDEFINED = (*_ECS_METRICS, _REQUESTS)


class TrackingInvalid(ValueError):
    """The configuration of a target tracking policy cannot be used; the message says what would be right."""


@dataclass(frozen=True)
class TrackedMetric:
    """What both alarms look at: a metric with its statistic, or metric math (`queries`, moto's objects)."""

    namespace: str | None = None
    name: str | None = None
    dimensions: list[dict[str, str]] = field(default_factory=list)
    statistic: str | None = None
    unit: str | None = None
    queries: list[MetricDataQuery] = field(default_factory=list)


def tracked_metric(configuration: Mapping[str, Any], resource_id: str) -> TrackedMetric:
    """Of a policy of an ECS service. Raises TrackingInvalid."""
    predefined = configuration.get("PredefinedMetricSpecification")
    customized = configuration.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(customized):
        raise TrackingInvalid(
            "Specify either a PredefinedMetricSpecification or a CustomizedMetricSpecification, and not both."
        )
    return _predefined(predefined, resource_id) if predefined else _customized(customized or {})


def _predefined(given: Mapping[str, Any], resource_id: str) -> TrackedMetric:
    kind = given.get("PredefinedMetricType")
    if kind in _ECS_METRICS:
        _, cluster, service = resource_id.split("/")
        where = [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}]
        return TrackedMetric("AWS/ECS", _ECS_METRICS[kind], where, "Average", "Percent")
    if kind != _REQUESTS:
        raise TrackingInvalid(f"The sandbox tracks {', '.join(PREDEFINED)} for ECS services, not {kind}.")
    balancer, _, group = str(given.get("ResourceLabel") or "").partition("/targetgroup/")
    if not group or not balancer.startswith("app/"):
        raise TrackingInvalid(
            "ResourceLabel must be app/<load balancer>/<id>/targetgroup/<target group>/<id> for " + _REQUESTS
        )
    where = [{"Name": "LoadBalancer", "Value": balancer}, {"Name": "TargetGroup", "Value": f"targetgroup/{group}"}]
    return TrackedMetric("AWS/ApplicationELB", "RequestCountPerTarget", where, "Sum")


def _customized(given: Mapping[str, Any]) -> TrackedMetric:
    if queries := given.get("Metrics"):
        return TrackedMetric(queries=[_query(each) for each in queries])
    missing = [name for name in ("Namespace", "MetricName", "Statistic") if not given.get(name)]
    if missing:
        raise TrackingInvalid(f"CustomizedMetricSpecification needs {' and '.join(missing)}, or Metrics.")
    where = [dict(each) for each in given.get("Dimensions") or []]
    return TrackedMetric(given["Namespace"], given["MetricName"], where, given["Statistic"], given.get("Unit"))


def _query(given: Mapping[str, Any]) -> MetricDataQuery:
    stated = given.get("MetricStat")
    stat = None
    if stated:
        metric = stated["Metric"]
        where = [Dimension(each["Name"], each["Value"]) for each in metric.get("Dimensions") or []]
        stat = MetricStat(
            metric=Metric(metric_name=metric["MetricName"], namespace=metric["Namespace"], dimensions=where),
            period=str(_PERIOD),
            stat=stated["Stat"],
            unit=stated.get("Unit"),
        )
    return MetricDataQuery(
        query_id=given["Id"],
        label=given.get("Label"),
        period=str(_PERIOD),
        return_data=given.get("ReturnData", True),
        expression=given.get("Expression"),
        metric_stat=stat,
    )


def make_alarms(account: str, region: str, policy: Any, configuration: Mapping[str, Any]) -> list[Any]:
    """AlarmHigh and, unless scaling in is disabled, AlarmLow; both name the policy as their action."""
    metric = tracked_metric(configuration, policy.resource_id)
    target = float(configuration["TargetValue"])
    action = f"{policy.policy_arn}:createdBy/{uuid4()}"
    sides = [("AlarmHigh", "GreaterThanThreshold", target, _PERIODS_HIGH)]
    if not configuration.get("DisableScaleIn"):
        sides.append(("AlarmLow", "LessThanThreshold", round(target * LOW_ALARM_SHARE, 9), _PERIODS_LOW))
    backend = cloudwatch_backends[account][region]
    return [
        backend.put_metric_alarm(
            name=f"TargetTracking-{policy.resource_id}-{side}-{uuid4()}",
            namespace=metric.namespace,
            metric_name=metric.name,
            metric_data_queries=metric.queries,
            comparison_operator=comparison,
            evaluation_periods=periods,
            period=None if metric.queries else _PERIOD,
            threshold=threshold,
            statistic=metric.statistic,
            unit=metric.unit,
            description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {action}.",
            dimensions=metric.dimensions,
            alarm_actions=[action],
        )
        for side, comparison, threshold, periods in sides
    ]
