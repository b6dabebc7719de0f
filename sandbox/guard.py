"""Runs a command and ends it, with all that it started, when whoever holds the other end of its input goes away.

A file of its own that imports nothing of ours: it is run as `python -IS guard.py COMMAND...` beside the sandbox.
Its input is a pipe; a byte in it (`t`, `k`) asks for SIGTERM or SIGKILL, its end means that the sandbox died.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

SIGNALS = {b"t": signal.SIGTERM, b"k": signal.SIGKILL}
CANNOT_START = 127


def main(command: list[str]) -> int:
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        return CANNOT_START

    def to_all(what: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, what)

    def obey() -> None:
        while wish := os.read(0, 1):
            to_all(SIGNALS[wish])
        to_all(signal.SIGKILL)

    threading.Thread(target=obey, daemon=True).start()
    code = child.wait()
    to_all(signal.SIGKILL)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    # The group is ours to end, not the terminal's: Ctrl-C reaches the sandbox, which then tells us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main(sys.argv[1:]))
