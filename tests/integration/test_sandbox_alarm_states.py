"""Alarms on the wire are evaluated as CloudWatch does, in sandbox time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, launch, start_sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


class AlarmUnderTest:
    """A metric of its own with an alarm on it: above 3, summed by the minute."""

    def __init__(self, sandbox: SandboxProcess, **given: Any) -> None:
        self.cloudwatch = sandbox.client("cloudwatch")
        self.name = f"alarm-{uuid4().hex[:6]}"
        self.given = {
            "AlarmName": self.name, "Namespace": "Shop", "MetricName": self.name, "Period": 60, "Statistic": "Sum",
            "EvaluationPeriods": 1, "Threshold": 3.0, "ComparisonOperator": "GreaterThanThreshold", **given,
        }  # fmt: skip
        self.cloudwatch.put_metric_alarm(**self.given)

    def report(self, value: float, **more: Any) -> None:
        self.cloudwatch.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": self.name, "Value": value, **more}]
        )

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cloudwatch.describe_alarms(AlarmNames=[self.name])["MetricAlarms"][0]
        return found

    @property
    def state(self) -> str:
        return str(self.described()["StateValue"])

    def comes_to(self, state: str) -> dict[str, Any]:
        eventually(lambda: self.state == state, why=f"{self.name} in {state}")
        return self.described()

    def history(self, kind: str = "StateUpdate") -> list[dict[str, Any]]:
        """Newest first."""
        found: list[dict[str, Any]] = self.cloudwatch.describe_alarm_history(AlarmName=self.name, HistoryItemType=kind)[
            "AlarmHistoryItems"
        ]
        return found


def test_an_alarm_rings_when_its_metric_crosses_the_threshold_and_recovers(sandbox: SandboxProcess) -> None:
    alarm = AlarmUnderTest(sandbox)
    assert alarm.state == "INSUFFICIENT_DATA"
    alarm.report(9)
    ringing = alarm.comes_to("ALARM")
    assert ringing["StateReason"].startswith("Threshold Crossed: 1 datapoint [9.0 (")
    data = json.loads(ringing["StateReasonData"])
    assert (data["period"], data["threshold"], data["recentDatapoints"]) == (60, 3.0, [9.0])

    def quiet() -> bool:
        alarm.report(0)
        return alarm.state == "OK"

    eventually(quiet)
    alarm.comes_to("INSUFFICIENT_DATA")  # nothing is reported any more
    summaries = [item["HistorySummary"] for item in alarm.history()]
    assert summaries == [
        "Alarm updated from OK to INSUFFICIENT_DATA",
        "Alarm updated from ALARM to OK",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]
    newest = json.loads(alarm.history()[0]["HistoryData"])
    assert (newest["oldState"]["stateValue"], newest["newState"]["stateValue"]) == ("OK", "INSUFFICIENT_DATA")


@pytest.mark.parametrize(("treatment", "state"), [("breaching", "ALARM"), ("notBreaching", "OK")])
def test_missing_data_counts_as_it_is_told_to(sandbox: SandboxProcess, treatment: str, state: str) -> None:
    alarm = AlarmUnderTest(sandbox, TreatMissingData=treatment)
    reason = alarm.comes_to(state)["StateReason"]
    assert reason.startswith("Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint")


def test_ignored_missing_data_keeps_the_state(sandbox: SandboxProcess) -> None:
    alarm, other = AlarmUnderTest(sandbox, TreatMissingData="ignore"), AlarmUnderTest(sandbox)
    alarm.report(9)
    other.report(9)
    alarm.comes_to("ALARM")
    other.comes_to("ALARM")
    other.comes_to("INSUFFICIENT_DATA")
    assert alarm.state == "ALARM"


def test_m_of_n_waits_for_m(sandbox: SandboxProcess) -> None:
    """2 of 3 minutes: one bad minute among good ones is not enough, two are."""
    alarm = AlarmUnderTest(sandbox, EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    minute = timedelta(seconds=1.2)
    now = datetime.now(UTC)
    alarm.report(9, Timestamp=now - minute)
    alarm.comes_to("OK")
    now = datetime.now(UTC)
    for back in (0, 1, 2):
        alarm.report(9, Timestamp=now - back * minute)
    assert "out of the last" in alarm.comes_to("ALARM")["StateReason"]


def test_a_percentile_and_a_high_resolution_period_are_evaluated(sandbox: SandboxProcess) -> None:
    given = {
        key: value for key, value in AlarmUnderTest(sandbox).given.items() if key not in ("Statistic", "AlarmName")
    }
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        **given | {"AlarmName": "slowest", "ExtendedStatistic": "p90", "Period": 10, "Threshold": 2.0}
    )
    cloudwatch.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": given["MetricName"], "Values": [0.1, 9.0], "Counts": [8.0, 2.0]}]
    )

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=["slowest"])["MetricAlarms"][0]["StateValue"])

    eventually(lambda: state() == "ALARM")


def test_metric_math_is_evaluated(sandbox: SandboxProcess) -> None:
    cloudwatch = sandbox.client("cloudwatch")

    def stat(query_id: str) -> dict[str, Any]:
        metric = {"Namespace": "Shop", "MetricName": f"Math-{query_id}"}
        return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

    cloudwatch.put_metric_alarm(
        AlarmName="math", EvaluationPeriods=1, Threshold=5.0, ComparisonOperator="GreaterThanThreshold",
        Metrics=[
            stat("part"), stat("whole"),
            {"Id": "share", "Expression": "IF(whole > 0, 100 * FILL(part, 0) / whole, 0)", "ReturnData": True},
        ],
    )  # fmt: skip

    def look(errors: float, state: str) -> bool:
        data = [{"MetricName": "Math-whole", "Value": 100.0}, {"MetricName": "Math-part", "Value": errors}]
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
        found = cloudwatch.describe_alarms(AlarmNames=["math"])["MetricAlarms"][0]
        return bool(found["StateValue"] == state)

    eventually(lambda: look(50.0, "ALARM"))
    eventually(lambda: look(1.0, "OK"))


def test_evaluation_and_get_metric_data_agree(sandbox: SandboxProcess) -> None:
    alarm = AlarmUnderTest(sandbox, TreatMissingData="ignore")
    alarm.report(4)
    data = json.loads(alarm.comes_to("ALARM")["StateReasonData"])
    now = datetime.now(UTC)
    metric = {"Namespace": "Shop", "MetricName": alarm.name}
    [result] = alarm.cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
        StartTime=now - timedelta(minutes=5), EndTime=now,
    )["MetricDataResults"]  # fmt: skip
    assert result["Values"] == [4.0] == data["recentDatapoints"]
    evaluated = datetime.strptime(data["evaluatedDatapoints"][0]["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert abs(evaluated - result["Timestamps"][0]) < timedelta(milliseconds=2)


def test_a_state_that_was_set_lasts_until_the_next_evaluation(sandbox: SandboxProcess) -> None:
    alarm = AlarmUnderTest(sandbox, TreatMissingData="notBreaching")
    alarm.comes_to("OK")
    alarm.cloudwatch.set_alarm_state(AlarmName=alarm.name, StateValue="ALARM", StateReason="a test")
    alarm.comes_to("OK")
    reasons = [json.loads(item["HistoryData"])["newState"]["stateReason"] for item in alarm.history()]
    assert reasons[1] == "a test"


def test_a_forced_alarm_stays_until_the_fault_is_taken_back(sandbox: SandboxProcess) -> None:
    alarm, probe = (AlarmUnderTest(sandbox, TreatMissingData="notBreaching") for _ in range(2))
    alarm.comes_to("OK")
    sandbox.control("POST", "faults", {"kind": "alarm", "alarm": alarm.name})
    probe.cloudwatch.set_alarm_state(AlarmName=probe.name, StateValue="ALARM", StateReason="until evaluated")
    probe.comes_to("OK")
    assert alarm.state == "ALARM"
    sandbox.control("DELETE", "faults")
    alarm.comes_to("OK")


def test_a_composite_alarm_follows_its_rule(sandbox: SandboxProcess) -> None:
    one, other = AlarmUnderTest(sandbox, TreatMissingData="ignore"), AlarmUnderTest(sandbox, TreatMissingData="ignore")
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_composite_alarm(
        AlarmName="both", AlarmRule=f"ALARM({one.name}) AND ALARM({other.described()['AlarmArn']})"
    )
    cloudwatch.put_composite_alarm(AlarmName="of-composites", AlarmRule="NOT ALARM(both)")

    def states() -> tuple[str, ...]:
        found = cloudwatch.describe_alarms(AlarmNames=["both", "of-composites"], AlarmTypes=["CompositeAlarm"])
        return tuple(alarm["StateValue"] for alarm in found["CompositeAlarms"])

    eventually(lambda: states() == ("OK", "ALARM"))
    one.report(9)
    one.comes_to("ALARM")
    assert states() == ("OK", "ALARM")
    other.report(9)
    eventually(lambda: states() == ("ALARM", "OK"))
    items = cloudwatch.describe_alarm_history(AlarmName="both", AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
    assert "Alarm updated from OK to ALARM" in {item["HistorySummary"] for item in items}


def test_an_update_keeps_state_and_history(sandbox: SandboxProcess) -> None:
    alarm = AlarmUnderTest(sandbox, TreatMissingData="ignore")
    alarm.report(9)
    alarm.comes_to("ALARM")
    alarm.cloudwatch.put_metric_alarm(**alarm.given | {"Threshold": 4.0})
    assert (alarm.state, alarm.described()["Threshold"]) == ("ALARM", 4.0)
    configured = [item["HistorySummary"] for item in alarm.history("ConfigurationUpdate")]
    assert configured == [f'Alarm "{alarm.name}" updated', f'Alarm "{alarm.name}" created']


def test_alarms_are_listed_by_type_in_pages(sandbox: SandboxProcess) -> None:
    alarms = {AlarmUnderTest(sandbox, AlarmDescription="paged").name for _ in range(5)}
    cloudwatch = sandbox.client("cloudwatch")
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2}))
    found = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    assert all(len(page["MetricAlarms"]) <= 2 for page in pages)
    assert alarms <= set(found)
    assert len(found) == len(set(found))
    assert all(page["CompositeAlarms"] == [] for page in pages)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "no anomaly detection"),
        ({"EvaluationPeriods": 2, "DatapointsToAlarm": 3}, "DatapointsToAlarm must not be greater"),
        ({"TreatMissingData": "sometimes"}, "Supported options are missing"),
        ({"Period": 45}, "multiple of 60"),
        ({"Statistic": "Average", "Period": 3600, "EvaluationPeriods": 25}, "more than a day"),
    ],
)
def test_an_alarm_that_could_never_work_is_refused(sandbox: SandboxProcess, given: dict[str, Any], why: str) -> None:
    with pytest.raises(ClientError, match=why):
        AlarmUnderTest(sandbox, **given)


def test_a_rule_that_cannot_be_read_is_refused(sandbox: SandboxProcess) -> None:
    with pytest.raises(ClientError, match="AlarmRule: cannot read"):
        sandbox.client("cloudwatch").put_composite_alarm(AlarmName="broken", AlarmRule="RINGING(a)")


def test_states_and_history_survive_a_restart_and_evaluation_goes_on(tmp_path: Path) -> None:
    first = launch(tmp_path, scale=50)
    alarm = AlarmUnderTest(first, TreatMissingData="ignore")
    alarm.report(9)
    alarm.comes_to("ALARM")
    before = alarm.history()
    first.stop()
    with start_sandbox(tmp_path, scale=50) as second:
        alarm.cloudwatch = second.client("cloudwatch")
        assert alarm.state == "ALARM"
        assert alarm.history() == before

        def quiet() -> bool:
            alarm.report(0)
            return alarm.state == "OK"

        eventually(quiet)


def test_a_forced_alarm_stays_forced_until_the_last_fault_is_taken_back(sandbox: SandboxProcess) -> None:
    alarm = AlarmUnderTest(sandbox)
    first, last = (sandbox.control("POST", "faults", {"kind": "alarm", "alarm": alarm.name})["id"] for _ in range(2))
    assert alarm.state == "ALARM"
    alarm.cloudwatch.set_alarm_state(AlarmName=alarm.name, StateValue="OK", StateReason="by hand")
    assert alarm.comes_to("ALARM")["StateReason"] == "Forced by an ordered fault"
    alarm.cloudwatch.delete_alarms(AlarmNames=[alarm.name])
    alarm.cloudwatch.put_metric_alarm(**alarm.given)
    alarm.comes_to("ALARM")
    changes = len(alarm.history())
    sandbox.control("DELETE", f"faults?id={first}")
    assert (alarm.state, len(alarm.history())) == ("ALARM", changes)
    sandbox.control("DELETE", f"faults?id={last}")
    assert alarm.state in ("OK", "INSUFFICIENT_DATA")
