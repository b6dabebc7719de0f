"""What an apply leaves to the next release of a service, and what each of the two changes of the cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from environments_app.cost.estimate import estimate
from environments_app.cost.model import Status
from environments_app.cost.plan import Side, read_plan
from environments_app.cost.releases import Difference, ReleaseChange, next_release, running_definitions
from environments_app.recording import estimate as recorded
from tests.unit.cost_plans import declared, plan_of, planned

# us-east-1: 730 hours of 0.25 vCPU at 0.04048 and of 0.5 GB at 0.004445 = 7.3876 + 1.622425
QUARTER_VCPU_TASK = Decimal("9.010025")
SERVICE = "aws_ecs_service.this"
FAMILY = "shop-staging-web"
DEFINITIONS = "arn:aws:ecs:us-east-1:111122223333:task-definition"
CLUSTER = "arn:aws:ecs:us-east-1:111122223333:cluster/shop-staging"


def entry(cpu: str | None = "256", memory: str | None = "512", desired: int = 2, **values: Any) -> dict[str, Any]:
    """A service in the output `services` of the stack."""
    template = {
        "family": FAMILY,
        "cpu": cpu,
        "memory": memory,
        "ephemeral_storage_gib": None,
        "runtime_platform": {"operating_system_family": "LINUX", "cpu_architecture": "X86_64"},
        "container_definitions": [{"name": "web", "environment": []}],
    }
    return {
        "service_name": "web",
        "cluster_arn": CLUSTER,
        "desired_count": desired,
        "task_template": template | values,
    }


def stack_plan(
    was: dict[str, Any] | None,
    will: dict[str, Any] | None,
    *,
    running: int | None = 2,
    bounds: tuple[int, int] | None = None,
    bounds_before: tuple[int, int] | None = None,
    **service: Any,
) -> dict[str, Any]:
    """A plan of Slipway's stack. `running`: tasks of the released service, 0: never released, None: made by it."""
    family = FAMILY if running else f"{FAMILY}-bootstrap"
    own: dict[str, Any] = {"name": "web", "launch_type": "FARGATE", "desired_count": running or 0} | service
    existing = own | {"cluster": CLUSTER, "task_definition": f"{DEFINITIONS}/{family}:1"}
    placeholder = planned("aws_ecs_task_definition.bootstrap", cpu="256", memory="512", family=f"{FAMILY}-bootstrap")

    def scaling(between: tuple[int, int] | None) -> list[dict[str, Any]]:
        if between is None:
            return []
        low, high = between
        target = "service/shop-staging/web"
        return [
            planned("aws_appautoscaling_target.this", resource_id=target, min_capacity=low, max_capacity=high),
        ]

    return plan_of(
        planned(SERVICE, **(own if running is None else existing)),
        placeholder,
        planned("aws_ecs_cluster.this", name="shop-staging"),
        *scaling(bounds),
        configuration=[
            declared(
                SERVICE, task_definition=["aws_ecs_task_definition.bootstrap.arn"], cluster=["aws_ecs_cluster.this"]
            ),
            declared("aws_ecs_task_definition.bootstrap"),
            declared("aws_ecs_cluster.this"),
            declared("aws_appautoscaling_target.this"),
        ],
        before=[]
        if running is None
        else [planned(SERVICE, **existing), placeholder, *scaling(bounds_before or bounds)],
        outputs={
            "services": {
                "before": None if was is None else {"web": was},
                "after": None if will is None else {"web": will},
                "after_unknown": will is None,
            }
        },
    )


def tasks(plan: dict[str, Any]) -> list[Decimal | None]:
    """The service's cost before, after the apply and after the release, in tasks of a quarter vCPU."""
    sides: tuple[Side, ...] = ("before", "applied", "after")
    costs = [estimate(plan, which=side).resources.get(SERVICE) for side in sides]
    return [None if c is None or c.monthly_cost is None else c.monthly_cost / QUARTER_VCPU_TASK for c in costs]


def record_of(plan: dict[str, Any], **running: dict[str, Any]) -> dict[str, Any]:
    """A run's record of this plan. `running`: what ECS says of web; unless said, as it was applied last."""
    was = (plan["output_changes"]["services"]["before"] or {}).get("web")
    web = running.get("web", was["task_template"] if was else {})
    return recorded(plan, lambda definitions: dict.fromkeys(definitions, web))


def changes(plan: dict[str, Any]) -> list[ReleaseChange]:
    return next_release(read_plan(plan), estimate(plan, which="applied"), estimate(plan))


def test_a_released_service_costs_what_its_template_says_and_not_what_the_placeholder_does() -> None:
    plan = stack_plan(entry("1024", "2048"), entry("1024", "2048"))
    assert tasks(plan) == [8, 8, 8]
    assert changes(plan) == []


def test_a_bigger_task_costs_more_with_the_next_release_and_nothing_by_the_apply() -> None:
    plan = stack_plan(entry("256", "512"), entry("512", "1024"))
    assert tasks(plan) == [2, 2, 4]
    assert changes(plan) == [
        ReleaseChange(
            "web",
            SERVICE,
            False,
            (Difference("cpu", "256", "512"), Difference("memory", "512", "1024")),
            2 * QUARTER_VCPU_TASK,
        )
    ]


def test_a_new_service_runs_its_desired_count_from_its_first_release_on() -> None:
    plan = stack_plan(None, entry("512", "1024", desired=3), running=None)
    assert tasks(plan) == [None, 0, 6]
    (change,) = changes(plan)
    assert change.is_first
    assert change.differences == (
        Difference("tasks", "", "3"),
        Difference("cpu", "", "512"),
        Difference("memory", "", "1024"),
    )
    assert change.monthly_cost == 6 * QUARTER_VCPU_TASK


def test_a_service_that_was_applied_but_never_released_costs_nothing_yet() -> None:
    assert tasks(stack_plan(entry(), entry(), running=0)) == [0, 0, 2]
    assert tasks(stack_plan(entry(), entry(desired=4), running=0, bounds=(1, 3))) == [0, 0, 3]


def test_a_released_service_that_people_scaled_to_zero_waits_for_no_first_release() -> None:
    plan = stack_plan(entry(), entry(), desired_count=0)
    assert tasks(plan) == [0, 0, 0]
    assert changes(plan) == []


def test_the_bounds_of_autoscaling_take_effect_with_the_apply() -> None:
    plan = stack_plan(entry(), entry(), bounds_before=(1, 6), bounds=(4, 6))
    assert tasks(plan) == [2, 4, 4]
    assert changes(plan) == []


def test_what_a_container_does_waits_for_the_release_too_and_costs_the_same() -> None:
    after = entry(container_definitions=[{"name": "web", "environment": [{"name": "A", "value": "1"}]}, {"name": "b"}])
    (change,) = changes(stack_plan(entry(), after))
    assert change.differences == (
        Difference("containers", "web", "web, b"),
        Difference("settings of container web", "", ""),
    )
    assert change.monthly_cost == 0


def test_storage_and_architecture_are_told_where_they_change() -> None:
    arm = {"operating_system_family": "LINUX", "cpu_architecture": "ARM64"}
    (change,) = changes(stack_plan(entry(), entry(ephemeral_storage_gib=50, runtime_platform=arm)))
    assert change.differences == (
        Difference("ephemeral storage", "20 GiB", "50 GiB"),
        Difference("architecture", "X86_64", "ARM64"),
    )
    assert change.monthly_cost is None, "no price of ephemeral storage is known"


def test_the_desired_count_of_a_released_service_is_said_to_change_nothing() -> None:
    plan = stack_plan(entry(desired=2), entry(desired=5))
    assert tasks(plan) == [2, 2, 2]
    (change,) = changes(plan)
    assert change.note == "its desired count 2 → 5 changes nothing: only a first release uses it"


@pytest.mark.parametrize(
    ("was", "will"),
    [
        (entry(), entry(cpu=None)),
        (entry(), None),
        (entry(), {"service_name": "web"}),
        (None, entry()),
    ],
    ids=["size unknown", "output unknown", "no template", "what runs is unknown"],
)
def test_what_the_output_does_not_tell_is_unknown_and_never_nothing(
    was: dict[str, Any] | None, will: dict[str, Any] | None
) -> None:
    plan = stack_plan(was, will)
    assert None in tasks(plan)
    assert [change.monthly_cost for change in changes(plan)] == [None]


def test_a_new_service_of_which_nothing_is_known_is_unknown() -> None:
    plan = stack_plan(None, None, running=None)
    assert estimate(plan).resources[SERVICE].status is Status.UNKNOWN
    assert [change.monthly_cost for change in changes(plan)] == [None]


def test_a_service_of_the_same_name_in_another_cluster_is_another_one() -> None:
    elsewhere = entry("1024", "2048") | {"cluster_arn": f"{CLUSTER}-2"}
    assert tasks(stack_plan(elsewhere, elsewhere)) == [2, 2, 2], "priced by the definition that Terraform gives it"


def test_a_service_that_the_plan_takes_away_needs_no_release_to_go() -> None:
    plan = stack_plan(entry(), entry())
    plan["planned_values"] = {"root_module": {}}
    plan["output_changes"]["services"]["after"] = None
    assert tasks(plan) == [2, None, None]
    assert record_of(plan)["by_apply"] == -18.02
    assert record_of(plan)["next_release"] == {"change": 0.0, "services": []}


def test_the_record_of_a_run_says_what_apply_and_release_change() -> None:
    plan = stack_plan(entry(), entry("512", "1024"), bounds_before=(1, 6), bounds=(3, 6))
    record = record_of(plan)
    assert record["before"]["total_monthly_cost"] == 18.02
    assert record["after"]["total_monthly_cost"] == 54.06
    assert (record["by_apply"], record["next_release"]["change"], record["change"]) == (9.01, 27.03, 36.04)
    (service,) = record["next_release"]["services"]
    assert (service["service"], service["monthly_cost"], service["is_first"]) == ("web", 27.03, False)
    assert service["differences"][0] == {"what": "cpu", "before": "256", "after": "512"}


def test_a_template_that_was_applied_and_never_released_still_waits_for_its_release() -> None:
    plan = stack_plan(entry("512", "1024"), entry("512", "1024"))
    record = record_of(plan, web={"cpu": "256", "memory": "512"})
    assert record["before"]["total_monthly_cost"] == 18.02
    assert (record["by_apply"], record["next_release"]["change"]) == (0.0, 18.02)
    assert record["next_release"]["services"][0]["differences"][0] == {"what": "cpu", "before": "256", "after": "512"}


def test_where_ecs_does_not_answer_nothing_is_said_to_be_known() -> None:
    record = recorded(stack_plan(entry("512", "1024"), entry("512", "1024")), lambda definitions: {})
    assert record["uncertain"] == [SERVICE]
    assert record["next_release"]["change"] is None
    (service,) = record["next_release"]["services"]
    assert service["monthly_cost"] is None
    assert service["differences"][0] == {"what": "cpu", "before": "unknown", "after": "512"}


@pytest.mark.parametrize(("running", "asked"), [(2, [f"{DEFINITIONS}/{FAMILY}:1"]), (0, []), (None, [])])
def test_only_what_was_released_is_asked_for(running: int | None, asked: list[str]) -> None:
    assert running_definitions(stack_plan(entry(), entry(), running=running)) == asked
