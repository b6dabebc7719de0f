"""The private AWS config begins with the identity that the worker really has (on the wire: test_terraform_takes_*)."""

import configparser

import pytest

from controlplane.lib.aws import Account
from controlplane.lib.errors import SlipwayError
from environments_app.accounts import aws_config_file

ACCOUNT = Account("eu-west-1", role_arn="arn:aws:iam::123456789012:role/slipway", external_id="unguessable")
KEY = {"AWS_ACCESS_KEY_ID": "own", "AWS_SECRET_ACCESS_KEY": "secret"}
WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/worker"}
TASK = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"}
AGENT = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}


def sections(own: dict[str, str]) -> dict[str, dict[str, str]]:
    config = configparser.ConfigParser()
    config.read_string(aws_config_file(ACCOUNT, own))
    return {name: dict(config[name]) for name in config.sections()}


@pytest.mark.parametrize(
    ("own", "source"),
    [
        (TASK, "EcsContainer"),
        (AGENT, "EcsContainer"),
        ({}, "Ec2InstanceMetadata"),
        ({"AWS_ACCESS_KEY_ID": ""}, "Ec2InstanceMetadata"),
    ],
)
def test_what_a_machine_gives_its_programs_is_named(own: dict[str, str], source: str) -> None:
    assert sections(own) == {
        "profile slipway": {
            "region": "eu-west-1",
            "role_arn": ACCOUNT.role_arn,
            "external_id": "unguessable",
            "role_session_name": "slipway",
            "credential_source": source,
        }
    }


@pytest.mark.parametrize(
    ("own", "worker"),
    [
        (KEY, {"aws_access_key_id": "own", "aws_secret_access_key": "secret"}),
        (KEY | TASK | WEB, {"aws_access_key_id": "own", "aws_secret_access_key": "secret"}),
        (
            KEY | {"AWS_SESSION_TOKEN": "t"},
            {"aws_access_key_id": "own", "aws_secret_access_key": "secret", "aws_session_token": "t"},
        ),
        (
            WEB,
            {
                "web_identity_token_file": "/token",
                "role_arn": "arn:aws:iam::1:role/worker",
                "role_session_name": "slipway",
            },
        ),
    ],
)
def test_keys_and_tokens_are_a_profile_of_their_own(own: dict[str, str], worker: dict[str, str]) -> None:
    found = sections(own)
    assert found["profile slipway"]["source_profile"] == "worker"
    assert found["profile worker"] == worker


def test_a_profile_is_no_source_and_says_so() -> None:
    with pytest.raises(SlipwayError, match="the AWS profile sso"):
        aws_config_file(ACCOUNT, {"AWS_PROFILE": "sso"})


def test_the_environment_of_this_process_is_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEY, *WEB, *TASK, *AGENT, "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1")
    assert "credential_source = EcsContainer\n" in aws_config_file(ACCOUNT)


def test_without_a_role_there_is_none() -> None:
    assert aws_config_file(Account("eu-west-1"), KEY) == ""


@pytest.mark.parametrize("account", [ACCOUNT, Account("eu-west-1")], ids=["with a role", "as the worker itself"])
@pytest.mark.parametrize(
    "own", [KEY, WEB, {"AWS_PROFILE": "it"}, AGENT | {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token"}]
)
def test_foreign_code_never_lies_beside_the_workers_keys(account: Account, own: dict[str, str]) -> None:
    with pytest.raises(SlipwayError, match="Give the workers an instance profile or an ECS task role"):
        aws_config_file(account, own, is_foreign=True)


def test_the_sandbox_has_keys_that_are_nobodys() -> None:
    assert aws_config_file(Account("us-east-1", endpoint_url="http://127.0.0.1:5000"), KEY, is_foreign=True) == ""


@pytest.mark.parametrize("own", [TASK, {}])
def test_foreign_code_takes_its_role_from_where_no_file_lies(own: dict[str, str]) -> None:
    assert aws_config_file(ACCOUNT, own, is_foreign=True) == aws_config_file(ACCOUNT, own)
