"""Whether the process that holds a run lives: pids mean something only on their machine, in their boot."""

import socket

from controlplane.lib import process
from environments_app.models import Run


def this_machine() -> str:
    """Names this machine and its boot."""
    return f"{socket.gethostname()[:40]}/{process.boot_id()}"


def holder_is_alive(run: Run) -> bool:
    """Whether the process that holds the run is surely alive, on this machine."""
    if not run.holder_pid or run.holder_machine != this_machine():
        return False
    return process.started_at(run.holder_pid) == run.holder_started
