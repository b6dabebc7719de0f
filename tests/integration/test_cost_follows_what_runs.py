"""The cost of a real plan: what runs is read from ECS, what the apply leaves to the next release is told apart."""

import json
from pathlib import Path
from typing import Any

import pytest

from controlplane.lib.aws import Account
from deployments_app import taskdefinition
from environments_app import schema
from environments_app.ecs import task_size
from environments_app.recording import estimate
from tests.factories import SMALL_CONFIG
from tests.sandbox_fixture import SandboxProcess, start_sandbox
from tests.terraform_fixture import changes, terraform_folder

pytestmark = pytest.mark.systems

QUARTER_VCPU_TASK = 9.01
SERVICE = 'module.service["api"].aws_ecs_service.this'


def variables(**service: Any) -> dict[str, Any]:
    config = SMALL_CONFIG | {"services": {"api": SMALL_CONFIG["services"]["api"] | service}}
    return schema.render_variables(system="small", environment="staging", config=schema.parse(config))


def release(sandbox: SandboxProcess, service: dict[str, Any]) -> None:
    """What the release controller does to a service for the first time."""
    image = sandbox.image("small/staging/api", "healthy")["image"]
    ecs = sandbox.client("ecs")
    revision = ecs.register_task_definition(**taskdefinition.render(service["task_template"], {"api": image}))
    ecs.update_service(
        cluster=service["cluster_name"],
        service=service["service_name"],
        taskDefinition=revision["taskDefinition"]["taskDefinitionArn"],
        desiredCount=service["desired_count"],
    )


def test_a_run_tells_what_the_apply_costs_and_what_the_next_release(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "aws", scale=50) as sandbox:
        sandbox.client("s3").create_bucket(Bucket="state")
        stack = terraform_folder(tmp_path, sandbox.url)
        account = Account("us-east-1", endpoint_url=sandbox.url)

        def sizes_of(definitions: list[str]) -> dict[str, Any]:
            return {definition: task_size(account, definition) for definition in definitions}

        stack.write_variables(variables(cpu_units=256, memory_mib=512))
        plan = stack.plan()
        made = estimate(plan, sizes_of)
        assert made["next_release"]["change"] == QUARTER_VCPU_TASK
        assert made["next_release"]["services"][0]["is_first"]
        assert made["after"]["resources"][SERVICE]["monthly_cost"] == QUARTER_VCPU_TASK
        assert made["change"] == pytest.approx(made["by_apply"] + QUARTER_VCPU_TASK)

        stack.apply_saved()
        release(sandbox, json.loads(stack.must("output", "-json", "services"))["api"])
        stack.write_variables(variables(cpu_units=512, memory_mib=1024))
        plan = stack.plan()
        assert changes(plan) == {}, "Terraform itself would change nothing"
        bigger = estimate(plan, sizes_of)
        assert (bigger["by_apply"], bigger["change"]) == (0.0, QUARTER_VCPU_TASK)

        stack.apply_saved()
        assert estimate(stack.plan(), sizes_of)["next_release"] == bigger["next_release"], "it still waits"
