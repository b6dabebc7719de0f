"""A run's private workspace: the stack and modules, variables in a 0600 file, later the plan. One archive holds it.

<workspaces>/<run id>/
    stack/  modules/            copies of infrastructure/terraform
    stack/slipway.auto.tfvars.json   slipway.s3.tfbackend   slipway.tfrc   tmp/
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.lib.errors import SlipwayError
from environments_app.terraform import commands

PARTS = ("stack", "modules")
NOT_ARCHIVED = frozenset({".terraform", "tmp"})
"""Providers are linked again by `init`: an archive of hundreds of megabytes would hold nothing of ours."""


class WorkspaceError(SlipwayError):
    """The workspace could not be written (a full disk) or read back."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            "WORKSPACE_FAILED",
            f"The workspace {path.name} could not be used: {error.strerror or error}. "
            "Free space in the folder of the workspaces, then plan again; nothing was changed.",
        )


@dataclass(frozen=True)
class StateIdentity:
    """Which Terraform state a plan was made against: its lineage (empty before the first apply) and serial."""

    lineage: str
    serial: int


def _files(source: Path) -> list[Path]:
    return sorted(
        path
        for part in PARTS
        for path in (source / part).rglob("*")
        if path.is_file() and ".terraform" not in path.parts and not path.name.endswith((".tfstate", ".tfplan"))
    )


def revision_of(source: Path) -> str:
    """SHA-256 over the names and contents of the modules and the stack: the module source revision of a run."""
    digest = hashlib.sha256()
    for path in _files(source):
        digest.update(f"{path.relative_to(source)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Workspace:
    """One folder that only its owner can read, at the same path on whichever machine works on the run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = folder / "stack"

    @property
    def temporary(self) -> Path:
        return commands.temporary_folder(self.folder)

    @property
    def plan_file(self) -> Path:
        return self.stack / commands.PLAN_FILE

    def create(
        self,
        source: Path,
        *,
        variables: Mapping[str, Any],
        backend: Mapping[str, Any],
        cli_config: str,
        aws_config: str = "",
    ) -> None:
        """Makes it afresh; raises WorkspaceError."""
        try:
            self._begin()
            for path in _files(source):
                target = self.folder / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
            self._write_private(self.stack / commands.VARIABLES_FILE, json.dumps(variables, sort_keys=True, indent=1))
            lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in sorted(backend.items()))
            self._write_private(self.folder / commands.BACKEND_FILE, lines)
            self.write_cli_config(cli_config)
            if aws_config:
                self._write_private(self.folder / commands.AWS_CONFIG_FILE, aws_config)
        except OSError as error:
            raise WorkspaceError(self.folder, error) from error

    def write_cli_config(self, text: str) -> None:
        self._write_private(self.folder / commands.CLI_CONFIG_FILE, text)

    @staticmethod
    def _write_private(path: Path, text: str) -> None:
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)

    def archive(self) -> bytes:
        """The workspace without what `init` can link again."""
        buffer = io.BytesIO()
        try:
            with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
                tar.add(self.folder, arcname=".", filter=_worth_keeping)
        except OSError as error:
            raise WorkspaceError(self.folder, error) from error
        return buffer.getvalue()

    def restore(self, archive: bytes) -> None:
        """Lays the archive out again, over whatever was there."""
        try:
            self._begin()
            with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
                tar.extractall(self.folder, filter="data")
        except OSError as error:
            raise WorkspaceError(self.folder, error) from error

    def plan_sha256(self) -> str:
        return hashlib.sha256(self.plan_file.read_bytes()).hexdigest()

    def plan_state(self) -> StateIdentity:
        """The prior state inside the saved plan (a zip with a `tfstate` member; Terraform's planfile package)."""
        with zipfile.ZipFile(self.plan_file) as plan:
            state = json.loads(plan.read("tfstate"))
        return StateIdentity(state.get("lineage", ""), int(state.get("serial", 0)))

    def remove(self) -> None:
        for folder in (self.folder, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)

    def _begin(self) -> None:
        """Empty folders that only their owner can read."""
        self.remove()
        self.folder.mkdir(mode=0o700, parents=True)
        self.temporary.mkdir(mode=0o700)


def _worth_keeping(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if NOT_ARCHIVED.intersection(Path(member.name).parts) else member


def fingerprint(values: Mapping[str, Any]) -> str:
    """SHA-256 of variables in canonical JSON: tells that they changed without telling what they are."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
