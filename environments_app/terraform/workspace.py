"""A run's private workspace: the stack and modules, variables in a 0600 file, later the plan. One archive holds it.

<workspaces>/<run id>/
    stack/  modules/            copies of infrastructure/terraform
    stack/slipway.auto.tfvars.json   slipway.s3.tfbackend   slipway.tfrc   tmp/

Where the Terraform is foreign, its whole source lies in source/ in place of stack/ and modules/, and all of it belongs
to the user that runs it. That user's files are then never followed elsewhere: they are read as what they are.
"""

import errno
import hashlib
import io
import itertools
import json
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.lib.errors import SlipwayError
from environments_app.terraform import commands

PARTS = ("stack", "modules")
SOURCE = "source"
PROVIDERS = (".terraform", "providers")
"""Linked again by `init`: an archive of hundreds of megabytes would hold nothing of ours. Fetched modules are kept."""
NOT_ARCHIVED = frozenset({"tmp", commands.AWS_CONFIG_FILE, commands.SECRETS_FILE})
BACKEND_OVERRIDE = 'terraform {\n  backend "s3" {}\n}\n'


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
    """One folder that only its owner can read, at the same path on whichever machine works on the run.

    root: the root module's folder in it; owner: the number of the user that runs Terraform, None for our own.
    """

    def __init__(self, folder: Path, *, root: str = "stack", owner: int | None = None) -> None:
        self.folder, self.owner = folder, owner
        self.stack = folder / root

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
            self._settle(variables, backend, cli_config, aws_config)
        except OSError as error:
            raise WorkspaceError(self.folder, error) from error

    def create_foreign(
        self,
        files: Mapping[str, bytes],
        *,
        variables: Mapping[str, Any],
        backend: Mapping[str, Any],
        cli_config: str,
        aws_config: str = "",
    ) -> None:
        """The same with a source of your own; its state goes where Slipway says. Raises WorkspaceError."""
        try:
            self._begin()
            for name, content in files.items():
                target = self.folder / SOURCE / name
                if not target.resolve().is_relative_to(self.folder / SOURCE):
                    raise OSError(None, f"{name} leads outside")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            self._write_private(self.stack / commands.OVERRIDE_FILE, BACKEND_OVERRIDE)
            self._settle(variables, backend, cli_config, aws_config)
        except OSError as error:
            raise WorkspaceError(self.folder, error) from error

    def _settle(
        self, variables: Mapping[str, Any], backend: Mapping[str, Any], cli_config: str, aws_config: str
    ) -> None:
        self._write_private(self.stack / commands.VARIABLES_FILE, json.dumps(variables, sort_keys=True, indent=1))
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in sorted(backend.items()))
        self._write_private(self.folder / commands.BACKEND_FILE, lines)
        self.write_cli_config(cli_config)
        if aws_config:
            self.write_aws_config(aws_config)
        self._hand_over()

    def write_aws_config(self, text: str) -> None:
        self._write_private(self.folder / commands.AWS_CONFIG_FILE, text)

    def write_secrets(self, values: Mapping[str, str]) -> None:
        """Values of sensitive variables: in a file that no archive holds."""
        self._write_private(self.stack / commands.SECRETS_FILE, json.dumps(values))

    def write(self, name: str, content: bytes) -> None:
        """A private file in the root module's folder; a link that lies there is not followed. Raises OSError."""
        self._write_private(self.stack / name, content)

    def write_cli_config(self, text: str) -> None:
        self._write_private(self.folder / commands.CLI_CONFIG_FILE, text)

    def _write_private(self, path: Path, content: str | bytes) -> None:
        with open(path, "wb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, 0o600)) as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if self.owner is not None:
                os.fchown(file.fileno(), self.owner, self.owner)

    def _hand_over(self) -> None:
        """Gives all of it to the user that runs Terraform."""
        if self.owner is None:
            return
        for top in {self.folder, self.temporary}:
            os.chown(top, self.owner, self.owner)
            for folder, names, leaves in os.walk(top):
                for name in (*names, *leaves):
                    os.chown(os.path.join(folder, name), self.owner, self.owner, follow_symlinks=False)

    def read(self, name: str) -> bytes:
        """A file that Terraform has written in the root module's folder; a link is not followed. Raises OSError."""
        descriptor = os.open(self.stack / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def archive(self) -> bytes:
        """The workspace without what `init` can link again."""
        buffer = io.BytesIO()
        try:
            with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
                _add_files(tar, self.folder)
        except OSError as error:
            raise WorkspaceError(self.folder, error) from error
        return buffer.getvalue()

    def restore(self, archive: bytes) -> None:
        """Lays the archive out again, over whatever was there."""
        try:
            self._begin()
            with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
                tar.extractall(self.folder, filter="data")
            self._hand_over()
        except OSError as error:
            raise WorkspaceError(self.folder, error) from error

    def plan_sha256(self) -> str:
        return hashlib.sha256(self.read(commands.PLAN_FILE)).hexdigest()

    def plan_state(self) -> StateIdentity:
        """The prior state inside the saved plan (a zip with a `tfstate` member; Terraform's planfile package)."""
        with zipfile.ZipFile(io.BytesIO(self.read(commands.PLAN_FILE))) as plan:
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


def _add_files(tar: tarfile.TarFile, root: Path) -> None:
    """Folders and ordinary files, read as what they are when they are opened: nothing is followed elsewhere."""
    for folder, names, leaves, descriptor in os.fwalk(root, follow_symlinks=False):
        here = Path(folder).relative_to(root)
        names[:] = sorted(
            name
            for name in names
            if _is_worth_keeping(here / name)
            and stat.S_ISDIR(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode)
        )
        for name in names:
            info = tarfile.TarInfo(str(here / name))
            info.type, info.mode = tarfile.DIRTYPE, 0o700
            tar.addfile(info)
        for name in sorted(leaf for leaf in leaves if _is_worth_keeping(here / leaf)):
            try:
                opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
            except OSError as error:
                if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link, a socket
                    continue
                raise
            with os.fdopen(opened, "rb") as file:
                found = os.fstat(opened)
                if stat.S_ISREG(found.st_mode):
                    info = tarfile.TarInfo(str(here / name))
                    info.size, info.mode, info.mtime = found.st_size, found.st_mode & 0o777, int(found.st_mtime)
                    tar.addfile(info, file)


def _is_worth_keeping(path: Path) -> bool:
    holds_providers = any(pair == PROVIDERS for pair in itertools.pairwise(path.parts))
    return not (holds_providers or NOT_ARCHIVED.intersection(path.parts))


def fingerprint(values: Mapping[str, Any]) -> str:
    """SHA-256 of variables in canonical JSON: tells that they changed without telling what they are."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
