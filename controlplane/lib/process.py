"""Streams a subprocess: its output as it comes, a time-out, an orderly cancel. Nothing it starts survives it."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from controlplane.lib import guard

READ_SIZE = 65536


@dataclass(frozen=True)
class Walls:
    """What a program may open, and nothing else (guard/walls.py): to read and run, and for everything."""

    reads: tuple[Path, ...]
    writes: tuple[Path, ...]

    def to_json(self) -> str:
        return json.dumps({"reads": [str(path) for path in self.reads], "writes": [str(path) for path in self.writes]})


@dataclass(frozen=True)
class Command:
    """What to run, where and with which (whole) environment; built purely, so that tests can assert it.

    user: the number of the user to run it as, its group the one of the same number; None for our own.
    walls: what it may open on this machine; None: what its user may. Where the kernel cannot hold them, it is not run.
    """

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    user: int | None = None
    walls: Walls | None = None


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (128 + N after signal N), and what we did to it."""

    code: int
    canceled: bool = False
    timed_out: bool = False
    killed: bool = False

    @property
    def ok(self) -> bool:
        return self.code == 0 and not (self.canceled or self.timed_out)


class Process:
    """A running Command in a process group of its own, behind a guard that ends the group when we die."""

    def __init__(self, command: Command, *, orphan_grace: float = 5.0) -> None:
        read_end, write_end = os.pipe()
        os.set_inheritable(read_end, True)
        try:
            self._guard = subprocess.Popen(
                [
                    *guard.begin(),
                    str(os.getpid()),
                    str(read_end),
                    str(orphan_grace),
                    "" if command.user is None else str(command.user),
                    "" if command.walls is None else command.walls.to_json(),
                    *command.argv,
                ],
                cwd=command.cwd,
                env=dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                pass_fds=[read_end],
                start_new_session=True,
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        self._output = read_end

    @property
    def pid(self) -> int:
        """The guard's pid: it lives exactly as long as the program does."""
        return self._guard.pid

    def run(
        self,
        on_output: Callable[[bytes], None],
        *,
        wants_cancel: Callable[[], bool] = lambda: False,
        timeout: float | None = None,
        grace: float = 30.0,
        look_every: float = 0.5,
        on_look: Callable[[], None] = lambda: None,
        has_room: Callable[[float], bool] = lambda seconds: True,
    ) -> Ended:
        """Hands on the output until the program ends.

        has_room is asked before each read, with the seconds that it may wait for its answer: where there is no
        room, the pipe is left full, so that the program waits; looks go on.

        wants_cancel is asked every `look_every` seconds: the program is then interrupted (SIGINT, as a person's
        Ctrl-C), after `grace` seconds killed. After `timeout` seconds the same happens. on_look is called as
        often (a heartbeat). An exception from any of them ends the program in the same order, and is raised.
        """
        started = time.monotonic()
        interrupted: float | None = None
        canceled = timed_out = killed = False
        next_look = started + look_every
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._output, selectors.EVENT_READ)
                while True:
                    # Read in any case once it is interrupted: a full pipe would stop it on its way out.
                    may_read = interrupted is not None or has_room(_until(next_look))
                    if may_read and selector.select(_until(next_look)):
                        data = os.read(self._output, READ_SIZE)
                        if not data:
                            break
                        on_output(data)
                    now = time.monotonic()
                    if now < next_look:
                        continue
                    next_look = now + look_every
                    on_look()
                    if interrupted is None:
                        canceled = wants_cancel()
                        timed_out = not canceled and timeout is not None and now - started > timeout
                        if canceled or timed_out:
                            interrupted = now
                            self._signal(signal.SIGINT)
                    elif not killed and now - interrupted > grace:
                        killed = True
                        self._signal(signal.SIGKILL)
            return Ended(self._guard.wait(), canceled, timed_out, killed)
        except BaseException:
            self.end(grace)
            raise
        finally:
            self.close()

    def end(self, grace: float) -> None:
        """Interrupts the program, lets it finish what it is at for `grace` seconds, kills what is left."""
        self._signal(signal.SIGINT)
        deadline = time.monotonic() + grace
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                # Drained, so that it is not stopped by a full pipe on its way out.
                if selector.select(left) and not os.read(self._output, READ_SIZE):
                    break
        self.close()

    def _signal(self, number: int) -> None:
        """Signals the program, which leads its group, and what the guard adopted of it, which may lead none."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in map(int, children.read_text().split()):
                try:
                    os.killpg(child, number)
                except ProcessLookupError:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, number)

    def close(self) -> None:
        """Kills what is left and frees the pipe; safe to call again."""
        if self._guard.poll() is None:
            self._signal(signal.SIGKILL)
            self._guard.wait()
        with contextlib.suppress(OSError):
            os.close(self._output)


def _until(moment: float) -> float:
    """Seconds from now until a moment of the monotonic clock; 0 where it has passed."""
    return max(0.0, moment - time.monotonic())


def started_at(pid: int) -> str:
    """When the process began, in clock ticks since boot: with the pid it names one process for good.

    "" if there is none, or only its entry is left because a stopped parent has not asked how it ended.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


def boot_id() -> str:
    """Names this boot of this machine; a process of another boot is certainly dead."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
