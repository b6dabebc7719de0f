"""The message that CloudWatch publishes when an alarm changes its state."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.session import get_session
from moto.sns.models import sns_backends

from sandbox.metrics.actions import AlarmNotice
from sandbox.metrics.evaluator import criteria_of, period_of

_STATISTICS = {"SampleCount": "SAMPLE_COUNT"}


def publish(topic_arn: str, notice: AlarmNotice) -> None:
    """The alarm action of an SNS topic. Raises KeyError where there is no such topic."""
    _, _, _, region, account, _ = topic_arn.split(":", 5)
    topic = sns_backends[account][region].topics.get(topic_arn)
    if topic is None:
        raise KeyError(f"the topic {topic_arn} does not exist")
    topic.publish(json.dumps(document(notice)), subject=subject(notice))


def subject(notice: AlarmNotice) -> str:
    """SNS takes 100 characters at most."""
    return f'{notice.new_state}: "{notice.alarm.name}" in {region_name(notice.region)}'[:100]


def document(notice: AlarmNotice) -> dict[str, Any]:
    """What the message's text is the JSON of."""
    alarm = notice.alarm
    found = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": notice.account,
        "AlarmConfigurationUpdatedTimestamp": _stamp(alarm.configuration_updated_timestamp),
        "NewStateValue": notice.new_state,
        "NewStateReason": notice.reason,
        "StateChangeTime": _stamp(notice.at),
        "Region": region_name(notice.region),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": notice.old_state,
        "OKActions": list(alarm.ok_actions or []),
        "AlarmActions": list(alarm.alarm_actions or []),
        "InsufficientDataActions": list(alarm.insufficient_data_actions or []),
    }
    return {**found, "AlarmRule": alarm.rule} if alarm.rule else {**found, "Trigger": _trigger(alarm)}


@cache
def region_name(region: str) -> str:
    """`us-east-1` -> `US East (N. Virginia)`; a region that botocore does not know keeps its code."""
    for partition in get_session().get_data("partitions")["partitions"]:
        if known := partition["regions"].get(region):
            return str(known["description"])
    return region


def _trigger(alarm: Any) -> dict[str, Any]:
    criteria = criteria_of(alarm)
    common = {
        "Period": int(period_of(alarm)),
        "EvaluationPeriods": criteria.evaluation_periods,
        "DatapointsToAlarm": criteria.datapoints_to_alarm,
        "ComparisonOperator": criteria.comparison,
        "Threshold": criteria.threshold,
        "TreatMissingData": criteria.treat_missing,
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return {**common, "Metrics": [_query(each) for each in alarm.metric_data_queries]}
    statistic = (
        {"StatisticType": "Statistic", "Statistic": _STATISTICS.get(alarm.statistic, alarm.statistic.upper())}
        if alarm.statistic
        else {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm.extended_statistic}
    )
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        **statistic,
        "Unit": alarm.unit,
        "Dimensions": [{"value": each.value, "name": each.name} for each in alarm.dimensions],
        **common,
    }


def _query(query: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": query.id, "ReturnData": query.return_data is not False}
    if query.label:
        found["Label"] = query.label
    if query.metric_stat is None:
        return {**found, "Expression": query.expression}
    metric = query.metric_stat.metric
    return {
        **found,
        "MetricStat": {
            "Metric": {
                "Dimensions": [{"value": each.value, "name": each.name} for each in metric.dimensions],
                "MetricName": metric.metric_name,
                "Namespace": metric.namespace,
            },
            "Period": int(query.metric_stat.period),
            "Stat": query.metric_stat.stat,
        },
    }


def _stamp(at: datetime) -> str:
    """moto's own timestamps are naive UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).strftime(
        "%Y-%m-%dT%H:%M:%S."
    ) + f"{at.microsecond // 1000:03d}+0000"
