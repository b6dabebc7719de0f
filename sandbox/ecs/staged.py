"""Carries out BLUE_GREEN, LINEAR and CANARY deployments: moves traffic and says how many tasks each revision needs.

What comes next is decided in strategies; tasks are started and stopped by the service scheduler.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sandbox.ecs import rollouts, traffic
from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.hooks import after, hooks_of
from sandbox.ecs.model import Rollout, Service, ServiceDeployment, Task, utcnow
from sandbox.ecs.strategies import (
    CLEAN_UP,
    RECONCILE,
    STAGE_TIMEOUT,
    Hook,
    Look,
    Return,
    Verdict,
    held_tasks,
    judge,
    wanted_tasks,
    way_back,
)

_MONITOR = "ECS deployment"


@dataclass(frozen=True)
class Standing:
    """Tasks by rollout id: those meant to run, those of them that are healthy, and all that have not stopped."""

    wanted: Counter[str | None]
    healthy: Counter[str | None]
    present: Counter[str | None]


def standing(tasks: Sequence[Task]) -> Standing:
    meant = [task for task in tasks if task.meant_to_run]
    return Standing(
        Counter(task.rollout_id for task in meant),
        Counter(task.rollout_id for task in meant if task.healthy),
        Counter(task.rollout_id for task in tasks),
    )


def begin(backend: EcsBackend, service: Service, deployment: ServiceDeployment, now_there: Standing) -> None:
    """Find the revision that has the traffic, and settle which target group the new one gets."""
    place = backend.account_id, backend.region_name
    active = [each for each in service.rollouts[1:] if now_there.wanted[each.id] or each is service.completed]
    if service.completed and service.completed not in active:
        active.append(service.completed)

    def rank(each: Rollout) -> tuple[float, bool]:
        return traffic.share_of(*place, service.revisions[each.revision_arn]), each is service.completed

    try:
        source = max(active, key=rank, default=None)
    except traffic.NotAttached:
        source = service.completed
    if deployment.staged and source:
        deployment.source, deployment.source_revision = source.id, source.revision_arn
        deployment.reconcile = sum(now_there.present[each.id] > 0 for each in service.rollouts[1:]) > 1
    traffic.resolve(
        service.revisions[deployment.target_revision],
        service.revisions[source.revision_arn] if source else None,
        moves=deployment.staged,
    )
    if source and not deployment.staged:
        with suppress(traffic.NotAttached):  # a rolling update leaves the rules alone, but for what others left behind
            traffic.shift(*place, service.revisions[source.revision_arn], production=100.0, test=100.0)


def advance(
    backend: EcsBackend, service: Service, deployment: ServiceDeployment, now: float, now_there: Standing
) -> bool:
    """One look at a deployment that is IN_PROGRESS or ROLLBACK_IN_PROGRESS; whether it is complete now."""
    if deployment.status == "ROLLBACK_IN_PROGRESS":
        return _go_back(backend, service, deployment, now, now_there)
    if deployment.step_since is None:
        _enter(backend, service, deployment, 0, now)
        return False
    _reconcile(backend, service, deployment, now_there)
    before = deployment.hooks
    deployment.hooks = tuple(after(hook, now, backend.hook_answers) for hook in before)
    if deployment.hooks != before:
        deployment.idle_since = now
    verdict, reason = judge(deployment.steps, deployment.step, _look(service, deployment, now, now_there))
    if verdict is Verdict.FAIL:
        rollouts.fail(service, deployment, _MONITOR, reason, rollback=True)
    elif verdict is Verdict.NEXT:
        _enter(backend, service, deployment, deployment.step + 1, now)
    return verdict is Verdict.DONE


def _look(service: Service, deployment: ServiceDeployment, now: float, now_there: Standing) -> Look:
    staying = {service.primary.id} | ({deployment.source} if deployment.stage == RECONCILE else set())
    return Look(
        age=now - (deployment.step_since or 0.0),
        idle=now - deployment.idle_since,
        scaled=now_there.healthy[service.primary.id] >= service.desired_count,
        alone=set(now_there.present) <= staying,
        hooks=[hook.meaning for hook in deployment.hooks],
    )


def _enter(backend: EcsBackend, service: Service, deployment: ServiceDeployment, number: int, now: float) -> None:
    step = deployment.steps[number]
    shifts_back = deployment.source is not None and step.stage != RECONCILE
    if (shifts_back or step.production) and not _shift(backend, service, deployment, step.production, step.test):
        return
    deployment.step, deployment.step_since, deployment.idle_since = number, now, now
    deployment.hooks = hooks_of(deployment.configuration, step.stage, now)
    deployment.updated_at = utcnow()


def _shift(
    backend: EcsBackend, service: Service, deployment: ServiceDeployment, production: float, test: float
) -> bool:
    """Give the target revision its share of the traffic; where that cannot be done, the deployment has failed."""
    revision = service.revisions[deployment.target_revision]
    try:
        traffic.shift(backend.account_id, backend.region_name, revision, production=production, test=test)
    except traffic.NotAttached as error:
        rollouts.fail(service, deployment, _MONITOR, str(error), rollback=True)
        return False
    if production != deployment.production:
        name = revision.arn.rsplit("/", 1)[-1]
        rollouts.add_event(service, f"has shifted {production:g}% of production traffic to (service-revision {name}).")
    deployment.production, deployment.test = production, test
    return True


def _reconcile(backend: EcsBackend, service: Service, deployment: ServiceDeployment, now_there: Standing) -> None:
    """Give one of several active revisions all the traffic before the others are stopped."""
    source = service.rollout(deployment.source)
    if deployment.stage != RECONCILE or deployment.reconciled or source is None:
        return
    if now_there.healthy[source.id] >= service.desired_count:
        deployment.reconciled = _shift(backend, service, deployment, 0.0, 0.0)


def _go_back(
    backend: EcsBackend, service: Service, deployment: ServiceDeployment, now: float, now_there: Standing
) -> bool:
    if deployment.step_since is None:
        deployment.step_since = now
    former = service.primary
    move = way_back(
        flipped=_flipped(deployment),
        cleaned_up=deployment.stage == CLEAN_UP,
        restored=now_there.healthy[former.id] >= service.desired_count,
        alone=set(now_there.present) <= {former.id},
    )
    if move is Return.FLIP:
        deployment.reconciled = _shift(backend, service, deployment, 0.0, 0.0)
    elif move is not Return.DONE and now - deployment.step_since >= STAGE_TIMEOUT:
        rollouts.fail(service, deployment, _MONITOR, "the rollback timed out", rollback=False)
    return move is Return.DONE


def _flipped(deployment: ServiceDeployment) -> bool:
    """Whether all traffic goes to the revision that the deployment started from."""
    return not deployment.production and not deployment.test and (deployment.reconciled or not deployment.reconcile)


def wanted(service: Service, deployment: ServiceDeployment, now_there: Standing) -> dict[str, int]:
    """How many tasks each rollout should have in a staged deployment that goes on; those not named, none."""
    desired = service.desired_count
    as_it_is = {each.id: now_there.wanted[each.id] for each in service.rollouts}
    if deployment.status == "ROLLBACK_IN_PROGRESS":
        return ({} if _flipped(deployment) else as_it_is) | {service.primary.id: desired}
    new, old = wanted_tasks(deployment.stage, desired)
    counts = {service.primary.id: new} | ({deployment.source: old} if deployment.source else {})
    if deployment.stage == RECONCILE and not deployment.reconciled:
        return as_it_is | counts
    return counts


def held(service: Service, now_there: Standing) -> dict[str, int]:
    """The same for a service whose last deployment ended without a result."""
    newest, deployment, desired = service.primary, service.newest_deployment, service.desired_count
    if newest.kept is None:
        newest.kept = now_there.healthy[newest.id]
    other = service.rollout(deployment.source) if deployment.staged else service.completed
    if other is None or other is newest:
        return {newest.id: min(newest.kept, desired)}
    held = held_tasks(
        desired,
        newest.kept,
        now_there.wanted[other.id] if other.kept is None else other.kept,
        newest_weight=deployment.production if deployment.staged else None,
        cleaning=deployment.staged and deployment.stage == CLEAN_UP,
    )
    return {newest.id: held.newest, other.id: held.completed}


def waits(deployment: ServiceDeployment, now: float) -> bool:
    """Whether a staged deployment bakes or waits at a hook, so that looking seldom is enough."""
    if not deployment.staged or deployment.status != "IN_PROGRESS" or deployment.step_since is None:
        return False
    baking = now - deployment.step_since < deployment.steps[deployment.step].bake
    return baking or any(hook.meaning is Hook.WAITING for hook in deployment.hooks)


def waiting(deployment: ServiceDeployment) -> list[str]:
    """The ids of the hooks that ContinueServiceDeployment can resolve."""
    return [hook.id for hook in deployment.hooks if hook.meaning is Hook.WAITING and hook.target_type == "PAUSE"]
