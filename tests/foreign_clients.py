"""The `aws` command line and ecs-deploy, in a virtual environment of their own: they pin botocore themselves.

It is made once, below var/clients, from requirements/clients.txt, and kept until that file changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sandbox_fixture import REPOSITORY_ROOT, SandboxProcess

REQUIREMENTS = REPOSITORY_ROOT / "requirements" / "clients.txt"
_UNREACHABLE = ("connection broken by", "NewConnectionError", "Failed to establish a new connection", "ProxyError")


@dataclass(frozen=True)
class Clients:
    """`folder` holds the programs."""

    folder: Path

    def run(
        self, sandbox: SandboxProcess, *command: str, fails: bool = False, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a program against the sandbox, as a user with nothing configured would; it must (not) succeed."""
        ended = subprocess.run(
            [str(self.folder / command[0]), *command[1:]],
            env=_environment(sandbox, os.environ),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert (ended.returncode != 0) is fails, ended.stdout + ended.stderr
        return ended


def _environment(sandbox: SandboxProcess, own: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": own.get("PATH", ""),
        "HOME": os.devnull,  # no configuration of the person who runs the tests
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": sandbox.url,
        "AWS_ACCESS_KEY_ID": "slipway",
        "AWS_SECRET_ACCESS_KEY": "slipway",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }


def install_clients() -> Clients:
    """The programs, installed if they are not yet. Skips the test where PyPI cannot be reached (never in CI)."""
    name = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    home = REPOSITORY_ROOT / "var" / "clients" / name
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = home / "complete"
        if not complete.exists():
            venv.create(home, with_pip=True, clear=True)
            _install(home)
            complete.touch()
    return Clients(home / "bin")


def _install(home: Path) -> None:
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run(
        [*pip, "--require-hashes", "-r", str(REQUIREMENTS)], capture_output=True, text=True, timeout=600, check=False
    )
    if installed.returncode == 0:
        return
    if any(sign in installed.stderr for sign in _UNREACHABLE) and not os.environ.get("CI"):
        pytest.skip("PyPI cannot be reached, and the aws command line and ecs-deploy are not installed yet")
    raise AssertionError(installed.stdout + installed.stderr)
