"""What an ECS service costs: tasks on Fargate at the expected count, with the range of their autoscaling."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from environments_app.cost.estimate import estimate
from environments_app.cost.model import ResourceCost, Status
from tests.unit.cost_plans import cents, declared, plan_of, planned

# us-east-1: 730 hours of 0.25 vCPU at 0.04048 and of 0.5 GB at 0.004445 = 7.3876 + 1.622425
QUARTER_VCPU_TASK = Decimal("9.010025")


def service_cost(
    *,
    service: dict[str, Any] | None = None,
    definition: dict[str, Any] | None = None,
    extra: list[dict[str, Any]] | None = None,
    configuration: list[dict[str, Any]] | None = None,
) -> ResourceCost:
    given: dict[str, Any] = {"name": "web", "launch_type": "FARGATE", "desired_count": 2, **(service or {})}
    plan = plan_of(
        planned("aws_ecs_service.web", **given),
        planned("aws_ecs_task_definition.web", **{"cpu": "256", "memory": "512"} | (definition or {})),
        *(extra or []),
        configuration=[
            declared("aws_ecs_service.web", task_definition=["aws_ecs_task_definition.web.arn"]),
            declared("aws_ecs_task_definition.web"),
            *(configuration or []),
        ],
    )
    return estimate(plan).resources["aws_ecs_service.web"]


def scaled_by(**bounds: int) -> dict[str, Any]:
    return planned("aws_appautoscaling_target.web", service_namespace="ecs", **bounds)


SCALES = declared("aws_appautoscaling_target.web", resource_id=["aws_ecs_cluster.c.name", "aws_ecs_service.web.name"])


def test_desired_tasks_are_charged_by_vcpu_and_memory() -> None:
    cost = service_cost()
    assert cost.monthly_cost == 2 * QUARTER_VCPU_TASK
    assert [(c.name, c.quantity, c.unit) for c in cost.components] == [
        ("Per GB per hour", Decimal(1), "GB"),
        ("Per vCPU per hour", Decimal("0.5"), "CPU"),
    ]


@pytest.mark.parametrize(("cpu", "memory"), [("256", "512"), (256, 512), (".25 vCPU", "0.5 GB"), ("0.25vcpu", "0.5gb")])
def test_sizes_are_read_in_every_way_that_ecs_writes_them(cpu: Any, memory: Any) -> None:
    assert service_cost(definition={"cpu": cpu, "memory": memory}).monthly_cost == 2 * QUARTER_VCPU_TASK


def test_a_service_that_waits_for_its_first_release_is_priced_at_the_autoscaling_minimum() -> None:
    cost = service_cost(
        service={"desired_count": 0}, extra=[scaled_by(min_capacity=2, max_capacity=6)], configuration=[SCALES]
    )
    assert (cost.monthly_cost, cost.low, cost.high) == tuple(n * QUARTER_VCPU_TASK for n in (2, 2, 6))


def test_the_expected_count_stays_within_the_autoscaling_bounds() -> None:
    cost = service_cost(
        service={"desired_count": 4}, extra=[scaled_by(min_capacity=1, max_capacity=3)], configuration=[SCALES]
    )
    assert (cost.monthly_cost, cost.low, cost.high) == tuple(n * QUARTER_VCPU_TASK for n in (3, 1, 3))


def test_scheduled_actions_widen_the_range() -> None:
    night = planned(
        "aws_appautoscaling_scheduled_action.night", scalable_target_action=[{"min_capacity": 0, "max_capacity": 0}]
    )
    cost = service_cost(
        extra=[scaled_by(min_capacity=2, max_capacity=4), night],
        configuration=[
            SCALES,
            declared("aws_appautoscaling_scheduled_action.night", resource_id=["aws_appautoscaling_target.web"]),
        ],
    )
    assert (cost.low, cost.high) == (Decimal(0), 4 * QUARTER_VCPU_TASK)


def test_another_services_autoscaling_does_not_count() -> None:
    other = planned("aws_appautoscaling_target.other", resource_id="service/c/other", min_capacity=9, max_capacity=9)
    assert service_cost(extra=[other]).monthly_cost == 2 * QUARTER_VCPU_TASK


def test_no_desired_tasks_and_no_autoscaling_says_why_it_costs_nothing() -> None:
    cost = service_cost(service={"desired_count": 0})
    assert cost.monthly_cost == 0
    assert cost.note == "no tasks are desired"


def test_tasks_on_instances_cost_nothing_by_themselves() -> None:
    assert service_cost(service={"launch_type": "EC2"}).status is Status.FREE


def test_arm_tasks_have_their_own_price() -> None:
    cost = service_cost(definition={"runtime_platform": [{"cpu_architecture": "ARM64"}]})
    assert cents(cost.monthly_cost) == cents(
        2 * 730 * (Decimal("0.25") * Decimal("0.03238") + Decimal("0.5") * Decimal("0.00356"))
    )


def test_spot_tasks_are_unknown_while_no_spot_price_is_known() -> None:
    spot = [
        {"capacity_provider": "FARGATE", "base": 1, "weight": 0},
        {"capacity_provider": "FARGATE_SPOT", "weight": 1},
    ]
    cost = service_cost(service={"launch_type": None, "capacity_provider_strategy": spot})
    assert (cost.status, cost.monthly_cost) == (Status.UNKNOWN, None)
    assert "Spot" in cost.note


def test_ephemeral_storage_beyond_twenty_gigabytes_is_not_overlooked() -> None:
    assert service_cost(definition={"ephemeral_storage": [{"size_in_gib": 20}]}).monthly_cost == 2 * QUARTER_VCPU_TASK
    cost = service_cost(definition={"ephemeral_storage": [{"size_in_gib": 50}]})
    assert cost.status is Status.UNKNOWN
    assert [c.quantity for c in cost.components if "Ephemeral" in c.name] == [Decimal(60)]


def test_the_clusters_default_strategy_decides_where_the_service_is_silent() -> None:
    cost = service_cost(
        service={"launch_type": None, "cluster": "arn:aws:ecs:us-east-1:111122223333:cluster/c"},
        extra=[
            planned("aws_ecs_cluster.c", name="c"),
            planned(
                "aws_ecs_cluster_capacity_providers.c",
                default_capacity_provider_strategy=[{"capacity_provider": "FARGATE", "weight": 1}],
            ),
        ],
        configuration=[
            declared("aws_ecs_cluster.c"),
            declared("aws_ecs_cluster_capacity_providers.c", cluster_name=["aws_ecs_cluster.c.name"]),
        ],
    )
    assert cost.status is Status.FREE, "the cluster is another one: ECS's default is EC2"


def test_a_task_definition_outside_the_plan_makes_the_service_unknown() -> None:
    plan = plan_of(planned("aws_ecs_service.web", launch_type="FARGATE", desired_count=2, task_definition="web:3"))
    cost = estimate(plan).resources["aws_ecs_service.web"]
    assert (cost.status, cost.monthly_cost) == (Status.UNKNOWN, None)
