"""Sandbox time: how long things take, as opposed to what the clock on the wall says.

Durations (a task's start, a health check interval, a bake) are measured in *sandbox seconds*, which pass
`scale` times as fast as real ones and can be advanced by hand. Timestamps in API answers are real wall
time, so that they never lie in a client's future.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ClockState:
    """What a restart needs to go on where the sandbox was; real time while it was off does not count."""

    seconds: float
    scale: float


class Clock:
    """Sandbox seconds, monotonic. `scale` must be above 0; time cannot be moved back."""

    def __init__(self, scale: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
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
        if not scale > 0:
            raise ValueError("scale must be a number above 0")
        with self._lock:
            self._settle(self._read())
            self._scale = float(scale)

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("advance must be 0 or more seconds")
        with self._lock:
            self._settle(self._read() + seconds)

    def state(self) -> ClockState:
        return ClockState(self.seconds(), self._scale)

    def resume(self, state: ClockState) -> None:
        """Go on from a saved moment; the scale stays the one this process was started with."""
        with self._lock:
            self._settle(state.seconds)

    def _read(self) -> float:
        return self._seconds + (self._monotonic() - self._anchor) * self._scale

    def _settle(self, seconds: float) -> None:
        self._seconds = seconds
        self._anchor = self._monotonic()
