"""The life of one task: its states, and when it goes from one to the next.

PROVISIONING -> PENDING -> RUNNING -> (DEACTIVATING, STOPPING, DEPROVISIONING) -> STOPPED. Durations are
typical ones of Fargate, in sandbox seconds.
"""

from __future__ import annotations

from sandbox.behaviours import Behaviour
from sandbox.ecs.model import Container, Task, utcnow

PROVISIONING_SECONDS = 4.0
PULL_SECONDS = 6.0
DEPROVISIONING_SECONDS = 2.0
JOB_SECONDS = 5.0  # how long a one-off command, or an image that ends by itself, runs
DEFAULT_STOP_TIMEOUT = 30.0
_TERMINATED, _KILLED = 0, 137


def begin_stop(task: Task, now: float, code: str, reason: str) -> None:
    """Ask the task to stop; a task that already does keeps its first reason."""
    if not task.meant_to_run:
        return
    task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason = code, reason
    task.stopping_at = utcnow()
    task.step_due = now
    task.version += 1


def ending(container: Container, behaviour: Behaviour, *, in_service: bool) -> tuple[int, float] | None:
    """Exit code and delay of a container that ends by itself; None for one that stays.

    In a service an image that crashes does so before its task is RUNNING; a one-off command, or such an
    image run by RunTask, ends a moment later.
    """
    if container.job:
        return None if behaviour.job_exit_code is None else (behaviour.job_exit_code, JOB_SECONDS)
    if behaviour.exits_with is None:
        return None
    return behaviour.exits_with, 0.0 if in_service else JOB_SECONDS


def next_stop_state(task: Task, drain_seconds: float) -> float:
    """Move a stopping task one state on; returns how long that state lasts."""
    task.version += 1
    if task.last_status == "RUNNING" and task.targets:
        task.last_status = "DEACTIVATING"
        return drain_seconds
    if task.last_status in ("RUNNING", "DEACTIVATING", "ACTIVATING", "PENDING", "PROVISIONING"):
        task.last_status = "STOPPING"
        return max((_stop_seconds(each) for each in task.containers), default=0.0)
    if task.last_status == "STOPPING":
        _end_containers(task)
        task.last_status = "DEPROVISIONING"
        task.execution_stopped_at = utcnow()
        return DEPROVISIONING_SECONDS
    task.last_status = "STOPPED"
    task.stopped_at = utcnow()
    return 0.0


def exit_container(container: Container, code: int, reason: str | None = None) -> None:
    container.exit_code, container.reason, container.exit_due = code, reason, None
    container.last_status = "STOPPED"


def container_ages_well(container: Container) -> float | None:
    """From what age on the container's health check passes; None for never."""
    behaviour = container.behaviour
    if behaviour.hangs or behaviour.health_status >= 400:
        return None
    return behaviour.ready_after_seconds


def _stop_seconds(container: Container) -> float:
    """A container that hangs does not hear SIGTERM and is killed when its time is up."""
    if container.last_status != "RUNNING" or not container.behaviour.hangs:
        return 0.0
    return float(container.definition.get("stopTimeout") or DEFAULT_STOP_TIMEOUT)


def _end_containers(task: Task) -> None:
    for container in task.containers:
        if container.last_status == "RUNNING":
            exit_container(container, _KILLED if container.behaviour.hangs else _TERMINATED)
        container.last_status = "STOPPED"
