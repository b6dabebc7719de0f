"""Application Auto Scaling acts: alarms, schedules and bounds change desired counts, on the real wire."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, launch, start_sandbox
from tests.sandbox_world import ServiceUnderTest, World

DIMENSION = "ecs:service:DesiredCount"
LATER = 24 * 3600  # sandbox seconds: longer than every cooldown here


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with start_sandbox(tmp_path_factory.mktemp("scaling"), scale=150) as sandbox:
        yield World(sandbox)


class Scaled:
    """A service with a scalable target."""

    def __init__(self, world: World, *, desired: int = 2, least: int = 1, most: int = 6) -> None:
        self.world, self.sandbox = world, world.sandbox
        self.service: ServiceUnderTest = world.service(balanced=False)
        self.api = world.sandbox.client("application-autoscaling")
        self.alarms = world.sandbox.client("cloudwatch")
        self.where = {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{world.cluster}/{self.service.name}",
            "ScalableDimension": DIMENSION,
        }
        self.service.create(desired=desired)
        self.register(MinCapacity=least, MaxCapacity=most)

    def register(self, **given: Any) -> None:
        self.api.register_scalable_target(**self.where, **given)

    def policy(self, name: str, kind: str, configuration: dict[str, Any]) -> dict[str, Any]:
        put: dict[str, Any] = self.api.put_scaling_policy(
            PolicyName=name, PolicyType=kind, **self.where, **{f"{kind}PolicyConfiguration": configuration}
        )
        return put

    def step(self, name: str, *, above: bool = True, **configuration: Any) -> str:
        """A step policy behind an alarm of the same name, with its threshold at 70; the alarm's name."""
        arn = self.policy(name, "StepScaling", {"AdjustmentType": "ChangeInCapacity", **configuration})["PolicyARN"]
        alarm = f"{self.service.name}-{name}"
        self.alarms.put_metric_alarm(
            AlarmName=alarm,
            Namespace="Test",
            MetricName=alarm,
            Statistic="Average",
            ComparisonOperator="GreaterThanThreshold" if above else "LessThanThreshold",
            Threshold=70,
            Period=60,
            EvaluationPeriods=1,
            TreatMissingData="ignore",
            AlarmActions=[arn],
        )
        return alarm

    def ring(self, alarm: str, value: float) -> None:
        """As an evaluation that found this value; quiet again at once, so that it acts once."""
        data = json.dumps({"version": "1.0", "recentDatapoints": [value]})
        self.alarms.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test", StateReasonData=data)
        self.alarms.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")

    def desired(self) -> int:
        return int(self.service.describe()["desiredCount"])

    def activities(self, **given: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.describe_scaling_activities(**self.where, **given)["ScalingActivities"]
        return found

    def settles_at(self, count: int) -> None:
        eventually(
            lambda: (self.service.describe()["runningCount"], self.desired()) == (count, count),
            why=f"{count} running tasks",
        )

    def pass_time(self, seconds: float = LATER) -> None:
        self.sandbox.control("POST", "clock", {"advance": seconds})


def test_a_step_policy_scales_out_by_how_far_the_threshold_is_exceeded(world: World) -> None:
    scaled = Scaled(world)
    steps = [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 15, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 15, "ScalingAdjustment": 3},
    ]
    alarm = scaled.step("out", StepAdjustments=steps, Cooldown=20_000)

    scaled.ring(alarm, 75)
    assert scaled.desired() == 3
    scaled.ring(alarm, 75)
    assert scaled.desired() == 3, "what was added is still cooling down"
    scaled.ring(alarm, 99)
    assert scaled.desired() == 5, "a larger step counts what the first one has added"
    scaled.ring(alarm, 99)
    assert scaled.desired() == 5, "and is still cooling down when the same figure is found again"
    scaled.settles_at(5)
    scaled.pass_time()
    scaled.ring(alarm, 99)
    assert scaled.desired() == 6, "never more than MaxCapacity"

    scaled.settles_at(6)
    eventually(lambda: scaled.activities()[0]["StatusCode"] == "Successful", why="the end of the newest activity")
    newest = scaled.activities()[0]
    assert newest["Description"] == "Setting desired count to 6."
    assert newest["Cause"] == f"monitor alarm {alarm} in state ALARM triggered policy out"
    assert newest["StatusMessage"] == "Successfully set desired count to 6. Change successfully fulfilled by ecs."
    assert newest["EndTime"] >= newest["StartTime"]
    assert [each["Description"][-2] for each in scaled.activities()] == ["6", "5", "3"]


def test_a_percentage_scales_by_its_least_magnitude_and_in_to_the_minimum(world: World) -> None:
    scaled = Scaled(world, desired=4, least=2, most=8)
    out = scaled.step(
        "more",
        AdjustmentType="PercentChangeInCapacity",
        MinAdjustmentMagnitude=2,
        StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 25}],
    )
    down = scaled.step(
        "less", above=False, StepAdjustments=[{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -3}], Cooldown=20_000
    )

    scaled.ring(out, 90)
    assert scaled.desired() == 6
    scaled.settles_at(6)
    scaled.ring(down, 10)
    assert scaled.desired() == 3
    scaled.ring(down, 10)
    assert scaled.desired() == 3, "scaling in waits for its cooldown"
    scaled.pass_time()
    scaled.ring(down, 10)
    assert scaled.desired() == 2
    scaled.pass_time()
    scaled.ring(down, 10)
    assert scaled.desired() == 2

    unscaled = scaled.activities(IncludeNotScaledActivities=True)[0]
    assert unscaled["NotScaledReasons"] == [{"Code": "AlreadyAtMinCapacity", "MinCapacity": 2}]
    assert unscaled["Description"] == "Attempting to scale due to alarm triggered"
    assert all("NotScaledReasons" not in each for each in scaled.activities())


def test_target_tracking_makes_its_alarms_and_follows_the_metric_that_is_measured(world: World) -> None:
    scaled = Scaled(world, desired=2, most=4)
    configuration = {
        "TargetValue": 50.0,
        "CustomizedMetricSpecification": {
            "Namespace": "Shop",
            "MetricName": f"load-{scaled.service.name}",
            "Statistic": "Average",
        },
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 60,
    }
    put = scaled.policy("load", "TargetTrackingScaling", configuration)
    names = [alarm["AlarmName"] for alarm in put["Alarms"]]
    made = {alarm["AlarmName"]: alarm for alarm in scaled.alarms.describe_alarms(AlarmNames=names)["MetricAlarms"]}
    high, low = (made[name] for name in names)
    assert f"TargetTracking-{scaled.where['ResourceId']}-AlarmHigh-" in high["AlarmName"]
    assert (high["Threshold"], high["EvaluationPeriods"], high["ComparisonOperator"]) == (50, 3, "GreaterThanThreshold")
    assert (low["Threshold"], low["EvaluationPeriods"], low["ComparisonOperator"]) == (45, 15, "LessThanThreshold")
    assert high["AlarmActions"][0].startswith(put["PolicyARN"] + ":createdBy/")

    def report() -> bool:
        scaled.alarms.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": f"load-{scaled.service.name}", "Value": 80.0}]
        )
        return scaled.desired() == 4

    eventually(report, seconds=30, why="2 tasks at 80 % of load becoming 4")
    cause = eventually(scaled.activities)[0]["Cause"]
    assert cause == f"monitor alarm {high['AlarmName']} in state ALARM triggered policy load"

    again = scaled.policy("load", "TargetTrackingScaling", configuration | {"TargetValue": 70.0})
    assert again["PolicyARN"] == put["PolicyARN"]
    assert not scaled.alarms.describe_alarms(AlarmNames=names)["MetricAlarms"], "the former alarms are gone"


def test_tracking_a_services_own_cpu_scales_in_only_when_no_deployment_is_under_way(world: World) -> None:
    scaled = Scaled(world, desired=3)
    put = scaled.policy(
        "cpu",
        "TargetTrackingScaling",
        {
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    low = next(alarm["AlarmName"] for alarm in put["Alarms"] if "AlarmLow" in alarm["AlarmName"])
    scaled.service.deploy("slow-start:600", "v2")
    scaled.ring(low, 5)
    assert scaled.desired() == 3
    reasons = scaled.activities(IncludeNotScaledActivities=True)[0]["NotScaledReasons"]
    assert reasons == [{"Code": "TargetServicePutResourceAsUnscalable", "CurrentCapacity": 3}]

    scaled.service.ended()
    eventually(lambda: scaled.desired() == 1, why="an idle service scaled in to its minimum")


def test_two_tracking_policies_scale_in_only_together(world: World) -> None:
    scaled = Scaled(world, desired=4)
    lows = []
    for name in ("one", "two"):
        specification = {"Namespace": "Shop", "MetricName": f"{name}-{scaled.service.name}", "Statistic": "Average"}
        put = scaled.policy(
            name,
            "TargetTrackingScaling",
            {"TargetValue": 50.0, "CustomizedMetricSpecification": specification, "ScaleInCooldown": 0},
        )
        lows.append(next(alarm["AlarmName"] for alarm in put["Alarms"] if "AlarmLow" in alarm["AlarmName"]))
    data = json.dumps({"recentDatapoints": [10.0]})
    scaled.alarms.set_alarm_state(AlarmName=lows[0], StateValue="ALARM", StateReason="a test", StateReasonData=data)
    assert scaled.desired() == 4
    more = json.dumps({"recentDatapoints": [30.0]})
    scaled.alarms.set_alarm_state(AlarmName=lows[0], StateValue="ALARM", StateReason="a test", StateReasonData=data)
    scaled.alarms.set_alarm_state(AlarmName=lows[1], StateValue="ALARM", StateReason="a test", StateReasonData=more)
    assert scaled.desired() == 3, "the larger of 1 and 3"


def test_the_first_bounds_leave_a_new_service_at_0(world: World) -> None:
    scaled = Scaled(world, desired=0, least=1)
    assert scaled.desired() == 0
    assert scaled.activities() == []


def test_bounds_hold_as_soon_as_they_are_changed_and_suspension_stops_policies(world: World) -> None:
    scaled = Scaled(world, desired=2)
    scaled.register(MinCapacity=4)
    assert scaled.desired() == 4
    assert scaled.activities()[0]["Cause"] == "minimum capacity was set to 4"
    scaled.register(MinCapacity=1, MaxCapacity=3)
    assert scaled.desired() == 3
    assert scaled.activities()[0]["Cause"] == "maximum capacity was set to 3"

    scaled.register(MaxCapacity=8, SuspendedState={"DynamicScalingOutSuspended": True})
    alarm = scaled.step("out", StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 2}])
    scaled.ring(alarm, 99)
    assert scaled.desired() == 3
    scaled.register(SuspendedState={"DynamicScalingOutSuspended": False})
    scaled.ring(alarm, 99)
    assert scaled.desired() == 5
    target = scaled.api.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[scaled.where["ResourceId"]])[
        "ScalableTargets"
    ][0]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 8)
    assert target["SuspendedState"]["DynamicScalingOutSuspended"] is False

    with pytest.raises(ClientError, match="Maximum capacity cannot be less"):
        scaled.register(MinCapacity=9, MaxCapacity=3)


def test_a_scheduled_action_comes_in_its_own_time_zone_on_the_sandboxs_clock(world: World) -> None:
    scaled = Scaled(world, desired=1)
    now = datetime.fromisoformat(world.sandbox.control("GET", "clock")["time"])
    due = now.astimezone(UTC) + timedelta(hours=3)
    scaled.api.put_scheduled_action(
        **scaled.where,
        ScheduledActionName="morning",
        Schedule=f"cron({due.minute} {due.hour} * * ? *)",
        ScalableTargetAction={"MinCapacity": 3, "MaxCapacity": 5},
    )
    tokyo = (due + timedelta(hours=9 + 2)).strftime("%Y-%m-%dT%H:%M:00")
    scaled.api.put_scheduled_action(
        **scaled.where,
        ScheduledActionName="evening",
        Schedule=f"at({tokyo})",
        Timezone="Asia/Tokyo",
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0},
    )
    assert scaled.desired() == 1
    scaled.pass_time(3.2 * 3600)
    eventually(lambda: scaled.desired() == 3, why="the morning's minimum")
    causes = [each["Cause"] for each in scaled.activities()]
    assert causes[:2] == ["minimum capacity was set to 3", "scheduled action name morning was triggered"]
    assert scaled.activities()[1]["StatusMessage"] == "Successfully set min capacity to 3 and max capacity to 5"

    scaled.pass_time(2 * 3600)
    eventually(lambda: scaled.desired() == 0, why="the evening's maximum")
    listed = scaled.api.describe_scheduled_actions(**scaled.where)["ScheduledActions"]
    assert {each["ScheduledActionName"] for each in listed} == {"morning", "evening"}

    with pytest.raises(ClientError) as refused:
        scaled.api.put_scheduled_action(
            **scaled.where, ScheduledActionName="never", Schedule="cron(0 8 * * *)", ScalableTargetAction={}
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_suspended_schedules_do_nothing(world: World) -> None:
    scaled = Scaled(world, desired=1)
    scaled.register(SuspendedState={"ScheduledScalingSuspended": True})
    scaled.api.put_scheduled_action(
        **scaled.where,
        ScheduledActionName="often",
        Schedule="rate(10 minutes)",
        ScalableTargetAction={"MinCapacity": 2},
    )
    scaled.pass_time(1_000)
    scaled.register(SuspendedState={"ScheduledScalingSuspended": False})
    assert scaled.desired() == 1
    scaled.pass_time(1_000)
    eventually(lambda: scaled.desired() == 2, why="the next turn of a resumed schedule")


def test_what_belongs_to_a_target_goes_with_it_and_pages_are_whole(world: World) -> None:
    scaled = Scaled(world, desired=1)
    with pytest.raises(ClientError) as refused:
        scaled.api.put_scaling_policy(
            PolicyName="lost",
            PolicyType="StepScaling",
            **{**scaled.where, "ResourceId": f"service/{world.cluster}/nobody"},
            StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity"},
        )
    assert refused.value.response["Error"]["Code"] == "ObjectNotFoundException"

    alarms = [scaled.step(name, StepAdjustments=[{"ScalingAdjustment": 1}]) for name in ("a", "b", "c")]
    pages = scaled.api.get_paginator("describe_scaling_policies").paginate(
        **scaled.where, PaginationConfig={"PageSize": 2}
    )
    policies = [policy for page in pages for policy in page["ScalingPolicies"]]
    assert [policy["PolicyName"] for policy in policies] == ["a", "b", "c"]
    assert [policy["Alarms"][0]["AlarmName"] for policy in policies] == alarms

    scaled.api.deregister_scalable_target(**scaled.where)
    assert not scaled.api.describe_scaling_policies(**scaled.where)["ScalingPolicies"]
    scaled.ring(alarms[0], 99)
    assert scaled.desired() == 1
    history = scaled.alarms.describe_alarm_history(AlarmName=alarms[0], HistoryItemType="Action")
    assert "Failed to execute action" in history["AlarmHistoryItems"][0]["HistorySummary"]


def test_cooldowns_schedules_and_activities_survive_a_restart(tmp_path: Path) -> None:
    first = launch(tmp_path, scale=150)
    scaled = Scaled(World(first), desired=1)
    alarm = scaled.step(
        "out", StepAdjustments=[{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}], Cooldown=20_000
    )
    scaled.api.put_scheduled_action(
        **scaled.where,
        ScheduledActionName="later",
        Schedule="rate(1 day)",
        ScalableTargetAction={"MinCapacity": 4},
    )
    scaled.ring(alarm, 99)
    assert scaled.desired() == 2
    before = [each["ActivityId"] for each in scaled.activities()]
    assert first.stop() == 0

    second = launch(tmp_path, scale=150)
    try:
        _go_on_with(scaled, second)
        assert [each["ActivityId"] for each in scaled.activities()] == before
        scaled.ring(alarm, 99)
        assert scaled.desired() == 2, "the cooldown goes on"
        scaled.pass_time()
        eventually(lambda: scaled.desired() == 4, why="the schedule goes on")
    finally:
        second.stop()


def _go_on_with(scaled: Scaled, sandbox: SandboxProcess) -> None:
    scaled.sandbox = scaled.world.sandbox = sandbox
    scaled.world.ecs = sandbox.client("ecs")
    scaled.api, scaled.alarms = sandbox.client("application-autoscaling"), sandbox.client("cloudwatch")
