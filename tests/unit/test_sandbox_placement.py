"""Tasks get capacity and addresses as in AWS."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.ecs.placement import choose_capacity, free_address, move_capacity

SPOT = [{"capacityProvider": "FARGATE_SPOT"}]
OWN = [{"capacityProvider": "own"}]


def test_a_subnet_gives_all_its_addresses_but_five_and_each_once() -> None:
    used: set[str] = set()
    for _ in range(11):
        address = free_address("10.0.0.0/28", used)
        assert address is not None
        used.add(address)
    assert used == {f"10.0.0.{number}" for number in range(4, 15)}
    assert free_address("10.0.0.0/28", used) is None


@pytest.mark.parametrize(
    ("settings", "default", "expected"),
    [
        ({}, None, {"launchType": "EC2"}),
        ({"launchType": "FARGATE"}, None, {"launchType": "FARGATE", "platformVersion": "1.4.0"}),
        (
            {"launchType": "FARGATE", "platformVersion": "1.3.0"},
            None,
            {"launchType": "FARGATE", "platformVersion": "1.3.0"},
        ),
        (
            {},
            [{"capacityProvider": "FARGATE_SPOT"}],
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}], "platformVersion": "1.4.0"},
        ),
    ],
)
def test_capacity_is_filled_in(settings: dict[str, Any], default: Any, expected: dict[str, Any]) -> None:
    choose_capacity(settings, default)
    assert settings == expected


@pytest.mark.parametrize(
    ("settings", "first", "expected"),
    [
        (
            {"launchType": "FARGATE", "platformVersion": "1.4.0", "capacityProviderStrategy": SPOT},
            "FARGATE",
            {"platformVersion": "1.4.0", "capacityProviderStrategy": SPOT},
        ),
        (
            {"launchType": "FARGATE", "platformVersion": "1.4.0", "capacityProviderStrategy": OWN},
            "FARGATE",
            {"capacityProviderStrategy": OWN},
        ),
        (
            {"launchType": "EC2", "capacityProviderStrategy": SPOT},
            "EC2",
            {"platformVersion": "1.4.0", "capacityProviderStrategy": SPOT},
        ),
        ({"capacityProviderStrategy": []}, "FARGATE", {"launchType": "FARGATE", "platformVersion": "1.4.0"}),
        ({"capacityProviderStrategy": [], "platformVersion": "1.4.0"}, None, {"launchType": "EC2"}),
    ],
)
def test_a_strategy_takes_the_launch_types_place_and_none_gives_it_back(
    settings: dict[str, Any], first: str | None, expected: dict[str, Any]
) -> None:
    move_capacity(settings, first)
    assert settings == expected
