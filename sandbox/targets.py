"""Target health by real checks, as a load balancer makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.clock import Clock
from sandbox.containers import HEALTH_CHECKER, Containers
from sandbox.http import HttpRequest, send

# Real seconds: a local container answers at once or not at all, however fast sandbox time passes.
_LEAST_TIMEOUT, _LEAST_PAUSE = 0.25, 0.02


@dataclass(frozen=True)
class CheckSettings:
    """A target group's health check; seconds are sandbox seconds, `matcher` is like `200,301-302`."""

    path: str = "/"
    interval: float = 30
    timeout: float = 5
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    matcher: str = "200"


@dataclass(frozen=True)
class TargetState:
    """`state`, `reason` and `description` as DescribeTargetHealth gives them; the counts are of results in a row."""

    state: str = "initial"
    reason: str | None = "Elb.InitialHealthChecking"
    description: str | None = "Initial health checks in progress"
    passed: int = 0
    failed: int = 0


@dataclass(frozen=True)
class CheckResult:
    """`status` is None where no answer came; `timed_out` says why."""

    status: int | None
    timed_out: bool = False


def matches(matcher: str, status: int) -> bool:
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def after_check(before: TargetState, result: CheckResult, settings: CheckSettings) -> TargetState:
    """The target's state after one more result.

    A new target is healthy after its first passed check; otherwise the thresholds count (ELB user guide).
    """
    if result.status is not None and matches(settings.matcher, result.status):
        passed = before.passed + 1
        if before.state == "initial" or passed >= settings.healthy_threshold or before.state == "healthy":
            return TargetState("healthy", None, None, passed, 0)
        return replace(before, passed=passed, failed=0)
    failed = before.failed + 1
    if failed < settings.unhealthy_threshold and before.state != "unhealthy":
        return replace(before, passed=0, failed=failed)
    if result.status is not None:
        reason, text = "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{result.status}]"
    elif result.timed_out:
        reason, text = "Target.Timeout", "Request timed out"
    else:
        reason, text = "Target.FailedHealthChecks", "Health checks failed"
    return TargetState("unhealthy", reason, text, 0, failed)


@dataclass(frozen=True)
class TargetKey:
    group_arn: str
    id: str
    port: int


class TargetChecks:
    """Checks every target that it was told of until it is told that the target is gone."""

    def __init__(self, clock: Clock, containers: Containers, on_change: Callable[[], None]) -> None:
        self._clock = clock
        self._containers = containers
        self._on_change = on_change
        self._states: dict[TargetKey, TargetState] = {}
        self._checks: dict[TargetKey, asyncio.Task[None]] = {}
        self._settings: dict[TargetKey, CheckSettings] = {}

    def state(self, key: TargetKey) -> TargetState:
        return self._states.get(key, TargetState())

    async def watch(self, wanted: dict[TargetKey, CheckSettings]) -> None:
        """Check exactly these targets from now on (runs in the event loop)."""
        for key in [key for key, settings in self._settings.items() if wanted.get(key) != settings]:
            self._checks.pop(key).cancel()
            self._settings.pop(key)
            if key not in wanted:
                self._states.pop(key, None)
        for key, settings in wanted.items():
            if key not in self._checks:
                self._states.setdefault(key, TargetState())
                self._settings[key] = settings
                self._checks[key] = asyncio.ensure_future(self._check(key, settings))

    async def _check(self, key: TargetKey, settings: CheckSettings) -> None:
        while True:
            result = await self._probe(key, settings)
            before = self._states[key]
            self._states[key] = after_check(before, result, settings)
            if self._states[key].state != before.state:
                self._on_change()
            await self._pause(settings.interval)

    async def _probe(self, key: TargetKey, settings: CheckSettings) -> CheckResult:
        port = self._containers.local_port(key.id, key.port)
        if port is None:
            return CheckResult(None, timed_out=True)
        headers = [("host", f"{key.id}:{key.port}"), ("user-agent", HEALTH_CHECKER)]
        timeout = max(self._clock.real(settings.timeout), _LEAST_TIMEOUT)
        try:
            response = await send(port, HttpRequest("GET", settings.path, headers), timeout)
        except TimeoutError:
            return CheckResult(None, timed_out=True)
        except OSError:
            return CheckResult(None)
        return CheckResult(response.status)

    async def _pause(self, seconds: float) -> None:
        """Sandbox seconds, in slices: the clock may be moved meanwhile."""
        until = self._clock.seconds() + seconds
        while (left := until - self._clock.seconds()) > 0:
            await asyncio.sleep(min(max(self._clock.real(left), _LEAST_PAUSE), 0.2))
