"""The rotation function's four steps, against Secrets Manager, Parameter Store, RDS and ElastiCache on the wire."""

import json
import runpy
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.sandbox_fixture import SandboxProcess, start_sandbox
from tests.terraform_fixture import SOURCE

FUNCTION = SOURCE / "modules/rotation/rotate.py"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
OLD = "formerpasswordof24letters"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def rotate(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs steps of one rotation as Secrets Manager does; answers the rotation's token."""
    for name, value in {
        "AWS_ENDPOINT_URL": sandbox.url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "slipway",
        "AWS_SECRET_ACCESS_KEY": "slipway",
    }.items():
        monkeypatch.setenv(name, value)
    handler = runpy.run_path(str(FUNCTION))["handler"]

    def run(secret: str, settings: dict[str, Any], token: str = "", steps: tuple[str, ...] = STEPS) -> str:
        monkeypatch.setenv("SETTINGS", json.dumps(settings))
        token = token or str(uuid4())
        for step in steps:
            handler({"Step": step, "SecretId": secret, "ClientRequestToken": token}, None)
        return token

    return run


def new_secret(sandbox: SandboxProcess, value: str) -> str:
    made = sandbox.client("secretsmanager").create_secret(Name=f"s/{uuid4()}", SecretString=value)
    return str(made["ARN"])


def value_of(sandbox: SandboxProcess, secret: str) -> str:
    return str(sandbox.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])


def labels(sandbox: SandboxProcess, secret: str) -> dict[str, str]:
    """Label -> version."""
    versions = sandbox.client("secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"]
    return {label: version for version, stages in versions.items() for label in stages}


def test_a_generated_secret_gets_a_new_value(sandbox: SandboxProcess, rotate: Callable[..., str]) -> None:
    secret = new_secret(sandbox, OLD)

    token = rotate(secret, {secret: {"password": secret, "length": 50, "followers": []}})

    assert value_of(sandbox, secret) != OLD
    assert len(value_of(sandbox, secret)) == 50
    assert labels(sandbox, secret)["AWSCURRENT"] == token
    assert "AWSPENDING" not in labels(sandbox, secret)


def test_the_databases_password_changes_everywhere_it_stands(
    sandbox: SandboxProcess, rotate: Callable[..., str]
) -> None:
    sandbox.client("rds").create_db_instance(
        DBInstanceIdentifier="app", Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20,
        MasterUsername="app", MasterUserPassword=OLD,
    )  # fmt: skip
    master, url = new_secret(sandbox, OLD), new_secret(sandbox, f"postgresql://app:{OLD}@host:5432/app")
    credentials = new_secret(sandbox, json.dumps({"username": "app", "password": OLD}))
    parameters = sandbox.client("ssm")
    parameters.put_parameter(Name="/app/url", Type="SecureString", Value=f"postgresql://app:{OLD}@host:5432/app")
    parameter = parameters.get_parameter(Name="/app/url")["Parameter"]["ARN"]
    rule = {"password": master, "length": 40, "followers": [url, parameter], "database": "app"}

    rotate(credentials, {credentials: rule})

    new = value_of(sandbox, master)
    assert new != OLD
    assert json.loads(value_of(sandbox, credentials)) == {"username": "app", "password": new}
    assert value_of(sandbox, url) == f"postgresql://app:{new}@host:5432/app"
    written = parameters.get_parameter(Name="/app/url", WithDecryption=True)["Parameter"]
    assert (written["Value"], written["Type"]) == (f"postgresql://app:{new}@host:5432/app", "SecureString")
    set_by = [call for call in sandbox.control("GET", "calls?mutating=1") if call["action"] == "ModifyDBInstance"]
    assert [call["parameters"]["ApplyImmediately"] for call in set_by] == [True]


def test_redis_takes_the_former_password_until_the_next_rotation(
    sandbox: SandboxProcess, rotate: Callable[..., str]
) -> None:
    redis = sandbox.client("elasticache")
    redis.create_user(
        UserId="application", UserName="application", Engine="redis", AccessString="on ~* +@all", Passwords=[OLD]
    )
    password, url = new_secret(sandbox, OLD), new_secret(sandbox, f"rediss://application:{OLD}@host:6379/0")

    rotate(url, {url: {"password": password, "length": 40, "followers": [], "redis_user": "application"}})

    assert value_of(sandbox, url) == f"rediss://application:{value_of(sandbox, password)}@host:6379/0"
    assert OLD not in value_of(sandbox, url)
    assert redis.describe_users(UserId="application")["Users"][0]["Authentication"]["PasswordCount"] == 2


@pytest.mark.parametrize("broken_off", range(1, len(STEPS) + 1))
def test_a_rotation_that_broke_off_is_finished_by_the_same_steps(
    sandbox: SandboxProcess, rotate: Callable[..., str], broken_off: int
) -> None:
    password = new_secret(sandbox, OLD)
    url, follower = new_secret(sandbox, f"redis://{OLD}@host"), new_secret(sandbox, f"other://{OLD}@host")
    settings = {url: {"password": password, "length": 40, "followers": [follower]}}

    token = rotate(url, settings, steps=STEPS[:broken_off])
    rotate(url, settings, token)

    new = value_of(sandbox, password)
    assert new != OLD
    assert value_of(sandbox, url) == f"redis://{new}@host"
    assert value_of(sandbox, follower) == f"other://{new}@host"
    assert labels(sandbox, url)["AWSCURRENT"] == token


def test_terraforms_own_version_is_never_discarded(sandbox: SandboxProcess, rotate: Callable[..., str]) -> None:
    """Versions without a label go by and by; Terraform would then write the secret again."""
    secret = new_secret(sandbox, OLD)
    terraform = labels(sandbox, secret)["AWSCURRENT"]
    settings = {secret: {"password": secret, "length": 40, "followers": []}}

    for _ in range(3):
        rotate(secret, settings)
    assert labels(sandbox, secret)["SLIPWAY_TERRAFORM"] == terraform

    again = sandbox.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="written by an apply")
    rotate(secret, settings)
    assert labels(sandbox, secret)["SLIPWAY_TERRAFORM"] == again["VersionId"]


def test_a_secret_that_is_not_in_the_settings_is_left_alone(
    sandbox: SandboxProcess, rotate: Callable[..., str]
) -> None:
    secret = new_secret(sandbox, OLD)

    with pytest.raises(KeyError):
        rotate(secret, {})
    assert value_of(sandbox, secret) == OLD
