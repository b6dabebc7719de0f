"""`make test-postgres`'s server: the command reaches it, it is not root's, and it never outlives the command."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.with_postgres import binary
from tests.sandbox_fixture import eventually

REPOSITORY = Path(__file__).resolve().parents[2]

# Prints the server's pid, folder and owner, and ends with status 7.
LOOK = """
import os, sys, dj_database_url, psycopg
from pathlib import Path
settings = dj_database_url.parse(os.environ["DATABASE_URL"])
with psycopg.connect(host=settings["HOST"], user=settings["USER"], dbname=settings["NAME"]) as connection:
    assert connection.execute("SELECT 1").fetchone() == (1,)
pid = (Path(settings["HOST"]) / "data" / "postmaster.pid").read_text().split()[0]
print(pid, settings["HOST"], os.stat(f"/proc/{pid}").st_uid, flush=True)
"""


@pytest.fixture(autouse=True)
def _installed() -> None:
    try:
        binary("initdb")
    except SystemExit as missing:
        pytest.skip(str(missing))


def run(code: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.with_postgres", sys.executable, "-c", LOOK + code],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_command_has_a_database_and_its_status_is_kept() -> None:
    with run("sys.exit(7)") as process:
        output, _ = process.communicate(timeout=60)
    pid, folder, owner = output.split()
    assert process.returncode == 7
    assert int(owner) != 0
    assert not Path(f"/proc/{pid}").exists()
    assert not Path(folder).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_test_run_leaves_no_server(number: signal.Signals) -> None:
    with run("sys.stdin.read()") as process:
        assert process.stdout
        pid, _, _ = process.stdout.readline().split()
        process.send_signal(number)
        process.wait(timeout=30)
    eventually(lambda: not Path(f"/proc/{pid}").exists(), seconds=10, why="the server's end")
