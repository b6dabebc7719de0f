"""What keeps data, made by the real Terraform in the sandbox: twice the same, rotated, changed, destroyed."""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from environments_app.cost.estimate import estimate
from environments_app.cost.plan import read_plan
from environments_app.schema import parse, render_variables
from tests.sandbox_fixture import SandboxProcess, start_sandbox
from tests.terraform_fixture import SOURCE, changes, terraform_folder
from tests.unit.schema_document import document

pytestmark = pytest.mark.systems
STORES: dict[str, Any] = {
    "region": "us-east-1",
    "load_balancer": None,
    "waf": ...,
    "alarms": {},
    "alert_routes": [],
    "services.web.routing": ...,
    "services.web.deployment": ...,
    "network.network_acls": True,
    "network.subnets.database": ["10.0.21.0/24", "10.0.22.0/24"],
    "database.read_replicas": 1,
    "database.enhanced_monitoring_seconds": 60,
    "cache.replicas": 1,
    "cache.automatic_failover": True,
    "buckets.files.replica_region": "us-west-2",
    "buckets.files.force_destroy": True,
    "file_system": {"mounts": {"web": "/mnt/shared"}, "infrequent_access_days": 30},
    "registry": {"replica_region": "us-west-2", "force_delete": True},
    "secrets": {
        "database-url": {"kind": "database_url", "rotation": {"interval_days": 30}},
        "credentials": {"kind": "database_credentials"},
        "parameter": {"kind": "database_url", "store": "parameter_store"},
        "redis-url": {"kind": "redis_url", "rotation": {"interval_days": 60}},
        "key": {"kind": "generated", "rotation": {"interval_days": 90}},
    },
    "logs": {"encrypted": True},
    "audit_trail": {"retention_days": 2557},
    "backup": {"copy_region": "us-west-2", "weekly_export": True, "export_bucket": "files"},
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path / "aws", scale=50) as running:
        running.client("s3").create_bucket(Bucket="state")
        yield running


def variables(changed: dict[str, Any] | None = None) -> dict[str, Any]:
    config = parse(document(STORES | (changed or {})))
    return render_variables(system="shop", environment="staging", config=config)


def rotate(sandbox: SandboxProcess, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Secrets Manager does on the day: the function that Terraform made, with its settings, in four steps."""
    made = sandbox.client("lambda").get_function(FunctionName="shop-staging-rotation")["Configuration"]
    for name, value in {
        "AWS_ENDPOINT_URL": sandbox.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "slipway",
        "AWS_SECRET_ACCESS_KEY": "slipway",
        "SETTINGS": made["Environment"]["Variables"]["SETTINGS"],
    }.items():
        monkeypatch.setenv(name, value)
    handler, token = runpy.run_path(str(SOURCE / "modules/rotation/rotate.py"))["handler"], str(uuid4())
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        handler({"Step": step, "SecretId": secret, "ClientRequestToken": token}, None)


def test_stores_live_through_terraform_and_rotation(
    tmp_path: Path, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = terraform_folder(tmp_path, sandbox.url)
    planned = stack.settle(variables())

    made = read_plan(planned, "after").resources
    assert made["module.backup[0].aws_kms_key.copy"].region == "us-west-2", "copies are priced where they lie"
    unknown = {made[address].region for address in estimate(planned).unknown}
    assert unknown <= {"us-west-2"}, "only that region's prices are not all known"
    template = json.loads(stack.must("output", "-json", "services"))["web"]["task_template"]
    [volume] = template["volumes"]
    assert volume["efsVolumeConfiguration"]["transitEncryption"] == "ENABLED"
    [mount] = template["container_definitions"][0]["mountPoints"]
    assert (mount["sourceVolume"], mount["containerPath"]) == (volume["name"], "/mnt/shared")
    copies = json.loads(stack.must("output", "-json", "copies"))
    assert copies["vault_arn"].startswith("arn:aws:backup:us-west-2:")

    secrets = sandbox.client("secretsmanager")
    former = value(secrets, "shop/staging/database-master-password")
    for name in ("database-url", "redis-url", "key"):
        rotate(sandbox, f"shop/staging/{name}", monkeypatch)
        rotate(sandbox, f"shop/staging/{name}", monkeypatch)
    password = value(secrets, "shop/staging/database-master-password")
    assert password != former
    assert json.loads(value(secrets, "shop/staging/credentials"))["password"] == password
    parameter = sandbox.client("ssm").get_parameter(Name="/shop/staging/parameter", WithDecryption=True)
    assert parameter["Parameter"]["Value"] == value(secrets, "shop/staging/database-url")
    assert changes(stack.plan()) == {}, "what rotation changes is not Terraform's"

    stack.settle(variables({"cache.password_generation": 2, "database.password_generation": 2}))
    assert value(secrets, "shop/staging/redis-password") in value(secrets, "shop/staging/redis-url")
    assert value(secrets, "shop/staging/database-master-password") in value(secrets, "shop/staging/credentials")

    state = stack.state()
    for entry in secrets.list_secrets()["SecretList"]:
        assert value(secrets, entry["ARN"]) not in state, f"the value of {entry['Name']} lies in the state"
    stack.must("destroy", "-no-color", "-input=false", "-auto-approve")
    assert '"resources": []' in stack.state()


def value(secrets: Any, name: str) -> str:
    return str(secrets.get_secret_value(SecretId=name)["SecretString"])
