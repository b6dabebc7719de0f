"""No child outlives its parent: Linux's parent-death signal and child subreaper, as in prctl(2).

The parent-death signal is sent when the *thread* that forked the child ends, so callers fork from the main
thread. Elsewhere than on Linux both do nothing: an orderly stop still ends every process group.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# Loaded here, not after a fork: loading a library between fork and exec may wait for a lock nobody holds.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _prctl(option: int, value: int) -> None:
    if _LIBC is not None and _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


def die_with(parent: int, death_signal: signal.Signals) -> bool:
    """Have this process receive `death_signal` when `parent` ends; False if it has ended already.

    The kernel sends nothing for a death before the call, so the parent is compared after it.
    """
    _prctl(_PR_SET_PDEATHSIG, death_signal)
    return os.getppid() == parent


def become_subreaper() -> None:
    """Orphaned descendants become this process's children, so that it can find and end them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def preexec(death_signal: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A `preexec_fn` that ties the child to the process that calls this function now."""
    parent = os.getpid()

    def tie() -> None:
        if not die_with(parent, death_signal):
            os._exit(1)

    return tie
