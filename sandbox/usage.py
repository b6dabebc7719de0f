"""What a task uses, for the metrics: figures that follow from its behaviour, its age and its traffic. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.behaviours import Behaviour

_IDLE_CPU_SHARE = 0.02
_UNIT_SECONDS_PER_REQUEST = 6.0  # 10 requests/s keep 60 of a vCPU's 1024 units busy
_IDLE_MEMORY_SHARE = 0.25


@dataclass(frozen=True)
class Usage:
    """`cpu` in CPU units (1024 is a vCPU), averaged over the time looked at; `memory` in MiB, now."""

    cpu: float
    memory: float


def usage(
    behaviour: Behaviour, *, reserved_cpu: float, reserved_memory: float, age: float, requests: int, seconds: float
) -> Usage:
    """Of a container that is `age` sandbox seconds old and answered so many requests in the last `seconds` of them."""
    served = _UNIT_SECONDS_PER_REQUEST * requests / seconds if seconds > 0 else 0.0
    busy = reserved_cpu * behaviour.busy_share_at(age)
    cpu = min(reserved_cpu, max(busy, reserved_cpu * _IDLE_CPU_SHARE + served))
    return Usage(cpu, reserved_memory * _IDLE_MEMORY_SHARE + behaviour.leaked_mib_at(age))


def memory_limit(definition: Mapping[str, Any], task_memory: str | None) -> float:
    """MiB that a container may use: its own hard limit, else its task's; 0 where there is none."""
    return float(definition.get("memory") or task_memory or 0)
