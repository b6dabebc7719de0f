"""What a supervised program is, and the decisions about it that need no process."""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field

# A program that has run this long is healthy: its next failure is its first again.
STEADY_SECONDS = 60.0
MAX_RESTARTS = 6
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 15.0


@dataclass(frozen=True)
class Program:
    """One program to start and keep running, or (`once`) to run to its end, which must be exit status 0.

    - `after`: names of programs that must be ready (or, if `once`, done) first.
    - `ready`: asked about ten times a second until it returns None; before that it returns the reason why not.
      Without it, a started program is ready.
    - `ready_within`: seconds until it must be ready, or done.
    - `on_output`: receives the standard output of a `once` program that ended well (it then is not in the log).
    - `essential`: when it cannot be kept running, everything is stopped.
    - `wave`: an orderly stop goes wave by wave, lowest first; `grace` is the seconds between its SIGTERM and
      its SIGKILL.
    - `death_signal`: what the kernel sends it when the launcher is killed.
    """

    name: str
    argv: tuple[str, ...]
    after: tuple[str, ...] = ()
    ready: Callable[[], str | None] | None = None
    ready_within: float = 60.0
    once: bool = False
    on_output: Callable[[str], None] | None = None
    essential: bool = False
    wave: int = 0
    grace: float = 5.0
    death_signal: signal.Signals = field(default=signal.SIGKILL)


def restart_delay(failures: int) -> float | None:
    """Seconds to wait before the restart after `failures` failures in a row (1 or more); None: give up."""
    if failures > MAX_RESTARTS:
        return None
    return min(_FIRST_DELAY * 2 ** (failures - 1), _LONGEST_DELAY)


def how_it_ended(returncode: int) -> str:
    """A `Popen.returncode` in words."""
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"


def waves(programs: list[Program]) -> list[list[Program]]:
    """Programs by the order in which they are stopped."""
    return [[p for p in programs if p.wave == wave] for wave in sorted({p.wave for p in programs})]
