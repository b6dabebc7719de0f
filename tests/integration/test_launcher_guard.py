"""One launcher per data folder, nothing inherited from a killed one, and ports that can be told in advance."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import ports, probes
from launcher.locking import AlreadyRunning, exclusive
from launcher.processes import LAUNCH_MARK
from tests.sandbox_fixture import eventually

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_second_launcher_on_the_same_data_is_refused_and_told_who_runs(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path, launch_id="one", url="http://127.0.0.1:8123/"),
        pytest.raises(AlreadyRunning) as refused,
        exclusive(tmp_path, launch_id="two", url="http://127.0.0.1:9999/"),
    ):
        pytest.fail("both hold the folder")
    assert "http://127.0.0.1:8123/" in str(refused.value)
    assert str(os.getpid()) in str(refused.value)
    assert "SLIPWAY_DATA_DIR" in str(refused.value)


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for launch_id in ("one", "two"):
        with exclusive(tmp_path, launch_id=launch_id, url="http://127.0.0.1:8123/"):
            pass


def test_what_a_killed_launch_left_is_ended_before_the_next_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.locking._LEFTOVERS_GRACE_SECONDS", 0.1)
    with exclusive(tmp_path, launch_id="one", url="http://127.0.0.1:8123/"):
        pass
    command = [sys.executable, "-c", "print(flush=True); import time; time.sleep(600)"]
    with subprocess.Popen(command, env=os.environ | {LAUNCH_MARK: "one"}, stdout=subprocess.PIPE) as leftover:
        assert leftover.stdout
        leftover.stdout.readline()
        with exclusive(tmp_path, launch_id="two", url="http://127.0.0.1:8123/"):
            assert leftover.wait(timeout=5) < 0


def test_a_parent_that_is_dead_already_is_noticed() -> None:
    """The kernel reports no death from before it was asked to."""
    code = (
        "import os, signal, sys; from launcher import guard\n"
        "print(guard.die_with(os.getppid(), signal.SIGKILL), guard.die_with(2**22 + 1, signal.SIGKILL))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "False"]


def test_a_port_in_use_is_known_before_anything_starts(taken: int) -> None:
    assert ports.problem_with("127.0.0.1", taken) == "it is in use by another program"
    assert ports.problem_with("127.0.0.1", ports.free_port("127.0.0.1")) is None
    assert ports.problem_with("no-such-host.invalid", 8000)


def test_a_remembered_port_stays_the_same_until_somebody_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.port"
    port = ports.remembered_port(path, "127.0.0.1")
    assert ports.remembered_port(path, "127.0.0.1") == port
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        assert ports.remembered_port(path, "127.0.0.1") != port
    path.write_text("nonsense")
    assert ports.remembered_port(path, "127.0.0.1") in range(20_000, 30_000)


def test_probes_say_why_something_is_not_ready(tmp_path: Path) -> None:
    reason = probes.http_ok("127.0.0.1", ports.free_port("127.0.0.1"), "/readyz")()
    assert reason is not None
    assert reason.startswith("GET /readyz: ")
    reason = probes.redis_answers(tmp_path / "redis.sock")()
    assert reason is not None
    assert reason.startswith("PING: ")


def test_a_whole_launch_with_a_taken_port_ends_with_one_clear_sentence(tmp_path: Path, taken: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "launcher"],
        cwd=REPOSITORY,
        env=os.environ | {"PORT": str(taken), "SLIPWAY_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {taken}: it is in use by another program. " in ended.stderr
    assert "make run PORT=" in ended.stderr
    assert eventually(lambda: not (tmp_path / "logs").exists())
