"""`python -m scripts.with_postgres COMMAND...`: run a command with DATABASE_URL of a PostgreSQL server of its own.

The server lives in a temporary folder, listens on a unix socket there only, runs as a user that is not root, and
ends with the command. The exit status is the command's.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from launcher import guard

_READY_WITHIN_SECONDS = 30.0
_USER_NAMES = ("postgres", "nobody")


def binary(name: str) -> str:
    """A program of PostgreSQL: of the newest version that Debian has installed, else on PATH; SystemExit if none."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    for folder in reversed(versions):
        if (folder / name).exists():
            return str(folder / name)
    if found := shutil.which(name):
        return found
    sys.exit(f"{name} is not installed; on Debian: apt-get install postgresql")


def server_user() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root: another user then, else ourselves."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in _USER_NAMES if name in known)


@contextmanager
def server() -> Iterator[str]:
    """A running server; yields DATABASE_URL of its database."""
    user = server_user()
    # As root we become that user; else there is nothing to become.
    become: dict[str, Any] = (
        {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    )
    folder = Path(tempfile.mkdtemp(prefix="slipway-pg-"))
    try:
        if become:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        subprocess.run(
            [binary("initdb"), "-D", str(data), "-U", "slipway", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **become,
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(binary("postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="),
                    # A test database need not survive the machine.
                    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
                ],
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
                preexec_fn=guard.preexec(signal.SIGINT),
                **become,
            )
        try:
            _wait_until_ready(process, folder)
            yield f"postgres://slipway@{quote(str(folder), safe='')}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # "fast shutdown" (postgres(1))
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path) -> None:
    give_up_at = time.monotonic() + _READY_WITHIN_SECONDS
    ask = [binary("pg_isready"), "-q", "-h", str(folder), "-U", "slipway"]
    while subprocess.run(ask, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > give_up_at:
            sys.exit("PostgreSQL did not start:\n" + (folder / "log").read_text(errors="replace"))
        time.sleep(0.1)


def main(command: list[str]) -> int:
    if not command:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with server() as url:
        environment = os.environ | {"DATABASE_URL": url}
        return subprocess.run(
            command, env=environment, check=False, preexec_fn=guard.preexec(signal.SIGTERM)
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
