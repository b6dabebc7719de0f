"""CloudWatch Logs on the wire: patterns, metric filters that act, tokens that stay true, live tail."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, launch, start_sandbox
from tests.sandbox_world import World


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


class GroupUnderTest:
    """A log group with one stream."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.logs = sandbox.client("logs")
        self.name = f"/group/{uuid4().hex[:6]}"
        self.logs.create_log_group(logGroupName=self.name)
        self.logs.create_log_stream(logGroupName=self.name, logStreamName="one")

    @property
    def arn(self) -> str:
        found = self.logs.describe_log_groups(logGroupNamePrefix=self.name)["logGroups"][0]["arn"]
        return str(found).removesuffix(":*")

    def write(self, *messages: str, stream: str = "one", at: int | None = None) -> None:
        """`at`: POSIX milliseconds."""
        events = [{"timestamp": at or int(time.time() * 1000), "message": message} for message in messages]
        self.logs.put_log_events(logGroupName=self.name, logStreamName=stream, logEvents=events)

    def matching(self, pattern: str) -> list[str]:
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=self.name, filterPattern=pattern)
        return [event["message"] for page in pages for event in page["events"]]

    def measure(self, pattern: str, **transformation: Any) -> str:
        """A metric filter; returns the name of its metric."""
        name = f"metric-{uuid4().hex[:6]}"
        self.logs.put_metric_filter(
            logGroupName=self.name, filterName="measured", filterPattern=pattern,
            metricTransformations=[
                {"metricName": name, "metricNamespace": "Logs", "metricValue": "1", **transformation}
            ],
        )  # fmt: skip
        return name

    def total(self, metric: str, **dimensions: str) -> tuple[float, float]:
        """Sum and number of what was reported lately."""
        now = datetime.now(UTC)
        found = self.sandbox.client("cloudwatch").get_metric_statistics(
            Namespace="Logs", MetricName=metric, StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=1), Period=3600, Statistics=["Sum", "SampleCount"],
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        )["Datapoints"]  # fmt: skip
        return sum(each["Sum"] for each in found), sum(each["SampleCount"] for each in found)


@pytest.fixture
def group(sandbox: SandboxProcess) -> GroupUnderTest:
    return GroupUnderTest(sandbox)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ("ERROR", [0]),
        ("?ERROR ?WARN", [0, 1]),
        ('"GET /x" -"200"', [3]),
        ('{ $.level = "error" && $.took > 3 }', [2]),
        ("[method=GET, path, status=5*]", [3]),
    ],
)
def test_filter_log_events_reads_every_kind_of_pattern(
    group: GroupUnderTest, pattern: str, expected: list[int]
) -> None:
    lines = ["ERROR one", "WARN two", json.dumps({"level": "error", "took": 7}), "GET /x 503"]
    group.write(*lines)
    assert group.matching(pattern) == [lines[index] for index in expected]


@pytest.mark.parametrize("pattern", ["error.log", "{ $.a = }", "[a, b"])
def test_a_pattern_that_cannot_be_read_is_refused(group: GroupUnderTest, pattern: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidParameterException.*Invalid"):
        group.matching(pattern)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        group.measure(pattern)


def test_a_metric_filter_counts_matching_events(group: GroupUnderTest) -> None:
    metric = group.measure("ERROR", unit="Count", defaultValue=0)
    group.write("ERROR a", "fine", "ERROR b")
    group.write("fine")
    assert group.total(metric) == (2.0, 3.0)  # two matches, and the default where there was none


def test_a_metric_filter_takes_values_and_dimensions_from_json(group: GroupUnderTest) -> None:
    metric = group.measure("{ $.took = * }", metricValue="$.took", dimensions={"Path": "$.path"})
    group.write(*(json.dumps({"took": took, "path": path}) for took, path in ((2, "/a"), (3, "/a"), (50, "/b"))))
    group.write(json.dumps({"took": "long", "path": "/a"}), json.dumps({"took": 9}))
    assert group.total(metric, Path="/a") == (5.0, 2.0)
    assert group.total(metric, Path="/b") == (50.0, 1.0)


def test_a_metric_filter_takes_values_from_fields(group: GroupUnderTest) -> None:
    metric = group.measure("[method, path, status=2*, bytes]", metricValue="$bytes")
    group.write("GET /a 200 100", "GET /b 500 999", "PUT /c 201 23")
    assert group.total(metric) == (123.0, 2.0)


def test_putting_a_metric_filter_again_replaces_it_and_deleting_ends_it(group: GroupUnderTest) -> None:
    old, new = group.measure("ERROR"), group.measure("ERROR")
    group.write("ERROR")
    assert (group.total(old), group.total(new)) == ((0, 0), (1.0, 1.0))
    assert len(group.logs.describe_metric_filters(logGroupName=group.name)["metricFilters"]) == 1
    group.logs.delete_metric_filter(logGroupName=group.name, filterName="measured")
    group.write("ERROR")
    assert group.total(new) == (1.0, 1.0)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        group.logs.delete_metric_filter(logGroupName=group.name, filterName="measured")


def test_a_metric_filter_can_be_tried_out(group: GroupUnderTest) -> None:
    matches = group.logs.test_metric_filter(
        filterPattern="[ip, status=5*]", logEventMessages=["10.0.0.1 200", "10.0.0.2 503"]
    )["matches"]
    assert matches == [
        {"eventNumber": 2, "eventMessage": "10.0.0.2 503", "extractedValues": {"$ip": "10.0.0.2", "$status": "503"}}
    ]


def test_what_containers_write_is_measured_and_rings_an_alarm(sandbox: SandboxProcess) -> None:
    world = World(sandbox)
    group = GroupUnderTest(sandbox)
    group.name = world.log_group
    metric = group.measure('"GET /broken 200"')
    sandbox.client("cloudwatch").put_metric_alarm(
        AlarmName="broken", Namespace="Logs", MetricName=metric, Period=60, EvaluationPeriods=1, Threshold=2.0,
        Statistic="Sum", ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    assert world.service().create()["status"] == "SUCCESSFUL"
    url = sandbox.control("GET", "listeners")[-1]["url"]
    for _ in range(5):
        assert urllib3.request("GET", f"{url}/broken").status == 200
    eventually(lambda: group.total(metric)[0] == 5)
    alarms = sandbox.client("cloudwatch")
    eventually(lambda: alarms.describe_alarms(AlarmNames=["broken"])["MetricAlarms"][0]["StateValue"] == "ALARM")


def test_a_token_goes_on_where_it_was_after_more_came_and_over_a_restart(tmp_path: Path) -> None:
    first = launch(tmp_path, scale=50)
    group = GroupUnderTest(first)

    def page(token: str | None = None, **more: Any) -> tuple[list[str], str, str]:
        given = {"nextToken": token} if token else {"startFromHead": True}
        answered = group.logs.get_log_events(logGroupName=group.name, logStreamName="one", **given, **more)
        messages = [event["message"] for event in answered["events"]]
        return messages, answered["nextForwardToken"], answered["nextBackwardToken"]

    group.write("a", "b", "c")
    messages, forward, _ = page(limit=2)
    assert messages == ["a", "b"]
    messages, forward, backward = page(forward)
    assert messages == ["c"]
    assert page(forward)[:2] == ([], forward)
    assert page(backward)[0] == ["a", "b"]
    group.write("d")
    metric = group.measure("e")
    first.stop()
    with start_sandbox(tmp_path, scale=50) as second:
        group.sandbox, group.logs = second, second.client("logs")
        group.write("e")
        assert page(forward)[0] == ["d", "e"]
        assert group.total(metric) == (1.0, 1.0)
        events = group.logs.filter_log_events(logGroupName=group.name)["events"]
        assert len({event["eventId"] for event in events}) == 5


def test_filtered_events_come_in_pages_from_all_streams_by_time(group: GroupUnderTest) -> None:
    group.logs.create_log_stream(logGroupName=group.name, logStreamName="two")
    now = int(time.time() * 1000)
    for number in range(6):
        group.write(f"line {number}", stream="one" if number % 2 else "two", at=now + number)
    pages = list(
        group.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group.name, PaginationConfig={"PageSize": 4}
        )
    )
    assert [[event["message"] for event in page["events"]] for page in pages] == [
        [f"line {number}" for number in range(4)],
        ["line 4", "line 5"],
    ]


# -- live tail ---------------------------------------------------------------------------------------------------


def tail_client(sandbox: SandboxProcess) -> Any:
    """As any other, but for `inject_host_prefix`: `streaming-127.0.0.1` is nowhere (docs/sandbox.md)."""
    return boto3.client(
        "logs", region_name="us-east-1", endpoint_url=sandbox.url, aws_access_key_id="slipway",
        aws_secret_access_key="slipway", config=Config(inject_host_prefix=False, retries={"max_attempts": 1}),
    )  # fmt: skip


def test_live_tail_shows_what_is_written_from_now_on(sandbox: SandboxProcess, group: GroupUnderTest) -> None:
    group.write("ERROR before")
    stream = tail_client(sandbox).start_live_tail(logGroupIdentifiers=[group.arn], logEventFilterPattern="ERROR")[
        "responseStream"
    ]
    started, seen = threading.Event(), []

    def write() -> None:
        started.wait(10)
        group.write("ERROR live", "fine")
        group.logs.create_log_stream(logGroupName=group.name, logStreamName="new")
        group.write("ERROR in a new stream", stream="new")

    writer = threading.Thread(target=write)
    writer.start()
    for event in stream:
        if "sessionStart" in event:
            assert event["sessionStart"]["logGroupIdentifiers"] == [group.arn]
            started.set()
            continue
        update = event["sessionUpdate"]
        assert update["sessionMetadata"] == {"sampled": False}
        seen += [(result["logStreamName"], result["message"]) for result in update["sessionResults"]]
        if len(seen) >= 2:
            break
    stream.close()
    writer.join()
    assert seen == [("one", "ERROR live"), ("new", "ERROR in a new stream")]


def test_live_tail_of_a_group_that_is_not_there_is_refused(sandbox: SandboxProcess, group: GroupUnderTest) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        tail_client(sandbox).start_live_tail(logGroupIdentifiers=[f"{group.arn}-not"])
    with pytest.raises(ClientError, match="InvalidParameterException"):
        tail_client(sandbox).start_live_tail(logGroupIdentifiers=[group.arn], logEventFilterPattern="{ $.a = }")
