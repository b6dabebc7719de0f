"""Finding and ending processes that nobody waits for, by ancestry or by the mark of a launch (Linux's /proc)."""

import os
import signal
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

# Every program of a launch inherits this variable, and so do all their descendants.
LAUNCH_MARK = "SLIPWAY_LAUNCH_ID"
_PROC = Path("/proc")


def _pids() -> Iterable[int]:
    if not _PROC.is_dir():
        return []
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int | None:
    """The parent of `pid`, or None where it is gone or a zombie (proc(5): /proc/PID/stat)."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The command's name is in parentheses and may itself hold spaces and parentheses.
    state, ppid = stat.rpartition(")")[2].split()[:2]
    return None if state == "Z" else int(ppid)


def children(root: int) -> list[int]:
    """Every living process whose parent is `root`."""
    return [pid for pid in _pids() if _parent(pid) == root]


def descendants(root: int, *, without: Collection[int] = ()) -> list[int]:
    """Every living process below `root`, except those in `without` and all below them."""
    parents = {pid: _parent(pid) for pid in _pids()}
    found: list[int] = []
    frontier = {root}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - set(without)
        found += frontier
    return found


def marked(launch_id: str) -> list[int]:
    """Every living process, this one excepted, whose environment carries the mark of that launch."""
    mark = f"{LAUNCH_MARK}={launch_id}".encode()
    found = []
    for pid in _pids():
        try:
            environment = (_PROC / str(pid) / "environ").read_bytes()
        except OSError:  # gone, or somebody else's
            continue
        if pid != os.getpid() and mark in environment.split(b"\0"):
            found.append(pid)
    return found


def end_all(
    find: Callable[[], list[int]], *, grace: float, ask: Callable[[], list[int]] = list, limit: float = 10.0
) -> bool:
    """Wait `grace` seconds for what `find` returns to leave, then kill it; True when none is left.

    What `ask` returns is asked to leave, by SIGTERM and once. Both are called again and again, because a process
    may have forked in between, for `limit` seconds after the first kill at most.
    """
    kill_at = time.monotonic() + grace
    asked: set[int] = set()
    while pids := find():
        now = time.monotonic()
        if now >= kill_at + limit:
            return False
        for pid in set(ask()) - asked:
            send(pid, signal.SIGTERM)
            asked.add(pid)
        if now >= kill_at:
            for pid in pids:
                send(pid, signal.SIGKILL)
        time.sleep(0.05)
    return True


def send(pid: int, number: signal.Signals, *, group: bool = False) -> None:
    """Signal a process, or the group it leads; one that is gone already is no error."""
    try:
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        pass
