"""What each action of a strategy does to the world and to the row. Each is recognisable should we die in the middle.

Every function takes the claim, what was seen, and its action, and answers when the next look is due.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from datetime import timedelta
from itertools import starmap
from typing import Any

from django.db import transaction

from controlplane.lib import clock
from controlplane.lib.aws import AwsError
from controlplane.lib.errors import present
from deployments_app import autoscaling, pace, policies, routing, taskdefinition, words
from deployments_app.ecs import Ecs
from deployments_app.models import Deployment
from deployments_app.services import targets
from deployments_app.services.claims import Claim
from deployments_app.strategies import model, rolling
from deployments_app.strategies.model import Observed

REGISTER = "ecs:RegisterTaskDefinition"
STOP = "ecs:StopServiceDeployment"
AT_ONCE = timedelta(0)


def _ecs(row: Deployment) -> Ecs:
    return Ecs(targets.account_for(row))


def _policy(row: Deployment) -> Mapping[str, Any]:
    """The deployment's own copy of the policy that it was asked for (and approved) with."""
    strategy: Mapping[str, Any] = row.bound["strategy"]
    return strategy


def _wait(claim: Claim, seen: Observed, action: model.Wait) -> timedelta:
    if action.why != claim.deployment.reason:
        claim.store(reason=action.why[:300])
    return pace.pause(action.seconds)


def _snapshot(claim: Claim, seen: Observed, action: model.Snapshot) -> timedelta:
    """What runs now. A service at 0 tasks has nothing to return to; one that people set to 0 is left alone."""
    row, service = claim.deployment, present(seen.service, "the service that the step has seen")
    known = targets.last_succeeded(row.environment, row.service_id)
    is_first = known is None and service.running == 0
    wanted = int(row.target["desired_count"]) if is_first else service.desired
    if wanted == 0:
        reason = f"{row.ecs_service} is scaled to 0 tasks: nothing would run, so success could not be proved."
        return end(claim, seen, model.End("failed", "SCALED_TO_ZERO", reason))
    definition = _ecs(row).task_definition(service.task_definition)
    with transaction.atomic():
        claim.store(
            snapshot={
                "previous": "" if is_first else service.task_definition,
                "desired": wanted,
                "definition": {} if is_first else taskdefinition.comparable(definition),
                "balancers": [astuple(each) for each in service.balancers],
            },
            # Not what ran when it was asked for: others may have succeeded while it waited.
            previous_release=known.release if known else None,
        )
        what = "nothing: this is the first release" if is_first else service.task_definition.rpartition("/")[2]
        claim.tell(f"runs now: {what}; desired count {wanted}")
    return AT_ONCE


def _register(claim: Claim, seen: Observed, action: model.Register) -> timedelta:
    row, ecs = claim.deployment, _ecs(claim.deployment)
    arn = ""
    if row.intent.get("call") == REGISTER:
        # An earlier look was about to: perhaps it did, and only its end was not written down.
        arn = ecs.find_task_definition(
            row.rendered["family"], taskdefinition.DEPLOYMENT_TAG, str(row.pk), row.created_at
        )
    if not arn:
        environment = row.environment
        claim.intend(REGISTER, family=row.rendered["family"])
        arn = ecs.register(
            row.rendered,
            taskdefinition.tags(row.pk, row.release_id, environment.system.slug, environment.slug),
        )
    with transaction.atomic():
        claim.store(task_definition_arn=arn, intent={})
        claim.tell(f"registered {arn.rpartition('/')[2]} with {', '.join(map(str, row.release.images.all()))}")
    return AT_ONCE


def configuration(policy: Mapping[str, Any], alarms: list[str], *, can_return: bool) -> dict[str, Any]:
    """The deploymentConfiguration of a rolling deployment. Where there is nothing to return to, ECS only stops it."""
    breaker = policy["circuit_breaker"]
    return {
        "strategy": "ROLLING",
        "minimumHealthyPercent": policy["minimum_healthy_percent"],
        "maximumPercent": policy["maximum_percent"],
        "deploymentCircuitBreaker": {"enable": breaker["enabled"], "rollback": breaker["rollback"] and can_return},
        "alarms": {"alarmNames": alarms, "enable": bool(alarms), "rollback": bool(alarms) and can_return},
    }


def _other_balancers(seen: Observed, wanted: Sequence[model.Balancer] | None) -> list[model.Balancer] | None:
    """The load balancers to set, since a port or a container has changed or the routing is gone; None where the
    service has these, or where nobody said any (`wanted` is None)."""
    changed = seen.service is not None and wanted is not None and tuple(wanted) != seen.service.balancers
    return list(wanted or ()) if changed else None


def _update(claim: Claim, seen: Observed, action: model.Update) -> timedelta:
    row = claim.deployment
    is_first = not row.snapshot["previous"]
    claim.intend(rolling.UPDATE, task_definition=row.task_definition_arn)
    _ecs(row).update(
        row.cluster,
        row.ecs_service,
        task_definition=row.task_definition_arn,
        configuration=configuration(_policy(row), row.target["alarm_names"], can_return=not is_first),
        desired=row.snapshot["desired"] if is_first else None,
        balancers=_other_balancers(seen, routing.balancers(row.target)),
    )
    return _advance(claim, seen, model.Advance("rolling_out"))


def _advance(claim: Claim, seen: Observed, action: model.Advance) -> timedelta:
    row, now = claim.deployment, clock.now()
    if action.state == "baking":
        bake = timedelta(minutes=_policy(row)["bake_time_minutes"])
        until = now + pace.scaled(bake)
        line = "ECS says that our deployment is successful; " + (
            f"watching it for {_policy(row)['bake_time_minutes']} min" if bake else "proving it"
        )
        claim.advance("baking", line, baking_at=now, bake_until=until, deadline_at=pace.deadline(until), intent={})
        return AT_ONCE
    line = action.reason or f"ordered the rollout of {row.task_definition_arn.rpartition('/')[2]}"
    claim.advance("rolling_out", line, rolling_out_at=now, deadline_at=pace.deadline(now), intent={})
    return pace.pause(rolling.LOOK_SECONDS / 3)


def _succeed(claim: Claim, seen: Observed, action: model.Succeed) -> timedelta:
    if not claim.deployment.snapshot["previous"]:
        _resume_scaling(claim)
    tasks = len(seen.running)
    line = f"succeeded: ECS's deployment is successful and {tasks} of {tasks} tasks carry the image digest"
    claim.advance("succeeded", line, verdict=dict(action.verdict), weights={"new": 100, "old": 0}, stage="")
    return AT_ONCE


def _resume_scaling(claim: Claim) -> None:
    """Terraform makes a service's scaling suspended: nothing but a release gives it its first tasks."""
    row = claim.deployment
    target = row.target.get("scalable_target")
    if target is None:
        return
    try:
        autoscaling.resume(targets.account_for(row), target)
    except AwsError as error:
        if not error.permanent:
            raise
        # What was released runs all the same, and that is what a deployment is about.
        claim.tell(f"autoscaling stays suspended, AWS refused to resume it: {error.message}")
    else:
        claim.tell(f"autoscaling resumed, between {target['min']} and {target['max']} tasks")


def _cause(row: Deployment, code: str, reason: str) -> str:
    """Why it is taken back, from what the tasks showed; a person's wish needs no other cause."""
    if code == "ABORTED":
        return reason
    observed = row.observed
    return words.cause(observed.get("failures", {}), len(observed.get("new_task_ids", [])), reason)


def _roll_back(claim: Claim, seen: Observed, action: model.RollBack) -> timedelta:
    row, now = claim.deployment, clock.now()
    cause = _cause(row, action.code, action.reason)
    failure = policies.being_taken_back(action.code, cause, [action.reason])
    claim.advance(
        "rolling_back",
        f"rolling back: {cause}",
        reason=cause,
        rolling_back_at=now,
        deadline_at=pace.deadline(now),
        failure=failure.to_json(),
        intent={},
        paused_at=None,
    )
    return AT_ONCE


def _stop_service_deployment(claim: Claim, seen: Observed, action: model.StopServiceDeployment) -> timedelta:
    row = claim.deployment
    claim.intend(STOP, service_deployment=row.service_deployment_arn)
    _ecs(row).stop_with_rollback(row.service_deployment_arn)
    with transaction.atomic():
        claim.store(intent={})
        claim.tell("told ECS to roll its deployment back")
    return pace.pause(rolling.LOOK_SECONDS / 3)


def _restore_previous(claim: Claim, seen: Observed, action: model.RestorePrevious) -> timedelta:
    row = claim.deployment
    previous = row.snapshot["previous"]
    claim.intend(rolling.UPDATE, task_definition=previous)
    # Should the old tasks fail as well, ECS must not return to the new ones by itself.
    restoring = configuration(_policy(row), [], can_return=False)
    had = row.snapshot.get("balancers")
    _ecs(row).update(
        row.cluster,
        row.ecs_service,
        task_definition=previous,
        configuration=restoring,
        balancers=_other_balancers(seen, None if had is None else list(starmap(model.Balancer, had))),
    )
    with transaction.atomic():
        claim.store(intent={})
        claim.tell(f"ordered the way back to {previous.rpartition('/')[2]}")
    return pace.pause(rolling.LOOK_SECONDS / 3)


def _stop_tasks(claim: Claim, seen: Observed, action: model.StopTasks) -> timedelta:
    row = claim.deployment
    if row.stage != rolling.STOPPING:
        cause = _cause(row, action.code, action.reason)
        failure = policies.first_failed(action.code, cause, [action.reason])
        with transaction.atomic():
            claim.store(stage=rolling.STOPPING, failure=failure.to_json(), reason=cause[:300])
            claim.tell(f"stopping the tasks, there is nothing to return to: {cause}")
    claim.intend(rolling.UPDATE, desired=0)
    _ecs(row).update(row.cluster, row.ecs_service, desired=0)
    claim.store(intent={})
    return pace.pause(rolling.LOOK_SECONDS / 3)


def end(claim: Claim, seen: Observed | None, action: model.End) -> timedelta:
    """The deployment's end, with what it means in words; what a person ended is no failure."""
    row = claim.deployment
    if action.state == "canceled":
        claim.advance("canceled", f"canceled: {action.reason}", reason=action.reason)
        return AT_ONCE
    known = row.failure
    cause, details = action.reason, known.get("details", [])
    code = known.get("code", "") or action.code
    if known:
        # Why a task failed is often said after it was seen to fail: only now everything is known.
        cause = _cause(row, code, details[0])
    if action.state == "rolled_back":
        failure = policies.taken_back(code, cause, details)
    elif action.state == "rollback_failed":
        failure = policies.not_taken_back(cause, action.reason, details)
    elif action.state == "superseded":
        failure = policies.changed_elsewhere(action.code, action.reason)
    elif row.stage == rolling.STOPPING:
        failure = policies.first_failed(code, cause, details)
    else:
        failure = policies.prepare_failure(action.code, action.reason)
    claim.advance(
        action.state,
        f"{action.state.replace('_', ' ')}: {failure.cause}",
        reason=failure.cause,
        failure=failure.to_json(),
        stage="",
    )
    return AT_ONCE


CARRY_OUT: dict[type[model.Action], Callable[[Claim, Observed, Any], timedelta]] = {
    model.Wait: _wait,
    model.Snapshot: _snapshot,
    model.Register: _register,
    model.Update: _update,
    model.Advance: _advance,
    model.Succeed: _succeed,
    model.RollBack: _roll_back,
    model.StopServiceDeployment: _stop_service_deployment,
    model.RestorePrevious: _restore_previous,
    model.StopTasks: _stop_tasks,
    model.End: end,
}
