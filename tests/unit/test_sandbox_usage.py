"""What a container uses follows from its behaviour, its age and its traffic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.behaviours import Behaviour
from sandbox.usage import Usage, usage


def used(behaviour: Behaviour, *, age: float = 600, requests: int = 0) -> Usage:
    return usage(behaviour, reserved_cpu=256, reserved_memory=512, age=age, requests=requests, seconds=60)


def test_traffic_and_a_busy_behaviour_take_cpu() -> None:
    idle = used(Behaviour()).cpu
    assert 0 < idle < used(Behaviour(), requests=600).cpu < used(Behaviour(busy_share=0.9)).cpu == 256 * 0.9
    assert used(Behaviour(busy_share=0.9, turns_after_seconds=601)).cpu == idle


def test_a_leak_grows_with_age_and_nothing_else_does() -> None:
    leak = Behaviour(leaks_mib_per_minute=10)
    assert used(leak, age=600).memory - used(leak, age=0).memory == 100
    assert used(Behaviour(), age=600) == used(Behaviour(), age=0)


@given(st.integers(0, 10**7), st.floats(0, 10**6))
def test_nothing_uses_more_cpu_than_it_may(requests: int, age: float) -> None:
    assert 0 <= used(Behaviour(busy_share=1), age=age, requests=requests).cpu <= 256
