"""The load balancer's counters say who answered what, and start anew when they are drained."""

from __future__ import annotations

from sandbox.proxy.counts import Counts, Route, host_count

TARGETS, OWN = Route("lb", "listener", "group"), Route("lb", "listener")


def test_answers_of_targets_and_of_the_load_balancer_are_told_apart() -> None:
    counts = Counts()
    for status in (200, 204, 404, 500):
        counts.answered(TARGETS, status, 0.1, 10)
    counts.refused(TARGETS, 502, connection_error=True)
    counts.refused(OWN, 503)
    counts.redirected(OWN)
    counts.fixed_response(OWN)
    drained = counts.drain()
    group, own = drained[TARGETS], drained[OWN]
    assert [group.status_class(hundred) for hundred in (2, 3, 4, 5)] == [2, 0, 1, 1]
    assert (group.requests, group.elb_status_class(5), group.connection_errors, group.sent_bytes) == (5, 1, 1, 40)
    assert group.latencies == [0.1] * 4
    assert (own.requests, own.elb_status_class(5), own.redirects, own.fixed_responses) == (3, 1, 1, 1)


def test_a_drain_leaves_nothing_behind() -> None:
    counts = Counts()
    counts.redirected(OWN)
    assert list(counts.drain()) == [OWN]
    assert counts.drain() == {}


def test_only_healthy_hosts_are_healthy() -> None:
    counted = host_count("lb", "group", ["healthy", "initial", "unhealthy", "unhealthy", "draining"])
    assert (counted.healthy, counted.unhealthy) == (1, 2)
