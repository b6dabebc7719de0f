"""Many clients change what the engine looks at and moves by itself: nobody meets half of somebody else's change."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_fixture import start_sandbox
from tests.sandbox_world import World

ROUNDS = 20
TARGETS = [{"Id": f"10.20.0.{number}", "Port": 8080} for number in range(100, 180)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def world(tmp_path: Path, log: Path) -> Iterator[World]:
    with log.open("w") as file, start_sandbox(tmp_path / "aws", scale=50, log=file) as sandbox:
        yield World(sandbox)


def balances(world: World, hand: int) -> None:
    """Targets come and go."""
    elbv2: Any = world.sandbox.client("elbv2")
    group = world.target_group(f"hand-{hand}")
    for _ in range(ROUNDS):
        elbv2.register_targets(TargetGroupArn=group, Targets=TARGETS)
        assert len(elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]) >= len(TARGETS)
        elbv2.deregister_targets(TargetGroupArn=group, Targets=TARGETS)


def groups(world: World, hand: int) -> None:
    """Target groups come and go."""
    elbv2: Any = world.sandbox.client("elbv2")
    for number in range(ROUNDS):
        made = elbv2.create_target_group(
            Name=f"hand-{hand}-{number}", Protocol="HTTP", Port=8080, VpcId=world.vpc, TargetType="ip"
        )
        elbv2.delete_target_group(TargetGroupArn=made["TargetGroups"][0]["TargetGroupArn"])


def scales(world: World, hand: int) -> None:
    """Tasks come and go."""
    service = world.service(balanced=False)
    service.create(desired=1)
    for number in range(ROUNDS):
        service.update(desiredCount=number % 4)
        service.tasks()
    world.sandbox.client("ecs").delete_service(cluster=world.cluster, service=service.name, force=True)


def test_the_engine_never_stumbles_and_every_call_is_answered(world: World, log: Path) -> None:
    hands: list[Callable[[World, int], None]] = [balances, balances, groups, groups, scales, scales]
    with ThreadPoolExecutor(len(hands)) as pool:
        done = [pool.submit(hand, world, number) for number, hand in enumerate(hands)]
    for each in done:
        each.result()
    assert "stumbled" not in log.read_text()
    assert "failed inside moto" not in log.read_text()


def writes_logs(world: World, hand: int) -> None:
    """Log groups are made, and all of them looked at, as Terraform does with ten hands."""
    logs: Any = world.sandbox.client("logs")
    for number in range(ROUNDS * 10):
        logs.create_log_group(logGroupName=f"/hand/{hand}/{number}")
        assert logs.describe_log_groups(logGroupNamePrefix=f"/hand/{hand}/{number}")["logGroups"]


def keeps_parameters(world: World, hand: int) -> None:
    ssm: Any = world.sandbox.client("ssm")
    for number in range(ROUNDS * 10):
        ssm.put_parameter(Name=f"/hand/{hand}/{number}", Type="String", Value="x")
        filters = [{"Key": "Name", "Option": "Equals", "Values": [f"/hand/{hand}/{number}"]}]
        assert ssm.describe_parameters(ParameterFilters=filters)["Parameters"]


def test_whoever_looks_never_meets_a_change_half_way(world: World, log: Path) -> None:
    hands: list[Callable[[World, int], None]] = [*[writes_logs] * 5, *[keeps_parameters] * 5]
    with ThreadPoolExecutor(len(hands)) as pool:
        done = [pool.submit(hand, world, number) for number, hand in enumerate(hands)]
    for each in done:
        each.result()
    assert "failed inside moto" not in log.read_text()
