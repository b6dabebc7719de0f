"""How big the tasks are that run is read from ECS, definition by definition."""

import pytest

from controlplane.lib.aws import Account, AwsError
from deployments_app import taskdefinition
from environments_app.ecs import task_size
from tests.release_world import outputs
from tests.sandbox_fixture import SandboxProcess


def test_a_definition_tells_its_size(sandbox: SandboxProcess) -> None:
    sandbox.control("POST", "reset")
    template = outputs()["services"]["api"]["task_template"] | {"cpu": "512", "memory": "1024"}
    rendered = taskdefinition.render(template | {"ephemeral_storage_gib": 40}, {"api": "nginx"})
    made = sandbox.client("ecs").register_task_definition(**rendered)["taskDefinition"]
    size = task_size(Account("us-east-1", endpoint_url=sandbox.url), made["taskDefinitionArn"])
    assert size == {
        "cpu": "512",
        "memory": "1024",
        "ephemeral_storage_gib": 40,
        "runtime_platform": template["runtime_platform"],
    }


def test_one_that_is_not_there_is_an_error(sandbox: SandboxProcess) -> None:
    missing = "arn:aws:ecs:us-east-1:123456789012:task-definition/gone:1"
    with pytest.raises(AwsError):
        task_size(Account("us-east-1", endpoint_url=sandbox.url), missing)
