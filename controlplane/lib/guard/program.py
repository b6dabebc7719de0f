"""The guard's program, whose arguments are PARENT_PID READ_FD GRACE USER WALLS COMMAND ...

The guard is the program's parent, leads its process group and asks the kernel to be told when our process dies.
Then it interrupts the group, gives it GRACE seconds, and kills it. It keeps the reading end of the program's
output open meanwhile and drains it, so that Terraform can still write its state instead of dying of a broken pipe.
USER is the number of the user to run it as, "" for our own (another one only where we are root). WALLS is JSON,
{"reads": [PATH], "writes": [PATH]} as in walls.py; "" for none.
"""

import contextlib
import json
import os
import select
import signal
import sys
import time
from pathlib import Path

from controlplane.lib.guard.kernel import adopt_orphans, die_with_parent, gain_nothing
from controlplane.lib.guard.walls import enclose


def _interrupt(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGINT)


def _end_family() -> None:
    """Kills what is left of the program. What it started elsewhere, in a group of its own, was adopted by us."""
    while True:
        for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)  # and its children, if it has any, become ours
        except ChildProcessError:
            return


def _drain(descriptor: int) -> None:
    ready, _, _ = select.select([descriptor], [], [], 0)
    if ready:
        os.read(descriptor, 65536)


def _end(child: int, read_end: int, grace: float) -> None:
    """Interrupt, grace, kill: in the end nothing of the child is left."""
    _interrupt(child)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            break
        _drain(read_end)
        signal.sigtimedwait([signal.SIGCHLD], 0.05)
    _end_family()


def _turn_into(user: int) -> None:
    """For good: no group of ours is left, and no program that it starts gives it more."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    gain_nothing()


def _become(command: list[str], user: str, walls: str, read_end: int, guard: int, mask: set[signal.Signals]) -> None:
    """In the forked child: leads a group of its own and turns into the program."""
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, mask)
    os.close(read_end)
    try:
        if user:
            _turn_into(int(user))
        if walls:
            enclose(**json.loads(walls))
        die_with_parent(guard)  # only now: whoever becomes another user is no longer told of its parent's death
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{error.filename or command[0]}: {error.strerror}\n")
    os._exit(127)


def main(arguments: list[str]) -> int:
    """The program's exit code, 128 + N where signal N ended it, 143 where our parent died."""
    parent, read_end, grace = int(arguments[0]), int(arguments[1]), float(arguments[2])
    user, walls, command = arguments[3], arguments[4], arguments[5:]
    # A Ctrl-C on the terminal is for our parent to decide about; the other two are waited for, not handled.
    waited = {signal.SIGTERM, signal.SIGCHLD, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    adopt_orphans()
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        _become(command, user, walls, read_end, guard, waited)
    with contextlib.suppress(OSError):  # the child may have been quicker
        os.setpgid(child, child)
    # The guard's own copies of the writing end would keep the reader waiting for ever.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    die_with_parent(parent, signal.SIGTERM)
    while True:
        if signal.sigwait(waited) == signal.SIGTERM:
            _end(child, read_end, grace)
            return 143
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                _end_family()  # a provider that Terraform left behind
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            if pid == 0:
                break
