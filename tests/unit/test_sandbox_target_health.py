"""A target's health follows the thresholds of its target group."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.behaviours import Behaviour
from sandbox.clock import Clock
from sandbox.containers import Containers, ContainerSpec
from sandbox.eventloop import EventLoopThread
from sandbox.outages import Outages
from sandbox.targets import (
    CheckResult,
    CheckSettings,
    TargetChecks,
    TargetKey,
    TargetState,
    after_check,
    code_ranges,
    matches,
)
from tests.sandbox_fixture import eventually

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


@pytest.mark.parametrize("matcher", ["2xx", "200-", "200,", "-299", ""])
def test_a_matcher_of_anything_else_cannot_be_read(matcher: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        code_ranges(matcher)


TARGET = TargetKey("arn:group", "10.0.0.1", 80)


@pytest.fixture
def checked() -> Iterator[tuple[EventLoopThread, TargetChecks]]:
    """Checks of TARGET, a container that really answers 200."""
    loop, clock = EventLoopThread(), Clock(1000)
    loop.start()
    outages = Outages(clock)
    containers = Containers(loop, clock, 0, outages)
    containers.start(ContainerSpec("one", {80: (("10.0.0.1", 80),)}, Behaviour(), lambda line: None, {}, 0.0))
    yield loop, TargetChecks(clock, containers, lambda key: None)
    containers.stop("one")
    loop.stop()


@pytest.mark.parametrize(
    "broken", [CheckSettings(matcher="2xx", interval=10), CheckSettings(path="/no\ud800", interval=10)]
)
def test_a_check_that_breaks_has_failed_and_is_made_again(
    checked: tuple[EventLoopThread, TargetChecks], broken: CheckSettings
) -> None:
    """Of a state that an earlier version saved, or what no one thought of."""
    loop, checks = checked
    loop.run(checks.watch({TARGET: broken}))
    eventually(lambda: checks.state(TARGET).failed >= 3, why="a third failed check")
    assert checks.state(TARGET).reason == "Target.FailedHealthChecks"
    loop.run(checks.watch({TARGET: CheckSettings(interval=10, healthy_threshold=1)}))
    eventually(lambda: checks.state(TARGET).state == "healthy", why="a healthy target")
