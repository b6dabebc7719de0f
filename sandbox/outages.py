"""Availability zones that were lost by an ordered fault, and since when."""

from __future__ import annotations

from sandbox.clock import Clock

NOTICED_AFTER = 30.0  # sandbox seconds until ECS knows that a zone's tasks are gone (inferred)


class Outages:
    """Read from any thread; plain dict operations."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lost: dict[str, float] = {}

    def lose(self, zone: str) -> None:
        self._lost.setdefault(zone, self._clock.seconds())

    def bring_back(self, zone: str) -> None:
        self._lost.pop(zone, None)

    def lost(self, zone: str) -> bool:
        """Nothing in the zone can be reached, nothing can be placed there."""
        return zone in self._lost

    def noticed(self, zone: str) -> bool:
        """Long enough ago that ECS takes what ran there for stopped."""
        since = self._lost.get(zone)
        return since is not None and self._clock.seconds() - since >= NOTICED_AFTER
