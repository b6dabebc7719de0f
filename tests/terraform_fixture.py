"""The bundled stack in a folder of its own, driven by the real terraform."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controlplane.lib.toolchain import ToolchainError, cli_config, find_mirror, find_terraform

REPOSITORY_ROOT = Path(__file__).resolve().parent.parent
SOURCE = REPOSITORY_ROOT / "infrastructure/terraform"
COMMAND_SECONDS = 900


@dataclass(frozen=True)
class TerraformFolder:
    """A root module in `path`, with the environment that its commands run in."""

    program: Path
    path: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.path,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def must(self, *arguments: str) -> str:
        """Run a command that has to succeed; its output."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"terraform {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def write_variables(self, variables: Mapping[str, Any]) -> None:
        (self.path / "terraform.tfvars.json").write_text(json.dumps(variables))

    def plan(self) -> dict[str, Any]:
        """A saved plan (plan.tfplan), as `terraform show -json` gives it."""
        self.must("plan", "-no-color", "-input=false", "-out=plan.tfplan")
        shown: dict[str, Any] = json.loads(self.must("show", "-json", "plan.tfplan"))
        return shown

    def apply_saved(self) -> str:
        return self.must("apply", "-no-color", "-input=false", "plan.tfplan")

    def settle(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Apply these variables and find nothing left to do; the plan that was applied."""
        self.write_variables(variables)
        planned = self.plan()
        assert changes(planned)
        self.apply_saved()
        again = self.plan()
        assert changes(again) == {}, f"the second plan is not empty: {_differences(again)}"
        return planned

    def destroy(self) -> None:
        """Take everything away, and find nothing left."""
        self.must("destroy", "-no-color", "-input=false", "-auto-approve")
        assert json.loads(self.state())["resources"] == []

    def state(self) -> str:
        return self.must("state", "pull")


def changes(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """Address -> actions of everything that a plan would change."""
    return {
        change["address"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }


def _differences(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Address -> what was and what would be, of the attributes that a plan would change."""
    found = {}
    for change in plan["resource_changes"]:
        before, after = change["change"]["before"] or {}, change["change"]["after"] or {}
        if change["address"] in changes(plan):
            found[change["address"]] = {
                name: (before.get(name), after.get(name))
                for name in before.keys() | after.keys()
                if before.get(name) != after.get(name)
            }
    return found


def terraform_folder(
    folder: Path, endpoint: str | None = None, *, source: Path = SOURCE, root: str = "stack"
) -> TerraformFolder:
    """A copy of the stack and its modules under `folder`, initialised; skips where there is no terraform.

    With an `endpoint` its state lies in a bucket there; without, it can only be checked. Another `source` must
    state its S3 backend as the stack does; `root` is the module in it that commands run in.
    """
    try:
        program = find_terraform(os.environ).path
    except ToolchainError as error:
        pytest.skip(str(error))
    shutil.copytree(source, folder / "terraform", ignore=shutil.ignore_patterns(".terraform*"))
    plugin_cache = folder / "plugins"
    plugin_cache.mkdir()
    settings = folder / "terraform.rc"
    settings.write_text(cli_config(find_mirror(os.environ), plugin_cache))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_DATA_DIR": str(folder / "data"),
        "TF_IN_AUTOMATION": "1",
        "AWS_ACCESS_KEY_ID": "slipway",
        "AWS_SECRET_ACCESS_KEY": "slipway",
        "AWS_REGION": "us-east-1",
    }
    if endpoint:
        environment["AWS_ENDPOINT_URL"] = endpoint
    stack = TerraformFolder(program, folder / "terraform" / root, environment)
    if endpoint:
        backend = {"bucket": "state", "key": "stack.tfstate", "region": "us-east-1", "encrypt": "true"}
        options = [f"-backend-config={name}={value}" for name, value in (backend | {"use_lockfile": "true"}).items()]
        stack.must("init", "-no-color", "-input=false", *options)
    else:
        stack.must("init", "-no-color", "-input=false", "-backend=false")
    return stack
