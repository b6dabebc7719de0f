"""CloudWatch's alarms: moto never evaluates them, has no composite ones and no history, forgets a state at update."""

from __future__ import annotations

import json
from typing import Any

from moto.cloudwatch import models, responses, urls
from moto.cloudwatch.exceptions import (
    InvalidFormat,
    InvalidParameterCombination,
    InvalidParameterValue,
    ResourceNotFound,
    ValidationError,
)
from moto.core.responses import ActionResult, EmptyResult

from sandbox.metrics.alarms import COMPARISONS, INSUFFICIENT_DATA, STATES, TREATMENTS
from sandbox.metrics.expressions import ExpressionInvalid, parse
from sandbox.metrics.rules import RuleInvalid, parse_rule
from sandbox.metrics.statistics import StatisticUnknown, check_statistic
from sandbox.metrics.transitions import change_state, remember
from sandbox.moto_ext.cloudwatch_metrics import (
    MetricsBackend,
    MetricsResponse,
    aware,
    checked_period,
    page_offset,
    query_of,
)
from sandbox.moto_ext.hooks import ExtendedBackend, use_backend, use_model, use_response

_DAY = 86_400
_PAGE = 50  # DescribeAlarms without MaxRecords
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
_STATE = (
    "state_value",
    "state_reason",
    "state_reason_data",
    "state_updated_timestamp",
    "state_transitioned_timestamp",
)
_BANDS = (
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)


class Alarm(models.Alarm):
    """Remembers what happened to it, oldest first, in the shape of AlarmHistoryItem."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state_value = INSUFFICIENT_DATA
        self.state_transitioned_timestamp: Any = self.state_updated_timestamp
        self.state_history: list[dict[str, Any]] = []

    def update_state(self, reason: str, reason_data: str, state_value: str) -> None:
        old = {"stateValue": self.state_value, "stateReason": self.state_reason}
        super().update_state(reason, reason_data, state_value)
        del self.history[:]  # moto's own, which nothing reads and nothing ends
        new = {"stateValue": state_value, "stateReason": reason}
        if reason_data not in (None, "{}"):
            new["stateReasonData"] = json.loads(reason_data)
        if state_value != old["stateValue"]:
            self.state_transitioned_timestamp = self.state_updated_timestamp
        summary = f"Alarm updated from {old['stateValue']} to {state_value}"
        remember(self, "StateUpdate", summary, {"oldState": old, "newState": new})

    def go_on_from(self, former: Alarm | None) -> None:
        """Take over the state of the alarm that this one replaces, as an update of an alarm does."""
        if former is not None:
            self.state_history = former.state_history
            for each in _STATE:
                setattr(self, each, getattr(former, each))
        done = "updated" if former else "created"
        remember(self, "ConfigurationUpdate", f'Alarm "{self.name}" {done}', {"type": "Update" if former else "Create"})


class CloudWatchBackend(ExtendedBackend, MetricsBackend, models.CloudWatchBackend):
    def put_metric_alarm(self, name: str, *args: Any, **kwargs: Any) -> Any:
        former = self.alarms.get(name)
        alarm: Any = super().put_metric_alarm(name, *args, **kwargs)
        alarm.go_on_from(former)
        return alarm

    def set_alarm_state(self, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        """As an evaluation that came to this state: with its actions, until the next evaluation says otherwise."""
        if alarm_name not in self.alarms:
            raise ResourceNotFound
        if state_value not in STATES:
            raise ValidationError(
                f"1 validation error detected: Value '{state_value}' at 'stateValue' failed to satisfy constraint: "
                f"Member must satisfy enum value set: [{', '.join(STATES)}]"
            )
        try:
            json.loads(reason_data or "{}")
        except ValueError as error:
            raise InvalidFormat("TranslateError: StateReasonData is not JSON") from error
        change_state(self, self.alarms[alarm_name], state_value, reason, reason_data or "{}", self.clock)


class CloudWatchResponse(MetricsResponse, responses.CloudWatchResponse):
    def put_metric_alarm(self) -> ActionResult:
        _check_alarm(self._get_params())
        answered: ActionResult = super().put_metric_alarm()
        return answered

    def put_composite_alarm(self) -> EmptyResult:
        name, rule = self._get_param("AlarmName"), self._get_param("AlarmRule")
        try:
            parse_rule(rule)
        except RuleInvalid as error:
            raise ValidationError(str(error)) from error
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
            rule=rule,
            **dict.fromkeys(_UNUSED_BY_COMPOSITES),
        )
        alarm.alarm_rule = alarm.rule
        alarm.go_on_from(former)
        self.cloudwatch_backend.alarms[name] = alarm
        if tags := self._get_param("Tags"):
            self.cloudwatch_backend.tag_resource(alarm.alarm_arn, {tag["Key"]: tag["Value"] for tag in tags})
        return EmptyResult()

    def describe_alarms(self) -> ActionResult:
        """moto takes one filter only, knows no types and answers all alarms at once."""
        names, prefix = self._get_param("AlarmNames", []) or [], self._get_param("AlarmNamePrefix")
        action, state = self._get_param("ActionPrefix"), self._get_param("StateValue")
        types = self._get_param("AlarmTypes", []) or ["MetricAlarm"]
        found = [
            alarm
            for alarm in sorted(self.cloudwatch_backend.alarms.values(), key=lambda alarm: alarm.name)
            if (not names or alarm.name in names)
            and (not prefix or alarm.name.startswith(prefix))
            and (not action or any(arn.startswith(action) for arn in alarm.alarm_actions))
            and state in (None, alarm.state_value)
            and ("CompositeAlarm" if alarm.rule else "MetricAlarm") in types
        ]
        page, answered = self._page(found)
        answered["MetricAlarms"] = [alarm for alarm in page if not alarm.rule]
        answered["CompositeAlarms"] = [alarm for alarm in page if alarm.rule]
        return ActionResult(answered)

    def describe_alarm_history(self) -> ActionResult:
        name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
        types = self._get_param("AlarmTypes", []) or ["MetricAlarm", "CompositeAlarm"]
        start, end = self._get_param("StartDate"), self._get_param("EndDate")
        items = [
            item
            for alarm in list(self.cloudwatch_backend.alarms.values())
            for item in alarm.state_history
            if name in (None, alarm.name)
            and kind in (None, item["HistoryItemType"])
            and item["AlarmType"] in types
            and (start is None or item["Timestamp"] >= aware(start))
            and (end is None or item["Timestamp"] <= aware(end))
        ]
        newest_first = self._get_param("ScanBy") != "TimestampAscending"
        items.sort(key=lambda item: item["Timestamp"], reverse=newest_first)
        page, answered = self._page(items)
        answered["AlarmHistoryItems"] = page
        return ActionResult(answered)

    def _page(self, found: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """What this call's token and MaxRecords ask for, and the answer so far: the token of the next page."""
        offset, most = page_offset(self._get_param("NextToken")), self._get_int_param("MaxRecords") or _PAGE
        more = len(found) > offset + most
        return found[offset : offset + most], {"NextToken": str(offset + most)} if more else {}


def _check_alarm(given: dict[str, Any]) -> None:
    """Refuse what AWS refuses, and what could never be evaluated here. Raises moto's CloudWatch errors."""
    comparison = given.get("ComparisonOperator")
    if comparison in _BANDS or given.get("ThresholdMetricId"):
        raise InvalidParameterValue("The sandbox has no anomaly detection: compare with a threshold instead.")
    if comparison not in COMPARISONS:
        raise ValidationError(f"ComparisonOperator must be one of {', '.join(COMPARISONS)}")
    treatment = given.get("TreatMissingData") or "missing"
    if treatment not in TREATMENTS:
        raise ValidationError(f"Option {treatment} is not supported. Supported options are {', '.join(TREATMENTS)}.")
    periods = int(given.get("EvaluationPeriods") or 0)
    if periods < 1:
        raise ValidationError("EvaluationPeriods must be 1 or more.")
    if int(given.get("DatapointsToAlarm") or 1) > periods:
        raise ValidationError("DatapointsToAlarm must not be greater than EvaluationPeriods.")
    queries = given.get("Metrics") or []
    if bool(queries) == bool(given.get("MetricName")):
        raise InvalidParameterCombination("Specify either MetricName or Metrics.")
    longest = _check_queries(queries) if queries else _check_metric(given)
    if longest * periods > _DAY:
        raise ValidationError(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
        )


def _check_metric(given: dict[str, Any]) -> float:
    try:
        check_statistic(given.get("Statistic") or given.get("ExtendedStatistic") or "")
    except StatisticUnknown as error:
        raise InvalidParameterValue(str(error)) from error
    return checked_period(given.get("Period"), "Period")


def _check_queries(queries: list[dict[str, Any]]) -> float:
    """The longest period of an alarm's queries, which must be answerable, exactly one of them returned."""
    parsed = [query_of(each, number) for number, each in enumerate(queries, 1)]
    if sum(query.returned for query in parsed) != 1:
        raise ValidationError("Exactly one element of the metrics list should return data.")
    for query in parsed:
        try:
            if query.expression:
                parse(query.expression)
        except ExpressionInvalid as error:
            raise ValidationError(f"Invalid metrics list: Error in expression '{query.id}': {error}") from error
    return max(query.period for query in parsed)


def install() -> None:
    use_model(models, Alarm)
    use_backend(models.cloudwatch_backends, CloudWatchBackend)
    use_response(urls, CloudWatchResponse)
