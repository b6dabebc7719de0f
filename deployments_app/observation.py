"""One look at AWS for many deployments: services by cluster, service deployments by ARN, tasks per service."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from controlplane.lib import clock
from controlplane.lib.aws import Account, AwsError
from deployments_app import words
from deployments_app.ecs import Ecs
from deployments_app.models import Deployment
from deployments_app.services import targets
from deployments_app.services.claims import Claim, ClaimLost, keep
from deployments_app.strategies.model import Observed, ServiceDeploymentSeen, ServiceSeen, TaskSeen
from deployments_app.strategies.rolling import UPDATE
from environments_app.models import Environment

STATES_WITH_TASKS = frozenset({"rolling_out", "baking", "rolling_back"})


def observe(claims: Iterable[Claim]) -> dict[UUID, Observed | AwsError]:
    """What AWS shows of each deployment, or why it shows nothing; an error touches only those that it concerns."""
    by_account: dict[Account, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_account[targets.account_for(claim.deployment)].append(claim)
    seen: dict[UUID, Observed | AwsError] = {}
    for account, group in by_account.items():
        seen |= _observe_account(Ecs(account), group)
    return seen


def _observe_account(ecs: Ecs, claims: list[Claim]) -> dict[UUID, Observed | AwsError]:
    seen: dict[UUID, Observed | AwsError] = {}
    services = _services(ecs, claims, seen)
    left = [claim for claim in claims if claim.deployment.pk not in seen]
    try:
        for claim in left:
            _recognise(ecs, claim)
            keep(left)
        arns = [claim.deployment.service_deployment_arn for claim in left if claim.deployment.service_deployment_arn]
        started = ecs.service_deployments(arns) if arns else {}
    except AwsError as error:
        return seen | {claim.deployment.pk: error for claim in left}
    for claim in left:
        row = claim.deployment
        service = services.get((row.cluster, row.ecs_service))
        keep(left)
        try:
            seen[row.pk] = _observe_one(ecs, row, service, started.get(row.service_deployment_arn))
        except AwsError as error:
            seen[row.pk] = error
    return seen


def _services(
    ecs: Ecs, claims: list[Claim], seen: dict[UUID, Observed | AwsError]
) -> dict[tuple[str, str], ServiceSeen]:
    by_cluster: dict[str, list[Deployment]] = defaultdict(list)
    for claim in claims:
        by_cluster[claim.deployment.cluster].append(claim.deployment)
    found: dict[tuple[str, str], ServiceSeen] = {}
    for cluster, rows in by_cluster.items():
        try:
            services = ecs.services(cluster, [row.ecs_service for row in rows])
        except AwsError as error:
            seen |= {row.pk: error for row in rows}
            continue
        finally:
            keep(claims)
        found |= {(cluster, name): service for name, service in services.items()}
    return found


def _recognise(ecs: Ecs, claim: Claim) -> None:
    """Finds the service deployment that our update started, by our revision, where it is not known yet."""
    row = claim.deployment
    may_exist = row.state in STATES_WITH_TASKS or row.intent.get("call") == UPDATE
    if row.service_deployment_arn or not row.task_definition_arn or not may_exist:
        return
    arn = ecs.find_service_deployment(row.cluster, row.ecs_service, row.task_definition_arn)
    if not arn:
        return
    try:
        claim.store(service_deployment_arn=arn)
    except ClaimLost:
        # Whoever has it now finds it as we did; the row in memory is given up with the next write.
        row.service_deployment_arn = arn


def _observe_one(
    ecs: Ecs, row: Deployment, service: ServiceSeen | None, started: ServiceDeploymentSeen | None
) -> Observed:
    if service is None or row.state not in STATES_WITH_TASKS:
        return Observed(service, started)
    tasks = ecs.tasks(row.cluster, row.ecs_service)
    group = row.target.get("target_group_arn")
    if group:
        health = ecs.target_health(group)
        tasks = [replace(task, target=health.get(task.address)) for task in tasks]
    return Observed(service, started, tuple(tasks))


def health_request(environment: Environment, service: str) -> str:
    """The request that the load balancer checks the service with, such as "GET /up"."""
    settings = environment.config_version.config.services.get(service)
    path = settings.routing.health_check.path if settings and settings.routing else "/"
    return f"GET {path}"


def describe(row: Deployment, seen: Observed) -> dict[str, Any]:
    """What pages show of a look; stored as Deployment.observed.

    {"service": {desired, running, pending}, "rollouts": [...], "service_deployment": {status, reason} or None,
    "tasks": [{id, generation, zone, state, health, target, reason, images, started_at, stopped_at}],
    "failures": {task id: words}, "new_task_ids": [...], "last_event": id}. Times are ISO 8601.
    """
    service = seen.service
    before = row.observed
    since = row.started_at or row.created_at
    # A first look looks back no further than the deployment itself.
    events = [event for event in service.events if event.at >= since] if service else []
    elb_reasons = words.unhealthy_reasons(events)
    check = health_request(row.environment, row.service.slug)
    ours = [task for task in seen.tasks if task.task_definition == row.task_definition_arn]
    failures = dict(before.get("failures", {}))
    for task in ours:
        failed = words.failure_of(task, check, elb_reasons)
        # The event that says why may be gone from the list by now: what is known of a task never becomes less.
        if failed and not failures.get(task.id, "").startswith(failed):
            failures[task.id] = failed
    return {
        "service": _counts(service),
        "rollouts": [
            {
                "id": rollout.id,
                "status": rollout.status,
                "state": rollout.state,
                "reason": rollout.reason,
                "generation": _generation(row, rollout.task_definition),
                "desired": rollout.desired,
                "running": rollout.running,
                "pending": rollout.pending,
                "failed": rollout.failed,
            }
            for rollout in (service.rollouts if service else ())
        ],
        "service_deployment": seen.service_deployment
        and {"status": seen.service_deployment.status, "reason": seen.service_deployment.reason},
        "tasks": [_task(row, task, failures) for task in _shown(row, seen)],
        "failures": failures,
        "new_task_ids": sorted({*before.get("new_task_ids", []), *(task.id for task in ours)}),
        "last_event": service.events[0].id if service and service.events else before.get("last_event", ""),
    }


def _counts(service: ServiceSeen | None) -> dict[str, int]:
    if service is None:
        return {"desired": 0, "running": 0, "pending": 0}
    return {"desired": service.desired, "running": service.running, "pending": service.pending}


def _generation(row: Deployment, task_definition: str) -> str:
    return "new" if task_definition == row.task_definition_arn else "old"


def _shown(row: Deployment, seen: Observed) -> list[TaskSeen]:
    """The tasks that have to do with this deployment: those that live, and those that stopped since it began."""
    since = row.started_at or row.created_at
    shown = [task for task in seen.tasks if task.stopped_at is None or task.stopped_at >= since]
    return sorted(shown, key=lambda task: (task.task_definition != row.task_definition_arn, task.created_at or since))


def _task(row: Deployment, task: TaskSeen, failures: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": task.id,
        "generation": _generation(row, task.task_definition),
        "revision": task.task_definition.rpartition("/")[2],
        "zone": task.zone,
        "state": task.last_status,
        "health": task.health_status,
        "target": task.target.state if task.target else "",
        "target_reason": task.target.description if task.target else "",
        "reason": failures.get(task.id) or task.stopped_reason,
        "failed": task.id in failures,
        "digests": {container.name: container.image_digest for container in task.containers},
        "started_at": task.started_at.isoformat() if task.started_at else None,
        "stopped_at": task.stopped_at.isoformat() if task.stopped_at else None,
    }


def weights(observed: Mapping[str, Any]) -> dict[str, int]:
    """Share of each version in percent, as far as a rolling deployment has one: its share of the running tasks."""
    running = [task["generation"] for task in observed["tasks"] if task["state"] == "RUNNING"]
    if not running:
        return {}
    new = round(100 * running.count("new") / len(running))
    return {"new": new, "old": 100 - new}


def record(claim: Claim, seen: Observed) -> None:
    """Stores what was seen, and tells what is new about it; call it in a transaction."""
    row = claim.deployment
    before = {task["id"]: task for task in row.observed.get("tasks", [])}
    observed = describe(row, seen)
    lines = words.task_lines(before, observed["tasks"]) if seen.tasks else []
    if seen.service is not None and row.state in STATES_WITH_TASKS:
        since = row.rolling_out_at or row.created_at
        new = words.new_events(seen.service, since, row.observed.get("last_event", ""))
        lines += [f"ECS: {event.message}" for event in new]
    claim.store(
        observed=observed,
        observed_at=clock.now(),
        weights=weights(observed) or row.weights,
    )
    claim.tell(*lines)
