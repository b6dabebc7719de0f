"""The loop that carries out what the scheduler decides."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sandbox.clock import Clock


class Engine:
    def __init__(self, clock: Clock, seed: int, on_change: Callable[[], None]) -> None:
        self.lock = threading.RLock()

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def wake(self) -> None: ...

    def task_counts(self) -> dict[str, int]:
        return {}

    def listeners(self) -> list[object]:
        return []
