"""`make setup`: the virtual environment, Python packages, front-end files and Terraform.

Runs with any Python >= 3.11 and the standard library. A step is skipped while the stamp that it left behind
(.venv/.stamps) still fits what it is made from, and what it made is there; a repeat takes a blink.
"""

import hashlib
import os
import signal
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from controlplane.lib import toolchain
from scripts import frontend

REPOSITORY = Path(__file__).resolve().parent.parent
VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / ".stamps"
LOCK_FILE = REPOSITORY / "requirements" / "dev.txt"


@dataclass(frozen=True)
class Step:
    """`made_from` decides by its content when the step is to be done again; `makes` must exist afterwards."""

    name: str
    title: str
    made_from: tuple[Path, ...]
    makes: tuple[Path, ...]
    do: Callable[[], None]


def fingerprint(paths: tuple[Path, ...]) -> str:
    """A digest of this Python's version and of the files' contents."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def carry_out(steps: list[Step]) -> None:
    """Do what is not done yet; a step that fails leaves no stamp."""
    for step in steps:
        stamp = STAMPS / step.name
        wanted = fingerprint(step.made_from)
        if all(path.exists() for path in step.makes) and stamp.exists() and stamp.read_text() == wanted:
            continue
        print(f"Set-up: {step.title}", flush=True)
        stamp.unlink(missing_ok=True)
        step.do()
        STAMPS.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted)


def make_environment() -> None:
    """A virtual environment of this Python; one of another version is replaced."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    fits = (VENV / "lib" / f"python{version}").is_dir() and PYTHON.exists()
    venv.create(VENV, with_pip=True, symlinks=True, clear=VENV.exists() and not fits)


def install_packages() -> None:
    """Exactly what the lock file names, by hash."""
    subprocess.run(
        [str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(LOCK_FILE)],
        check=True,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )


def get_terraform() -> None:
    """The Terraform of this machine, or else the pinned one, fetched into .venv/tools."""
    try:
        toolchain.find_terraform(os.environ)
    except toolchain.ToolchainError:
        if os.environ.get("SLIPWAY_TERRAFORM_BIN"):
            raise
        site = os.environ.get("SLIPWAY_TERRAFORM_RELEASES") or toolchain.RELEASE_SITE
        print(f"Set-up: Terraform {toolchain.PINNED.version} from {site}", flush=True)
        toolchain.check_terraform(toolchain.fetch_terraform(site, toolchain.tools_dirs(os.environ)[-1]))


STEPS = [
    Step("venv", "virtual environment in .venv", (), (PYTHON,), make_environment),
    Step("python", "Python packages", (LOCK_FILE,), (VENV / "bin" / "uvicorn",), install_packages),
    Step(
        "frontend",
        "front-end files",
        (REPOSITORY / "package-lock.json", Path(frontend.__file__)),
        (*(frontend.VENDOR / name for name in frontend.FILES), frontend.AXE),
        frontend.install,
    ),
]


def main() -> int:
    try:
        carry_out(STEPS)
        get_terraform()
    except subprocess.CalledProcessError as error:
        print(f"Set-up failed: {error.cmd[0]} ended with status {error.returncode}; see above.", file=sys.stderr)
        return 1
    except (frontend.FrontendError, toolchain.ToolchainError, OSError) as error:
        print(f"Set-up failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())
