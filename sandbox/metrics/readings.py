"""What one look at something tells CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """Values with how often each was seen. `momentary`: holds for every minute since the last look, is no count.

    `assumed`: nothing real is behind it (a database's CPU); what a client reports itself counts instead.
    """

    account: str
    region: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    values: Mapping[float, float]
    unit: str
    momentary: bool = True
    assumed: bool = False


def one(value: float) -> dict[float, float]:
    return {float(value): 1.0}


def spread(values: list[float]) -> dict[float, float]:
    """Each value as often as it is there."""
    seen: dict[float, float] = {}
    for value in values:
        seen[value] = seen.get(value, 0.0) + 1.0
    return seen
