"""Runs a program so that it cannot outlive us: `python guard.py PARENT_PID READ_FD GRACE USER COMMAND ...`.

The guard is the program's parent, leads its process group and asks the kernel to be told when our process dies.
Then it interrupts the group, gives it GRACE seconds, and kills it. It keeps the reading end of the program's
output open meanwhile and drains it, so that Terraform can still write its state instead of dying of a broken pipe.
USER is the number of the user to run it as, "" for our own (another one only where we are root).
No import beyond the standard library: it starts in some 20 ms.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38


def die_with_parent(parent: int, with_signal: int = signal.SIGKILL) -> None:
    """Asks the kernel to signal this process when `parent` dies (Linux; prctl(2)). Dies at once if it already has."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(with_signal))
    if os.getppid() != parent:
        os.kill(os.getpid(), with_signal)


def _signal_group(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _drain(descriptor: int) -> None:
    ready, _, _ = select.select([descriptor], [], [], 0)
    if ready:
        os.read(descriptor, 65536)


def _end(child: int, read_end: int, grace: float) -> None:
    """Interrupt, grace, kill: in the end nothing of the child's group is left."""
    _signal_group(child, signal.SIGINT)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            break
        _drain(read_end)
        signal.sigtimedwait([signal.SIGCHLD], 0.05)
    _signal_group(child, signal.SIGKILL)


def _turn_into(user: int) -> None:
    """For good: no group of ours is left, and no program that it starts gives it more (prctl(2), NO_NEW_PRIVS)."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _become(command: list[str], user: str, read_end: int, guard: int, mask: set[signal.Signals]) -> None:
    """In the forked child: leads a group of its own and turns into the program."""
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, mask)
    os.close(read_end)
    try:
        if user:
            _turn_into(int(user))
        die_with_parent(guard)  # only now: whoever becomes another user is no longer told of its parent's death
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
    os._exit(127)


def main(arguments: list[str]) -> int:
    """The program's exit code, 128 + N where signal N ended it, 143 where our parent died."""
    parent, read_end, grace = int(arguments[0]), int(arguments[1]), float(arguments[2])
    user, command = arguments[3], arguments[4:]
    # A Ctrl-C on the terminal is for our parent to decide about; the other two are waited for, not handled.
    waited = {signal.SIGTERM, signal.SIGCHLD, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        _become(command, user, read_end, guard, waited)
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
                _signal_group(child, signal.SIGKILL)  # a provider that Terraform left behind
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            if pid == 0:
                break


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
