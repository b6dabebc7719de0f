"""Terraform assumes an environment's role with the identity that the worker really has."""

import configparser

import pytest

from controlplane.lib.aws import Account
from environments_app.accounts import aws_config_file

ACCOUNT = Account("eu-west-1", role_arn="arn:aws:iam::123456789012:role/slipway", external_id="unguessable")
KEY = {"AWS_ACCESS_KEY_ID": "own", "AWS_SECRET_ACCESS_KEY": "own"}
TASK = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"}
AGENT = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}


@pytest.mark.parametrize(
    ("own", "source"),
    [
        (KEY, "Environment"),
        (KEY | TASK, "Environment"),
        (TASK, "EcsContainer"),
        (AGENT, "EcsContainer"),
        ({}, "Ec2InstanceMetadata"),
        ({"AWS_ACCESS_KEY_ID": ""}, "Ec2InstanceMetadata"),
    ],
)
def test_the_source_is_what_the_worker_has(own: dict[str, str], source: str) -> None:
    config = configparser.ConfigParser()
    config.read_string(aws_config_file(ACCOUNT, own))
    assert dict(config["profile slipway"]) == {
        "region": "eu-west-1",
        "role_arn": ACCOUNT.role_arn,
        "external_id": "unguessable",
        "role_session_name": "slipway",
        "credential_source": source,
    }


def test_the_environment_of_this_process_is_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEY, *TASK, *AGENT):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1")
    assert "credential_source = EcsContainer\n" in aws_config_file(ACCOUNT)


def test_without_a_role_there_is_none() -> None:
    assert aws_config_file(Account("eu-west-1"), KEY) == ""
