"""Capacity, names and scaling that could not be made are refused; what is unwise is said."""

from typing import Any

import pytest

from environments_app.schema import ConfigInvalid, parse, render_variables, warnings
from tests.unit.schema_document import document


def on_instances(*types: str, **compute: Any) -> dict[str, Any]:
    ec2 = {"instance_types": list(types), "min_instances": 1, "max_instances": 3}
    return {"compute": {"launch_type": "EC2", "ec2": ec2, **compute}}


def tracking(metric: str) -> dict[str, Any]:
    return {"metric": metric, "target_percent": 70}


def step(threshold: float, adjustment: int = 1) -> dict[str, Any]:
    return {"metric": "cpu", "comparison": "above", "threshold_percent": threshold, "adjustment_tasks": adjustment}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"compute": {"fargate_spot_percent": 12.5}},
            ("compute.fargate_spot_percent", "12.5 is not valid", "a multiple of 1"),
        ),
        (
            on_instances("t3.medium", fargate_spot_percent=50),
            ("compute.fargate_spot_percent", "tasks run on instances, not on Fargate", "0, or ec2.spot_percent"),
        ),
        (
            on_instances("t3.medium") | {"services.web.cpu_architecture": "ARM64"},
            (
                "compute.ec2.instance_types.0",
                "t3.medium does not run images for ARM64",
                "types of the services' cpu_architecture",
            ),
        ),
        (
            on_instances("t3.medium", "t4g.medium"),
            (
                "compute.ec2.instance_types.1",
                "t4g.medium does not run images for X86_64",
                "types of the services' cpu_architecture",
            ),
        ),
        (
            on_instances("t3.medium") | {"services.web.tier": "public"},
            ("services.web.tier", "tasks on instances cannot have public addresses", "private"),
        ),
        (
            on_instances("t3.medium") | {"services.web.ephemeral_storage_gib": 30},
            (
                "services.web.ephemeral_storage_gib",
                "only Fargate has it; tasks on instances share the volume",
                "null, and a larger compute.ec2.root_volume_gib",
            ),
        ),
        (
            {
                "services.web.discovery_name": "web",
                "services.web.routing": None,
                "services.web.containers.web.port": ...,
            },
            (
                "services.web.discovery_name",
                "no container has a port",
                "one container with a port, or a section routing that names it",
            ),
        ),
        (
            {"services.web.autoscaling": {"target_tracking": [tracking("cpu"), tracking("cpu")]}},
            ("services.web.autoscaling.target_tracking", "cpu is tracked twice", "one target for each metric"),
        ),
        (
            {"services.web.autoscaling": {"steps": [step(70), step(70, 2)]}},
            (
                "services.web.autoscaling.steps",
                "two steps act when cpu is above 70 %",
                "one step for each limit",
            ),
        ),
    ],
)  # fmt: skip
def test_what_could_not_be_made_is_refused(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse(document(changes))

    assert [(each.path, each.problem, each.expected) for each in refused.value.problems] == [expected]


def test_services_on_the_same_instances_have_one_architecture() -> None:
    whole = document(on_instances("t3.medium"))
    whole["services"]["arm"] = {**whole["services"]["web"], "cpu_architecture": "ARM64", "routing": None}

    with pytest.raises(ConfigInvalid) as refused:
        parse(whole)

    assert [each.problem for each in refused.value.problems] == [
        "ARM64 beside X86_64 of web: all share the same instances"
    ]


def test_steps_with_limits_of_their_own_and_target_tracking_go_together() -> None:
    both = {"target_tracking": [tracking("cpu"), tracking("memory")], "steps": [step(70), step(85, 2)]}

    parse(document({"services.web.autoscaling": both}))


@pytest.mark.parametrize(
    ("user", "tier", "said"),
    [
        ("root", "development", "the container runs as root"),
        ("0:0", "development", "the container runs as root"),
        (None, "production", "the image decides who runs it, and most images say root"),
        (None, "development", ""),
        ("node", "production", ""),
        ("1000:1000", "production", ""),
    ],
)
def test_containers_that_run_as_root_are_a_finding(user: str | None, tier: str, said: str) -> None:
    config = parse(document({"services.web.containers.web.user": user}))
    path = "services.web.containers.web.user"

    assert [each.problem for each in warnings(config, tier=tier) if each.path == path] == ([said] if said else [])


@pytest.mark.parametrize(("off_hours_count", "warned"), [(0, False), (1, True)])
def test_a_schedule_that_changes_nothing_is_a_finding(off_hours_count: int, warned: bool) -> None:
    schedule = {"start": "07:00", "stop": "22:00", "off_hours_count": off_hours_count}
    paths = {each.path for each in warnings(parse(document({"schedule": schedule})))}

    assert ("schedule.off_hours_count" in paths) is warned


def test_everybody_is_no_principal_of_a_role() -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse(document({"people_roles": {"admins": ["*"]}}))

    assert [each.path for each in refused.value.problems] == ["people_roles.admins.0"]


def test_people_may_be_those_of_the_environments_own_account() -> None:
    config = parse(document({"people_roles": {"admins": ["account"]}}))

    assert config.people_roles is not None
    assert config.people_roles.admins == ("account",)


def test_instances_schedules_names_and_roles_reach_terraform() -> None:
    schedule = {"start": "07:00", "stop": "22:00"}
    people = {"developers": ["arn:aws:iam::123456789012:root"]}
    changes = on_instances("t3.medium") | {"schedule": schedule, "people_roles": people}
    config = parse(document(changes | {"services.web.discovery_name": "web"}))
    variables = render_variables(system="shop", environment="staging", config=config)

    assert variables["cluster"]["ec2"]["instance_types"] == ["t3.medium"]
    assert variables["schedule"]["workdays"] == ["mon", "tue", "wed", "thu", "fri"]
    assert variables["people_roles"]["require_mfa"] is True
    assert variables["services"]["web"]["discovery_name"] == "web"
