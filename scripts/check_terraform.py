"""`make check-terraform`: checkov over the Terraform, from a virtual environment of its own (it pins half of PyPI).

The environment is made once, below var/checkov, from requirements/checkov.txt, and kept until that file changes. What
is right as it is says so in place: `#checkov:skip=CHECK:reason`.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIREMENTS = REPOSITORY / "requirements" / "checkov.txt"
TERRAFORM = REPOSITORY / "infrastructure" / "terraform"
INSTALL_SECONDS = 600
CHECK_SECONDS = 300
_UNREACHABLE = ("connection broken by", "NewConnectionError", "Failed to establish a new connection", "ProxyError")


def install() -> Path | None:
    """The folder of programs with checkov in it; None where PyPI cannot be reached and nobody's verdict hangs on it."""
    name = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    home = REPOSITORY / "var" / "checkov" / name
    complete = home / "complete"
    if complete.exists():
        return home / "bin"
    print("Installing checkov", flush=True)
    venv.create(home, with_pip=True, clear=True)
    pip: list[str | Path] = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "--require-hashes", "-r", REQUIREMENTS],
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode == 0:
        complete.touch()
        return home / "bin"
    if any(sign in done.stderr for sign in _UNREACHABLE) and not os.environ.get("CI"):
        return None
    raise SystemExit(done.stdout + done.stderr)


def main() -> int:
    programs = install()
    if programs is None:
        print("PyPI cannot be reached and checkov is not installed: the Terraform was NOT checked.", file=sys.stderr)
        return 0
    # --skip-download: its rules are in the package; nothing is asked of, or told to, anybody.
    command: list[str | Path] = [
        programs / "checkov",
        "--directory",
        TERRAFORM,
        "--framework",
        "terraform",
        "--skip-download",
    ]
    return subprocess.run([*command, "--quiet", "--compact"], timeout=CHECK_SECONDS, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
