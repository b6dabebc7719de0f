"""One launcher per data folder."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.processes import end_all, marked

_LEFTOVERS_GRACE_SECONDS = 3.0


class AlreadyRunning(Exception):
    """Another launcher holds the data folder."""


@contextmanager
def exclusive(data_dir: Path, *, launch_id: str, url: str) -> Iterator[None]:
    """Hold `data_dir` for this process; raises AlreadyRunning, with the holder in words, if somebody else does.

    The kernel frees the lock with its holder, however that ends. Processes of a launch that was killed, which
    may still be on their way out, are ended first.
    """
    path = data_dir / "launcher.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(file.read())
            raise AlreadyRunning(
                f"Slipway is running already with the data in {data_dir}: "
                f"{holder.get('url', 'starting')} (process {holder.get('pid', 'unknown')}). "
                "Stop it first, or give SLIPWAY_DATA_DIR another folder."
            ) from None
        if previous := _read(file.read()).get("launch_id"):
            end_all(lambda: marked(str(previous)), grace=_LEFTOVERS_GRACE_SECONDS)
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "url": url, "launch_id": launch_id}, file)
        file.flush()
        yield


def _read(text: str) -> dict[str, object]:
    """The holder's entry; empty where it is not written yet."""
    try:
        entry = json.loads(text)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
