"""What the scheduler keeps: services, their revisions and deployments, tasks and containers.

Timestamps are real (aware UTC datetimes); `*_due` and `*_since` are sandbox seconds. Everything here is
plain data and is pickled with moto's ECS backend.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.behaviours import Behaviour

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
    private_ip: str
    subnet_id: str | None
    cpu: str | None
    memory: str | None
    containers: list[Container]
    step_due: float
    overrides: dict[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    enable_execute_command: bool = False
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
    """A service revision: everything whose change makes a deployment (`settings`: UpdateService's fields)."""

    arn: str
    task_definition: str
    settings: dict[str, Any]
    created_at: datetime = field(default_factory=utcnow)
    container_images: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Rollout:
    """What DescribeServices calls a deployment: the tasks of one revision, `ecs-svc/...`."""

    id: str
    revision_arn: str
    status: str = "PRIMARY"
    state: str = "IN_PROGRESS"
    reason: str = ""
    failed_tasks: int = 0
    reached_running: bool = False
    halted: bool = False
    next_start_due: float = 0.0
    created_at: datetime = field(default_factory=utcnow)
    updated_at: datetime = field(default_factory=utcnow)


@dataclass
class ServiceDeployment:
    """What DescribeServiceDeployments knows: one change of a service from its start to its end."""

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

    @property
    def live(self) -> bool:
        return self.status in LIVE


@dataclass
class Service:
    """`settings` are the fields of CreateService that are answered as they were given."""

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
    stuck: bool = False

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
    def load_balancers(self) -> list[dict[str, Any]]:
        return self.settings.get("loadBalancers") or []

    @property
    def launch_type(self) -> str | None:
        return self.settings.get("launchType")

    @property
    def scheduling_strategy(self) -> str:
        return str(self.settings.get("schedulingStrategy") or "REPLICA")
