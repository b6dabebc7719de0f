"""Real processes behind the guard: streamed, canceled in order, and gone when we are."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from controlplane.lib.process import Command, Ended, Process, started_at
from tests.sandbox_fixture import eventually


def command(tmp_path: Path, *argv: str) -> Command:
    return Command(argv, tmp_path, {"PATH": os.environ["PATH"]})


def python(tmp_path: Path, code: str) -> Command:
    return command(tmp_path, sys.executable, "-u", "-c", code)


def test_output_comes_as_it_is_written(tmp_path: Path) -> None:
    seen: list[bytes] = []
    ended = Process(python(tmp_path, "import sys; print('out'); print('err', file=sys.stderr)")).run(seen.append)
    assert b"".join(seen).split() == [b"out", b"err"]
    assert ended == Ended(0)


@pytest.mark.parametrize(
    ("code", "expected"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_is_the_programs(tmp_path: Path, code: str, expected: int) -> None:
    assert Process(python(tmp_path, code)).run(lambda _: None).code == expected


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    seen: list[bytes] = []
    assert Process(command(tmp_path, "no-such-program")).run(seen.append).code == 127
    assert b"No such file" in b"".join(seen)


OBEDIENT = """
import signal, sys
def stop(*_): print('state written'); sys.exit(1)
signal.signal(signal.SIGINT, stop)
print('ready')
signal.pause()
"""
STUBBORN = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready')\nwhile True: signal.pause()"


def test_a_cancel_interrupts_and_waits(tmp_path: Path) -> None:
    seen: list[bytes] = []
    ended = Process(python(tmp_path, OBEDIENT)).run(
        seen.append, wants_cancel=lambda: b"ready" in b"".join(seen), look_every=0.05
    )
    assert ended == Ended(1, canceled=True)
    assert b"state written" in b"".join(seen)


def test_one_that_does_not_obey_is_killed_after_the_grace(tmp_path: Path) -> None:
    seen: list[bytes] = []
    ended = Process(python(tmp_path, STUBBORN)).run(
        seen.append, wants_cancel=lambda: b"ready" in b"".join(seen), look_every=0.05, grace=0.2
    )
    assert ended == Ended(137, canceled=True, killed=True)


def test_a_timeout_ends_it(tmp_path: Path) -> None:
    ended = Process(python(tmp_path, STUBBORN)).run(lambda _: None, timeout=0.3, grace=0.1, look_every=0.05)
    assert ended.timed_out
    assert not ended.ok


def test_an_exception_of_ours_ends_it_too(tmp_path: Path) -> None:
    def lost() -> None:
        raise RuntimeError("the claim is lost")

    process = Process(python(tmp_path, STUBBORN))
    with pytest.raises(RuntimeError, match="claim"):
        process.run(lambda _: None, on_look=lost, look_every=0.05, grace=0.2)
    assert not started_at(process.pid)


def test_an_exception_of_ours_lets_it_finish_what_it_is_at(tmp_path: Path) -> None:
    code = OBEDIENT.replace("print('state written')", "open('state', 'w').write('written')")
    seen: list[bytes] = []

    def lost() -> None:
        if b"ready" in b"".join(seen):
            raise RuntimeError("the database was locked")

    with pytest.raises(RuntimeError, match="locked"):
        Process(python(tmp_path, code)).run(seen.append, on_look=lost, look_every=0.05)
    assert (tmp_path / "state").read_text() == "written"


@pytest.mark.parametrize("how", ["it ends", "it is canceled"])
def test_what_left_its_group_ends_with_it(tmp_path: Path, how: str) -> None:
    """A daemon, as setsid(1) makes one: no signal to the program's group reaches it."""
    seen: list[bytes] = []
    last = "exit 0" if how == "it ends" else "sleep 1000"
    code = (
        f"mkfifo told; setsid sh -c 'echo $$; setsid sleep 1000 & echo $!; echo > told; wait' & read it < told; {last}"
    )
    process = Process(Command(("/bin/sh", "-c", code), tmp_path, {"PATH": os.environ["PATH"]}))
    process.run(
        seen.append,
        wants_cancel=lambda: how != "it ends" and len(b"".join(seen).split()) == 2,
        look_every=0.05,
        grace=1,
    )
    pids = [int(pid) for pid in b"".join(seen).split()]
    assert len(pids) == 2
    assert not any(started_at(pid) for pid in pids)


PARENT = """
import sys
from pathlib import Path
from controlplane.lib.process import Command, Process
command = Command({argv!r}, Path({folder!r}), {{'PATH': '/usr/bin'}}, {user})
Process(command, orphan_grace=0.5).run(lambda data: (sys.stdout.buffer.write(data), sys.stdout.buffer.flush()))
"""
FAMILY = ("/bin/sh", "-c", "sleep 1000 & echo $$ $!; trap '' INT; wait")
"""A shell and its child, which tell their numbers and obey no interrupt; a program that any user may run."""


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run something as somebody else")
SOMEBODY = 61999


@pytest.mark.parametrize("user", [None, pytest.param(SOMEBODY, marks=AS_ROOT)])
def test_when_the_worker_is_killed_the_whole_family_dies(tmp_path: Path, user: int | None) -> None:
    code = PARENT.format(argv=FAMILY, folder="/", user=user)
    worker = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert worker.stdout
    pids = [int(pid) for pid in worker.stdout.readline().split()]
    assert len(pids) == 2
    assert all(started_at(pid) for pid in pids)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    eventually(lambda: not any(started_at(pid) for pid in pids), seconds=10, why="program and its child are gone")
    worker.stdout.close()


@AS_ROOT
def test_another_user_has_nothing_of_ours_and_gets_nothing_back() -> None:
    seen: list[bytes] = []
    shell = ("/bin/sh", "-c", "id -u; id -g; id -G; grep -E '^(CapPrm|CapEff|NoNewPrivs)' /proc/self/status")
    assert Process(Command(shell, Path("/"), {"PATH": os.environ["PATH"]}, SOMEBODY)).run(seen.append) == Ended(0)
    told = b"".join(seen).decode().split()
    nothing = "0" * 16
    assert told == [str(SOMEBODY)] * 3 + ["CapPrm:", nothing, "CapEff:", nothing, "NoNewPrivs:", "1"]


@AS_ROOT
def test_another_users_program_dies_with_its_guard() -> None:
    """The kernel forgets whom to tell when a process becomes another user: it must be asked afterwards."""
    seen: list[bytes] = []
    alone = ("/bin/sh", "-c", "echo $$; exec sleep 1000")
    process = Process(Command(alone, Path("/"), {"PATH": os.environ["PATH"]}, SOMEBODY))

    def kill_the_guard() -> None:
        if seen:
            os.kill(process.pid, signal.SIGKILL)

    process.run(seen.append, on_look=kill_the_guard, look_every=0.05)
    eventually(lambda: not started_at(int(b"".join(seen))), seconds=10, why="the program is gone")
