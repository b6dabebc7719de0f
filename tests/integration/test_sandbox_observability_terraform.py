"""The real AWS provider makes alarms, metric filters and subscriptions here, sees no change, changes, destroys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.lib.toolchain import ToolchainError, cli_config, find_mirror, find_terraform
from tests.sandbox_fixture import REPOSITORY_ROOT, SandboxProcess, start_sandbox
from tests.terraform_fixture import TerraformFolder, changes

ROOT = REPOSITORY_ROOT / "tests/terraform_roots/observability"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path / "aws", scale=50) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path, sandbox: SandboxProcess) -> TerraformFolder:
    try:
        program = find_terraform(os.environ).path
    except ToolchainError as error:
        pytest.skip(str(error))  # it says how to get Terraform: a checkout that was not set up has none
    shutil.copytree(ROOT, tmp_path / "root")
    settings, plugins = tmp_path / "terraform.rc", tmp_path / "plugins"
    plugins.mkdir()
    settings.write_text(cli_config(find_mirror(os.environ), plugins))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_IN_AUTOMATION": "1",
        "AWS_ACCESS_KEY_ID": "slipway",
        "AWS_SECRET_ACCESS_KEY": "slipway",
        "AWS_ENDPOINT_URL": sandbox.url,
    }
    folder = TerraformFolder(program, tmp_path / "root", environment)
    folder.must("init", "-no-color", "-input=false")
    return folder


def test_the_provider_is_satisfied_from_create_to_destroy(root: TerraformFolder, sandbox: SandboxProcess) -> None:
    root.write_variables({"threshold": 5})
    assert set(map(tuple, changes(root.plan()).values())) == {("create",)}
    root.apply_saved()
    assert changes(root.plan()) == {}
    root.write_variables({"threshold": 6})
    changed = changes(root.plan())
    assert set(changed) == {f"aws_cloudwatch_metric_alarm.{name}" for name in ("errors", "slow", "share")}
    assert set(map(tuple, changed.values())) == {("update",)}
    root.apply_saved()
    assert changes(root.plan()) == {}
    root.must("destroy", "-no-color", "-input=false", "-auto-approve")
    cloudwatch = sandbox.client("cloudwatch")
    left = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert (left["MetricAlarms"], left["CompositeAlarms"]) == ([], [])
    assert sandbox.client("sns").list_subscriptions()["Subscriptions"] == []
