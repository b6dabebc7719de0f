"""Evaluates every alarm as CloudWatch does, and carries out what follows.

Alarms with periods of a minute or more are evaluated every sandbox minute, high-resolution ones every 10 sandbox
seconds; an alarm's periods end at that moment. Composite alarms follow at once.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.clock import Clock
from sandbox.metrics.alarms import ALARM, OK, Criteria, Datapoint, Verdict, judge, reason
from sandbox.metrics.queries import Query, answer
from sandbox.metrics.rules import holds, parse_rule
from sandbox.metrics.statistics import Window
from sandbox.metrics.store import Metric
from sandbox.metrics.transitions import change_state, tell

log = logging.getLogger(__name__)

MINUTE, HIGH_RESOLUTION = 60, 10
FORCED = "Forced by an ordered fault"
_COMPOSITE_ROUNDS = 10  # composites of composites; AWS forbids cycles, here they end


@dataclass
class Evaluator:
    """`forced` names the alarms that an ordered fault holds in ALARM: their metrics do not count."""

    clock: Clock
    forced: Callable[[], Collection[str]]

    def evaluate(self, moment: float) -> bool:
        """One evaluation at a sandbox epoch second, a multiple of 10; whether any state changed."""
        forced = self.forced()
        changed = False
        for _, _, backend in list(cloudwatch_backends.iter_backends()):
            alarms = [alarm for alarm in list(backend.alarms.values()) if alarm.name not in forced]
            for alarm in alarms:
                if not alarm.rule and moment % cadence(alarm) == 0:
                    changed |= self._alone(alarm, partial(self._judge, backend, alarm, moment))
            changed |= self._composites(backend, [alarm for alarm in alarms if alarm.rule])
        return changed

    def hold(self) -> bool:
        """Put forced alarms back into ALARM that somebody set to another state or made anew; whether there were any."""
        forced = self.forced()
        gone = [
            (backend, backend.alarms[name])
            for _, _, backend in list(cloudwatch_backends.iter_backends())
            for name in forced
            if name in backend.alarms and backend.alarms[name].state_value != ALARM
        ]
        for backend, alarm in gone:
            change_state(backend, alarm, ALARM, FORCED, "{}", self.clock)
        return bool(gone)

    def any_high_resolution(self) -> bool:
        return any(
            not alarm.rule and cadence(alarm) == HIGH_RESOLUTION
            for _, _, backend in list(cloudwatch_backends.iter_backends())
            for alarm in list(backend.alarms.values())
        )

    def _alone(self, alarm: Any, evaluate: Callable[[], bool]) -> bool:
        """An alarm that cannot be evaluated must not hold up the others."""
        try:
            return evaluate()
        except Exception:
            log.exception("the alarm %s cannot be evaluated", alarm.name)
            return False

    def _judge(self, backend: Any, alarm: Any, moment: float) -> bool:
        criteria, period = criteria_of(alarm), period_of(alarm)
        window = Window(moment - criteria.range * period, moment, anchor=moment)
        series = answer(queries_of(alarm), window, backend.points)
        values = next((found[0] for found in series.values() if found), {})
        datapoints = [
            Datapoint(backend.timestamp_of(start), values[start]) if start in values else None
            for start in window.starts(period)
        ]
        verdict = judge(datapoints, criteria, alarm.state_value)
        newest = verdict.evaluated[0].value if verdict.evaluated else None
        if verdict.state == alarm.state_value:
            tell(backend, alarm, verdict.state, self.clock, newest, changed=False)
            return False
        words = reason(verdict, criteria, alarm.state_value)
        change_state(backend, alarm, verdict.state, words, _data(alarm, criteria, period, verdict), self.clock, newest)
        return True

    def _composites(self, backend: Any, composites: list[Any]) -> bool:
        changed = False
        for _ in range(_COMPOSITE_ROUNDS):
            moved = [alarm for alarm in composites if self._alone(alarm, partial(self._follow, backend, alarm))]
            if not moved:
                break
            changed = True
        return changed

    def _follow(self, backend: Any, alarm: Any) -> bool:
        state = ALARM if holds(parse_rule(alarm.rule), lambda name: _state_of(backend, name)) else OK
        if state == alarm.state_value:
            return False
        now = datetime.now(UTC)
        words = f"{alarm.alarm_arn} transitioned to {state} at {now:%A %d %B, %Y %H:%M:%S} UTC"
        change_state(backend, alarm, state, words, "{}", self.clock)
        return True


def _state_of(backend: Any, name_or_arn: str) -> str | None:
    name = name_or_arn.split(":alarm:", 1)[-1]
    alarm = backend.alarms.get(name)
    return alarm.state_value if alarm else None


def cadence(alarm: Any) -> int:
    """Every how many sandbox seconds it is evaluated."""
    return MINUTE if period_of(alarm) >= MINUTE else HIGH_RESOLUTION


def period_of(alarm: Any) -> float:
    if not alarm.metric_data_queries:
        return float(alarm.period)
    stated = [each.metric_stat.period for each in alarm.metric_data_queries if each.metric_stat]
    return float(max(stated, default=None) or max(each.period or MINUTE for each in alarm.metric_data_queries))


def criteria_of(alarm: Any) -> Criteria:
    periods = int(alarm.evaluation_periods)
    return Criteria(
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        evaluation_periods=periods,
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or periods),
        treat_missing=alarm.treat_missing_data or "missing",
    )


def queries_of(alarm: Any) -> list[Query]:
    """The alarm's metric or metric math as queries, exactly one of which is returned."""
    if not alarm.metric_data_queries:
        statistic = alarm.statistic or alarm.extended_statistic
        metric = _metric(alarm.namespace, alarm.metric_name, alarm.dimensions)
        return [Query("m", float(alarm.period), metric, statistic, alarm.unit)]
    period = period_of(alarm)
    queries = []
    for each in alarm.metric_data_queries:
        returned = each.return_data is not False
        if stat := each.metric_stat:
            metric = _metric(stat.metric.namespace, stat.metric.metric_name, stat.metric.dimensions)
            queries.append(Query(each.id, float(stat.period), metric, stat.stat, stat.unit, returned=returned))
        else:
            queries.append(Query(each.id, period, expression=each.expression, returned=returned))
    return queries


def _metric(namespace: str, name: str, dimensions: Any) -> Metric:
    return Metric(namespace, name, tuple(sorted((each.name, each.value) for each in dimensions)))


def _data(alarm: Any, criteria: Criteria, period: float, verdict: Verdict) -> str:
    """StateReasonData as CloudWatch writes it."""
    data: dict[str, Any] = {"version": "1.0", "queryDate": _stamp(datetime.now(UTC))}
    if verdict.evaluated:
        data["startDate"] = _stamp(verdict.evaluated[-1].at)
    if not alarm.metric_data_queries:
        data["statistic"] = alarm.statistic or alarm.extended_statistic
    data |= {
        "period": math.floor(period),
        "recentDatapoints": [each.value for each in reversed(verdict.evaluated)],
        "threshold": criteria.threshold,
        "evaluatedDatapoints": [{"timestamp": _stamp(each.at), "value": each.value} for each in verdict.evaluated],
    }
    return json.dumps(data)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
