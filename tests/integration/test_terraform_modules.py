"""The Terraform is good HCL by the ecosystem's habits: formatted, valid, typed, described, documented."""

import json
import re
from pathlib import Path

import pytest

from tests.terraform_fixture import SOURCE, TerraformFolder, terraform_folder

MODULES = sorted(path.name for path in (SOURCE / "modules").iterdir() if path.is_dir())
REQUIRED = """terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> TerraformFolder:
    return terraform_folder(tmp_path_factory.mktemp("checked"))


def blocks(path: Path, kind: str) -> dict[str, str]:
    """The variable or output blocks of a file in canonical format: name -> body."""
    return dict(re.findall(rf'^{kind} "(\w+)" {{\n(.*?)^}}', path.read_text(), re.MULTILINE | re.DOTALL))


def test_everything_is_formatted(stack: TerraformFolder) -> None:
    assert stack.run("fmt", "-check", "-recursive", "..").stdout == ""


def test_the_stack_is_valid_with_every_module(stack: TerraformFolder) -> None:
    report = json.loads(stack.run("validate", "-json").stdout)

    assert report["diagnostics"] == []
    installed = json.loads((Path(stack.environment["TF_DATA_DIR"]) / "modules/modules.json").read_text())
    used = {Path(module["Dir"]).name for module in installed["Modules"]}
    assert used >= set(MODULES)


@pytest.mark.parametrize("folder", [*(f"modules/{name}" for name in MODULES), "stack"])
def test_a_module_says_what_it_takes_gives_and_needs(folder: str) -> None:
    path = SOURCE / folder

    assert (path / "versions.tf").read_text().startswith(REQUIRED)
    assert len((path / "README.md").read_text()) > 100
    variables, outputs = blocks(path / "variables.tf", "variable"), blocks(path / "outputs.tf", "output")
    assert variables
    assert outputs
    assert [name for name, body in variables.items() if "  type " not in body and "  type\t" not in body] == []
    assert [name for name, body in (variables | outputs).items() if "  description " not in body] == []


def test_no_file_holds_a_machines_path_or_an_endpoint() -> None:
    for path in SOURCE.rglob("*.tf"):
        assert not re.search(r"/(?:opt|srv|work|home)/|127\.0\.0\.1|localhost|endpoints \{", path.read_text()), path
