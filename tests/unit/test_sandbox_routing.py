"""The load balancer routes as an ALB does: rules by priority, weights, redirects, healthy targets first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sandbox.http import HttpRequest
from sandbox.proxy.routing import DEFAULT_PRIORITY, Rule, WeightedTurns, first_match, redirect, usable_targets


def rule(name: str, priority: int, *conditions: dict[str, Any]) -> Rule:
    return Rule(name, priority, conditions, {"Type": "fixed-response"})


DEFAULT = rule("default", DEFAULT_PRIORITY)


def request(target: str = "/", host: str = "shop.example.org", method: str = "GET", **headers: str) -> HttpRequest:
    return HttpRequest(method, target, [("host", host), *headers.items()])


@pytest.mark.parametrize(
    ("condition", "matching", "other"),
    [
        ({"Field": "path-pattern", "Values": ["/api/*"]}, request("/api/x?y=1"), request("/apix")),
        ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a?c"]}}, request("/abc"), request("/ABC")),
        ({"Field": "path-pattern", "Values": ["/[a]"]}, request("/[a]"), request("/a")),
        (
            {"Field": "host-header", "Values": ["*.example.org"]},
            request(host="SHOP.example.org:80"),
            request(host="x.org"),
        ),
        (
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}},
            request(method="POST"),
            request(),
        ),
        (
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Test", "Values": ["gre*"]}},
            request(**{"x-test": "Green"}),
            request(**{"x-test": "blue"}),
        ),
        (
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
            request("/?v=2"),
            request("/?w=2"),
        ),
    ],
)
def test_a_condition_decides(condition: dict[str, Any], matching: HttpRequest, other: HttpRequest) -> None:
    rules = [DEFAULT, rule("special", 5, condition)]
    found = [first_match(rules, each) for each in (matching, other)]
    assert [each.arn for each in found if each] == ["special", "default"]


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (["127.0.0.0/8"], "special"),
        (["10.0.0.0/8", "127.0.0.1/32"], "special"),
        (["10.0.0.0/8"], "default"),
        (["::/0"], "default"),
        (["everywhere"], "default"),
    ],
)
def test_the_source_is_this_machine_whatever_a_header_says(blocks: list[str], expected: str) -> None:
    rules = [DEFAULT, rule("special", 5, {"Field": "source-ip", "SourceIpConfig": {"Values": blocks}})]
    found = first_match(rules, request(**{"x-forwarded-for": "10.0.0.7"}))
    assert found is not None
    assert found.arn == expected


def test_all_conditions_must_hold_and_the_lowest_priority_number_wins() -> None:
    path, host = {"Field": "path-pattern", "Values": ["/x*"]}, {"Field": "host-header", "Values": ["a.org"]}
    rules = [rule("both", 1, path, host), rule("path", 2, path), DEFAULT]
    hosts = [first_match(rules, request("/x", host=name)) for name in ("a.org", "b.org")]
    assert [each.arn for each in hosts if each] == ["both", "path"]


def test_weights_are_kept_exactly() -> None:
    turns: WeightedTurns[str] = WeightedTurns()
    chosen = Counter(turns.choose({"old": 90, "new": 10, "off": 0}) for _ in range(2000))
    assert chosen == {"old": 1800, "new": 200}
    assert turns.choose({"off": 0}) is None


def test_a_new_weight_counts_from_the_next_request_on() -> None:
    turns: WeightedTurns[str] = WeightedTurns()
    for _ in range(17):
        turns.choose({"old": 90, "new": 10})
    chosen = Counter(turns.choose({"old": 0, "new": 100}) for _ in range(10))
    assert chosen == {"new": 10}


def test_unhealthy_targets_are_used_only_where_no_healthy_one_is() -> None:
    assert usable_targets({("a", 1): "healthy", ("b", 1): "unhealthy"}) == [("a", 1)]
    assert usable_targets({("a", 1): "unhealthy", ("b", 1): "initial"}) == [("a", 1), ("b", 1)]


def test_a_redirect_fills_in_what_it_keeps() -> None:
    action = {"RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    answer = redirect(action, request("/a/b?c=d"), "HTTP", 80)
    assert (answer.status, answer.header("location")) == (301, "https://shop.example.org:443/a/b?c=d")
