"""What the stack would make for tvmaze-ingestion/development, planned by the real terraform against the sandbox."""

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from environments_app.cost.estimate import estimate
from environments_app.schema import load_blueprint, render_variables
from tests.sandbox_fixture import start_sandbox
from tests.terraform_fixture import REPOSITORY_ROOT, changes, terraform_folder


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("planned")
    blueprint = load_blueprint(REPOSITORY_ROOT / "blueprints/tvmaze-ingestion.yaml")
    development = blueprint.environments[0]
    with start_sandbox(folder / "aws") as sandbox:
        sandbox.client("s3").create_bucket(Bucket="state")
        stack = terraform_folder(folder, sandbox.url)
        stack.write_variables(
            render_variables(system=blueprint.system, environment=development.name, config=development.config)
        )
        yield stack.plan()


def planned(plan: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The attributes of all planned resources of a type."""
    return [change["change"]["after"] for change in plan["resource_changes"] if change["type"] == kind]


def test_everything_is_created(plan: dict[str, Any]) -> None:
    assert set(map(tuple, changes(plan).values())) == {("create",)}


def test_every_part_of_the_document_is_there(plan: dict[str, Any]) -> None:
    made = Counter(change["type"] for change in plan["resource_changes"] if change["mode"] == "managed")

    for kind, count in {
        "aws_vpc": 1,
        "aws_nat_gateway": 1,
        "aws_lb": 1,
        "aws_lb_listener": 1,
        "aws_ecs_service": 1,
        "aws_appautoscaling_policy": 1,
        "aws_db_instance": 1,
        "aws_elasticache_replication_group": 1,
        "aws_s3_bucket": 3,
        "aws_s3_bucket_lifecycle_configuration": 3,
        "aws_ecr_repository": 1,
        "aws_wafv2_web_acl": 1,
        "aws_xray_sampling_rule": 1,
        "aws_cloudwatch_metric_alarm": 5,
        "aws_cloudwatch_dashboard": 3,
        "aws_secretsmanager_secret": 6,
        "aws_secretsmanager_secret_rotation": 1,
    }.items():
        assert made[kind] == count, kind


def test_a_new_service_starts_with_no_task(plan: dict[str, Any]) -> None:
    [service] = planned(plan, "aws_ecs_service")
    [bootstrap] = planned(plan, "aws_ecs_task_definition")

    assert service["desired_count"] == 0
    assert bootstrap["family"] == "tvmaze-ingestion-development-api-bootstrap"


def test_the_task_template_has_everything_but_an_image(plan: dict[str, Any]) -> None:
    output = plan["planned_values"]["outputs"]["services"]
    [change] = [plan["output_changes"]["services"]]
    template = change["after"]["api"]["task_template"]
    [container] = template["container_definitions"]

    assert not output["sensitive"]
    assert (template["family"], template["cpu"], template["memory"]) == (
        "tvmaze-ingestion-development-api",
        "256",
        "1024",
    )
    assert "image" not in container
    assert container["portMappings"] == [{"name": "api", "containerPort": 3000, "hostPort": 3000, "protocol": "tcp"}]
    assert [secret["name"] for secret in container["secrets"]] == ["DATABASE_URL", "REDIS_URL", "SECRET_KEY_BASE"]


def test_roles_for_people_are_given_by_the_account_that_the_plan_is_of(plan: dict[str, Any]) -> None:
    trusts = {
        role["name"]: json.loads(role["assume_role_policy"])["Statement"][0]["Principal"]["AWS"]
        for role in planned(plan, "aws_iam_role")
        if role["name"].endswith(("-developer", "-admin"))
    }

    assert len(trusts) == 2
    assert set(trusts.values()) == {"arn:aws:iam::123456789012:root"}


def test_everything_that_can_be_is_tagged(plan: dict[str, Any]) -> None:
    tagged = [
        change["change"]["after"]["tags_all"]
        for change in plan["resource_changes"]
        if "tags_all" in (change["change"]["after"] or {})
    ]

    assert len(tagged) > 40
    for tags in tagged:
        assert tags["slipway:system"] == "tvmaze-ingestion"
        assert tags["slipway:environment"] == "development"
        assert tags["slipway:managed"] == "terraform"


def test_only_declared_connections_are_let_in(plan: dict[str, Any]) -> None:
    rules = planned(plan, "aws_vpc_security_group_ingress_rule")

    assert sorted((rule["description"], rule["from_port"], rule["to_port"]) for rule in rules) == [
        ("Clients to the load balancer on 80", 80, 80),
        ("Load balancer to api", 0, 65535),
        ("api to Redis", 6379, 6379),
        ("api to the database", 5432, 5432),
    ]


def test_no_secret_is_in_the_plan(plan: dict[str, Any]) -> None:
    for version in planned(plan, "aws_secretsmanager_secret_version"):
        assert version.get("secret_string_wo") is None
        assert version.get("secret_string") is None
    [database] = planned(plan, "aws_db_instance")
    assert database["password"] is None
    assert database["password_wo"] is None
    assert '"random_password":' not in json.dumps(plan["planned_values"])


def test_its_service_is_priced_by_its_template_and_not_by_the_placeholder(plan: dict[str, Any]) -> None:
    service = estimate(plan).resources['module.service["api"].aws_ecs_service.this']
    entry = plan["output_changes"]["services"]["after"]["api"]
    assert entry["task_template"]["memory"] != planned(plan, "aws_ecs_task_definition")[0]["memory"]
    assert [component.quantity for component in service.components if "per hour" in component.name] == [
        Decimal(entry["task_template"][size]) / 1024 * entry["desired_count"] for size in ("memory", "cpu")
    ]
