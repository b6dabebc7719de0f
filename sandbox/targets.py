"""Target health by real checks, as a load balancer makes them."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.clock import Clock
from sandbox.containers import HEALTH_CHECKER, Containers
from sandbox.http import HttpRequest
from sandbox.http_client import send_once

log = logging.getLogger(__name__)

# Real seconds: a local container answers at once or not at all, however fast sandbox time passes.
_LEAST_TIMEOUT, _LEAST_PAUSE, _LONGEST_PAUSE = 0.25, 0.02, 0.2
_MOST_PER_SECOND = 500  # checks that are repeated, of all targets together: a fast clock must not eat the machine


@dataclass(frozen=True)
class CheckSettings:
    """A target group's health check; seconds are sandbox seconds, `matcher` is like `200,301-302`.

    `port`: None for the one that takes the traffic.
    """

    path: str = "/"
    port: int | None = None
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


def code_ranges(matcher: str) -> list[tuple[int, int]]:
    """`200,301-302` -> [(200, 200), (301, 302)]. Raises ValueError where it is neither codes nor ranges of them."""
    ranges = []
    for part in matcher.split(","):
        low, dash, high = part.strip().partition("-")
        ranges.append((int(low), int(high) if dash else int(low)))
    return ranges


def matches(matcher: str, status: int) -> bool:
    return any(low <= status <= high for low, high in code_ranges(matcher))


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
    """Checks every target that it was told of until it is told that the target is gone.

    Lookups are dict reads from any thread; everything else happens in the event loop.
    """

    def __init__(self, clock: Clock, containers: Containers, on_change: Callable[[TargetKey], None]) -> None:
        self._clock = clock
        self._containers = containers
        self._on_change = on_change
        self._states: dict[TargetKey, TargetState] = {}
        self._healthy_since: dict[TargetKey, float] = {}
        self._settings: dict[TargetKey, CheckSettings] = {}
        self._due: list[tuple[float, int, TargetKey, CheckSettings]] = []
        self._scheduled = 0
        self._probes: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None

    def state(self, key: TargetKey) -> TargetState:
        return self._states.get(key, TargetState())

    def healthy_for(self, key: TargetKey) -> float:
        """Sandbox seconds since the target became healthy; 0 where it is not."""
        since = self._healthy_since.get(key)
        return 0.0 if since is None else self._clock.seconds() - since

    async def watch(self, wanted: dict[TargetKey, CheckSettings]) -> None:
        """Check exactly these targets from now on."""
        for key in [key for key in self._settings if key not in wanted]:
            self._settings.pop(key)
            self._states.pop(key, None)
            self._healthy_since.pop(key, None)
        for key, settings in wanted.items():
            if self._settings.get(key) != settings:
                self._settings[key] = settings
                self._states.setdefault(key, TargetState())
                self._schedule(self._clock.seconds(), key, settings)
        if self._runner is None:
            self._runner = asyncio.ensure_future(self._run())
        self._news.set()

    def _schedule(self, due: float, key: TargetKey, settings: CheckSettings) -> None:
        self._scheduled += 1
        heapq.heappush(self._due, (due, self._scheduled, key, settings))

    async def _run(self) -> None:
        while True:
            now = self._clock.seconds()
            while self._due and self._due[0][0] <= now:
                _, _, key, settings = heapq.heappop(self._due)
                if self._settings.get(key) is settings:  # neither gone nor checked in another way by now
                    probe = asyncio.ensure_future(self._check(key, settings))
                    self._probes.add(probe)
                    probe.add_done_callback(self._probes.discard)
            left = self._clock.real(self._due[0][0] - now) if self._due else _LONGEST_PAUSE
            self._news.clear()
            try:
                # In slices: the clock may be moved meanwhile.
                async with asyncio.timeout(min(max(left, _LEAST_PAUSE), _LONGEST_PAUSE)):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _check(self, key: TargetKey, settings: CheckSettings) -> None:
        """One check. The next one is scheduled however this one went: whatever is raised is a failed check."""
        try:
            await self._check_once(key, settings)
        finally:
            if self._settings.get(key) is settings:
                spread = len(self._settings) / _MOST_PER_SECOND * self._clock.scale
                self._schedule(self._clock.seconds() + max(settings.interval, spread), key, settings)

    async def _check_once(self, key: TargetKey, settings: CheckSettings) -> None:
        result = await self._probe(key, settings)
        if self._settings.get(key) is not settings:
            return
        before = self._states[key]
        try:
            after = after_check(before, result, settings)
        except ValueError:
            if not before.failed:
                log.exception("the matcher %r of %s cannot be read", settings.matcher, key.group_arn)
            after = after_check(before, CheckResult(None), settings)
        self._states[key] = after
        now = self._clock.seconds()
        if after.state != before.state:
            self._healthy_since.pop(key, None)
            if after.state == "healthy":
                self._healthy_since[key] = now
            self._on_change(key)

    async def _probe(self, key: TargetKey, settings: CheckSettings) -> CheckResult:
        port = self._containers.local_port(key.id, settings.port or key.port)
        if port is None:
            return CheckResult(None, timed_out=True)
        headers = [("host", f"{key.id}:{key.port}"), ("user-agent", HEALTH_CHECKER)]
        timeout = max(self._clock.real(settings.timeout), _LEAST_TIMEOUT)
        try:
            response = await send_once(port, HttpRequest("GET", settings.path, headers), timeout)
        except TimeoutError:
            return CheckResult(None, timed_out=True)
        except OSError:
            return CheckResult(None)
        except Exception:
            log.exception("a health check of %s:%s stumbled", key.id, key.port)
            return CheckResult(None)
        return CheckResult(response.status)
