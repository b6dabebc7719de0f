"""Faults to order: what should go wrong, when, and for how long.

A fault names a service (botocore's name) and an action, either may be `*`. Chance comes from the sandbox's
seed, so that the same order of calls meets the same faults again.
"""

from __future__ import annotations

import math
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import uuid4

KINDS = {
    "throttle": "answers the service's own throttling error",
    "latency": "answers after `seconds` real seconds",
    "down": "answers 503 ServiceUnavailable",
    "error": "answers the error `code` with the HTTP status `status` (default 400)",
    "alarm": "puts the CloudWatch alarm `alarm` into ALARM, and back to OK when it is taken back",
    "kill-tasks": "ends running tasks of the ECS service `service` (and `cluster`) at once with `exit_code`",
    "spot-interruption": "takes the capacity of tasks on FARGATE_SPOT back, as for kill-tasks, with a warning",
    "zone": "the availability zone `zone` is lost until the fault is taken back",
}
# What happens once or holds by itself; the others wait for calls.
_CARRIED_OUT = frozenset({"alarm", "kill-tasks", "spot-interruption", "zone"})
_ZONE = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")
_SIGKILLED = 137
_LONGEST_WAIT = 3_600  # real seconds that one call may be held up
_TEXTS = ("service", "action", "code", "alarm", "cluster", "zone")
_NUMBERS = {"share": 1.0, "seconds": _LONGEST_WAIT}  # and their greatest values

# The code each service's SDK recognises as throttling (botocore's retry data and the services' API references).
_THROTTLING = {
    "ec2": ("RequestLimitExceeded", 503),
    "s3": ("SlowDown", 503),
    "elbv2": ("Throttling", 400),
    "rds": ("Throttling", 400),
    "cloudwatch": ("Throttling", 400),
    "iam": ("Throttling", 400),
    "sts": ("Throttling", 400),
    "sns": ("Throttled", 429),
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "lambda": ("TooManyRequestsException", 429),
}
_DEFAULT_THROTTLING = ("ThrottlingException", 400)


class FaultInvalid(ValueError):
    """The order of a fault makes no sense; the message says what would."""


@dataclass
class Fault:
    """`share`: of the matching calls, 0-1. `times`: how many calls it may still hit, None for all.

    Of a fault about tasks, `service` is the ECS service, `share` and `times` say how many of its tasks, and `hit`
    which ones it was (their ARNs).
    """

    kind: str
    service: str = "*"
    action: str = "*"
    share: float = 1.0
    times: int | None = None
    seconds: float = 0.0
    code: str = ""
    status: int = 400
    alarm: str = ""
    cluster: str = "*"
    exit_code: int = _SIGKILLED
    zone: str = ""
    hit: list[str] = field(default_factory=list)
    id: str = field(default_factory=lambda: uuid4().hex[:12])

    def matches(self, service: str, action: str) -> bool:
        return self.service in ("*", service) and self.action in ("*", action) and self.times != 0


@dataclass(frozen=True)
class Effect:
    """What to do to one call: wait first, then refuse it if there is a code."""

    wait_seconds: float = 0.0
    code: str = ""
    message: str = ""
    status: int = 200


def parse_fault(document: Any) -> Fault:
    """A fault from a JSON object; raises FaultInvalid naming every field that it may have."""
    if not isinstance(document, dict):
        raise FaultInvalid("a fault is a JSON object")
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        known = "; ".join(f"{name}: {meaning}" for name, meaning in KINDS.items())
        raise FaultInvalid(f"unknown kind {kind!r}. Known kinds: {known}")
    known_fields = {each.name for each in fields(Fault)} - {"id", "hit"}
    if unknown := set(document) - known_fields:
        raise FaultInvalid(f"unknown field {sorted(unknown)[0]!r}; a fault may have {', '.join(sorted(known_fields))}")
    _check_types(document)
    fault = Fault(**document)
    if kind == "latency" and fault.seconds <= 0:
        raise FaultInvalid("latency needs seconds above 0")
    if kind == "error" and not fault.code:
        raise FaultInvalid("error needs a code")
    if kind == "alarm" and not fault.alarm:
        raise FaultInvalid("alarm needs the alarm's name")
    if kind == "zone" and not _ZONE.match(fault.zone):
        raise FaultInvalid("zone needs the zone's name, such as us-east-1a")
    return fault


def _check_types(document: dict[str, Any]) -> None:
    """What a field may hold, whatever the kind. Raises FaultInvalid."""
    for name in _TEXTS:
        if name in document and not (isinstance(document[name], str) and document[name]):
            raise FaultInvalid(f"{name} must be a text that is not empty")
    for name, most in _NUMBERS.items():
        value = document.get(name, 0)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            raise FaultInvalid(f"{name} must be a number, and between 0 and {most:g}")
    times = document.get("times")
    if times is not None and not _is_whole(times, 1, math.inf):
        raise FaultInvalid("times must be a whole number above 0")
    if not _is_whole(document.get("status", 400), 400, 599):
        raise FaultInvalid("status must be a whole number from 400 to 599, as an error's HTTP status is")
    if not _is_whole(document.get("exit_code", _SIGKILLED), 0, 255):
        raise FaultInvalid("exit_code must be a whole number from 0 to 255")


def _is_whole(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


class Faults:
    """The faults in force. Thread-safe.

    `carry_out(fault, in_force)` does what is not a matter of calls, and takes it back again.
    """

    def __init__(self, seed: int, carry_out: Callable[[Fault, bool], None]) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._carry_out = carry_out
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """In force from here on: it is listed before it is carried out, so that nothing undoes it in between."""
        with self._lock:
            self._faults.append(fault)
        if fault.kind in _CARRIED_OUT:
            try:
                self._carry_out(fault, True)
            except BaseException:
                with self._lock:
                    self._faults.remove(fault)
                raise
        return fault

    def list(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def clear(self, fault_id: str | None = None) -> int:
        """Take back one fault, or all; returns how many. The chance starts again from the seed when none is left."""
        with self._lock:
            gone = [fault for fault in self._faults if fault_id in (None, fault.id)]
            self._faults = [fault for fault in self._faults if fault not in gone]
            if not self._faults:
                self._random = random.Random(self._seed)
        for fault in gone:
            if fault.kind in _CARRIED_OUT:
                self._carry_out(fault, False)
        return len(gone)

    def effect_on(self, service: str, action: str) -> Effect | None:
        """The first refusing fault that hits this call, with the waits of all latency faults before it."""
        wait = 0.0
        with self._lock:
            for fault in self._faults:
                if fault.kind in _CARRIED_OUT or not fault.matches(service, action):
                    continue
                if fault.share < 1 and self._random.random() >= fault.share:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                if fault.kind == "latency":
                    wait += fault.seconds
                    continue
                code, status, message = _refusal(fault, service)
                return Effect(wait, code, message, status)
        return Effect(wait) if wait else None


def _refusal(fault: Fault, service: str) -> tuple[str, int, str]:
    if fault.kind == "throttle":
        code, status = _THROTTLING.get(service, _DEFAULT_THROTTLING)
        return code, status, "Rate exceeded"
    if fault.kind == "down":
        return "ServiceUnavailable", 503, "The service is unavailable (ordered fault)"
    return fault.code, fault.status, "An ordered fault"
