"""What the page of a deployment shows, worked out from its row. Pure: no database, no request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from django.utils.dateparse import parse_datetime

from deployments_app import words
from deployments_app.models import Deployment
from deployments_app.states import IN_ROLLOUT
from deployments_app.strategies.rolling import ROLLING_BACK_ITSELF, STOPPING
from environments_app.views.stages import Stage

WORKING = frozenset({"preparing", "rolling_out", "baking", "rolling_back"})
ANSWERS = {
    "awaiting_approval": "waits for approval",
    "queued": "waits its turn",
    "preparing": "is prepared, nothing has changed yet",
    "rolling_out": "is rolling out",
    "baking": "is out and being watched",
    "succeeded": "runs, proved by its digest",
    "rolling_back": "is being taken back",
    "rolled_back": "was taken back",
    "rollback_failed": "could not be taken back",
    "failed": "failed",
    "rejected": "was rejected",
    "canceled": "was canceled",
    "superseded": "was overtaken",
}
"""What the heading says of a deployment in each state."""


def heading(deployment: Deployment) -> str:
    """ "api 1.8.3 → 1.9.0 is rolling out": the page's answer in one line."""
    answer = _turned(deployment) or ANSWERS[deployment.state]
    release, previous = deployment.release, deployment.previous_release
    versions = f"{previous.version} → {release.version}" if previous else release.version
    return f"{deployment.service.slug} {versions} {answer}"


def _turned(deployment: Deployment) -> str:
    """What the heading says where a rollout has turned and its state has not, or not yet; "" where it goes on well."""
    if deployment.state not in IN_ROLLOUT:
        return ""
    if deployment.stage == STOPPING:
        return "is being stopped" if deployment.abort_requested_at else "has failed, its tasks are being stopped"
    if _is_taken_back_by_ecs(deployment):
        return "is being taken back by ECS"
    if deployment.abort_requested_at:
        return "is about to be taken back" if deployment.previous_release else "is about to be stopped"
    return "is rolling out, and new tasks failed" if _failed_tasks(deployment) else ""


def _is_taken_back_by_ecs(deployment: Deployment) -> bool:
    """Whether ECS said at the last look that it goes back, of which the next look makes a state."""
    ecs = (deployment.observed.get("service_deployment") or {}).get("status", "")
    return deployment.state in IN_ROLLOUT and ecs in {*ROLLING_BACK_ITSELF, "ROLLBACK_SUCCESSFUL"}


def shown_state(deployment: Deployment) -> str:
    """The word of the status vocabulary for the chip beside the heading: never more hopeful than the heading."""
    if deployment.state in IN_ROLLOUT and deployment.stage == STOPPING:
        return "STOPPING"
    return "rolling_back" if _is_taken_back_by_ecs(deployment) else deployment.state


def _failed_tasks(deployment: Deployment) -> int:
    """How many new tasks of a rollout failed so far."""
    if deployment.state != "rolling_out":
        return 0
    ours = [rollout for rollout in deployment.observed.get("rollouts", []) if rollout["generation"] == "new"]
    return max([len(deployment.observed.get("failures", {})), *(rollout["failed"] for rollout in ours)])


def failed_so_far(deployment: Deployment) -> str:
    """How near ECS is to ending a rollout by itself, in words; "" while no new task has failed.

    Its deployment circuit breaker gives up after half the desired tasks failed, at least 3 and at most 200
    (Amazon ECS Developer Guide, "How the deployment circuit breaker detects failures").
    """
    failed = _failed_tasks(deployment)
    if not failed:
        return ""
    ours = [rollout for rollout in deployment.observed.get("rollouts", []) if rollout["generation"] == "new"]
    desired = max((rollout["desired"] for rollout in ours), default=0)
    limit = min(max(ceil(0.5 * desired), 3), 200)
    tasks = "task" if failed == 1 else "tasks"
    said = f"{failed} {tasks} of the new version failed so far"
    breaker = deployment.bound.get("strategy", {}).get("circuit_breaker", {"enabled": True, "rollback": True})
    if not breaker["enabled"]:
        return f"{said}."
    goes_back = breaker["rollback"] and deployment.previous_release_id
    return f"{said}; ECS {'takes it back' if goes_back else 'stops it'} after {limit}."


def next_step(deployment: Deployment) -> tuple[str, str]:
    """What happens next, and on what condition; empty when nothing does."""
    aborted = deployment.abort_requested_at and deployment.state in IN_ROLLOUT
    who = f"{deployment.abort_requested_by} aborted it"
    if deployment.unknown_since and deployment.is_looked_after:
        has_failed = deployment.reason == words.LOOK_FAILED
        why = words.LOOK_FAILED if has_failed else "AWS does not answer; it is asked again."
        return (who, f"it is taken back as soon as a look succeeds. {why}") if aborted else ("Not known for now", why)
    if deployment.state in IN_ROLLOUT and deployment.stage == STOPPING:
        return "Next: its tasks are stopped", "there is nothing to return to: it is the first release."
    if _is_taken_back_by_ecs(deployment):
        return "ECS takes it back", "the next look waits until only the old tasks run."
    if aborted:
        return who, "the next look takes it back."
    if deployment.paused:
        return f"Paused by {deployment.paused_by}", "it holds until someone goes on."
    back = deployment.previous_release.version if deployment.previous_release else "nothing: it is the first release"
    return {
        "awaiting_approval": ("Next: someone approves", "then it starts by itself."),
        "queued": ("Next: it is prepared", deployment.reason or "as soon as its turn comes."),
        "preparing": ("Next: the task definition is registered", "then ECS starts the new tasks."),
        "rolling_out": ("Next: ECS replaces the tasks", f"if they stay healthy. Otherwise back to {back}."),
        "baking": ("Next: success is proved", f"if nothing fails until then. Otherwise back to {back}."),
        "rolling_back": (f"Next: back to {back}", deployment.reason),
    }.get(deployment.state, ("", ""))


def stages_of(deployment: Deployment, approvals: tuple[int, int] | None, now: datetime) -> list[Stage]:
    """The stage line. `approvals`: how many stand and how many are needed; None where nobody need agree."""
    back = deployment.rolling_back_at
    given = f"so far, {approvals[0]} of {approvals[1]}" if approvals else "so far"
    ended = deployment.finished_at
    spans = [
        ("Approval" if approvals else "Queued", deployment.created_at, deployment.started_at),
        ("Prepare", deployment.started_at, deployment.rolling_out_at),
        ("Roll out", deployment.rolling_out_at, deployment.baking_at or back),
        ("Bake", deployment.baking_at, back or (ended if deployment.state == "succeeded" else None)),
    ]
    stages = [_stage(deployment, name, begin, end, given, now) for name, begin, end in spans]
    if back:
        stages = [stage for stage in stages if stage.place]
        stages[-1] = Stage(stages[-1].name, "done", "failed", stages[-1].took, "then stopped")
        if ended:
            stages.append(Stage("Back", "now", deployment.state, ended - back))
        else:
            stages.append(Stage("Back", "now", deployment.state, now - back, "so far", works=True))
    elif deployment.state == "succeeded":
        stages.append(Stage("Proved", "done", "succeeded", note="our digest on every task"))
    else:
        stages.append(Stage("Proved", note="" if ended else "our digest on every task"))
    return stages


def _stage(
    deployment: Deployment, name: str, begin: datetime | None, end: datetime | None, given: str, now: datetime
) -> Stage:
    if begin and end:
        return Stage(name, "done", took=end - begin)
    if begin and not deployment.is_finished:
        note = given if name == "Approval" else "so far"
        return Stage(name, "now", deployment.state, now - begin, note, works=deployment.state in WORKING)
    if begin:
        return Stage(name, "now", deployment.state, note=deployment.state.replace("_", " "))
    return Stage(name, note="not reached" if deployment.is_finished else "")


@dataclass(frozen=True)
class TaskRow:
    """One task as a row: what ECS and the load balancer say of it, and why it stopped."""

    id: str
    zone: str
    state: str
    health: str
    target: str
    reason: str
    since: datetime | None


@dataclass(frozen=True)
class TaskGroup:
    """The tasks of one side of the rollout, old or new."""

    name: str
    words: str
    tasks: Sequence[TaskRow]


def task_groups(deployment: Deployment) -> list[TaskGroup]:
    """The tasks that the last look saw (observation.describe): ours, then the old ones; an empty side is left out."""
    previous = deployment.previous_release
    names = {
        "new": f"New, {deployment.release.version}",
        "old": f"Old, {previous.version}" if previous else "Old",
    }
    groups = []
    for generation, name in names.items():
        seen = [task for task in deployment.observed.get("tasks", []) if task["generation"] == generation]
        if seen:
            running = sum(task["state"] == "RUNNING" for task in seen)
            revision = ", ".join(sorted({task["revision"] for task in seen}))
            words = f"{revision}, {running} of {len(seen)} running"
            groups.append(TaskGroup(name, words, [_task_row(task) for task in seen]))
    return groups


def _task_row(task: Mapping[str, Any]) -> TaskRow:
    return TaskRow(
        id=task["id"],
        zone=task["zone"],
        state="failed" if task["failed"] and task["state"] == "STOPPED" else task["state"],
        # ECS says UNKNOWN where no container has a health check of its own: that is no finding.
        health="" if task["health"] == "UNKNOWN" else task["health"],
        target=task["target"],
        reason=task["reason"] or task["target_reason"],
        since=parse_datetime(task["stopped_at"] or task["started_at"] or ""),
    )


def traffic_of(deployment: Deployment) -> dict[str, int] | None:
    """The share of the running tasks on each side as the last look saw it; None before anything was seen."""
    running = [task["generation"] for task in deployment.observed.get("tasks", []) if task["state"] == "RUNNING"]
    if not running:
        return None
    new = running.count("new")
    share = round(100 * new / len(running))
    return {"new": share, "old": 100 - share, "new_tasks": new, "old_tasks": len(running) - new}


@dataclass(frozen=True)
class ProofLine:
    """One part of the proof of success: a word of the status vocabulary, what, and by which reading."""

    state: str
    what: str
    note: str


def proof_of(deployment: Deployment) -> list[ProofLine]:
    """What success takes, and how much of it was seen: nothing is ticked that was not read from AWS."""
    verdict = deployment.verdict
    if deployment.state == "succeeded":
        arn, tasks = str(verdict.get("service_deployment", "")), verdict.get("tasks", 0)
        notes = arn.rpartition("/")[2], f"{tasks} of {tasks}, read from ECS"
        state = "succeeded"
    else:
        ecs = (deployment.observed.get("service_deployment") or {}).get("status", "")
        tail = "not reached" if deployment.is_finished else "not yet"
        notes = f"ECS says {ecs}" if ecs else tail, tail
        state = "superseded" if deployment.is_finished else "not_yet"
    return [
        ProofLine(state, "The ECS deployment that we started is successful", notes[0]),
        ProofLine(state, "Every running task carries our image digest", notes[1]),
    ]
