"""The supervisor with small real programs: start order, restarts, an orderly stop, and nothing left after a kill."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_fixture import eventually

REPOSITORY = Path(__file__).resolve().parents[2]

# Runs a Supervisor over the programs that standard input describes; restarts come quickly.
SUPERVISE = """
import json, os, sys
from pathlib import Path
from launcher import program, supervisor
program._FIRST_DELAY = 0.01
here = Path(sys.argv[1])
environment = dict(os.environ)
described = json.load(sys.stdin)
programs = []
for entry in described:
    marker = entry.pop("ready_file", None)
    entry["argv"], entry["after"] = tuple(entry["argv"]), tuple(entry.get("after", ()))
    if marker:
        entry["ready"] = lambda path=here / marker: None if path.exists() else f"no {path.name}"
    if entry.pop("to_environment", False):
        entry["on_output"] = lambda text: environment.update(json.loads(text))
    programs.append(program.Program(**entry))
try:
    with supervisor.Supervisor(
        programs, environment=environment, directory=here, logs=here / "logs",
        tell=lambda line: print(line, flush=True),
    ) as running:
        running.run(on_ready=lambda: print("READY", flush=True))
except supervisor.LaunchError as error:
    print(error, flush=True)
    sys.exit(1)
"""

SLEEP = "import time; time.sleep(600)"
# Starts a grandchild in a session of its own and notes both pids.
WITH_GRANDCHILD = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open("grandchild.pid", "w").write(str(child.pid))
open("child.pid", "w").write(str(os.getpid()))
time.sleep(600)
"""
# Notes its name in `stopped` when it is asked to end.
NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    open("stopped", "a").write(sys.argv[1] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, end)
open(sys.argv[1] + ".up", "w")
time.sleep(600)
"""
IGNORES_SIGTERM = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("child.pid", "w").write(str(os.getpid()))
open("up", "w")
time.sleep(600)
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


@dataclass
class Running:
    process: subprocess.Popen[str]
    folder: Path
    output: Path = field(init=False)

    def __post_init__(self) -> None:
        self.output = self.folder / "output"

    def said(self, words: str) -> Callable[[], bool]:
        return lambda: words in self.output.read_text()

    def pid(self, name: str) -> int:
        path = self.folder / f"{name}.pid"
        return int(eventually(lambda: path.exists() and path.read_text(), why=f"{path.name} is written"))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def run(*programs: dict[str, Any]) -> Running:
        with (tmp_path / "output").open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISE, str(tmp_path)],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                text=True,
                # Tests that run under nohup would otherwise hand its wish on: that SIGHUP be ignored.
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            )
        assert process.stdin
        process.stdin.write(json.dumps(programs))
        process.stdin.close()
        started.append(Running(process, tmp_path))
        return started[-1]

    yield run
    for running in started:
        running.process.kill()
        running.process.wait()


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_program_starts_when_what_it_needs_is_ready(start: Start, tmp_path: Path) -> None:
    running = start(
        {"name": "needy", "argv": python(SLEEP), "after": ["base", "task"]},
        {
            "name": "base",
            "argv": python("import time; open('base.up', 'w'); time.sleep(600)"),
            "ready_file": "base.up",
        },
        {"name": "task", "argv": python("open('task.done', 'w')"), "once": True},
    )
    eventually(running.said("READY"))
    lines = running.output.read_text()
    assert lines.index("base is ready") < lines.index("needy is ready")
    assert (tmp_path / "task.done").exists()
    assert running.stop() == 0


def test_what_a_task_prints_becomes_environment_of_later_programs(start: Start, tmp_path: Path) -> None:
    running = start(
        {
            "name": "task",
            "argv": python("""print('{"FOUND": "it"}')"""),
            "once": True,
            "to_environment": True,
        },
        {
            "name": "later",
            "argv": python("import os; open('found', 'w').write(os.environ['FOUND'])"),
            "after": ["task"],
            "once": True,
        },
    )
    eventually(running.said("READY"))
    assert (tmp_path / "found").read_text() == "it"
    assert running.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_orderly_stop_ends_grandchildren_in_sessions_of_their_own(start: Start, number: signal.Signals) -> None:
    running = start({"name": "parent", "argv": python(WITH_GRANDCHILD)})
    pids = [running.pid("child"), running.pid("grandchild")]
    assert all(map(alive, pids))
    assert running.stop(number) == 0
    assert not any(map(alive, pids))


def test_sigkill_of_the_launcher_ends_its_programs(start: Start) -> None:
    running = start({"name": "stubborn", "argv": python(IGNORES_SIGTERM), "ready_file": "up"})
    pid = running.pid("child")
    running.stop(signal.SIGKILL)
    eventually(lambda: not alive(pid), seconds=3, why="the program's end")


def test_programs_stop_wave_by_wave(start: Start, tmp_path: Path) -> None:
    names = ["web", "worker", "redis"]
    running = start(
        *(
            {"name": name, "argv": python(NOTES_ITS_END, name), "ready_file": f"{name}.up", "wave": wave}
            for wave, name in reversed(list(enumerate(names)))
        )
    )
    eventually(running.said("READY"))
    assert running.stop() == 0
    assert (tmp_path / "stopped").read_text().split() == names


def test_a_program_that_ignores_its_end_is_killed_after_its_grace(start: Start) -> None:
    running = start({"name": "stubborn", "argv": python(IGNORES_SIGTERM), "ready_file": "up", "grace": 0.3})
    eventually(running.said("READY"))
    assert running.stop() == 0
    assert not alive(running.pid("child"))


def test_a_second_signal_ends_the_patience(start: Start) -> None:
    running = start(
        {"name": "stubborn", "argv": python(IGNORES_SIGTERM), "ready_file": "up", "grace": 600},
        {"name": "first", "argv": python(NOTES_ITS_END, "first"), "ready_file": "first.up"},
    )
    eventually(running.said("READY"))
    running.process.send_signal(signal.SIGINT)
    eventually((running.folder / "stopped").exists, why="the stop has begun")
    assert running.stop(signal.SIGINT) == 0
    assert not alive(running.pid("child"))


def test_a_program_that_dies_is_started_again_and_said(start: Start) -> None:
    running = start({"name": "worker", "argv": python(WITH_GRANDCHILD)})
    eventually(running.said("READY"))
    first = running.pid("child")
    os.kill(first, signal.SIGKILL)
    eventually(running.said("worker ended (killed by SIGKILL); starting it again"))
    eventually(running.said("worker is ready again"))
    assert eventually(lambda: running.pid("child") != first)
    assert running.stop() == 0


def test_an_essential_program_that_keeps_ending_ends_everything_with_its_last_words(start: Start) -> None:
    running = start(
        {"name": "other", "argv": python(WITH_GRANDCHILD)},
        {"name": "web", "argv": python("print('out of luck')"), "essential": True},
    )
    assert running.process.wait(timeout=20) == 1
    said = running.output.read_text()
    assert "web keeps ending (exit status 0)" in said
    assert "out of luck" in said
    assert "logs/web.log" in said
    assert not alive(running.pid("child"))


def test_a_program_that_is_not_essential_stays_down_and_the_rest_goes_on(start: Start) -> None:
    running = start(
        {"name": "other", "argv": python(WITH_GRANDCHILD)},
        {"name": "extra", "argv": python("raise SystemExit(3)")},
    )
    eventually(running.said("extra keeps ending (exit status 3) and stays down"))
    assert alive(running.pid("child"))
    assert running.stop() == 0


def test_a_task_that_fails_is_the_end_with_its_last_words(start: Start) -> None:
    running = start({"name": "migrate", "argv": python("raise SystemExit('no such table')"), "once": True})
    assert running.process.wait(timeout=20) == 1
    assert "migrate could not start (exit status 1)" in running.output.read_text()
    assert "no such table" in running.output.read_text()


def test_a_program_that_never_gets_ready_is_the_end_with_the_reason(start: Start) -> None:
    running = start({"name": "web", "argv": python(SLEEP), "ready_file": "never", "ready_within": 0.3})
    assert running.process.wait(timeout=20) == 1
    assert "web was not ready within 0 s: no never" in running.output.read_text()


def test_the_log_of_the_last_launch_is_kept(start: Start, tmp_path: Path) -> None:
    for word in ("first", "second"):
        running = start({"name": "task", "argv": python(f"print('{word}')"), "once": True})
        eventually(running.said("READY"))
        assert running.stop() == 0
    assert (tmp_path / "logs" / "task.log").read_text() == "second\n"
    assert (tmp_path / "logs" / "task.log.1").read_text() == "first\n"
