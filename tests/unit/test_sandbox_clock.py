"""Sandbox seconds pass at their scale, can be advanced, never go back, and go on after a restart."""

from __future__ import annotations

import pytest

from sandbox.clock import Clock, ClockState


class RealTime:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_seconds_pass_at_the_scale() -> None:
    real = RealTime()
    clock = Clock(10, real)
    real.now += 2
    assert clock.seconds() == 20
    assert clock.real(30) == 3


def test_a_new_scale_keeps_what_has_passed() -> None:
    real = RealTime()
    clock = Clock(1, real)
    real.now += 5
    clock.set_scale(100)
    real.now += 1
    assert clock.seconds() == 105


def test_the_clock_can_be_advanced_but_not_turned_back() -> None:
    clock = Clock(1, RealTime())
    clock.advance(600)
    assert clock.seconds() == 600
    with pytest.raises(ValueError, match="0 or more"):
        clock.advance(-1)


@pytest.mark.parametrize("scale", [0, -1, float("nan")])
def test_a_scale_must_be_above_zero(scale: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Clock(scale)


def test_a_restart_goes_on_where_the_sandbox_was_at_its_own_scale() -> None:
    real = RealTime()
    clock = Clock(5, real)
    clock.resume(ClockState(seconds=1000, scale=1))
    real.now += 1
    assert clock.state() == ClockState(seconds=1005, scale=5)
