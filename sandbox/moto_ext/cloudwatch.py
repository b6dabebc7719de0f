"""CloudWatch: composite alarms and the alarm history."""

from __future__ import annotations

import json
from typing import Any

from moto.cloudwatch import models, responses, urls
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from sandbox.metrics.store import MetricStore
from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model, use_response

_UNUSED_BY_COMPOSITES = [
    "namespace",
    "metric_name",
    "metric_data_queries",
    "comparison_operator",
    "evaluation_periods",
    "datapoints_to_alarm",
    "period",
    "threshold",
    "statistic",
    "extended_statistic",
    "unit",
    "treat_missing_data",
    "evaluate_low_sample_count_percentile",
    "threshold_metric_id",
]


class Alarm(models.Alarm):
    """Remembers its changes of state, oldest first, in the shape of AlarmHistoryItem."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state_history: list[dict[str, Any]] = []

    def update_state(self, reason: str, reason_data: str, state_value: str) -> None:
        before = self.state_value
        super().update_state(reason, reason_data, state_value)
        change = {
            "version": "1.0",
            "oldState": {"stateValue": before},
            "newState": {"stateValue": state_value, "stateReason": reason},
        }
        self.state_history.append(
            {
                "AlarmName": self.name,
                "AlarmType": "CompositeAlarm" if self.rule else "MetricAlarm",
                "Timestamp": utcnow(),
                "HistoryItemType": "StateUpdate",
                "HistorySummary": f"Alarm updated from {before} to {state_value}",
                "HistoryData": json.dumps(change),
            }
        )


class CloudWatchBackend(ExtendedBackend, models.CloudWatchBackend):
    """Keeps its metrics in a store that finds a series at once; moto looks through all data points."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.metrics = MetricStore()


class CloudWatchResponse(responses.CloudWatchResponse):
    def put_composite_alarm(self) -> EmptyResult:
        name = self._get_param("AlarmName")
        former = self.cloudwatch_backend.alarms.get(name)
        alarm = Alarm(
            account_id=self.current_account,
            region_name=self.region,
            name=name,
            description=self._get_param("AlarmDescription"),
            dimensions=[],
            alarm_actions=self._get_param("AlarmActions", []),
            ok_actions=self._get_param("OKActions", []),
            insufficient_data_actions=self._get_param("InsufficientDataActions", []),
            actions_enabled=self._get_param("ActionsEnabled"),
            rule=self._get_param("AlarmRule"),
            **dict.fromkeys(_UNUSED_BY_COMPOSITES),
        )
        alarm.alarm_rule = alarm.rule
        if former:
            alarm.state_history, alarm.state_value = former.state_history, former.state_value
        self.cloudwatch_backend.alarms[name] = alarm
        if tags := self._get_param("Tags"):
            self.cloudwatch_backend.tag_resource(alarm.alarm_arn, {tag["Key"]: tag["Value"] for tag in tags})
        return EmptyResult()

    def describe_alarm_history(self) -> ActionResult:
        name = self._get_param("AlarmName")
        items = [
            item
            for alarm in self.cloudwatch_backend.alarms.values()
            if name in (None, alarm.name)
            for item in alarm.state_history
        ]
        newest_first = self._get_param("ScanBy") != "TimestampAscending"
        items.sort(key=lambda item: item["Timestamp"], reverse=newest_first)
        return ActionResult({"AlarmHistoryItems": items[: self._get_int_param("MaxRecords") or 100]})


def install() -> None:
    use_model(models, Alarm)
    use_backend(models.cloudwatch_backends, CloudWatchBackend)
    use_response(urls, CloudWatchResponse)
