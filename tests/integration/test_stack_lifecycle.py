"""An environment lives through Terraform: made, released to, found as it was made, changed, taken away again."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from environments_app.schema import BlueprintEnvironment, load_blueprint, render_variables
from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.terraform_fixture import REPOSITORY_ROOT, changes, terraform_folder

pytestmark = pytest.mark.systems

SHAPES = [("dougust", "staging"), ("programador-musical", "staging"), ("verificadores", "staging")]
"""Fargate behind a load balancer, spot instances, a CDN with a firewall."""
NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path / "aws", scale=50) as running:
        running.client("s3").create_bucket(Bucket="state")
        yield running


def environment(system: str, name: str) -> BlueprintEnvironment:
    blueprint = load_blueprint(REPOSITORY_ROOT / f"blueprints/{system}.yaml")
    return next(found for found in blueprint.environments if found.name == name)


def unprotected(variables: dict[str, Any]) -> dict[str, Any]:
    """Variables of an environment that a test may destroy."""
    for section in ("database", "load_balancer"):
        if variables[section]:
            variables[section]["deletion_protection"] = False
    variables["registry"]["force_delete"] = True
    return variables


def release(sandbox: SandboxProcess, service: dict[str, Any]) -> None:
    """What the release controller does to a service: a revision with images, its own settings, its own weights."""
    ecs, template = sandbox.client("ecs"), service["task_template"]
    containers = [
        container | {"image": sandbox.image(repository_of(service, container["name"]), "healthy")["image"]}
        for container in template["container_definitions"]
    ]
    revision = ecs.register_task_definition(
        family=template["family"],
        cpu=template["cpu"],
        memory=template["memory"],
        networkMode=template["network_mode"],
        requiresCompatibilities=template["requires_compatibilities"],
        executionRoleArn=template["execution_role_arn"],
        taskRoleArn=template["task_role_arn"],
        containerDefinitions=containers,
    )
    ecs.update_service(
        cluster=service["cluster_name"],
        service=service["service_name"],
        taskDefinition=revision["taskDefinition"]["taskDefinitionArn"],
        desiredCount=service["desired_count"],
        deploymentConfiguration={
            "minimumHealthyPercent": 50,
            "maximumPercent": 150,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "alarms": {"alarmNames": service["alarm_names"], "enable": True, "rollback": True},
        },
    )
    if target := service["scalable_target"]:
        sandbox.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=target["resource_id"],
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=target["min"],
            MaxCapacity=target["max"],
            SuspendedState=NOT_SUSPENDED,
        )
    if service["listener_rule_arn"]:
        weights = [{"TargetGroupArn": service["target_group_arn"], "Weight": 100}]
        sandbox.client("elbv2").modify_rule(
            RuleArn=service["listener_rule_arn"],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
        )


def settled(sandbox: SandboxProcess, service: dict[str, Any]) -> bool:
    described = sandbox.client("ecs").describe_services(
        cluster=service["cluster_name"], services=[service["service_name"]]
    )["services"][0]
    [deployment] = described["deployments"] if len(described["deployments"]) == 1 else [{}]
    return deployment.get("rolloutState") == "COMPLETED" and described["runningCount"] == described["desiredCount"]


def repository_of(service: dict[str, Any], container: str) -> str:
    return str(service["repository_urls"][container].split("/", 1)[1])


@pytest.mark.parametrize(("system", "name"), SHAPES)
def test_an_environment_is_made_kept_changed_and_destroyed(
    system: str, name: str, tmp_path: Path, sandbox: SandboxProcess
) -> None:
    config = environment(system, name).config
    if config.dns:
        sandbox.client("route53").create_hosted_zone(Name=config.dns.zone, CallerReference="the owner of the domain")
    variables = unprotected(render_variables(system=system, environment=name, config=config))
    stack = terraform_folder(tmp_path, sandbox.url)

    stack.write_variables(variables)
    stack.plan()
    stack.apply_saved()
    assert changes(stack.plan()) == {}

    for service in json.loads(stack.must("output", "-json", "services")).values():
        release(sandbox, service)
        eventually(partial(settled, sandbox, service), seconds=120, why=f"{service['service_name']} runs")
    assert changes(stack.plan()) == {}, "what a release changes is not Terraform's"

    secrets = sandbox.client("secretsmanager")
    state = stack.state()
    for entry in secrets.list_secrets()["SecretList"]:
        value = secrets.get_secret_value(SecretId=entry["ARN"])["SecretString"]
        assert value not in state, f"the value of {entry['Name']} lies in the state"

    variables["logs"]["retention_days"] = 60
    if variables["database"]:
        variables["database"]["password_generation"] = 2
    stack.write_variables(variables)
    assert changes(stack.plan())
    stack.apply_saved()
    assert changes(stack.plan()) == {}

    stack.must("destroy", "-no-color", "-input=false", "-auto-approve")
    assert '"resources": []' in stack.state()
