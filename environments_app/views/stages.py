"""The stage line: the phases of a run or a deployment, past, now and to come."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Usual:
    """How long a phase took before: the median of `runs` runs, to the minute where it is longer than that."""

    length: timedelta
    runs: int


@dataclass(frozen=True)
class Stage:
    """One phase on the stage line.

    place: "done", "now", or "" for what is to come; state: a word of the status vocabulary that gives icon and
    colour; took: how long it lasted, or lasts so far; works: a bar moves, filled to `percent`; usual: how long it
    took before, None where nothing is known.
    """

    name: str
    place: str = ""
    state: str = "OK"
    took: timedelta | None = None
    note: str = ""
    works: bool = False
    percent: int = 100
    usual: Usual | None = None
