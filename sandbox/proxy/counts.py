"""What went through the load balancers: plain counters for CloudWatch's AWS/ApplicationELB metrics.

The proxy counts, the metrics collector drains. Latencies are real seconds, as HTTP time-outs are.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Route:
    """Who answered: `target_group` is None where the load balancer did so itself."""

    load_balancer: str
    listener: str
    target_group: str | None = None


@dataclass
class RouteCounts:
    """Since the last drain. `statuses` of what a target answered, `elb_statuses` of what the load balancer did.

    `latencies`: seconds from sending a request to the head of the target's answer (TargetResponseTime).
    `connection_errors`: targets that could not be reached or hung up. `sent_bytes`: bodies, both ways.
    """

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    elb_statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    connection_errors: int = 0
    fixed_responses: int = 0
    redirects: int = 0
    sent_bytes: int = 0

    def status_class(self, hundred: int) -> int:
        """How many answers of targets were of a class: 5 is for 500 to 599."""
        return _in_class(self.statuses, hundred)

    def elb_status_class(self, hundred: int) -> int:
        """The same of the load balancer's own answers (HTTPCode_ELB_5XX_Count)."""
        return _in_class(self.elb_statuses, hundred)


@dataclass(frozen=True)
class HostCount:
    """Of one target group behind one load balancer, at this moment."""

    load_balancer: str
    target_group: str
    healthy: int
    unhealthy: int


class Counts:
    """Thread-safe: the event loop counts, any thread drains."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._routes: dict[Route, RouteCounts] = {}

    def answered(self, route: Route, status: int, latency: float, sent_bytes: int) -> None:
        """A target answered."""
        with self._lock:
            counts = self._routes.setdefault(route, RouteCounts())
            counts.requests += 1
            counts.statuses[status] += 1
            counts.latencies.append(latency)
            counts.sent_bytes += sent_bytes

    def refused(self, route: Route, status: int, *, connection_error: bool = False) -> None:
        """The load balancer answered in a target's stead (502, 503, 504)."""
        with self._lock:
            counts = self._routes.setdefault(route, RouteCounts())
            counts.requests += 1
            counts.elb_statuses[status] += 1
            counts.connection_errors += connection_error

    def fixed_response(self, route: Route) -> None:
        with self._lock:
            counts = self._routes.setdefault(route, RouteCounts())
            counts.requests += 1
            counts.fixed_responses += 1

    def redirected(self, route: Route) -> None:
        with self._lock:
            counts = self._routes.setdefault(route, RouteCounts())
            counts.requests += 1
            counts.redirects += 1

    def drain(self) -> dict[Route, RouteCounts]:
        """All that was counted since the last drain; the counters start again from nothing."""
        with self._lock:
            drained, self._routes = self._routes, {}
        return drained


def host_count(load_balancer: str, target_group: str, states: Iterable[str]) -> HostCount:
    """`states` as DescribeTargetHealth has them; only `healthy` is healthy, `initial` and `draining` are neither."""
    found = Counter(states)
    return HostCount(load_balancer, target_group, found["healthy"], found["unhealthy"])


def _in_class(statuses: Counter[int], hundred: int) -> int:
    return sum(count for status, count in statuses.items() if status // 100 == hundred)
