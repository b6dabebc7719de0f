"""Starts programs in the order their needs allow, keeps them running, ends all of them.

One thread, one loop: children are tied to the thread that forks them (see guard.py), and a loop of ten rounds a
second is quick enough for a person who waits. SIGINT and SIGTERM are only noted by their handlers; the loop
acts on them.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from types import FrameType
from typing import Any, Self

from launcher import guard
from launcher.processes import children, descendants, end_all, send
from launcher.program import STEADY_SECONDS, Program, how_it_ended, restart_delay, waves

_ROUND_SECONDS = 0.1
# More than controlplane.lib.process gives a Terraform that lost its worker, so that it can still write its state.
ORPHAN_GRACE_SECONDS = 6.0
_TAIL_LINES = 12


class State(Enum):
    WAITING = auto()  # for what it needs, or for its next try
    STARTING = auto()
    READY = auto()
    DONE = auto()  # a `once` program that ended well
    GIVEN_UP = auto()


class LaunchError(Exception):
    """Slipway cannot start or go on; the message is for the person at the terminal."""


@dataclass
class Child:
    program: Program
    state: State = State.WAITING
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    not_before: float = 0.0

    @property
    def fulfilled(self) -> bool:
        return self.state in (State.READY, State.DONE)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None


class Supervisor:
    """Runs `programs` with `environment`, as it is when each starts.

    Each writes to `logs`/NAME.log; the log of the last launch is kept as NAME.log.1.

    `tell` receives one line for the terminal at a time. Use it as a context manager: leaving it, in whatever
    way, stops everything.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environment: Mapping[str, str],
        directory: Path,
        logs: Path,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.children = {program.name: Child(program) for program in programs}
        self._environment = environment
        self._directory = directory
        self._logs = logs
        self._tell = tell
        self._clock = clock
        self._stop_requests = 0
        self._wakeup_read, self._wakeup_write = os.pipe()
        for end in (self._wakeup_read, self._wakeup_write):
            os.set_blocking(end, False)
        self._replaced: dict[int, Any] = {}

    def __enter__(self) -> Self:
        guard.become_subreaper()
        self._logs.mkdir(parents=True, exist_ok=True)
        for name in self.children:
            with suppress(FileNotFoundError):
                self.log(name).replace(self.log(name).with_suffix(".log.1"))
        signal.set_wakeup_fd(self._wakeup_write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish stands
                self._replaced[number] = signal.signal(number, self._note)
        # Only to wake the loop when a child ends.
        self._replaced[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        signal.set_wakeup_fd(-1)
        for number, handler in self._replaced.items():
            signal.signal(number, handler)
        os.close(self._wakeup_read)
        os.close(self._wakeup_write)

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call `on_ready` once when all of it is ready, return when asked to stop.

        Raises LaunchError when something does not start, or an essential program cannot be kept running.
        """
        announced = False
        while not self._stop_requests:
            self._round()
            if not announced and all(child.fulfilled for child in self.children.values()):
                announced = True
                on_ready()
            self._wait()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_requests += 1

    def _wait(self) -> None:
        """Sleep for a round, or until a signal arrives."""
        select.select([self._wakeup_read], [], [], _ROUND_SECONDS)
        with suppress(BlockingIOError):
            os.read(self._wakeup_read, 4096)

    def _round(self) -> None:
        self._reap()
        now = self._clock()
        for child in self.children.values():
            if child.state in (State.STARTING, State.READY) and child.process and not child.running:
                self._ended(child, child.process, now)
            elif child.state is State.WAITING and now >= child.not_before and self._needs_met(child.program):
                self._start(child)
            if child.state is State.STARTING and child.running:
                self._look(child)

    def _needs_met(self, program: Program) -> bool:
        return all(self.children[name].fulfilled for name in program.after)

    def _start(self, child: Child) -> None:
        program = child.program
        with self.log(program.name).open("ab") as log:
            child.process = subprocess.Popen(
                program.argv,
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if program.on_output else log,
                stderr=log,
                start_new_session=True,
                preexec_fn=guard.preexec(program.death_signal),
            )
        child.started_at = self._clock()
        child.state = State.STARTING

    def _look(self, child: Child) -> None:
        """Is a starting program ready by now, or has it had all its time?"""
        program, age = child.program, self._clock() - child.started_at
        reason = "it still works" if program.once else program.ready() if program.ready else None
        if reason is None:
            child.state = State.READY
            again = " again" if child.failures else ""
            self._tell(f"{program.name} is ready{again} ({age:.1f} s)")
        elif age > program.ready_within:
            if not child.failures:
                raise LaunchError(
                    f"{program.name} was not ready within {program.ready_within:.0f} s: {reason}."
                    + self._last_words(child)
                )
            self._signal(child, signal.SIGKILL)

    def _ended(self, child: Child, process: subprocess.Popen[bytes], now: float) -> None:
        """A program has ended that nobody stopped."""
        program = child.program
        if program.once and process.returncode == 0:
            if program.on_output and process.stdout:
                with process.stdout:
                    program.on_output(process.stdout.read().decode())
            child.state = State.DONE
            return
        ended = how_it_ended(process.returncode)
        if program.once or (child.state is State.STARTING and not child.failures):
            raise LaunchError(f"{program.name} could not start ({ended}).{self._last_words(child)}")
        # What it started itself must not meet its successor.
        send(process.pid, signal.SIGKILL, group=True)
        child.failures = 1 if now - child.started_at >= STEADY_SECONDS else child.failures + 1
        delay = restart_delay(child.failures)
        if delay is not None:
            self._tell(f"{program.name} ended ({ended}); starting it again in {delay:g} s")
            child.state, child.not_before = State.WAITING, now + delay
        elif program.essential:
            raise LaunchError(f"{program.name} keeps ending ({ended}).{self._last_words(child)}")
        else:
            self._tell(f"{program.name} keeps ending ({ended}) and stays down; see {self.log(program.name)}")
            child.state = State.GIVEN_UP

    def _last_words(self, child: Child) -> str:
        """The end of its log, for an error message."""
        path = self.log(child.program.name)
        lines = path.read_text(errors="replace").splitlines()[-_TAIL_LINES:] if path.exists() else []
        return "".join(f"\n    {line}" for line in lines) + f"\nThe whole log: {path}"

    def _reap(self) -> None:
        """Collect ended children: our own through their Popen, adopted orphans directly."""
        own = {child.process.pid: child.process for child in self.children.values() if child.process}
        with suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                process = own.get(ended.si_pid)
                if process is None:
                    os.waitpid(ended.si_pid, 0)
                else:
                    process.poll()

    def stop(self) -> None:
        """End every program wave by wave, each with whatever it leaves; a second signal ends the patience."""
        requests_before = self._stop_requests
        for wave in waves([child.program for child in self.children.values()]):
            members = [self.children[program.name] for program in wave if self.children[program.name].running]
            for child in members:
                self._signal(child, signal.SIGTERM)
            asked_at = self._clock()
            while running := [child for child in members if child.running]:
                for child in running:
                    late = self._clock() - asked_at > child.program.grace
                    if late or self._stop_requests > requests_before:
                        self._signal(child, signal.SIGKILL)
                self._wait()
                self._reap()
            patience = 0.0 if self._stop_requests > requests_before else ORPHAN_GRACE_SECONDS
            # Only the adopted themselves are asked: each ends what it has started in its own way, and a
            # Terraform that is interrupted twice leaves without writing its state.
            end_all(self._orphans, ask=self._adopted, grace=patience)
        self._reap()

    def _own(self) -> set[int]:
        return {child.process.pid for child in self.children.values() if child.process and child.running}

    def _adopted(self) -> list[int]:
        """Processes that became our children when the program that had started them ended."""
        return [pid for pid in children(os.getpid()) if pid not in self._own()]

    def _orphans(self) -> list[int]:
        """The adopted with all below them."""
        self._reap()
        return descendants(os.getpid(), without=self._own())

    def _signal(self, child: Child, number: signal.Signals) -> None:
        """SIGTERM goes to the program, which ends its own children in its own order; SIGKILL to its group."""
        if child.process is not None:
            send(child.process.pid, number, group=number == signal.SIGKILL)
