"""Runs a program so that it cannot outlive us, as another user and behind walls where that is asked for.

It starts in some 20 ms: nothing in here imports anything but the standard library and each other.
"""

import sys
from pathlib import Path

_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from controlplane.lib.guard.program import main; sys.exit(main(sys.argv[1:]))"
)


def begin() -> list[str]:
    """The command that runs program.py; its arguments follow. An isolated Python, which sees no environment."""
    return [sys.executable, "-I", "-S", "-c", _START, str(Path(__file__).parents[3])]
