"""Which resources a plan holds, in which region, and what refers to what across modules and instances."""

from __future__ import annotations

from typing import Any

import pytest

from environments_app.cost.plan import PlanError, Stack, read_plan
from tests.unit.cost_plans import declared, plan_of, planned

VPC = "module.net.aws_subnet.private"


def addresses(stack: Stack, address: str, attribute: str, type_: str) -> list[str]:
    return [other.address for other in stack.referred(stack.resources[address], attribute, type_)]


def nested_plan() -> dict[str, Any]:
    """A root with an endpoint whose subnets are an output of a module, and a service module used twice."""
    service = {
        "resources": [
            declared("aws_ecs_service.this", task_definition=["var.definition"]),
            declared("aws_appautoscaling_target.this", resource_id=["var.cluster", "aws_ecs_service.this.name"]),
            declared("aws_ecs_task_definition.this"),
        ],
    }
    return {
        "planned_values": {
            "root_module": {
                "resources": [planned("aws_vpc_endpoint.logs")],
                "child_modules": [
                    {
                        "address": "module.net",
                        "resources": [planned("module.net.aws_subnet.private", index=i) for i in range(3)],
                    },
                    *(
                        {
                            "address": f'module.service["{key}"]',
                            "resources": [
                                planned(f'module.service["{key}"].aws_ecs_service.this'),
                                planned(f'module.service["{key}"].aws_appautoscaling_target.this'),
                            ],
                        }
                        for key in ("api", "a.b[0]")
                    ),
                ],
            }
        },
        "configuration": {
            "root_module": {
                "resources": [declared("aws_vpc_endpoint.logs", subnet_ids=["module.net.private_ids", "module.net"])],
                "module_calls": {
                    "net": {
                        "module": {
                            "resources": [declared("aws_subnet.private")],
                            "outputs": {"private_ids": {"expression": {"references": ["aws_subnet.private"]}}},
                        }
                    },
                    "service": {"expressions": {"definition": {"constant_value": "x:1"}}, "module": service},
                },
            }
        },
    }


def test_resources_of_nested_modules_are_found() -> None:
    assert len(read_plan(nested_plan()).resources) == 8


def test_a_reference_is_followed_through_a_modules_output_to_every_instance() -> None:
    found = addresses(read_plan(nested_plan()), "aws_vpc_endpoint.logs", "subnet_ids", "aws_subnet")
    assert found == [f"{VPC}[0]", f"{VPC}[1]", f"{VPC}[2]"]


@pytest.mark.parametrize("key", ["api", "a.b[0]"])
def test_a_reference_inside_a_repeated_module_stays_in_its_own_instance(key: str) -> None:
    stack = read_plan(nested_plan())
    target = f'module.service["{key}"].aws_appautoscaling_target.this'
    assert addresses(stack, target, "resource_id", "aws_ecs_service") == [
        f'module.service["{key}"].aws_ecs_service.this'
    ]


def test_a_reference_is_followed_through_a_modules_variable() -> None:
    plan = plan_of(planned("aws_ecs_task_definition.web"))
    plan["planned_values"]["root_module"]["child_modules"] = [
        {"address": "module.service", "resources": [planned("module.service.aws_ecs_service.this")]}
    ]
    plan["configuration"]["root_module"]["module_calls"] = {
        "service": {
            "expressions": {"definition": {"references": ["aws_ecs_task_definition.web.arn"]}},
            "module": {"resources": [declared("aws_ecs_service.this", task_definition=["var.definition"])]},
        }
    }
    found = addresses(
        read_plan(plan), "module.service.aws_ecs_service.this", "task_definition", "aws_ecs_task_definition"
    )
    assert found == ["aws_ecs_task_definition.web"]


@pytest.mark.parametrize(
    ("references", "meant"),
    [
        (["aws_ecs_task_definition.web", "each.key"], ['aws_ecs_task_definition.web["api"]']),
        (
            ['aws_ecs_task_definition.web["job"].arn', "aws_ecs_task_definition.web"],
            ['aws_ecs_task_definition.web["job"]'],
        ),
        (
            ["aws_ecs_task_definition.web"],
            ['aws_ecs_task_definition.web["api"]', 'aws_ecs_task_definition.web["job"]'],
        ),
    ],
)
def test_the_instance_that_a_reference_names_is_meant(references: list[str], meant: list[str]) -> None:
    plan = plan_of(
        planned("aws_ecs_service.web", index="api"),
        *(planned("aws_ecs_task_definition.web", index=key) for key in ("api", "job")),
        configuration=[
            declared("aws_ecs_service.web", task_definition=references),
            declared("aws_ecs_task_definition.web"),
        ],
    )
    found = addresses(read_plan(plan), 'aws_ecs_service.web["api"]', "task_definition", "aws_ecs_task_definition")
    assert found == meant


def test_each_key_chooses_among_the_instances_of_a_module() -> None:
    plan = plan_of(*(planned("aws_ecs_service.web", index=key) for key in ("api", "job")), configuration=[])
    plan["planned_values"]["root_module"]["child_modules"] = [
        {
            "address": f'module.task["{key}"]',
            "resources": [planned(f'module.task["{key}"].aws_ecs_task_definition.this')],
        }
        for key in ("api", "job")
    ]
    root = plan["configuration"]["root_module"]
    root["resources"] = [declared("aws_ecs_service.web", task_definition=["module.task.arn", "each.key"])]
    root["module_calls"] = {
        "task": {
            "module": {
                "resources": [declared("aws_ecs_task_definition.this")],
                "outputs": {"arn": {"expression": {"references": ["aws_ecs_task_definition.this.arn"]}}},
            }
        }
    }
    found = addresses(read_plan(plan), 'aws_ecs_service.web["job"]', "task_definition", "aws_ecs_task_definition")
    assert found == ['module.task["job"].aws_ecs_task_definition.this']


def test_references_into_the_root_and_into_a_module_both_count() -> None:
    plan = nested_plan()
    plan["planned_values"]["root_module"]["resources"].append(planned("aws_subnet.extra"))
    declarations = plan["configuration"]["root_module"]["resources"]
    declarations[0]["expressions"]["subnet_ids"]["references"].append("aws_subnet.extra.id")
    declarations.append(declared("aws_subnet.extra"))
    assert len(addresses(read_plan(plan), "aws_vpc_endpoint.logs", "subnet_ids", "aws_subnet")) == 4


def test_where_the_configuration_is_silent_a_known_arn_tells() -> None:
    plan = plan_of(
        planned("aws_ecs_service.web", task_definition="arn:aws:ecs:us-east-1:1:task-definition/web:3"),
        planned("aws_ecs_task_definition.web", arn="arn:aws:ecs:us-east-1:1:task-definition/web:3"),
    )
    found = addresses(read_plan(plan), "aws_ecs_service.web", "task_definition", "aws_ecs_task_definition")
    assert found == ["aws_ecs_task_definition.web"]


def region_of(plan: dict[str, Any], address: str = "aws_nat_gateway.this") -> str | None:
    return read_plan(plan).resources[address].region


def test_the_region_is_the_providers() -> None:
    assert region_of(plan_of(planned("aws_nat_gateway.this"), region="eu-west-1")) == "eu-west-1"


def test_a_providers_region_may_be_a_variable() -> None:
    plan = plan_of(planned("aws_nat_gateway.this"))
    plan["configuration"]["provider_config"]["aws"]["expressions"]["region"] = {"references": ["var.region"]}
    plan["variables"] = {"region": {"value": "eu-central-1"}}
    assert region_of(plan) == "eu-central-1"


def test_an_aliased_provider_has_its_own_region() -> None:
    plan = plan_of(planned("aws_nat_gateway.this"))
    plan["configuration"]["provider_config"]["aws.dr"] = {
        "name": "aws", "alias": "dr", "expressions": {"region": {"constant_value": "us-west-2"}}
    }  # fmt: skip
    plan["configuration"]["root_module"]["resources"][0]["provider_config_key"] = "aws.dr"
    assert region_of(plan) == "us-west-2"


@pytest.mark.parametrize(
    "values",
    [
        {"region": "sa-east-1"},
        {"arn": "arn:aws:ec2:sa-east-1:111122223333:natgateway/nat-1"},
        {"availability_zone": "sa-east-1c"},
    ],
)
def test_without_a_providers_region_the_resource_may_tell_its_own(values: dict[str, str]) -> None:
    plan = plan_of(planned("aws_nat_gateway.this", **values))
    plan["configuration"]["provider_config"]["aws"]["expressions"] = {}
    assert region_of(plan) == "sa-east-1"


def test_a_region_that_nothing_tells_is_none() -> None:
    plan = plan_of(planned("aws_nat_gateway.this"))
    plan["configuration"]["provider_config"]["aws"]["expressions"] = {}
    assert region_of(plan) is None


def test_data_sources_are_not_resources() -> None:
    data = {"address": "data.aws_vpc.main", "mode": "data", "type": "aws_vpc", "name": "main", "values": {}}
    assert read_plan(plan_of(data, configuration=[])).resources == {}


@pytest.mark.parametrize("document", [[], {}, {"planned_values": None}, {"resources": {}}])
def test_another_document_is_refused(document: Any) -> None:
    with pytest.raises(PlanError, match="terraform show"):
        read_plan(document)


def test_a_plan_without_prior_state_had_nothing_before() -> None:
    assert read_plan(plan_of(planned("aws_nat_gateway.this")), "before").resources == {}
