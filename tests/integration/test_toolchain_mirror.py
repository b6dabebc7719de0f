"""Terraform itself, with the CLI configuration that runs get: the mirror's provider is linked, not copied."""

import os
import subprocess
from pathlib import Path

import pytest

from controlplane.lib.toolchain import ToolchainError, cli_config, find_mirror, find_terraform

ROOT_MODULE = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}
"""


def test_init_links_the_provider_of_the_mirror(tmp_path: Path) -> None:
    try:
        terraform = find_terraform(os.environ)
    except ToolchainError as error:
        pytest.skip(str(error))
    mirror = find_mirror(os.environ)
    if mirror is None:
        pytest.skip("the registry is reachable, or there is no provider mirror on this machine")
    config = tmp_path / "cli.tfrc"
    config.write_text(cli_config(mirror, tmp_path / "cache"))
    (tmp_path / "main.tf").write_text(ROOT_MODULE)
    ended = subprocess.run(
        [str(terraform.path), "init", "-input=false", "-no-color"],
        cwd=tmp_path,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(config)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    providers = tmp_path / ".terraform" / "providers" / "registry.terraform.io" / "hashicorp" / "aws"
    installed = next(path for path in providers.glob("*/*"))
    if not any((mirror.path / "registry.terraform.io" / "hashicorp" / "aws").glob("*.zip")):
        assert installed.is_symlink()
        assert installed.resolve().is_relative_to(mirror.path.resolve())
