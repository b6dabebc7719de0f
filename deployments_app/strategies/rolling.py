"""The rolling strategy: ECS replaces the tasks; we order it, watch it, prove it or take it back.

`step` is pure. Facts about ECS's engine (statuses, the circuit breaker, what it does of itself) are from
botocore's ECS model and the ECS developer guide.
"""

from datetime import datetime

from deployments_app.strategies.model import (
    Action,
    Advance,
    DeploymentView,
    End,
    Observed,
    Register,
    RestorePrevious,
    RollBack,
    ServiceSeen,
    Snapshot,
    StopServiceDeployment,
    StopTasks,
    Succeed,
    TaskSeen,
    Update,
    Wait,
)

LOOK_SECONDS = 3.0
ROLLING_BACK_ITSELF = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
STOPPING = "stopping"
"""The stage in which a first release that failed has its tasks stopped."""
UPDATE = "ecs:UpdateService"


def step(view: DeploymentView, seen: Observed, now: datetime) -> Action:
    """What to do next. Whatever is not known for sure is waited for; only the deadline ends the waiting."""
    if seen.service is None or seen.service.status != "ACTIVE":
        return _service_is_gone(view)
    handler = {
        "preparing": _prepare,
        "rolling_out": _roll_out,
        "baking": _bake,
        "rolling_back": _roll_back,
    }[view.state]
    return handler(view, seen, seen.service, now)


def _service_is_gone(view: DeploymentView) -> Action:
    words = "The ECS service does not exist any more."
    if view.state == "preparing":
        return End("failed", "SERVICE_GONE", words)
    if view.state == "rolling_back":
        return End("rollback_failed", "SERVICE_GONE", words)
    return End("superseded", "SERVICE_GONE", words)


def _prepare(view: DeploymentView, seen: Observed, service: ServiceSeen, now: datetime) -> Action:
    ordered = bool(view.task_definition) and view.intent == UPDATE and _is_ordered(view, seen, service)
    if ordered:
        # The call was made and its answer lost: go on from where it led, never make it twice.
        return Advance("rolling_out", reason="the rollout that was ordered before is recognised")
    if view.abort:
        return End("canceled", "ABORTED", view.abort)
    if not view.is_snapshot_taken:
        return Snapshot()
    if not view.task_definition:
        return Register()
    return Update()


def _is_ordered(view: DeploymentView, seen: Observed, service: ServiceSeen) -> bool:
    """Whether the service was told to run our revision, whatever came of it. Nobody else knows that revision."""
    return (
        seen.service_deployment is not None
        or service.task_definition == view.task_definition
        or any(rollout.task_definition == view.task_definition for rollout in service.rollouts)
    )


def _roll_out(view: DeploymentView, seen: Observed, service: ServiceSeen, now: datetime) -> Action:
    if view.stage == STOPPING:
        return _stopping(view, service)
    ours = seen.service_deployment
    status = ours.status if ours else ""
    if status in ROLLING_BACK_ITSELF or status == "ROLLBACK_SUCCESSFUL":
        reason = (ours and (ours.rollback_reason or ours.reason)) or "ECS took it back."
        return _take_back(view, "ECS_ROLLED_BACK", reason)
    if status == "ROLLBACK_FAILED":
        return _take_back(view, "ECS_ROLLBACK_FAILED", ours.reason if ours else "")
    if status == "STOPPED":
        if _is_changed_by_others(view, service):
            return End("superseded", "CHANGED_ELSEWHERE", "Someone else ordered another deployment of this service.")
        return _take_back(view, "ECS_STOPPED", (ours and ours.reason) or "ECS stopped the deployment.")
    if view.abort:
        return _take_back(view, "ABORTED", view.abort)
    if status == "SUCCESSFUL":
        return Advance("baking")
    if _is_overdue(view, now):
        return _take_back(view, "DEADLINE", "It did not come to an end in time.")
    return Wait(LOOK_SECONDS)


def _bake(view: DeploymentView, seen: Observed, service: ServiceSeen, now: datetime) -> Action:
    if view.stage == STOPPING:
        return _stopping(view, service)
    if _is_changed_by_others(view, service):
        return End("superseded", "CHANGED_ELSEWHERE", "Someone else ordered another deployment of this service.")
    if view.abort:
        return _take_back(view, "ABORTED", view.abort)
    if view.paused:
        return Wait(LOOK_SECONDS, "held by a person")
    if view.bake_until is not None and now < view.bake_until:
        return Wait(min(LOOK_SECONDS, (view.bake_until - now).total_seconds()), "watching it")
    missing = unproved(view, seen, service)
    if missing is None:
        return Succeed(
            {
                "service_deployment": seen.service_deployment.arn if seen.service_deployment else "",
                "tasks": len(seen.running),
                "digests": dict(view.digests),
            }
        )
    if _is_overdue(view, now):
        return _take_back(view, "NOT_PROVED", f"Success could not be proved: {missing}.")
    return Wait(LOOK_SECONDS, missing)


def unproved(view: DeploymentView, seen: Observed, service: ServiceSeen) -> str | None:
    """What is missing for success, in words; None where it is proved.

    Proved: the service deployment that we started is SUCCESSFUL, as many tasks run as are desired (at least one),
    and every running task is of our revision and carries our image digests.
    """
    if seen.service_deployment is None or seen.service_deployment.status != "SUCCESSFUL":
        return "ECS has not said that our deployment was successful"
    running = seen.running
    if not running or service.desired < 1:
        return "no task runs"
    if len(running) < service.desired:
        return f"{len(running)} of {service.desired} tasks run"
    for task in running:
        if task.task_definition != view.task_definition:
            return f"task {task.id} is of another revision"
        if (wrong := _wrong_digest(view, task)) is not None:
            return wrong
    return None


def _wrong_digest(view: DeploymentView, task: TaskSeen) -> str | None:
    carried = {container.name: container.image_digest for container in task.containers}
    for container, digest in view.digests.items():
        if carried.get(container) != digest:
            return f"task {task.id} runs {carried.get(container) or 'an unknown image'} as {container}, not {digest}"
    return None


def _roll_back(view: DeploymentView, seen: Observed, service: ServiceSeen, now: datetime) -> Action:
    ours = seen.service_deployment
    status = ours.status if ours else ""
    overdue = _is_overdue(view, now)
    if status in {"PENDING", "IN_PROGRESS"} and not overdue:
        return StopServiceDeployment()
    if status in ROLLING_BACK_ITSELF and not overdue:
        return Wait(LOOK_SECONDS)
    if overdue:
        return End("rollback_failed", "DEADLINE", "The old tasks did not all run again in time.")
    primary = service.primary
    if service.task_definition != view.previous:
        if status != "ROLLBACK_FAILED" and _is_changed_by_others(view, service):
            return End("rollback_failed", "CHANGED_ELSEWHERE", "Someone else ordered another deployment meanwhile.")
        return RestorePrevious()
    if primary is not None and primary.state == "FAILED":
        return End("rollback_failed", "OLD_TASKS_FAIL", primary.reason or "The old tasks failed too.")
    if _runs_only_previous(view, seen, service):
        return End("rolled_back", "", view.reason)
    return Wait(LOOK_SECONDS, "waiting until only the old tasks run")


def _runs_only_previous(view: DeploymentView, seen: Observed, service: ServiceSeen) -> bool:
    primary = service.primary
    return (
        primary is not None
        and primary.task_definition == view.previous
        and primary.state in {"COMPLETED", ""}
        and len(seen.running) >= service.desired
        and all(task.task_definition == view.previous for task in seen.running)
    )


def _stopping(view: DeploymentView, service: ServiceSeen) -> Action:
    if service.desired > 0:
        return StopTasks("", view.reason)
    if service.running or service.pending:
        return Wait(LOOK_SECONDS, "stopping the tasks")
    return End("failed", "", view.reason)


def _take_back(view: DeploymentView, code: str, reason: str) -> Action:
    """Back to what ran before; where nothing did, the tasks are stopped."""
    return RollBack(code, reason) if view.previous else StopTasks(code, reason)


def _is_changed_by_others(view: DeploymentView, service: ServiceSeen) -> bool:
    """Whether the service was told to run something that is neither ours nor what ran before."""
    return service.task_definition not in {view.task_definition, view.previous}


def _is_overdue(view: DeploymentView, now: datetime) -> bool:
    return view.deadline_at is not None and now >= view.deadline_at
