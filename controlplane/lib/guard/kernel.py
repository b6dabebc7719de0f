"""What the guard asks of Linux: prctl(2)."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int, with_signal: int = signal.SIGKILL) -> None:
    """Asks the kernel to signal this process when `parent` dies. Dies at once if it already has."""
    LIBC.prctl(PR_SET_PDEATHSIG, int(with_signal))
    if os.getppid() != parent:
        os.kill(os.getpid(), with_signal)


def adopt_orphans() -> None:
    """What a child leaves behind becomes a child of this process."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def gain_nothing() -> None:
    """No program that this process turns into gives it more rights (setuid bits, capabilities of files)."""
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
