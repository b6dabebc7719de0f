"""The sandbox is an HTTP AWS that any client can start, kill, restart and trust to keep its state."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import REPOSITORY_ROOT, SandboxProcess, eventually, launch, start_sandbox

FIRST_ANSWER_SECONDS = 10  # the goal is 3 s on an idle machine


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def make_things(sandbox: SandboxProcess) -> None:
    s3, iam = sandbox.client("s3"), sandbox.client("iam")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="deep/key", Body=b"content")
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="kept", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    sandbox.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")
    sandbox.client("secretsmanager").create_secret(Name="kept", SecretString="quiet")
    sandbox.client("ssm").put_parameter(Name="/kept", Value="value", Type="String")
    sandbox.client("kms").create_key(Description="kept")
    sandbox.client("acm").request_certificate(DomainName="kept.example.org")
    sandbox.client("sns", "eu-west-1").create_topic(Name="kept")


def assert_things(sandbox: SandboxProcess) -> None:
    assert sandbox.client("s3").get_object(Bucket="kept", Key="deep/key")["Body"].read() == b"content"
    attached = sandbox.client("iam").list_attached_role_policies(RoleName="kept")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["ReadOnlyAccess"]
    vpcs = sandbox.client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.9.0.0/16"]}])["Vpcs"]
    assert len(vpcs) == 1
    assert sandbox.client("secretsmanager").get_secret_value(SecretId="kept")["SecretString"] == "quiet"
    assert sandbox.client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "value"
    assert len(sandbox.client("kms").list_keys()["Keys"]) == 1
    assert len(sandbox.client("acm").list_certificates()["CertificateSummaryList"]) == 1
    assert len(sandbox.client("sns", "eu-west-1").list_topics()["Topics"]) == 1
    assert len(sandbox.client("iam").list_policies(Scope="AWS", MaxItems=1000)["Policies"]) == 1000


def test_the_first_answer_comes_within_seconds(tmp_path: Path) -> None:
    before = time.monotonic()
    with start_sandbox(tmp_path) as sandbox:
        assert sandbox.client("sts").get_caller_identity()["Account"] == "123456789012"
        assert time.monotonic() - before < FIRST_ANSWER_SECONDS


def test_sigterm_saves_the_state_and_ends_cleanly(tmp_path: Path) -> None:
    with start_sandbox(tmp_path) as sandbox:
        make_things(sandbox)
        assert sandbox.stop(signal.SIGTERM) == 0
    with start_sandbox(tmp_path) as sandbox:
        assert_things(sandbox)


def test_the_state_survives_sigkill(tmp_path: Path) -> None:
    with start_sandbox(tmp_path) as sandbox:
        make_things(sandbox)
        made = time.time()
        state = tmp_path / "state.pickle"
        eventually(lambda: state.exists() and state.stat().st_mtime > made, why="a save after the last change")
        sandbox.stop(signal.SIGKILL)
    with start_sandbox(tmp_path) as sandbox:
        assert_things(sandbox)


def test_functions_survive_a_restart(tmp_path: Path) -> None:
    """moto keeps them by weak references, too, which cannot be pickled as they are."""
    first = launch(tmp_path)
    role = first.client("iam").create_role(RoleName="rotation", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return None")
    made = first.client("lambda").create_function(
        FunctionName="rotation", Role=role, Runtime="python3.12", Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
    )  # fmt: skip
    assert first.stop() == 0
    second = launch(tmp_path)
    functions = second.client("lambda")
    for name in ("rotation", made["FunctionArn"]):
        assert functions.get_function(FunctionName=name)["Configuration"]["CodeSha256"] == made["CodeSha256"]
    assert second.stop() == 0


def test_an_unreadable_state_is_named_instead_of_overwritten(tmp_path: Path) -> None:
    state = tmp_path / "state.pickle"
    state.write_bytes(b"not a pickle")
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path)],
        cwd=REPOSITORY_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert str(state) in ended.stderr
    assert state.read_bytes() == b"not a pickle"


def test_it_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    starter = (
        "import sys, time; from pathlib import Path; from tests.sandbox_fixture import launch\n"
        "print(launch(Path(sys.argv[1])).process.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, str(tmp_path)], cwd=REPOSITORY_ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    eventually(lambda: not is_alive(child), why="the sandbox's end after its parent's")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_it_listens_on_loopback_only(tmp_path: Path, host: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path), "--host", host],
        cwd=REPOSITORY_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "loopback" in ended.stderr


def test_a_bad_time_scale_is_refused(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path)],
        cwd=REPOSITORY_ROOT,
        env={**os.environ, "SLIPWAY_TIME_SCALE": "fast"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "SLIPWAY_TIME_SCALE must be a number above 0" in ended.stderr


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("ecs", "execute_command", {"task": "t", "command": "sh", "interactive": True}),
        ("pricing", "list_price_lists", {"ServiceCode": "AmazonECS", "EffectiveDate": 0, "CurrencyCode": "USD"}),
        ("rds", "describe_db_recommendations", {}),
        ("ec2", "describe_fleet_history", {"FleetId": "fleet-1", "StartTime": 0}),
    ],
)
def test_what_is_not_implemented_is_a_501_that_sdks_can_read(
    sandbox: SandboxProcess, service: str, call: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(sandbox.client(service), call)(**arguments)
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["Error"]["Code"] == "NotImplemented"
    assert f"{service}:" in response["Error"]["Message"]


@pytest.mark.parametrize("key", ["AKIA1234567890123456", "ASIA1234567890123456"])
def test_a_key_that_looks_real_is_refused(sandbox: SandboxProcess, key: str) -> None:
    for service, call in (("sts", "get_caller_identity"), ("s3", "list_buckets"), ("ecs", "list_clusters")):
        with pytest.raises(ClientError) as refused:
            getattr(sandbox.client(service, key=key), call)()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert "looks like a real one" in refused.value.response["Error"]["Message"]
        assert key not in refused.value.response["Error"]["Message"]


def test_a_key_that_the_sandbox_issued_is_accepted(sandbox: SandboxProcess) -> None:
    iam = sandbox.client("iam")
    iam.create_user(UserName="robot")
    issued = iam.create_access_key(UserName="robot")["AccessKey"]["AccessKeyId"]
    assert issued.startswith("AKIA")
    assert sandbox.client("sts", key=issued).get_caller_identity()["Arn"].endswith("user/robot")
    role = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    temporary = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]["AccessKeyId"]
    assert temporary.startswith("ASIA")
    assert "deployer" in sandbox.client("sts", key=temporary).get_caller_identity()["Arn"]


def test_a_reset_forgets_everything(tmp_path: Path) -> None:
    sandbox = launch(tmp_path)
    try:
        make_things(sandbox)
        sandbox.control("POST", "faults", {"kind": "down", "service": "s3"})
        assert sandbox.control("POST", "reset") == {"status": "ok"}
        assert sandbox.client("s3").list_buckets()["Buckets"] == []
        assert sandbox.control("GET", "faults") == []
        assert sandbox.control("GET", "calls?mutating=1") == []
        sandbox.stop(signal.SIGKILL)
    finally:
        if sandbox.process.poll() is None:
            sandbox.stop()
    with start_sandbox(tmp_path) as again:
        assert again.client("s3").list_buckets()["Buckets"] == []
