"""How containers behave: one table, from a behaviour's name to what its containers do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


class BehaviourUnknown(ValueError):
    """No such behaviour; the message lists those that exist."""


@dataclass(frozen=True)
class Behaviour:
    """What a container of an image does.

    `exits_with`: ends by itself, at once, before it ever serves. `ready_after_seconds`: until then every
    request is refused with 503. `health_status`: the answer on any path that is checked for health.
    `error_share`: of the other requests, answered with 500. `slow_seconds`: how long the other requests take,
    in real seconds, as HTTP time-outs are. `hangs`: takes requests and never answers. `leaks_mib_per_minute`
    and `busy_share` (of its CPU) are figures only; a task that has leaked its memory full is killed.
    `turns_after_seconds`: errors, slowness and load begin so long after the start.
    `job_exit_code`: how a one-off command (RunTask with a command) ends; None: never.
    Durations are sandbox seconds where nothing else is said.
    """

    exits_with: int | None = None
    ready_after_seconds: float = 0.0
    health_status: int = 200
    error_share: float = 0.0
    slow_seconds: float = 0.0
    turns_after_seconds: float = 0.0
    leaks_mib_per_minute: float = 0.0
    busy_share: float = 0.0
    hangs: bool = False
    job_exit_code: int | None = 0

    def error_share_at(self, age: float) -> float:
        return self.error_share if age >= self.turns_after_seconds else 0.0

    def slow_seconds_at(self, age: float) -> float:
        return self.slow_seconds if age >= self.turns_after_seconds else 0.0

    def busy_share_at(self, age: float) -> float:
        return self.busy_share if age >= self.turns_after_seconds else 0.0

    def leaked_mib_at(self, age: float) -> float:
        return self.leaks_mib_per_minute * max(age, 0.0) / 60


@dataclass(frozen=True)
class _Kind:
    """`takes`: what follows the name, such as SECONDS or SECONDS[:AFTER]; `make` gets the values as texts."""

    meaning: str
    make: Callable[..., Behaviour]
    takes: str = ""

    def accepts(self, values: list[str]) -> bool:
        required = len(self.takes.replace("[", "").split(":")) if self.takes else 0
        optional = self.takes.count("[")
        return all(values) and required - optional <= len(values) <= required


def _at_least(low: float, text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and number >= low):
        raise ValueError
    return number


def _seconds(text: str) -> float:
    return _at_least(0, text)


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError
    return share


def _exit_code(text: str) -> int:
    code = int(text)
    if not 0 <= code <= 255:
        raise ValueError
    return code


BEHAVIOURS: dict[str, _Kind] = {
    "healthy": _Kind("serves; a one-off command exits 0", Behaviour),
    "crashes": _Kind("exits with code 1 at start", lambda: Behaviour(exits_with=1, job_exit_code=1)),
    "unhealthy": _Kind("answers 503 to every health check", lambda: Behaviour(health_status=503)),
    "slow-start": _Kind(
        "answers 503 until SECONDS after its start",
        lambda value: Behaviour(ready_after_seconds=_seconds(value)),
        "SECONDS",
    ),
    "errors": _Kind(
        "healthy, but answers 500 to SHARE (0-1) of the requests, from AFTER seconds on",
        lambda value, after="0": Behaviour(error_share=_share(value), turns_after_seconds=_seconds(after)),
        "SHARE[:AFTER]",
    ),
    "slow": _Kind(
        "healthy, but takes SECONDS (real ones) for a request, from AFTER seconds on",
        lambda value, after="0": Behaviour(slow_seconds=_seconds(value), turns_after_seconds=_seconds(after)),
        "SECONDS[:AFTER]",
    ),
    "leaks": _Kind(
        "healthy; its memory grows by MIB_PER_MINUTE until it is killed with 137, out of memory",
        lambda value: Behaviour(leaks_mib_per_minute=_at_least(0, value)),
        "MIB_PER_MINUTE",
    ),
    "busy": _Kind(
        "healthy; keeps SHARE (0-1) of its CPU busy, from AFTER seconds on",
        lambda value, after="0": Behaviour(busy_share=_share(value), turns_after_seconds=_seconds(after)),
        "SHARE[:AFTER]",
    ),
    "exit": _Kind(
        "exits with CODE after a moment, for RunTask",
        lambda value: Behaviour(exits_with=_exit_code(value), job_exit_code=_exit_code(value)),
        "CODE",
    ),
    "job-exit": _Kind(
        "serves; a one-off command exits with CODE",
        lambda value: Behaviour(job_exit_code=_exit_code(value)),
        "CODE",
    ),
    "hang": _Kind("never answers; a one-off command never ends", lambda: Behaviour(hangs=True, job_exit_code=None)),
}


def parse_behaviour(text: str) -> Behaviour:
    """`slow-start:20` -> a Behaviour. Raises BehaviourUnknown, listing what exists."""
    name, *values = text.split(":")
    kind = BEHAVIOURS.get(name)
    try:
        if kind is None or not kind.accepts(values):
            raise ValueError
        return kind.make(*values)
    except ValueError:
        known = "; ".join(
            f"{name}{':' + kind.takes if kind.takes else ''} ({kind.meaning})" for name, kind in BEHAVIOURS.items()
        )
        raise BehaviourUnknown(f"unknown behaviour {text!r}. Known behaviours: {known}") from None
