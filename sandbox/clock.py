"""Sandbox time: how long things take, as opposed to what the clock on the wall says.

Durations (a task's start, a health check interval, a bake) are measured in *sandbox seconds*, which pass
`scale` times as fast as real ones and can be advanced by hand. Timestamps in API answers are real wall
time, so that they never lie in a client's future. Metrics need both at once (a period of 60 s is 60 sandbox
seconds, its timestamp is real): the clock's `Timeline` says which moment of the one is which of the other.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MOMENTS_KEPT = 1_000


@dataclass(frozen=True)
class ClockState:
    """What a restart needs to go on where the sandbox was; real time while it was off does not count."""

    seconds: float
    scale: float


@dataclass(frozen=True)
class Moment:
    """From here on, until the next one, `scale` sandbox seconds pass in a real one. `wall`: POSIX seconds."""

    seconds: float
    wall: float
    scale: float


@dataclass
class Timeline:
    """Sandbox time beside wall time, moment by moment; both only ever grow. Plain data, saved with the state.

    *Sandbox epoch seconds* are sandbox seconds counted like POSIX time: at scale 1 they are POSIX seconds (until
    time is advanced, or was off), so that periods begin at whole minutes as in AWS.
    """

    moments: list[Moment] = field(default_factory=list)

    def note(self, moment: Moment) -> None:
        self.moments.append(moment)
        del self.moments[1:-_MOMENTS_KEPT]  # the first one anchors the epoch

    @property
    def _origin(self) -> float:
        return self.moments[0].wall - self.moments[0].seconds

    def epoch(self, seconds: float) -> float:
        return self._origin + seconds

    def epoch_at(self, wall: float) -> float:
        """The sandbox epoch second of a real moment; before the first and after the last one the scale goes on."""
        at = max((index for index, each in enumerate(self.moments) if each.wall <= wall), default=0)
        seconds = self.moments[at].seconds + (wall - self.moments[at].wall) * self.moments[at].scale
        if at + 1 < len(self.moments):
            seconds = min(seconds, self.moments[at + 1].seconds)
        return self._origin + seconds

    def wall_at(self, epoch: float) -> float:
        """The real moment (POSIX seconds) of a sandbox epoch second; of one that was jumped over, the jump's."""
        seconds = epoch - self._origin
        at = max((index for index, each in enumerate(self.moments) if each.seconds <= seconds), default=0)
        wall = self.moments[at].wall + (seconds - self.moments[at].seconds) / self.moments[at].scale
        if at + 1 < len(self.moments):
            wall = min(wall, self.moments[at + 1].wall)
        return wall


class Clock:
    """Sandbox seconds, monotonic. `scale` must be above 0; time cannot be moved back."""

    def __init__(
        self,
        scale: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self.timeline = Timeline()
        self._lock = threading.Lock()
        self._seconds = 0.0
        self._anchor = monotonic()
        self._scale = 1.0
        self.set_scale(scale)

    @property
    def scale(self) -> float:
        return self._scale

    def seconds(self) -> float:
        with self._lock:
            return self._read()

    def real(self, sandbox_seconds: float) -> float:
        """How many real seconds `sandbox_seconds` take at the present scale."""
        return sandbox_seconds / self._scale

    def set_scale(self, scale: float) -> None:
        if not (scale > 0 and math.isfinite(scale)):
            raise ValueError("scale must be a number above 0")
        with self._lock:
            self._settle(self._read(), float(scale))

    def advance(self, seconds: float) -> None:
        if not (seconds >= 0 and math.isfinite(seconds)):
            raise ValueError("advance must be 0 or more seconds")
        with self._lock:
            self._settle(self._read() + seconds)

    def state(self) -> ClockState:
        return ClockState(self.seconds(), self._scale)

    def epoch(self) -> float:
        """Now, in sandbox epoch seconds (see Timeline)."""
        return self.timeline.epoch(self.seconds())

    def resume(self, state: ClockState, timeline: Timeline | None = None) -> None:
        """Go on from a saved moment; the scale stays the one this process was started with."""
        with self._lock:
            self.timeline = timeline or Timeline()
            self._settle(state.seconds)

    def _read(self) -> float:
        return self._seconds + (self._monotonic() - self._anchor) * self._scale

    def _settle(self, seconds: float, scale: float | None = None) -> None:
        self._seconds = seconds
        self._anchor = self._monotonic()
        self._scale = scale or self._scale
        self.timeline.note(Moment(seconds, self._wall(), self._scale))
