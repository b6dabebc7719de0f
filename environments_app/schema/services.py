"""ECS services: containers, sizes, counts, health checks, scaling, and how a new version is rolled out."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from environments_app.schema.base import (
    AbsolutePath,
    DomainName,
    EnvironmentVariableName,
    Name,
    Percent,
    Port,
    Section,
)

Seconds = Annotated[int, Field(ge=0, le=86_400)]
Count = Annotated[int, Field(ge=0, le=5_000)]


class SecretReference(Section):
    """Where a container's secret variable comes from: an entry of the section `secrets`."""

    secret: Name = Field(description="Name of an entry in the section secrets")
    key: str | None = Field(default=None, description="Key of a JSON secret; null: the whole secret")


class ContainerHealthCheck(Section):
    """A health check that ECS runs inside the container (units as in the ECS task definition)."""

    command: tuple[str, ...] = Field(
        min_length=1, description="Command; exit code 0 is healthy (CMD or CMD-SHELL first)"
    )
    interval_seconds: Annotated[int, Field(ge=5, le=300)] = Field(
        default=30, description="Time between checks, in seconds"
    )
    timeout_seconds: Annotated[int, Field(ge=2, le=60)] = Field(
        default=5, description="Time-out of one check, in seconds"
    )
    retries: Annotated[int, Field(ge=1, le=10)] = Field(default=3, description="Failures in a row until unhealthy")
    start_period_seconds: Annotated[int, Field(ge=0, le=300)] = Field(
        default=0, description="Grace time in which failures do not count, in seconds"
    )


class Container(Section):
    """One container of a service's task. Its image is not configuration: a release brings it."""

    port: Port | None = Field(default=None, description="Port that the container listens on")
    essential: bool = Field(default=True, description="Whether the task stops when this container stops")
    cpu_units: Annotated[int, Field(ge=0, le=16_384)] | None = Field(
        default=None, description="CPU share of the container, in CPU units (1024 = 1 vCPU)"
    )
    memory_mib: Annotated[int, Field(ge=6, le=122_880)] | None = Field(
        default=None, description="Hard memory limit of the container, in MiB"
    )
    command: tuple[str, ...] = Field(default=(), description="Command; empty: the image's own")
    user: str | None = Field(default=None, description="User (or uid:gid) the process runs as; null: the image's own")
    readonly_root_filesystem: bool = Field(default=False, description="Whether the root file system is read-only")
    environment: dict[EnvironmentVariableName, str] = Field(
        default_factory=dict, description="Environment variables that are not secret"
    )
    secrets: dict[EnvironmentVariableName, SecretReference] = Field(
        default_factory=dict, description="Environment variables filled from secrets when a task starts"
    )
    health_check: ContainerHealthCheck | None = Field(default=None, description="ECS health check; null: none")
    repository: str | None = Field(
        default=None, description="Name of the ECR repository; null: SYSTEM/ENVIRONMENT/SERVICE[/CONTAINER]"
    )


class TargetHealthCheck(Section):
    """The load balancer's health check of a service's tasks."""

    path: AbsolutePath = Field(description="Path of the request, with its leading slash")
    matcher: Annotated[str, StringConstraints(pattern=r"^\d{3}([-,]\d{3})*$")] = Field(
        default="200", description="HTTP status codes that mean healthy"
    )
    interval_seconds: Annotated[int, Field(ge=5, le=300)] = Field(
        default=30, description="Time between checks, in seconds"
    )
    timeout_seconds: Annotated[int, Field(ge=2, le=120)] = Field(
        default=5, description="Time-out of one check, in seconds"
    )
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = Field(
        default=3, description="Successes in a row until healthy"
    )
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = Field(
        default=3, description="Failures in a row until unhealthy"
    )


class Stickiness(Section):
    """Sticky sessions by the load balancer's own cookie."""

    duration_seconds: Annotated[int, Field(ge=1, le=604_800)] = Field(
        default=86_400, description="How long a client stays with one task, in seconds"
    )


class Routing(Section):
    """How requests reach the service through the load balancer."""

    container: Name = Field(description="Container that receives the requests, on its port")
    paths: tuple[AbsolutePath, ...] = Field(default=("/*",), description="Path patterns of the listener rule")
    hosts: tuple[DomainName, ...] = Field(default=(), description="Host names of the listener rule; empty: any")
    priority: Annotated[int, Field(ge=1, le=49_999)] = Field(
        default=100, description="Priority of the listener rule; the lowest number is asked first"
    )
    health_check: TargetHealthCheck = Field(description="Health check of the target group")
    stickiness: Stickiness | None = Field(default=None, description="Sticky sessions; null: off")
    deregistration_delay_seconds: Annotated[int, Field(ge=0, le=3600)] = Field(
        default=30, description="How long a leaving task may finish its requests, in seconds"
    )
    slow_start_seconds: Annotated[int, Field(ge=0, le=900)] = Field(
        default=0, description="Time in which a new task's share of requests grows, in seconds; 0 or at least 30"
    )


class TargetTracking(Section):
    """Target tracking: Application Auto Scaling keeps a metric near its target."""

    metric: Literal["cpu", "memory"] = Field(description="Average utilisation of the service's tasks")
    target_percent: Percent = Field(description="Utilisation to keep, in percent")
    scale_out_cooldown_seconds: Seconds = Field(default=60, description="Pause after adding tasks, in seconds")
    scale_in_cooldown_seconds: Seconds = Field(default=300, description="Pause after removing tasks, in seconds")


class StepScaling(Section):
    """Step scaling: a threshold crossed for some periods adds or removes tasks."""

    metric: Literal["cpu", "memory"] = Field(description="Average utilisation of the service's tasks")
    comparison: Literal["above", "below"] = Field(description="On which side of the threshold the policy acts")
    threshold_percent: Percent = Field(description="Utilisation that is the limit, in percent")
    periods: Annotated[int, Field(ge=1, le=60)] = Field(default=2, description="Periods in a row that must cross it")
    period_seconds: Literal[60, 300] = Field(default=60, description="Length of a period, in seconds")
    adjustment_tasks: Annotated[int, Field(ge=-100, le=100)] = Field(
        description="Tasks to add (positive) or to remove (negative)"
    )
    cooldown_seconds: Seconds = Field(default=300, description="Pause after acting, in seconds")


class Autoscaling(Section):
    """Scaling policies between the service's min_count and max_count."""

    target_tracking: tuple[TargetTracking, ...] = Field(default=(), description="Target tracking policies")
    steps: tuple[StepScaling, ...] = Field(default=(), description="Step scaling policies")


class CircuitBreaker(Section):
    """ECS's deployment circuit breaker (rolling deployments)."""

    enabled: bool = Field(default=True, description="Whether failing tasks end the deployment")
    rollback: bool = Field(default=True, description="Whether ECS then returns to the last completed deployment")


class Stage(Section):
    """One stage of a stepped rollout."""

    weight_percent: Percent = Field(description="Share of requests for the new version, in percent")
    pause_seconds: Seconds | None = Field(
        description="Watch time at this weight, in seconds; null: until a person goes on"
    )


class DeploymentPolicy(Section):
    """How a release is rolled out. Carried out by the release controller, never by Terraform."""

    strategy: Literal["rolling", "blue_green", "canary", "linear", "stepped"] = Field(
        default="rolling", description="Strategy: ECS's own four, or a list of stages of our own"
    )
    minimum_healthy_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        default=100, description="Lower bound of running tasks during a deployment, in percent of the desired count"
    )
    maximum_percent: Annotated[int, Field(ge=100, le=200)] = Field(
        default=200, description="Upper bound of tasks during a deployment, in percent of the desired count"
    )
    circuit_breaker: CircuitBreaker = Field(default=CircuitBreaker(), description="Circuit breaker (rolling)")
    bake_time_minutes: Annotated[int, Field(ge=0, le=1440)] = Field(
        default=0, description="Watch time after all traffic has moved, in minutes"
    )
    canary_percent: Annotated[float, Field(ge=0.1, le=100)] = Field(
        default=5, description="First share of traffic (canary), in percent"
    )
    canary_bake_time_minutes: Annotated[int, Field(ge=0, le=1440)] = Field(
        default=10, description="Watch time of the first share (canary), in minutes"
    )
    step_percent: Annotated[float, Field(ge=3, le=100)] = Field(
        default=10, description="Growth of the share per step (linear), in percent"
    )
    step_bake_time_minutes: Annotated[int, Field(ge=0, le=1440)] = Field(
        default=6, description="Watch time of each step (linear), in minutes"
    )
    stages: tuple[Stage, ...] = Field(default=(), description="Weights and pauses, in order (stepped)")
    rollback_alarms: tuple[Name, ...] = Field(
        default=(), description="Alarms of the section alarms that take a deployment back"
    )
    watch_hours: Annotated[int, Field(ge=0, le=168)] = Field(
        default=0, description="Watch after the release that holds no lock, in hours"
    )


class Migration(Section):
    """A task that runs before the rollout, in the new image."""

    container: Name = Field(description="Container whose image and settings the task uses")
    command: tuple[str, ...] = Field(min_length=1, description="Command that migrates the database")
    down_command: tuple[str, ...] = Field(default=(), description="Command that takes the migration back; empty: none")
    timeout_seconds: Annotated[int, Field(ge=10, le=86_400)] = Field(default=900, description="Time-out, in seconds")


class Service(Section):
    """One ECS service."""

    tier: Literal["public", "private"] = Field(default="private", description="Subnets that its tasks run in")
    containers: dict[Name, Container] = Field(min_length=1, description="Containers of the task, by name")
    cpu_units: Annotated[int, Field(ge=128, le=16_384)] = Field(
        description="CPU of a task, in CPU units (1024 = 1 vCPU)"
    )
    memory_mib: Annotated[int, Field(ge=128, le=122_880)] = Field(description="Memory of a task, in MiB")
    ephemeral_storage_gib: Annotated[int, Field(ge=21, le=200)] | None = Field(
        default=None, description="Ephemeral storage of a Fargate task, in GiB; null: the 20 GiB included"
    )
    cpu_architecture: Literal["X86_64", "ARM64"] = Field(default="X86_64", description="CPU architecture of the images")
    desired_count: Count = Field(description="Tasks that the first release starts with")
    min_count: Count = Field(description="Fewest tasks that autoscaling keeps")
    max_count: Count = Field(description="Most tasks that autoscaling starts")
    routing: Routing | None = Field(default=None, description="Way through the load balancer; null: none")
    discovery_name: Name | None = Field(
        default=None, description="Name under which other services find it (Service Connect); null: none"
    )
    receives_from: tuple[Name, ...] = Field(
        default=(), description="Other services that may call it directly (security group edges)"
    )
    uses_database: bool = Field(default=True, description="Whether its tasks may reach the database")
    uses_cache: bool = Field(default=True, description="Whether its tasks may reach Redis")
    buckets: tuple[Name, ...] = Field(
        default=(), description="Buckets of the section buckets that its tasks read and write"
    )
    health_check_grace_seconds: Seconds = Field(
        default=60, description="Time after a task's start in which load balancer checks do not count, in seconds"
    )
    stop_timeout_seconds: Annotated[int, Field(ge=2, le=120)] = Field(
        default=30, description="Time between SIGTERM and SIGKILL, in seconds"
    )
    execute_command: bool = Field(default=False, description="Whether ECS Exec may open a shell in its tasks")
    database_connections_per_task: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        default=None, description="Size of a task's database connection pool; checked against the database's limit"
    )
    autoscaling: Autoscaling | None = Field(default=None, description="Scaling policies; null: a fixed count")
    deployment: DeploymentPolicy = Field(default=DeploymentPolicy(), description="How releases are rolled out")
    migration: Migration | None = Field(default=None, description="Database migration before the rollout; null: none")
