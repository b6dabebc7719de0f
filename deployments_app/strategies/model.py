"""What a step sees and what it may answer. Plain data: no database, no AWS, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class ContainerSeen:
    """A container of a task, in ECS's words. `exit_code` is None while it runs."""

    name: str
    image_digest: str = ""
    last_status: str = ""
    health_status: str = ""
    exit_code: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class TargetHealth:
    """A task's state behind the load balancer: initial, healthy, unhealthy, draining, unused, unavailable."""

    state: str
    reason: str = ""
    description: str = ""


@dataclass(frozen=True)
class TaskSeen:
    """A task of the service, running or stopped within the last hour."""

    arn: str
    task_definition: str
    last_status: str
    desired_status: str = "RUNNING"
    health_status: str = ""
    zone: str = ""
    address: str = ""
    started_by: str = ""
    stop_code: str = ""
    stopped_reason: str = ""
    containers: tuple[ContainerSeen, ...] = ()
    target: TargetHealth | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def is_running(self) -> bool:
        return self.last_status == "RUNNING" and self.desired_status == "RUNNING"


@dataclass(frozen=True)
class RolloutSeen:
    """What DescribeServices calls a deployment: PRIMARY, ACTIVE or INACTIVE."""

    id: str
    status: str
    task_definition: str
    state: str = ""
    reason: str = ""
    desired: int = 0
    running: int = 0
    pending: int = 0
    failed: int = 0


@dataclass(frozen=True)
class EventSeen:
    """A line of the service's event list."""

    id: str
    at: datetime
    message: str


@dataclass(frozen=True)
class Balancer:
    """Where a service's traffic comes from, and to which port of which container it goes."""

    target_group: str
    container: str
    port: int


@dataclass(frozen=True)
class ServiceSeen:
    """A service as DescribeServices shows it."""

    arn: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    rollouts: tuple[RolloutSeen, ...] = ()
    events: tuple[EventSeen, ...] = ()
    balancers: tuple[Balancer, ...] = ()

    @property
    def primary(self) -> RolloutSeen | None:
        return next((rollout for rollout in self.rollouts if rollout.status == "PRIMARY"), None)


@dataclass(frozen=True)
class ServiceDeploymentSeen:
    """A service deployment. ECS has no FAILED: it ends SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL or ROLLBACK_FAILED."""

    arn: str
    status: str
    reason: str = ""
    rollback_reason: str = ""


@dataclass(frozen=True)
class Observed:
    """One look at AWS. `service` is None where it does not exist; `service_deployment` is the one that we started."""

    service: ServiceSeen | None
    service_deployment: ServiceDeploymentSeen | None = None
    tasks: tuple[TaskSeen, ...] = ()

    @property
    def running(self) -> tuple[TaskSeen, ...]:
        return tuple(task for task in self.tasks if task.is_running)


@dataclass(frozen=True)
class DeploymentView:
    """The row, as far as a step may know it.

    digests: what must run, by container. previous: the task definition that served before, "" where nothing did.
    intent: the call that was about to be made and whose end may be unknown ("" : none).
    """

    state: str
    digests: Mapping[str, str]
    is_snapshot_taken: bool = False
    task_definition: str = ""
    previous: str = ""
    intent: str = ""
    stage: str = ""
    abort: str = ""
    paused: bool = False
    deadline_at: datetime | None = None
    bake_until: datetime | None = None
    bake: timedelta = timedelta(0)
    reason: str = ""


@dataclass(frozen=True)
class Action:
    """What a step answers; exactly one of the classes below."""


@dataclass(frozen=True)
class Wait(Action):
    """Nothing to do now; `why` is shown while it waits."""

    seconds: float
    why: str = ""


@dataclass(frozen=True)
class Snapshot(Action):
    """Remember what runs now, before anything is changed."""


@dataclass(frozen=True)
class Register(Action):
    """Register the rendered task definition under this deployment's tag."""


@dataclass(frozen=True)
class Update(Action):
    """Order the rollout of our task definition (UpdateService)."""


@dataclass(frozen=True)
class Advance(Action):
    """Go to the next state."""

    state: str
    stage: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Succeed(Action):
    """Success is proved: `verdict` says by what."""

    verdict: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class RollBack(Action):
    """Take the service back to what ran before, for this reason; ECS may already be doing it."""

    code: str
    reason: str


@dataclass(frozen=True)
class StopServiceDeployment(Action):
    """Have ECS roll its own deployment back (StopServiceDeployment, ROLLBACK)."""


@dataclass(frozen=True)
class RestorePrevious(Action):
    """Order the previous task definition ourselves: ECS's deployment has ended and will not do it."""


@dataclass(frozen=True)
class StopTasks(Action):
    """Nothing to return to: set the desired count to 0."""

    code: str
    reason: str


@dataclass(frozen=True)
class End(Action):
    """The deployment's end: failed, canceled, superseded, rolled_back or rollback_failed."""

    state: str
    code: str
    reason: str
