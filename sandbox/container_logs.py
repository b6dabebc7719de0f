"""The awslogs driver: container output into CloudWatch Logs, in batches."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.logs.models import logs_backends

KEPT_PER_STREAM = 2_000


@dataclass(frozen=True)
class LogDestination:
    account: str
    region: str
    group: str
    stream: str


def destination(
    definition: Mapping[str, Any], task_id: str, account: str, region: str
) -> tuple[LogDestination, bool] | None:
    """Where a container logs to, and whether the driver may create the group; None without the awslogs driver."""
    configuration = definition.get("logConfiguration") or {}
    if configuration.get("logDriver") != "awslogs":
        return None
    options = configuration.get("options") or {}
    prefix = options.get("awslogs-stream-prefix")
    stream = f"{prefix}/{definition['name']}/{task_id}" if prefix else task_id
    place = LogDestination(account, options.get("awslogs-region") or region, options.get("awslogs-group", ""), stream)
    return place, options.get("awslogs-create-group") == "true"


class LogGroupMissing(Exception):
    """The message is the one that ECS shows as the task's stopped reason."""


def open_stream(place: LogDestination, *, create_group: bool) -> None:
    """What the driver does before the container starts."""
    backend: Any = logs_backends[place.account][place.region]
    if place.group not in backend.groups:
        if not create_group:
            raise LogGroupMissing(
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
                "times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group "
                "does not exist. : exit status 1"
            )
        backend.create_log_group(place.group, {})
    if place.stream not in backend.groups[place.group].streams:
        backend.create_log_stream(place.group, place.stream)


class ContainerLogs:
    """Lines come from any thread and go to moto in batches, from the engine's."""

    def __init__(self) -> None:
        self._lines: deque[tuple[LogDestination, int, str]] = deque()

    def writer(self, place: LogDestination) -> Callable[[str], None]:
        def write(line: str) -> None:
            self._lines.append((place, int(time.time() * 1000), line))

        return write

    def flush(self) -> bool:
        """Deliver what has come in; whether there was anything. Lines of a deleted group are dropped."""
        batches: dict[LogDestination, list[dict[str, Any]]] = {}
        while self._lines:
            place, timestamp, line = self._lines.popleft()
            batches.setdefault(place, []).append({"timestamp": timestamp, "message": line})
        for place, events in batches.items():
            backend: Any = logs_backends[place.account][place.region]
            group = backend.groups.get(place.group)
            if group is None or place.stream not in group.streams:
                continue
            backend.put_log_events(place.group, place.stream, events)
            stored = group.streams[place.stream].events
            del stored[:-KEPT_PER_STREAM]
        return bool(batches)
