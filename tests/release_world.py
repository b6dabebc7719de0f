"""A provisioned service with releases to make, for tests: ECS in the sandbox, the rest in the database."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from controlplane.core.actors import Actor
from controlplane.core.models import ApprovalRequest, System
from controlplane.core.services import approvals
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from deployments_app import controller, jobs
from deployments_app.models import Deployment, Release
from deployments_app.services import deployments, releases
from deployments_app.webhooks import Image, ReleaseNotice
from environments_app.models import Environment, StateVersion
from tests import factories
from tests.sandbox_fixture import eventually
from tests.sandbox_world import World

_numbers = itertools.count(1)
KEY = "own:us-east-1"


def notice(digest: str, **values: Any) -> ReleaseNotice:
    """What CI would say of an image of the service `api`; newer with every call."""
    number = next(_numbers)
    image = Image(values.pop("repository", "registry.example.com/api"), digest, f"1.{number}.0")
    given: dict[str, Any] = {"commit": f"{number:040x}", "branch": "main", "sequence": number, "author": "someone"}
    return ReleaseNotice("api", {"": image}, **{**given, **values})


def release(system: System, digest: str = "", **values: Any) -> Release:
    """A new release of the system's service `api`."""
    digest = digest or f"sha256:{uuid4().hex * 2}"
    made = releases.create_release(Actor.webhook("ci"), system, notice(digest, **values))
    assert isinstance(made, tuple), made
    return made[0]


def outputs(**values: Any) -> dict[str, Any]:
    """The stack's output `services` with one service, `api`."""
    template = {
        "family": values.pop("family", "small-development-api"),
        "cpu": "256",
        "memory": "512",
        "ephemeral_storage_gib": None,
        "network_mode": "awsvpc",
        "requires_compatibilities": [values.pop("compatibility", "FARGATE")],
        "execution_role_arn": "arn:aws:iam::123456789012:role/execution",
        "task_role_arn": "arn:aws:iam::123456789012:role/task",
        "runtime_platform": {"operating_system_family": "LINUX", "cpu_architecture": "X86_64"},
        "container_definitions": [
            {
                "name": "api",
                "essential": True,
                "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
                "environment": [{"name": "LEVEL", "value": "info"}],
                "secrets": [],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": values.pop("log_group", "/small/development/api"),
                        "awslogs-region": "us-east-1",
                        "awslogs-stream-prefix": "api",
                    },
                },
            }
        ],
    }
    service = {
        "cluster_name": "small-development",
        "service_name": "api",
        "task_template": template,
        "desired_count": 2,
        "target_group_arn": None,
        "alarm_names": [],
    }
    return {"services": {"api": {**service, **values}}}


def provisioned(environment: Environment, given: dict[str, Any]) -> StateVersion:
    """As if an apply had ended with these outputs."""
    run = factories.run(environment, factories.user(is_superuser=True))
    return StateVersion.objects.create(environment=environment, run=run, serial=1, resources=1, outputs=given)


def person(environment: Environment, role: str) -> Actor:
    return Actor.person(factories.member(environment.system, role))


def asked(environment: Environment, what: Release | None = None, actor: Actor | None = None) -> Deployment:
    what = what or release(environment.system)
    made = deployments.request_deployment(actor or person(environment, "developer"), environment, what)
    assert isinstance(made, Deployment), made
    return deployments.find(made.pk)


def succeeded(deployment: Deployment) -> Deployment:
    """As if the controller had proved it."""
    Deployment.objects.filter(pk=deployment.pk).update(state="succeeded", finished_at=clock.now(), due_at=None)
    return deployments.find(deployment.pk)


def dispatched(what: Release) -> dict[str, bool]:
    releases.dispatch(what.pk)
    what.refresh_from_db()
    return {name: decision["deploys"] for name, decision in what.decisions.items()}


def approve(deployment: Deployment, actor: Actor) -> ApprovalRequest | Refusal:
    request = approvals.live_request(deployment.audit_subject)
    return deployments.approve(actor, deployments.find(deployment.pk), request.digest if request else "")


@dataclass
class ReleaseWorld:
    """A service in the sandbox as the stack leaves it: desired count 0, a bootstrap revision that never runs."""

    world: World
    environment: Environment
    name: str
    repository: str

    @classmethod
    def make(
        cls,
        world: World,
        environment: Environment,
        *,
        desired: int = 2,
        compatibility: str = "FARGATE",
        scaled: tuple[int, int] | None = None,
    ) -> ReleaseWorld:
        """`compatibility` EC2: it runs on the cluster's default capacity. `scaled`: its bounds, if it is."""
        under_test = world.service(compatibility=compatibility)
        assert under_test.target_group
        world.ecs.create_service(
            cluster=world.cluster,
            serviceName=under_test.name,
            taskDefinition=under_test.register(
                "123456789012.dkr.ecr.us-east-1.amazonaws.com/none:bootstrap", name="api"
            ),
            desiredCount=0,
            **({"launchType": "FARGATE"} if compatibility == "FARGATE" else {}),
            loadBalancers=[{"targetGroupArn": under_test.target_group, "containerName": "api", "containerPort": 8080}],
            networkConfiguration=world.network,
        )
        output = outputs(
            compatibility=compatibility,
            family=f"{under_test.name}-released",
            log_group=world.log_group,
            cluster_name=world.cluster,
            service_name=under_test.name,
            desired_count=desired,
            target_group_arn=under_test.target_group,
            scalable_target=scaled
            and {"resource_id": f"service/{world.cluster}/{under_test.name}", "min": scaled[0], "max": scaled[1]},
        )
        provisioned(environment, output)
        return cls(world, environment, under_test.name, under_test.repository)

    def release(self, behaviour: str, **values: Any) -> Release:
        """A release of a new image that behaves like this."""
        pushed = self.world.sandbox.image(self.repository, behaviour, f"t{next(_numbers)}")
        repository = pushed["image"].rpartition(":")[0]
        return release(self.environment.system, pushed["digest"], repository=repository, **values)

    def deploy(self, behaviour: str, **values: Any) -> Deployment:
        """A deployment that was just asked for."""
        return self.asked(self.release(behaviour, **values))

    def asked(self, what: Release) -> Deployment:
        made = deployments.request_deployment(Actor.slipway("test"), self.environment, what, automatic=True)
        assert isinstance(made, Deployment), made
        return made

    def begun(self, behaviour: str) -> Deployment:
        """A deployment that holds its lock and has not touched the service yet."""
        asked = self.deploy(behaviour)
        controller.look(KEY)
        row = deployments.find(asked.pk)
        assert row.state == "preparing", row.reason
        return row

    def until(self, deployment: Deployment, condition: Callable[[Deployment], bool], seconds: float = 60) -> Deployment:
        """Looks in this process, as the workers do, until the deployment is as wanted."""

        def look() -> Deployment | None:
            jobs.look(KEY)
            row = deployments.find(deployment.pk)
            return row if condition(row) else None

        found = eventually(look, seconds=seconds, why=f"deployment {deployment.pk}")
        assert found is not None
        return found

    def ended(self, deployment: Deployment) -> Deployment:
        return self.until(deployment, lambda row: row.is_finished)

    def describe(self) -> dict[str, Any]:
        found = self.world.ecs.describe_services(cluster=self.world.cluster, services=[self.name])
        service: dict[str, Any] = found["services"][0]
        return service

    def running_digests(self) -> set[str]:
        arns = self.world.ecs.list_tasks(cluster=self.world.cluster, serviceName=self.name)["taskArns"]
        if not arns:
            return set()
        tasks = self.world.ecs.describe_tasks(cluster=self.world.cluster, tasks=arns)["tasks"]
        return {container["imageDigest"] for task in tasks for container in task["containers"]}
