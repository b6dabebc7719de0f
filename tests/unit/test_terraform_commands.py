"""The commands are exactly these, and the environment holds nothing of the worker's that Terraform does not need."""

from pathlib import Path

import pytest

from controlplane.lib.aws import Account
from controlplane.lib.process import Command
from environments_app.terraform.commands import OWN_IDENTITY, Commands, default_tags, environment

TERRAFORM = "/tools/terraform"
SANDBOX = Account("us-east-1", endpoint_url="http://127.0.0.1:5000")


@pytest.fixture
def commands() -> Commands:
    return Commands(Path(TERRAFORM), Path("/ws/stack"), {"A": "b"})


def words(command: Command) -> tuple[str, set[str]]:
    argv = command.argv
    assert argv[0] == TERRAFORM
    return argv[1], set(argv[2:])


def test_init(commands: Commands) -> None:
    backend = "-backend-config=../slipway.s3.tfbackend"
    assert words(commands.init(locked=False)) == ("init", {"-input=false", "-no-color", backend})
    assert words(commands.init(locked=True)) == ("init", {"-input=false", "-no-color", backend, "-lockfile=readonly"})


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("apply", {"-lock-timeout=60s"}),
        ("destroy", {"-destroy", "-lock-timeout=60s"}),
        ("drift", {"-lock=false"}),
        ("speculative", {"-lock=false"}),
    ],
)
def test_plan(commands: Commands, kind: str, more: set[str]) -> None:
    assert words(commands.plan(kind)) == ("plan", {"-input=false", "-json", "-out=slipway.tfplan"} | more)


def test_apply_names_the_saved_file(commands: Commands) -> None:
    argv = commands.apply().argv
    assert argv[-1] == "slipway.tfplan" or "slipway.tfplan" in argv
    assert words(commands.apply()) == ("apply", {"-input=false", "-json", "-lock-timeout=60s", "slipway.tfplan"})
    assert words(commands.show()) == ("show", {"-json", "slipway.tfplan"})
    assert words(commands.output()) == ("output", {"-json"})


def test_the_environment_is_minimal() -> None:
    own = {
        "PATH": "/bin", "SLIPWAY_SECRET_KEY": "x", "DATABASE_URL": "y", "AWS_ACCESS_KEY_ID": "real", "HTTPS_PROXY": "p",
        "TF_CLI_CONFIG_FILE": "/elsewhere",
    }  # fmt: skip
    result = environment(own, Path("/ws"), SANDBOX)
    assert not {"SLIPWAY_SECRET_KEY", "DATABASE_URL"} & result.keys()
    assert result["AWS_ACCESS_KEY_ID"] == "slipway"
    assert result["TF_CLI_CONFIG_FILE"] == "/ws/slipway.tfrc"
    assert result["HOME"] == "/ws"


def test_a_role_comes_from_a_private_config_file() -> None:
    account = Account("eu-west-1", role_arn="arn:aws:iam::1:role/slipway", external_id="e")
    own = dict.fromkeys(OWN_IDENTITY, "own") | {"PATH": "/bin", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://c"}
    result = environment(own, Path("/ws"), account)
    assert {name: value for name, value in result.items() if name.startswith("AWS_")} == {
        "AWS_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": "/ws/aws.config",
        "AWS_PROFILE": "slipway",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://c",
    }


def test_without_a_role_terraform_is_who_the_worker_is() -> None:
    own = dict.fromkeys(OWN_IDENTITY, "own")
    assert own.items() <= environment(own, Path("/ws"), Account("eu-west-1")).items()


def test_foreign_terraform_has_its_backend_file_user_and_tags() -> None:
    foreign = Commands(
        Path(TERRAFORM), Path("/ws/source/live"), {}, backend_file="../../b.tfbackend", user=61999, gets_modules=False
    )
    assert "-backend-config=../../b.tfbackend" in foreign.init(locked=False).argv
    assert "-get=false" in foreign.init(locked=True).argv, "modules lie there, looked at; none is fetched"
    assert foreign.apply().user == 61999
    assert default_tags({"slipway:system": "shop"}) == {"TF_AWS_DEFAULT_TAGS_slipway:system": "shop"}
