"""How a service's deployments begin, fail, are taken back and end. Changes the model only; starts no task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from secrets import randbelow, token_urlsafe
from typing import Any
from uuid import uuid4

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.ecs.model import EVENTS_KEPT, Revision, Rollout, Service, ServiceDeployment, utcnow
from sandbox.ecs.scheduling import breaker_threshold

_DEPLOYMENTS_KEPT = 50
AlarmStates = Callable[[], Mapping[str, str]]


def add_event(service: Service, text: str) -> None:
    """The newest first, in the words of the ECS console."""
    message = f"(service {service.name}) {text}"
    service.events.insert(0, {"id": str(uuid4()), "createdAt": utcnow(), "message": message})
    del service.events[EVENTS_KEPT:]


def alarm_states(account: str, region: str) -> dict[str, str]:
    backend = cloudwatch_backends[account][region]
    return {name: alarm.state_value for name, alarm in list(backend.alarms.items())}


def begin(service: Service, now: float, alarms: AlarmStates) -> ServiceDeployment:
    """Start a deployment of the service as it is described now; one that is still going on is superseded."""
    abandon(service, "The deployment was superseded by a newer one.")
    for each in service.rollouts:
        each.status = "ACTIVE"
    prefix = service.arn.rsplit(":", 1)[0]
    path = f"{service.cluster_name}/{service.name}"
    revision = Revision(
        arn=f"{prefix}:service-revision/{path}/{_number()}",
        task_definition=service.task_definition,
        settings=dict(service.settings),
    )
    rollout = Rollout(id=f"ecs-svc/{_number()}", revision_arn=revision.arn, next_start_due=now)
    rollout.reason = f"ECS deployment {rollout.id} in progress."
    configuration = dict(service.deployment_configuration)
    deployment = ServiceDeployment(
        arn=f"{prefix}:service-deployment/{path}/{token_urlsafe(16)[:21]}",
        target_revision=revision.arn,
        source_revisions=list(dict.fromkeys(each.revision_arn for each in service.rollouts)),
        rollout_id=rollout.id,
        configuration=configuration,
        alarms_ignored=bool(_alarming(configuration, alarms)),
    )
    service.revisions[revision.arn] = revision
    service.rollouts.insert(0, rollout)
    service.deployments.insert(0, deployment)
    _forget_old(service)
    service.steady = service.stuck = False
    return deployment


def abandon(service: Service, reason: str) -> None:
    """End the deployment that is still going on, if there is one, without a result."""
    if deployment := service.deployment:
        now = utcnow()
        deployment.status, deployment.status_reason = "STOPPED", reason
        deployment.stopped_at = deployment.finished_at = deployment.updated_at = now


def check_monitors(service: Service, deployment: ServiceDeployment, alarms: AlarmStates) -> None:
    """Fail the deployment where its circuit breaker or one of its alarms says so."""
    configuration = deployment.configuration
    breaker = configuration.get("deploymentCircuitBreaker") or {}
    if deployment.status == "IN_PROGRESS":
        deployment.failures = service.primary.failed_tasks
    threshold = breaker_threshold(service.desired_count, breaker.get("thresholdConfiguration"))
    if breaker.get("enable") and not deployment.staged and service.primary.failed_tasks >= threshold:
        deployment.breaker_triggered = True
        what = "tasks failed to start" if not service.primary.reached_running else "task(s) failed health checks"
        fail(service, deployment, "ECS deployment circuit breaker", what, rollback=bool(breaker.get("rollback")))
        return
    if deployment.alarms_ignored or deployment.status != "IN_PROGRESS":
        return
    if alarming := _alarming(configuration, alarms):
        deployment.alarms_triggered = alarming
        wanted = bool(configuration["alarms"].get("rollback"))
        fail(service, deployment, "ECS deployment alarms", f"alarm(s) detected: {', '.join(alarming)}", rollback=wanted)


def fail(service: Service, deployment: ServiceDeployment, monitor: str, what: str, *, rollback: bool) -> None:
    """The rollout of this deployment failed: take it back, stop it, or give the rollback up."""
    failed = service.primary
    failed.state, failed.updated_at = "FAILED", utcnow()
    failed.reason = f"{monitor}: {what}."
    add_event(service, f"(deployment {failed.id}) deployment failed: {what}.")
    if deployment.status == "ROLLBACK_IN_PROGRESS":
        failed.halted = True
        _end(deployment, "ROLLBACK_FAILED", f"The rollback failed: {what}.")
    elif rollback:
        roll_back(service, deployment, f"{monitor}: {what}.")
    else:
        failed.halted = True
        _end(deployment, "STOPPED", f"Service deployment stopped: {monitor}: {what}.")


def roll_back(service: Service, deployment: ServiceDeployment, reason: str) -> None:
    """Back to the last completed rollout; a staged deployment goes back to the one that it takes traffic from.

    Where there is none the deployment stalls and has failed (inferred).
    """
    failed, former = service.primary, service.completed
    if deployment.source is not None:
        former = service.rollout(deployment.source)
    if failed.state != "FAILED":
        failed.state, failed.updated_at, failed.reason = "FAILED", utcnow(), reason
    if former is None or former.id == failed.id:
        failed.halted = True
        _end(deployment, "ROLLBACK_FAILED", f"{reason} There is no completed deployment to roll back to.")
        return
    failed.status = "ACTIVE"
    former.status, former.state, former.updated_at = "PRIMARY", "IN_PROGRESS", utcnow()
    former.failed_tasks, former.start_failures, former.halted, former.next_start_due = 0, 0, False, 0.0
    former.reason = f"{reason.removesuffix('.')}: rolling back to deploymentId {former.id}."
    service.rollouts = [former, *(each for each in service.rollouts if each.id != former.id)]
    revision = service.revisions[former.revision_arn]
    service.task_definition = revision.task_definition
    service.settings = dict(revision.settings)
    deployment.status = "ROLLBACK_IN_PROGRESS"
    deployment.status_reason = deployment.rollback_reason = reason
    deployment.rollback_started_at = deployment.updated_at = utcnow()
    deployment.rollback_revision = revision.arn
    deployment.rollout_id = former.id
    deployment.step_since, deployment.hooks = None, ()
    service.steady = False
    add_event(service, f"rolling back to (deployment {former.id}).")


def stop(service: Service, deployment: ServiceDeployment) -> None:
    """Carry out a StopServiceDeployment that was asked for. ABORT leaves tasks and traffic as they are."""
    if deployment.status == "ROLLBACK_REQUESTED":
        roll_back(service, deployment, "Service deployment rolled back because of a user request.")
    elif deployment.status == "STOP_REQUESTED":
        service.primary.halted = True
        add_event(service, f"(deployment {service.primary.id}) deployment stopped.")
        _end(deployment, "STOPPED", "Service deployment stopped because of a user request.")


def complete(service: Service, deployment: ServiceDeployment | None) -> None:
    """The primary rollout is all there, healthy, baked and alone."""
    primary = service.primary
    was_done = primary.state == "COMPLETED"
    primary.state, primary.updated_at, primary.failed_tasks = "COMPLETED", utcnow(), 0
    primary.reason = f"ECS deployment {primary.id} completed."
    service.rollouts = [primary]
    service.completed = primary
    if not was_done:
        add_event(service, f"(deployment {primary.id}) deployment completed.")
    if deployment is not None:
        rolled_back = deployment.status == "ROLLBACK_IN_PROGRESS"
        _end(
            deployment,
            "ROLLBACK_SUCCESSFUL" if rolled_back else "SUCCESSFUL",
            deployment.rollback_reason if rolled_back else None,
        )


def _end(deployment: ServiceDeployment, status: str, reason: str | None) -> None:
    deployment.status, deployment.status_reason = status, reason
    deployment.finished_at = deployment.updated_at = utcnow()
    if status == "STOPPED":
        deployment.stopped_at = deployment.finished_at


def _alarming(configuration: Mapping[str, Any], alarms: AlarmStates) -> list[str]:
    wanted = configuration.get("alarms") or {}
    if not wanted.get("enable"):
        return []
    states = alarms()
    return [name for name in wanted.get("alarmNames", []) if states.get(name) == "ALARM"]


def _forget_old(service: Service) -> None:
    del service.deployments[_DEPLOYMENTS_KEPT:]
    needed = {each.target_revision for each in service.deployments} | {each.revision_arn for each in service.rollouts}
    if service.completed:
        needed.add(service.completed.revision_arn)
    service.revisions = {arn: revision for arn, revision in service.revisions.items() if arn in needed}


def _number() -> str:
    return f"{randbelow(9 * 10**18) + 10**18}"
