"""A target's health follows the thresholds of its target group."""

from __future__ import annotations

import pytest

from sandbox.targets import CheckResult, CheckSettings, TargetState, after_check, matches

SETTINGS = CheckSettings(healthy_threshold=3, unhealthy_threshold=2, matcher="200-299")
PASS, FAIL = CheckResult(200), CheckResult(503)


def after(*results: CheckResult, start: TargetState | None = None) -> TargetState:
    state = start or TargetState()
    for result in results:
        state = after_check(state, result, SETTINGS)
    return state


def test_a_new_target_is_healthy_after_its_first_passed_check() -> None:
    assert after().state == "initial"
    assert after(PASS).state == "healthy"


def test_a_new_target_is_unhealthy_after_the_unhealthy_threshold() -> None:
    assert after(FAIL).state == "initial"
    state = after(FAIL, FAIL)
    assert (state.state, state.reason) == ("unhealthy", "Target.ResponseCodeMismatch")
    assert state.description == "Health checks failed with these codes: [503]"


def test_one_failed_check_does_not_take_a_healthy_target_out() -> None:
    assert after(PASS, FAIL).state == "healthy"
    assert after(PASS, FAIL, PASS, FAIL).state == "healthy"
    assert after(PASS, FAIL, FAIL).state == "unhealthy"


def test_an_unhealthy_target_comes_back_after_the_healthy_threshold() -> None:
    unhealthy = after(FAIL, FAIL)
    assert after(PASS, PASS, start=unhealthy).state == "unhealthy"
    assert after(PASS, FAIL, PASS, PASS, start=unhealthy).state == "unhealthy"
    assert after(PASS, PASS, PASS, start=unhealthy).state == "healthy"


def test_silence_is_a_timeout_and_a_refusal_a_failure() -> None:
    assert after(CheckResult(None, timed_out=True), CheckResult(None, timed_out=True)).reason == "Target.Timeout"
    assert after(CheckResult(None), CheckResult(None)).reason == "Target.FailedHealthChecks"


@pytest.mark.parametrize(
    ("matcher", "status", "expected"),
    [
        ("200", 200, True),
        ("200", 201, False),
        ("200,301-302", 302, True),
        ("200-299", 204, True),
        ("200-299", 300, False),
    ],
)
def test_a_matcher_is_codes_and_ranges(matcher: str, status: int, expected: bool) -> None:
    assert matches(matcher, status) is expected
