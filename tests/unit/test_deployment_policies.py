"""What deploys by itself, and what may not be released at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployments_app.policies import Order, bound_inputs, is_newer, may_auto_deploy, why_not_released
from environments_app.schema import Protection

AUTO = Protection(auto_deploy=True)
THEN = datetime(2026, 11, 1, tzinfo=UTC)


def order(commit: str = "new", **values: Any) -> Order:
    return Order(commit, **{"branch": "main", **values})


def test_only_where_the_protection_says_so() -> None:
    assert may_auto_deploy(AUTO, order(), None).allowed
    assert not may_auto_deploy(Protection(), order(), None).allowed


@pytest.mark.parametrize(
    ("new", "old", "newer"),
    [
        ({"sequence": 2}, {"sequence": 1}, True),
        ({"sequence": 1}, {"sequence": 2}, False),
        ({"sequence": 2}, {"sequence": 2}, False),
        ({"committed_at": THEN + timedelta(seconds=1)}, {"committed_at": THEN}, True),
        ({"committed_at": THEN}, {"committed_at": THEN + timedelta(seconds=1)}, False),
        ({"sequence": 2, "committed_at": THEN}, {"sequence": 1, "committed_at": THEN + timedelta(1)}, True),
        ({"sequence": 2}, {"committed_at": THEN}, None),
        ({}, {"sequence": 1}, None),
        ({}, {}, None),
    ],
)
def test_an_older_commit_that_arrives_late_never_supersedes(
    new: dict[str, Any], old: dict[str, Any], newer: bool | None
) -> None:
    current = order("old", **old)
    assert is_newer(order(**new), current) is newer
    decision = may_auto_deploy(AUTO, order(**new), current)
    assert decision.allowed is (newer is True)
    assert decision.reason


def test_the_same_commit_built_again_needs_no_order() -> None:
    assert may_auto_deploy(AUTO, order("same"), order("same")).allowed


def test_a_machine_does_not_undo_a_persons_rollback() -> None:
    decision = may_auto_deploy(AUTO, order(sequence=9), order("old", sequence=1), rolled_back_by="olga")
    assert not decision.allowed
    assert "olga" in decision.reason


@pytest.mark.parametrize(
    ("branch", "allowed"), [("main", True), ("release/1.2", True), ("feature/x", False), ("MAIN", False)]
)
def test_branches_are_globs(branch: str, allowed: bool) -> None:
    rules = Protection(auto_deploy=True, branches=("main", "release/*"))
    assert may_auto_deploy(rules, order(branch=branch), None).allowed is allowed
    assert (why_not_released(rules, order(branch=branch)) is None) is allowed


@pytest.mark.parametrize(
    ("evidence", "allowed"),
    [
        ({"coverage": 80}, True),
        ({"coverage": 80.5}, True),
        ({"coverage": 79}, False),
        ({"coverage": "80"}, False),
        ({"coverage": True}, False),
        ({}, False),
        (None, False),
    ],
)
def test_evidence_must_be_there_and_enough(evidence: Any, allowed: bool) -> None:
    rules = Protection(auto_deploy=True, required_evidence={"coverage": 80.0})
    assert (why_not_released(rules, order(evidence=evidence)) is None) is allowed


def test_every_bound_input_changes_what_is_approved() -> None:
    given: dict[str, Any] = {
        "digests": {"api": "sha256:a"},
        "rendered": {"family": "api", "cpu": "256"},
        "load_balancer": "api:8080 by arn:group",
        "strategy": {"name": "rolling"},
        "config_version": 1,
        "protection_version": 1,
    }
    bound = bound_inputs(**given)
    for name, other in [
        ("digests", {"api": "sha256:b"}),
        ("rendered", {"family": "api", "cpu": "512"}),
        ("load_balancer", "proxy:8080 by arn:group"),
        ("strategy", {"name": "canary"}),
        ("config_version", 2),
        ("protection_version", 2),
    ]:
        assert bound_inputs(**{**given, name: other}) != bound, name
    assert bound_inputs(**{**given, "rendered": {"cpu": "256", "family": "api"}}) == bound
