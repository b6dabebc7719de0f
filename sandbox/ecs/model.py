"""What the scheduler keeps: services, their revisions and deployments, tasks and containers.

Timestamps are real (aware UTC datetimes); `*_due` and `*_since` are sandbox seconds. Everything here is
plain data and is pickled with moto's ECS backend.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.behaviours import Behaviour
from sandbox.ecs.hooks import HookRun
from sandbox.ecs.strategies import STAGED, Step, plan

EVENTS_KEPT = 100
LIVE = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
WAITING = ("PROVISIONING", "PENDING", "ACTIVATING")


def utcnow() -> datetime:
    return datetime.now(UTC)


@dataclass
class Container:
    """One container of a task. `definition` is its part of the task definition; `job`: runs a one-off command."""

    name: str
    arn: str
    runtime_id: str
    image: str
    definition: dict[str, Any]
    job: bool = False
    last_status: str = "PENDING"
    image_digest: str | None = None
    behaviour: Behaviour = field(default_factory=Behaviour)  # the image's, once it is pulled
    exit_code: int | None = None
    exit_due: float | None = None
    reason: str | None = None
    health_status: str = "UNKNOWN"

    @property
    def essential(self) -> bool:
        return bool(self.definition.get("essential", True))

    @property
    def ports(self) -> list[int]:
        return [mapping["containerPort"] for mapping in self.definition.get("portMappings") or []]


@dataclass(frozen=True)
class Target:
    """A task's place in a target group."""

    group_arn: str
    id: str
    port: int


@dataclass
class Task:
    id: str
    arn: str
    cluster_name: str
    cluster_arn: str
    task_definition_arn: str
    group: str
    started_by: str
    launch_type: str | None
    capacity_provider: str | None
    platform_version: str | None
    availability_zone: str
    private_ip: str  # empty where its subnet had none left, so that it will fail to start
    subnet_id: str | None
    cpu: str | None
    memory: str | None
    containers: list[Container]
    step_due: float
    overrides: dict[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    enable_execute_command: bool = False
    instance: str | None = None  # ARN of the container instance, where it runs on one
    instance_id: str | None = None  # the same, as EC2 knows it
    public_ip: bool = False  # whether its network interface is to have a public address, too
    host_ports: dict[tuple[str, int], int] = field(default_factory=dict)  # container and its port -> the instance's
    leaving: bool = False  # its instance drains: to be replaced
    service: str | None = None  # key of the service in the backend: "cluster:name"
    rollout_id: str | None = None
    desired_status: str = "RUNNING"
    last_status: str = "PROVISIONING"
    targets: list[Target] = field(default_factory=list)
    registered: bool = False
    running_since: float | None = None
    healthy: bool = False
    was_healthy: bool = False
    failure_counted: bool = False
    stop_code: str | None = None
    stopped_reason: str | None = None
    version: int = 1
    created_at: datetime = field(default_factory=utcnow)
    pull_started_at: datetime | None = None
    pull_stopped_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    execution_stopped_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def task_arn(self) -> str:
        """The name under which moto's tagging looks for it."""
        return self.arn

    @property
    def meant_to_run(self) -> bool:
        return self.desired_status == "RUNNING"

    @property
    def failed(self) -> bool:
        """Whether a deployment counts its end against itself: never started, ended or failed a check too early."""
        if self.was_healthy or self.meant_to_run:
            return False
        return self.stop_code in ("TaskFailedToStart", "EssentialContainerExited") or (
            self.stopped_reason or ""
        ).startswith("Task failed")


@dataclass
class Revision:
    """A service revision: everything whose change makes a deployment (`settings`: UpdateService's fields).

    `resolved`: the target group it uses instead of each that is named first (ECS moves traffic between two).
    """

    arn: str
    task_definition: str
    settings: dict[str, Any]
    created_at: datetime = field(default_factory=utcnow)
    container_images: dict[str, dict[str, str]] = field(default_factory=dict)
    resolved: tuple[tuple[str, str], ...] = ()

    @property
    def load_balancers(self) -> list[dict[str, Any]]:
        """The load balancers with the target groups that the revision's tasks are registered in."""
        groups = dict(self.resolved)
        return [
            each | {"targetGroupArn": groups.get(each["targetGroupArn"], each["targetGroupArn"])}
            if each.get("targetGroupArn")
            else each
            for each in self.settings.get("loadBalancers") or []
        ]


@dataclass
class Rollout:
    """What DescribeServices calls a deployment: the tasks of one revision, `ecs-svc/...`.

    `kept`: how many tasks an older revision still has to have, or the newest one after a stop without rollback.
    `start_failures`: failed starts in a row; `failed_tasks` is what the API and the circuit breaker count.
    """

    id: str
    revision_arn: str
    status: str = "PRIMARY"
    state: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    reached_running: bool = False
    halted: bool = False
    next_start_due: float = 0.0
    start_failures: int = 0
    kept: int | None = None
    created_at: datetime = field(default_factory=utcnow)
    updated_at: datetime = field(default_factory=utcnow)


@dataclass
class ServiceDeployment:
    """What DescribeServiceDeployments knows: one change of a service from its start to its end.

    Of a staged one (BLUE_GREEN, LINEAR, CANARY): `source` is the rollout whose traffic it takes, None for a
    service's first; `step` counts `steps`, `step_since` and `idle_since` are sandbox seconds (see strategies.Look);
    `production` and `test` are the target revision's weights in percent.
    """

    arn: str
    target_revision: str
    source_revisions: list[str]
    rollout_id: str
    configuration: dict[str, Any]
    status: str = "PENDING"
    status_reason: str | None = None
    created_at: datetime = field(default_factory=utcnow)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    updated_at: datetime = field(default_factory=utcnow)
    rollback_reason: str | None = None
    rollback_started_at: datetime | None = None
    rollback_revision: str | None = None
    breaker_triggered: bool = False
    failures: int = 0
    alarms_ignored: bool = False
    alarms_triggered: list[str] = field(default_factory=list)
    bake_until: float | None = None
    source: str | None = None
    source_revision: str | None = None
    reconcile: bool = False
    reconciled: bool = False
    step: int = 0
    step_since: float | None = None
    idle_since: float = 0.0
    production: float = 0.0
    test: float = 0.0
    hooks: tuple[HookRun, ...] = ()

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def staged(self) -> bool:
        return self.configuration.get("strategy") in STAGED

    @property
    def progress(self) -> tuple[object, ...]:
        """What differs once the deployment has come on."""
        return self.status, self.step, self.step_since, self.hooks, self.production, self.test, self.reconciled

    @property
    def steps(self) -> tuple[Step, ...]:
        return plan(self.configuration, reconcile=self.reconcile, replaces=self.source is not None)

    @property
    def stage(self) -> str:
        return self.steps[self.step].stage


@dataclass
class Service:
    """`settings` are the fields of CreateService that are answered as they were given.

    `first_launch_type`: the one that it was made with, None where it was made with a capacity provider strategy.
    """

    arn: str
    name: str
    cluster_name: str
    cluster_arn: str
    desired_count: int
    task_definition: str
    settings: dict[str, Any]
    deployment_configuration: dict[str, Any]
    tags: list[dict[str, str]] = field(default_factory=list)
    status: str = "ACTIVE"
    created_at: datetime = field(default_factory=utcnow)
    created_by: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    rollouts: list[Rollout] = field(default_factory=list)
    completed: Rollout | None = None
    deployments: list[ServiceDeployment] = field(default_factory=list)
    revisions: dict[str, Revision] = field(default_factory=dict)
    steady: bool = False
    waits: bool = False  # for time to pass or for somebody's word only
    stuck: bool = False
    first_launch_type: str | None = None

    @property
    def key(self) -> str:
        return f"{self.cluster_name}:{self.name}"

    @property
    def physical_resource_id(self) -> str:
        """The name under which moto's tagging looks for the ARN."""
        return self.arn

    @property
    def primary(self) -> Rollout:
        return self.rollouts[0]

    @property
    def deployment(self) -> ServiceDeployment | None:
        """The deployment that has not ended, if there is one."""
        return next((deployment for deployment in self.deployments if deployment.live), None)

    @property
    def newest_deployment(self) -> ServiceDeployment:
        """The last one that was begun, whether it has ended or not."""
        return self.deployments[0]

    @property
    def load_balancers(self) -> list[dict[str, Any]]:
        return self.settings.get("loadBalancers") or []

    def rollout(self, rollout_id: str | None) -> Rollout | None:
        """One of the rollouts, or the last completed one even if it has no task any more."""
        known = [*self.rollouts, *([self.completed] if self.completed else [])]
        return next((each for each in known if each.id == rollout_id), None)

    @property
    def launch_type(self) -> str | None:
        return self.settings.get("launchType")

    @property
    def scheduling_strategy(self) -> str:
        return str(self.settings.get("schedulingStrategy") or "REPLICA")
