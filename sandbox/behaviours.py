"""How containers behave: one table, from a behaviour's name to what its containers do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class BehaviourUnknown(ValueError):
    """No such behaviour; the message lists those that exist."""


@dataclass(frozen=True)
class Behaviour:
    """What a container of an image does.

    `exits_with`: ends by itself, at once, before it ever serves. `ready_after_seconds`: until then every
    request is refused with 503. `health_status`: the answer on any path that is checked for health.
    `error_share`: of the other requests, answered with 500. `hangs`: takes requests and never answers.
    `job_exit_code`: how a one-off command (RunTask with a command) ends; None: never.
    """

    exits_with: int | None = None
    ready_after_seconds: float = 0.0
    health_status: int = 200
    error_share: float = 0.0
    hangs: bool = False
    job_exit_code: int | None = 0


@dataclass(frozen=True)
class _Kind:
    meaning: str
    make: Callable[[str], Behaviour]
    takes: str = ""


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
    "healthy": _Kind("serves; a one-off command exits 0", lambda _: Behaviour()),
    "crashes": _Kind("exits with code 1 at start", lambda _: Behaviour(exits_with=1, job_exit_code=1)),
    "unhealthy": _Kind("answers 503 to every health check", lambda _: Behaviour(health_status=503)),
    "slow-start": _Kind(
        "answers 503 until SECONDS after its start",
        lambda value: Behaviour(ready_after_seconds=float(value)),
        "SECONDS",
    ),
    "errors": _Kind(
        "healthy, but answers 500 to SHARE (0-1) of the requests",
        lambda value: Behaviour(error_share=_share(value)),
        "SHARE",
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
    "hang": _Kind("never answers; a one-off command never ends", lambda _: Behaviour(hangs=True, job_exit_code=None)),
}


def parse_behaviour(text: str) -> Behaviour:
    """`slow-start:20` -> a Behaviour. Raises BehaviourUnknown, listing what exists."""
    name, _, value = text.partition(":")
    kind = BEHAVIOURS.get(name)
    try:
        if kind is None or bool(kind.takes) != bool(value):
            raise ValueError
        return kind.make(value)
    except ValueError:
        known = "; ".join(
            f"{name}{':' + kind.takes if kind.takes else ''} ({kind.meaning})" for name, kind in BEHAVIOURS.items()
        )
        raise BehaviourUnknown(f"unknown behaviour {text!r}. Known behaviours: {known}") from None
