"""The control interface orders faults, moves time, pushes images and tells what was called."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, start_sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(autouse=True)
def no_faults(sandbox: SandboxProcess) -> Iterator[None]:
    yield
    sandbox.control("DELETE", "faults")


def refused(sandbox: SandboxProcess, service: str, call: str) -> tuple[str, int]:
    with pytest.raises(ClientError) as error:
        getattr(sandbox.client(service), call)()
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("service", "call", "expected"),
    [
        ("ecs", "list_clusters", ("ThrottlingException", 400)),
        ("ec2", "describe_vpcs", ("RequestLimitExceeded", 503)),
        ("elbv2", "describe_load_balancers", ("Throttling", 400)),
        ("s3", "list_buckets", ("SlowDown", 503)),
        ("cloudwatch", "describe_alarms", ("Throttling", 400)),
    ],
)
def test_an_api_can_be_throttled_with_its_own_code(
    sandbox: SandboxProcess, service: str, call: str, expected: tuple[str, int]
) -> None:
    sandbox.control("POST", "faults", {"kind": "throttle", "service": service})
    assert refused(sandbox, service, call) == expected


def test_an_api_can_be_down_and_come_back(sandbox: SandboxProcess) -> None:
    fault = sandbox.control("POST", "faults", {"kind": "down", "service": "ecs", "action": "ListClusters"})
    assert refused(sandbox, "ecs", "list_clusters") == ("ServiceUnavailable", 503)
    sandbox.client("ecs").list_task_definitions()
    assert sandbox.control("DELETE", f"faults?id={fault['id']}") == {"cleared": 1}
    sandbox.client("ecs").list_clusters()


def test_an_api_can_be_slow(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "faults", {"kind": "latency", "service": "sts", "seconds": 0.5})
    client = sandbox.client("sts")
    before = time.monotonic()
    client.get_caller_identity()
    assert time.monotonic() - before >= 0.5


def test_an_alarm_can_be_forced(sandbox: SandboxProcess) -> None:
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="forced", Namespace="N", MetricName="M", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", Statistic="Sum",
    )  # fmt: skip
    sandbox.control("POST", "faults", {"kind": "alarm", "alarm": "forced"})

    def state() -> str:
        found: str = cloudwatch.describe_alarms(AlarmNames=["forced"])["MetricAlarms"][0]["StateValue"]
        return found

    assert state() == "ALARM"
    sandbox.control("DELETE", "faults")
    assert state() == "OK"
    summaries = [
        item["HistorySummary"] for item in cloudwatch.describe_alarm_history(AlarmName="forced")["AlarmHistoryItems"]
    ]
    assert any("to ALARM" in summary for summary in summaries)


def test_calls_are_counted_with_their_parameters_and_without_their_secrets(sandbox: SandboxProcess) -> None:
    sandbox.client("secretsmanager").create_secret(Name="counted", SecretString="never-show-this")
    sandbox.client("secretsmanager").list_secrets()
    sandbox.client("ecs").create_cluster(clusterName="counted")
    calls = sandbox.control("GET", "calls?mutating=1")
    by_action = {call["action"]: call for call in calls}
    assert by_action["CreateCluster"]["service"] == "ecs"
    assert by_action["CreateCluster"]["parameters"] == {"clusterName": "counted"}
    assert by_action["CreateSecret"]["parameters"]["Name"] == "counted"
    assert "ListSecrets" not in by_action
    assert "ListSecrets" in {call["action"] for call in sandbox.control("GET", "calls")}
    assert "never-show-this" not in str(calls)


def test_a_refused_call_is_recorded_with_its_status(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "faults", {"kind": "error", "service": "sns", "code": "InternalError", "status": 500})
    with pytest.raises(ClientError):
        sandbox.client("sns").create_topic(Name="broken")
    assert {call["status"] for call in sandbox.control("GET", "calls?mutating=1") if call["service"] == "sns"} == {500}


def test_time_can_be_scaled_and_advanced(sandbox: SandboxProcess) -> None:
    before = sandbox.control("GET", "clock")
    assert before["scale"] == 50
    after = sandbox.control("POST", "clock", {"scale": 2, "advance": 3600})
    assert after["scale"] == 2
    assert after["seconds"] >= before["seconds"] + 3600
    sandbox.control("POST", "clock", {"scale": 50})


def test_an_image_is_a_real_ecr_image_with_a_stable_digest(sandbox: SandboxProcess) -> None:
    ecr = sandbox.client("ecr")
    ecr.create_repository(repositoryName="images/app")
    pushed = sandbox.image("images/app", "healthy", "v1")
    assert pushed["image"] == "123456789012.dkr.ecr.us-east-1.amazonaws.com/images/app:v1"
    assert sandbox.image("images/app", "healthy", "v1") == pushed
    described = ecr.describe_images(repositoryName="images/app")["imageDetails"]
    assert [(image["imageTags"], image["imageDigest"]) for image in described] == [(["v1"], pushed["digest"])]
    pulled = ecr.batch_get_image(repositoryName="images/app", imageIds=[{"imageDigest": pushed["digest"]}])["images"][0]
    ecr.create_repository(repositoryName="images/promoted")
    copied = ecr.put_image(
        repositoryName="images/promoted", imageManifest=pulled["imageManifest"], imageTag="v1"
    )["image"]  # fmt: skip
    assert copied["imageId"]["imageDigest"] == pushed["digest"]


def test_an_image_waits_for_its_repository(sandbox: SandboxProcess) -> None:
    pushed = sandbox.image("images/later", "unhealthy")
    ecr = sandbox.client("ecr")
    ecr.create_repository(repositoryName="images/later")
    digests = [image["imageDigest"] for image in ecr.describe_images(repositoryName="images/later")["imageDetails"]]
    assert digests == [pushed["digest"]]


def test_another_image_under_a_tag_that_is_immutable_is_refused(sandbox: SandboxProcess) -> None:
    sandbox.client("ecr").create_repository(repositoryName="images/fixed", imageTagMutability="IMMUTABLE")
    sandbox.image("images/fixed", "healthy", "v1")
    sandbox.image("images/fixed", "healthy", "v1")
    body = {"repository": "images/fixed", "behaviour": "unhealthy", "tag": "v1"}
    answer = sandbox.refused("POST", "images", body)
    assert answer["status"] == 400
    assert "tag 'v1' already exists" in answer["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("POST", "images", {"repository": "app", "behaviour": "bogus"}, 400, "Known behaviours: healthy"),
        ("POST", "images", {"behaviour": "healthy"}, 400, "repository must be a text"),
        ("POST", "images", {"repository": "UPPER", "behaviour": "healthy"}, 400, "not a name that ECR accepts"),
        ("POST", "faults", {"kind": "meteor"}, 400, "Known kinds"),
        ("POST", "faults", {"kind": "alarm", "alarm": "none"}, 404, "there is no alarm 'none'"),
        ("POST", "clock", {"scale": 0}, 400, "above 0"),
        ("POST", "clock", {"advance": "soon"}, 400, "advance must be a number"),
        ("POST", "clock", {"advance": 1e300}, 400, "advance must be a number, 315,360,000 at most"),
        ("POST", "clock", {"scale": float("inf")}, 400, "scale must be a number, 1,000,000 at most"),
        ("POST", "clock", {"scale": float("nan")}, 400, "scale must be a number"),
        ("POST", "images", {"repository": "a", "behaviour": "healthy", "region": "mars-1"}, 400, "no region 'mars-1'"),
        ("GET", "hooks?region=mars-1", None, 400, "no region 'mars-1'; the usual one is us-east-1"),
        ("POST", "hooks", {"function": "f", "answer": "SUCCEEDED", "region": "mars-1"}, 400, "no region 'mars-1'"),
        ("POST", "faults", {"kind": "down", "service": ["ecs"]}, 400, "service must be a text"),
        ("POST", "health", {}, 405, "not POST"),
        ("GET", "nowhere", None, 404, "Known: calls"),
    ],
)
def test_a_bad_order_is_refused_with_what_would_be_right(
    sandbox: SandboxProcess, method: str, path: str, body: dict[str, object] | None, status: int, message: str
) -> None:
    answer = sandbox.refused(method, path, body)
    assert answer["status"] == status
    assert message in answer["error"]
