"""The record of calls: who counts duplicates, counts here."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

KEPT = 20_000


@dataclass(frozen=True)
class Call:
    """One API call: botocore's service name, the action, when (ISO 8601, UTC), its parameters, the HTTP status."""

    service: str
    action: str
    time: str
    parameters: dict[str, Any]
    status: int
    mutating: bool


class CallLog:
    """The last `KEPT` calls, oldest first. Not kept over a restart."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, service: str, action: str, parameters: dict[str, Any], status: int, mutating: bool) -> None:
        call = Call(service, action, datetime.now(UTC).isoformat(), parameters, status, mutating)
        with self._lock:
            self._calls.append(call)

    def list(self, *, mutating_only: bool = False) -> list[dict[str, Any]]:
        with self._lock:
            calls = list(self._calls)
        return [asdict(call) for call in calls if call.mutating or not mutating_only]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
