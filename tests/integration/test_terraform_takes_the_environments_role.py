"""Whatever the worker is, Terraform and its state backend are in AWS as the environment's role: the real provider asks.

AWS is the sandbox's STS and S3 here; Terraform's environment and AWS config are those of a real account, behind a
proxy that leads STS's address to the sandbox.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from controlplane.lib.aws import Account
from environments_app.accounts import aws_config_file
from environments_app.terraform.commands import AWS_CONFIG_FILE, environment
from tests.aws_proxy import AwsProxy, aws_proxy
from tests.sandbox_fixture import SandboxProcess, start_sandbox
from tests.terraform_fixture import REPOSITORY_ROOT, TerraformFolder, terraform_folder

ROLE = Account("us-east-1", role_arn="arn:aws:iam::123456789012:role/slipway-apply", external_id="unguessable")
WORKER = "arn:aws:iam::123456789012:role/worker"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        running.client("s3").create_bucket(Bucket="state")
        yield running


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxProcess) -> TerraformFolder:
    folder = tmp_path_factory.mktemp("caller")
    return terraform_folder(folder, sandbox.url, source=REPOSITORY_ROOT / "tests/terraform", root="caller")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxProcess) -> Iterator[AwsProxy]:
    with aws_proxy("sts.us-east-1.amazonaws.com", sandbox.url, tmp_path_factory.mktemp("proxy")) as running:
        yield running


@pytest.fixture(scope="module")
def container_agent() -> Iterator[str]:
    """What a task's agent answers about its credentials (ECS developer guide, "Task IAM role")."""

    class Agent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"AccessKeyId": "task", "SecretAccessKey": "secret", "Token": "token"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Agent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/credentials"
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("kind", ["access keys", "web identity", "task role"])
def test_the_role_is_taken(
    kind: str, caller: TerraformFolder, sandbox: SandboxProcess, proxy: AwsProxy, container_agent: str, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("a.web.token")
    own = {
        "access keys": {"AWS_ACCESS_KEY_ID": "worker", "AWS_SECRET_ACCESS_KEY": "secret"},
        "web identity": {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": WORKER},
        "task role": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": container_agent},
    }[kind] | {"PATH": caller.environment["PATH"], "HTTPS_PROXY": proxy.url, "AWS_CA_BUNDLE": str(proxy.authority)}
    (tmp_path / AWS_CONFIG_FILE).write_text(aws_config_file(ROLE, own))
    terraforms = environment(own, tmp_path, ROLE) | {
        name: caller.environment[name] for name in ("TF_CLI_CONFIG_FILE", "TF_DATA_DIR", "AWS_ENDPOINT_URL")
    }
    (tmp_path / "tmp").mkdir()
    before = len(sandbox.control("GET", "calls"))

    as_role = replace(caller, environment=terraforms)
    as_role.must("apply", "-no-color", "-input=false", "-auto-approve")

    assert json.loads(as_role.must("output", "-json", "arn")) == (
        "arn:aws:sts::123456789012:assumed-role/slipway-apply/slipway"
    )
    asked = [call for call in sandbox.control("GET", "calls")[before:] if call["action"] == "AssumeRole"]
    assert asked, "the role was assumed"
    assert {call["parameters"]["ExternalId"] for call in asked} == {"unguessable"}
