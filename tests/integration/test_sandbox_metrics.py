"""Metrics on the wire: what really happens is reported, and GetMetricData answers as CloudWatch does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, launch, start_sandbox
from tests.sandbox_world import ServiceUnderTest, World


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """At scale 1 sandbox time is real time: periods are whole minutes."""
    with start_sandbox(tmp_path_factory.mktemp("slow"), scale=1) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    world = World(sandbox)
    world.ecs.update_cluster(cluster=world.cluster, settings=[{"name": "containerInsights", "value": "enabled"}])
    return world


@pytest.fixture(scope="module")
def service(world: World) -> ServiceUnderTest:
    service = world.service()
    assert service.create("errors:0.5")["status"] == "SUCCESSFUL"
    return service


def dimensions(**given: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


def statistics(
    sandbox: SandboxProcess, namespace: str, name: str, given: list[dict[str, str]], *wanted: str
) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    found: list[dict[str, Any]] = sandbox.client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=name, Dimensions=given, Period=60, Statistics=list(wanted) or ["Average"],
        StartTime=now - timedelta(minutes=10), EndTime=now,
    )["Datapoints"]  # fmt: skip
    return sorted(found, key=lambda each: each["Timestamp"])


def listener_of(sandbox: SandboxProcess, world: World) -> str:
    url: str = next(
        each["url"] for each in sandbox.control("GET", "listeners") if each["load_balancer"] == world.load_balancer
    )
    return url


# -- what really happens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["CPUUtilization", "MemoryUtilization"])
def test_running_tasks_report_what_they_use(
    sandbox: SandboxProcess, world: World, service: ServiceUnderTest, name: str
) -> None:
    of_service = dimensions(ClusterName=world.cluster, ServiceName=service.name)
    datapoint = eventually(lambda: statistics(sandbox, "AWS/ECS", name, of_service, "Average", "SampleCount"))[-1]
    assert 0 < datapoint["Average"] <= 100
    assert datapoint["SampleCount"] == 2
    assert datapoint["Unit"] == "Percent"
    assert not statistics(sandbox, "AWS/ECS", name, dimensions(ClusterName=world.cluster)), "of instances only"


def test_container_insights_count_tasks_where_the_cluster_has_it_on(
    sandbox: SandboxProcess, world: World, service: ServiceUnderTest
) -> None:
    of_service = dimensions(ClusterName=world.cluster, ServiceName=service.name)
    for name, expected in (("RunningTaskCount", 2), ("DesiredTaskCount", 2), ("PendingTaskCount", 0)):
        found = eventually(partial(statistics, sandbox, "ECS/ContainerInsights", name, of_service, "Maximum"))
        assert found[-1]["Maximum"] == expected
    for name in ("CpuUtilized", "CpuReserved", "MemoryUtilized", "MemoryReserved"):
        assert statistics(sandbox, "ECS/ContainerInsights", name, of_service)[-1]["Average"] > 0
    sandbox.client("ecs").create_cluster(clusterName="without")
    listed = sandbox.client("cloudwatch").list_metrics(Namespace="ECS/ContainerInsights")["Metrics"]
    assert {each["Value"] for metric in listed for each in metric["Dimensions"] if each["Name"] == "ClusterName"} == {
        world.cluster
    }


def test_the_load_balancer_reports_what_went_through_and_who_is_healthy(
    sandbox: SandboxProcess, world: World, service: ServiceUnderTest
) -> None:
    url = listener_of(sandbox, world)
    answered = [urllib3.request("GET", f"{url}/x", retries=False).status for _ in range(40)]
    balancer = world.load_balancer.split(":loadbalancer/")[1]
    group = str(service.target_group).rsplit(":", 1)[-1]
    of_group = dimensions(LoadBalancer=balancer, TargetGroup=group)

    def total(name: str, given: list[dict[str, str]] = of_group, statistic: str = "Sum") -> float:
        return float(sum(each[statistic] for each in statistics(sandbox, "AWS/ApplicationELB", name, given, statistic)))

    eventually(lambda: total("RequestCount") == 40)
    assert total("RequestCount", dimensions(LoadBalancer=balancer)) == 40
    assert total("HTTPCode_Target_2XX_Count") == answered.count(200)
    assert total("HTTPCode_Target_5XX_Count") == answered.count(500)
    assert 0 < answered.count(500) < 40
    assert total("TargetResponseTime", statistic="SampleCount") == 40
    assert total("RequestCountPerTarget", dimensions(TargetGroup=group)) == 20
    assert statistics(sandbox, "AWS/ApplicationELB", "HealthyHostCount", of_group, "Minimum")[-1]["Minimum"] == 2
    assert statistics(sandbox, "AWS/ApplicationELB", "UnHealthyHostCount", of_group, "Maximum")[-1]["Maximum"] == 0


def test_what_the_load_balancer_answers_itself_is_counted_apart(sandbox: SandboxProcess, world: World) -> None:
    empty = world.target_group("empty")
    listener = sandbox.control("GET", "listeners")[-1]
    assert urllib3.request("GET", listener["url"], retries=False).status == 503
    balancer = dimensions(LoadBalancer=world.load_balancer.split(":loadbalancer/")[1])
    found = eventually(lambda: statistics(sandbox, "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", balancer, "Sum"))
    assert sum(each["Sum"] for each in found) == 1
    assert empty


def test_databases_and_caches_have_figures_and_ones_own_count_instead(sandbox: SandboxProcess, world: World) -> None:
    rds, cache = sandbox.client("rds"), sandbox.client("elasticache")
    rds.create_db_instance(
        DBInstanceIdentifier="figures", DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20,
        MasterUsername="someone", MasterUserPassword="never-used",
    )  # fmt: skip
    cache.create_cache_cluster(
        CacheClusterId="figures", Engine="redis", CacheNodeType="cache.t4g.micro", NumCacheNodes=1
    )
    of_database, of_cache = dimensions(DBInstanceIdentifier="figures"), dimensions(CacheClusterId="figures")
    for name in ("CPUUtilization", "FreeStorageSpace", "DatabaseConnections", "FreeableMemory"):
        assert eventually(partial(statistics, sandbox, "AWS/RDS", name, of_database))
    for name in (
        "CPUUtilization",
        "EngineCPUUtilization",
        "DatabaseMemoryUsagePercentage",
        "CurrConnections",
        "Evictions",
    ):
        assert eventually(partial(statistics, sandbox, "AWS/ElastiCache", name, of_cache))

    def full() -> bool:
        datum = {"MetricName": "CPUUtilization", "Dimensions": of_database, "Value": 97.0, "Unit": "Percent"}
        sandbox.client("cloudwatch").put_metric_data(Namespace="AWS/RDS", MetricData=[datum])
        newest = statistics(sandbox, "AWS/RDS", "CPUUtilization", of_database, "Average")[-1]
        return bool(newest["Average"] == 97.0)

    eventually(full)


def test_the_firewall_and_the_nat_gateway_have_figures(
    sandbox: SandboxProcess, world: World, service: ServiceUnderTest
) -> None:
    waf, ec2 = sandbox.client("wafv2"), sandbox.client("ec2")
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "fence"}
    acl = waf.create_web_acl(
        Name="fence", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible, Rules=[]
    )["Summary"]
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=world.load_balancer)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=world.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    assert urllib3.request("GET", listener_of(sandbox, world), retries=False).status in (200, 500)
    fence = dimensions(WebACL="fence", Region="us-east-1", Rule="ALL")
    found = eventually(lambda: statistics(sandbox, "AWS/WAFV2", "AllowedRequests", fence, "Sum"))
    assert sum(each["Sum"] for each in found) == 1
    assert statistics(sandbox, "AWS/WAFV2", "BlockedRequests", fence, "Maximum")[-1]["Maximum"] == 0
    of_gateway = dimensions(NatGatewayId=gateway)
    bytes_out = eventually(lambda: statistics(sandbox, "AWS/NATGateway", "BytesOutToDestination", of_gateway, "Sum"))
    assert bytes_out[-1]["Sum"] > 0


def test_time_that_was_advanced_has_its_figures_too(
    sandbox: SandboxProcess, world: World, service: ServiceUnderTest
) -> None:
    """An alarm on missing data must not ring because somebody turned the clock."""
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="silent", Namespace="AWS/ECS", MetricName="CPUUtilization", Period=60, EvaluationPeriods=5,
        Dimensions=dimensions(ClusterName=world.cluster, ServiceName=service.name), Statistic="Average",
        Threshold=200.0, ComparisonOperator="GreaterThanThreshold", TreatMissingData="breaching",
    )  # fmt: skip

    def history() -> list[str]:
        items = cloudwatch.describe_alarm_history(AlarmName="silent", HistoryItemType="StateUpdate")
        return [item["HistorySummary"] for item in items["AlarmHistoryItems"]]

    eventually(lambda: history()[:1] and history()[0].endswith("to OK"))
    before = len(history())
    sandbox.control("POST", "clock", {"advance": 3600})
    now = datetime.now(UTC)
    of_service = dimensions(ClusterName=world.cluster, ServiceName=service.name)

    def newest() -> bool:
        points = statistics(sandbox, "AWS/ECS", "CPUUtilization", of_service, "SampleCount")
        return bool(points and points[-1]["Timestamp"] > now)

    eventually(newest)
    assert len(history()) == before


# -- how it is answered ------------------------------------------------------------------------------------------

MINUTE = timedelta(minutes=1)


def put(sandbox: SandboxProcess, name: str, **datum: Any) -> None:
    sandbox.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": name, **datum}])


def query(query_id: str, name: str, stat: str = "Sum", period: int = 60, **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "Shop", "MetricName": name, "Dimensions": more.pop("Dimensions", [])}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **more}


def data(sandbox: SandboxProcess, *queries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    asked = {"StartTime": now - timedelta(minutes=30), "EndTime": now + MINUTE, "ScanBy": "TimestampAscending", **more}
    results: list[dict[str, Any]] = sandbox.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), **asked
    )["MetricDataResults"]
    return results


def test_periods_begin_at_whole_minutes_and_hold_every_statistic(slow: SandboxProcess) -> None:
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - 10 * MINUTE
    for second, value in ((0, 1.0), (30, 3.0), (59, 8.0), (60, 20.0)):
        put(slow, "Aligned", Value=value, Unit="Count", Timestamp=minute + timedelta(seconds=second))
    found = slow.client("cloudwatch").get_metric_statistics(
        Namespace="Shop", MetricName="Aligned", StartTime=minute - MINUTE, EndTime=minute + MINUTE, Period=60,
        Statistics=["Average", "Sum", "Minimum", "Maximum", "SampleCount"], ExtendedStatistics=["p50", "p99"],
    )["Datapoints"]  # fmt: skip
    assert found == [
        {
            "Timestamp": minute, "Unit": "Count", "Average": 4.0, "Sum": 12.0, "Minimum": 1.0, "Maximum": 8.0,
            "SampleCount": 3.0, "ExtendedStatistics": {"p50": 3.0, "p99": 8.0},
        }
    ]  # fmt: skip
    result = data(
        slow, query("a", "Aligned", "Maximum", 300), query("b", "Aligned", "p90"), ScanBy="TimestampDescending"
    )
    assert sum(result[0]["Values"]) in (20.0, 28.0)  # one period of five minutes, or two of them
    assert result[1]["Timestamps"] == [minute + MINUTE, minute]
    assert result[1]["Values"] == [20.0, 8.0]


def test_values_with_counts_and_statistic_sets_count_as_what_they_stand_for(slow: SandboxProcess) -> None:
    put(slow, "Counted", Values=[1.0, 2.0], Counts=[3.0, 1.0])
    put(slow, "Counted", StatisticValues={"SampleCount": 6.0, "Sum": 60.0, "Minimum": 5.0, "Maximum": 15.0})
    [sums, counts, most] = data(
        slow, *(query(name.lower(), "Counted", name, 3600) for name in ("Sum", "SampleCount", "Maximum"))
    )
    assert (sum(sums["Values"]), sum(counts["Values"]), max(most["Values"])) == (65.0, 10.0, 15.0)


def test_metric_math_is_answered_with_its_label(slow: SandboxProcess) -> None:
    at = datetime.now(UTC) - 5 * MINUTE
    put(slow, "Requests", Value=200.0, Timestamp=at)
    put(slow, "Errors", Value=8.0, Timestamp=at)
    put(slow, "Requests", Value=100.0, Timestamp=at + MINUTE)
    results = data(
        slow,
        query("whole", "Requests", ReturnData=False),
        query("part", "Errors", ReturnData=False),
        {"Id": "share", "Expression": "IF(whole > 0, 100 * FILL(part, 0) / whole, 0)", "Label": "errors (percent)"},
        {"Id": "all", "Expression": "SUM(METRICS())"},
    )
    assert [(each["Id"], each["Label"], each["Values"]) for each in results] == [
        ("share", "errors (percent)", [4.0, 0.0]),
        ("all", "all", [208.0, 100.0]),
    ]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("ANOMALY_DETECTION_BAND(m)", "ANOMALY_DETECTION_BAND is unknown here"),
        ("m +", "ends too early"),
        ("SELECT AVG(x) FROM y", "Metrics Insights"),
    ],
)
def test_an_expression_that_cannot_be_answered_is_a_clear_validation_error(
    slow: SandboxProcess, expression: str, why: str
) -> None:
    with pytest.raises(ClientError, match=why) as caught:
        data(slow, query("m", "Requests"), {"Id": "e", "Expression": expression})
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_only_the_very_dimensions_that_were_reported_are_found(slow: SandboxProcess) -> None:
    put(slow, "Sized", Dimensions=dimensions(Size="L", Colour="red"), Value=1.0)
    exact = query("exact", "Sized", Dimensions=dimensions(Colour="red", Size="L"))
    part = query("part", "Sized", Dimensions=dimensions(Size="L"))
    results = data(slow, exact, part)
    assert [each["Values"] for each in results] == [[1.0], []]
    listed = slow.client("cloudwatch").list_metrics(Namespace="Shop", Dimensions=[{"Name": "Size"}])["Metrics"]
    assert [metric["MetricName"] for metric in listed] == ["Sized"]
    assert slow.client("cloudwatch").list_metrics(Dimensions=dimensions(Size="S"))["Metrics"] == []


def test_many_metrics_and_datapoints_come_in_pages(slow: SandboxProcess) -> None:
    cloudwatch = slow.client("cloudwatch")
    metrics = [{"MetricName": f"Metric{number:04}", "Value": 1.0} for number in range(1_100)]
    cloudwatch.put_metric_data(Namespace="Many", MetricData=metrics[:1_000])
    cloudwatch.put_metric_data(Namespace="Many", MetricData=metrics[1_000:])
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace="Many"))
    assert [len(page["Metrics"]) for page in pages] == [500, 500, 100]
    assert len({metric["MetricName"] for page in pages for metric in page["Metrics"]}) == 1_100
    at = datetime.now(UTC) - 10 * MINUTE
    for minute in range(5):
        put(slow, "Paged", Value=float(minute), Timestamp=at + minute * MINUTE)
    pages = list(
        cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[query("p", "Paged")], StartTime=at - MINUTE, EndTime=at + 9 * MINUTE, MaxDatapoints=2,
            ScanBy="TimestampAscending",
        )
    )  # fmt: skip
    assert [page["MetricDataResults"][0]["Values"] for page in pages] == [[0.0, 1.0], [2.0, 3.0], [4.0]]


def test_a_timestamp_from_another_age_is_refused(slow: SandboxProcess) -> None:
    with pytest.raises(ClientError, match="within the past two weeks"):
        put(slow, "Old", Value=1.0, Timestamp=datetime.now(UTC) - timedelta(days=20))


def test_a_period_is_sandbox_seconds_and_a_timestamp_is_real(sandbox: SandboxProcess) -> None:
    """At scale 50 a minute takes 1.2 real seconds: values that lie 3 real seconds apart are in different minutes."""
    now = datetime.now(UTC)
    for seconds in (6, 3):
        put(sandbox, "Apart", Value=float(seconds), Timestamp=now - timedelta(seconds=seconds))
    [result] = data(sandbox, query("a", "Apart"))
    assert result["Values"] == [6.0, 3.0]
    apart = result["Timestamps"][1] - result["Timestamps"][0]
    assert timedelta(seconds=1.8) <= apart <= timedelta(seconds=4.2)
    assert all(now - timedelta(seconds=8) <= at <= now for at in result["Timestamps"])


def test_metrics_survive_a_restart(tmp_path: Path) -> None:
    first = launch(tmp_path)
    put(first, "Kept", Value=42.0, Unit="Count", Dimensions=dimensions(Where="here"))
    first.stop()
    with start_sandbox(tmp_path) as second:
        [result] = data(second, query("k", "Kept", Dimensions=dimensions(Where="here")))
        assert result["Values"] == [42.0]
