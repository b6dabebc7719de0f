"""Walls around a program, held by the kernel: which files it may open on this machine.

Landlock (landlock(7)) needs no rights and cannot be taken back, and it holds for all that the program starts. Beside
the files, it keeps the program from reading the memory and the environment of processes outside (/proc is theirs to
guard by ptrace's rules), and, since its sixth version, from sending them signals. It knows nothing of whom the program
calls, Unix sockets that have a path among them, nor of what one user's processes may ask of each other (prlimit(2)).
"""

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Sequence

from controlplane.lib.guard.kernel import LIBC, gain_nothing

LEAST = 2
"""The version that is asked for (Linux 5.19): the first in which a file may move between two folders of its own.

The third (Linux 6.2) also keeps files outside from being cut off, where the user may write to them.
"""

# System calls by number, the same on every architecture that Terraform is built for, and <linux/landlock.h>.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_READS = _EXECUTE | _READ_FILE | _READ_DIR
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights on files each version knows; later ones as the fifth."""
_SCOPES = 0b11
"""Abstract Unix sockets and signals, since version 6."""


def version() -> int:
    """Landlock's version on this kernel; 0 where there is none, or where something forbids it."""
    return max(0, LIBC.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION))


def enclose(reads: Sequence[str], writes: Sequence[str]) -> None:
    """From now on this process, and all that it starts, opens nothing but what lies in these files and folders.

    `reads`: to read and to run; `writes`: for everything. What does not exist, or is out of this user's reach anyway,
    is passed over. Raises OSError where the kernel cannot do it; then nothing may be run.
    """
    known = version()
    if known < LEAST:
        raise OSError(errno.ENOSYS, "this kernel has no walls (Landlock)")
    everything = (1 << _RIGHTS.get(known, _RIGHTS[5])) - 1
    handled = struct.pack("=QQQ", everything, 0, _SCOPES)
    size = 24 if known >= 6 else 8
    ruleset = _call(_CREATE_RULESET, handled, size, 0)
    for rights, paths in ((_READS, reads), (everything, writes)):
        for path in paths:
            _allow(ruleset, path, rights)
    gain_nothing()
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= _ON_FILES
    _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    os.close(descriptor)


def _call(number: int, *arguments: int | bytes) -> int:
    answer = int(LIBC.syscall(number, *arguments))
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"the walls were refused ({os.strerror(ctypes.get_errno())})")
    return answer
