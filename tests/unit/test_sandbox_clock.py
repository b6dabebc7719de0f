"""Sandbox seconds pass at their scale, can be advanced, never go back, and go on after a restart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


# -- sandbox time beside wall time -------------------------------------------------------------------------------


def test_at_scale_one_sandbox_epoch_seconds_are_posix_seconds() -> None:
    real, wall = RealTime(), RealTime()
    wall.now = 1_800_000_000.0
    clock = Clock(1, real, wall)
    real.now, wall.now = real.now + 90, wall.now + 90
    assert clock.epoch() == 1_800_000_090.0
    assert clock.timeline.wall_at(1_800_000_060.0) == 1_800_000_060.0
    assert clock.timeline.epoch_at(1_799_999_000.0) == 1_799_999_000.0


def test_what_was_jumped_over_or_off_has_one_real_moment() -> None:
    real, wall = RealTime(), RealTime()
    clock = Clock(10, real, wall)
    real.now = wall.now = 110.0
    clock.advance(600)  # 100 s had passed, now 700
    begin = clock.timeline.epoch(0)
    assert clock.timeline.wall_at(begin + 50) == 105.0
    assert clock.timeline.wall_at(begin + 300) == 110.0
    later = Clock(10, real, wall)
    wall.now = 500.0  # it was off
    later.resume(clock.state(), clock.timeline)
    assert later.timeline.epoch_at(300.0) == begin + 700
    assert later.timeline.wall_at(begin + 710) == 501.0


@given(
    st.lists(st.tuples(st.sampled_from(["pass", "scale", "advance"]), st.floats(0.1, 1000)), max_size=20),
    st.floats(0, 1),
)
def test_both_times_only_grow_and_agree(steps: list[tuple[str, float]], share: float) -> None:
    now = RealTime()
    clock = Clock(1, now, now)
    first, walls = clock.epoch(), [now.now]
    for kind, amount in steps:
        if kind == "pass":
            now.now += amount
        elif kind == "scale":
            clock.set_scale(amount)
        else:
            clock.advance(amount)
        walls.append(now.now)
        assert clock.timeline.epoch_at(now.now) == pytest.approx(clock.epoch())
        assert clock.timeline.wall_at(clock.epoch()) == pytest.approx(now.now)
    epochs = [clock.timeline.epoch_at(wall) for wall in walls]
    assert epochs == sorted(epochs)
    within = first + share * (clock.epoch() - first)
    assert walls[0] <= clock.timeline.wall_at(within) <= walls[-1] + 1e-6
