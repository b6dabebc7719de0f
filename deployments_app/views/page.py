"""What the page of a deployment shows, worked out from its row. Pure: no database, no request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from deployments_app import taskdefinition
from deployments_app.models import Deployment
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
    release, previous = deployment.release, deployment.previous_release
    versions = f"{previous.version} → {release.version}" if previous else release.version
    return f"{deployment.service.slug} {versions} {ANSWERS[deployment.state]}"


def next_step(deployment: Deployment) -> tuple[str, str]:
    """What happens next, and on what condition; empty when nothing does."""
    if deployment.abort_requested_at and deployment.state in {"rolling_out", "baking"}:
        return f"{deployment.abort_requested_by} aborted it", "the next look takes it back."
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


def changes_of(deployment: Deployment, before: Mapping[str, Any]) -> Sequence[taskdefinition.Change]:
    """What the release changes in the task definition that ran before; empty where it was not rendered yet."""
    return taskdefinition.diff(before, deployment.rendered) if deployment.rendered else []


@dataclass(frozen=True)
class TaskRow:
    """One task as a row: what ECS and the load balancer say of it, and why it stopped."""

    id: str
    zone: str
    last_status: str
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

    @property
    def running(self) -> int:
        return sum(task.last_status == "RUNNING" for task in self.tasks)


def task_groups(deployment: Deployment) -> list[TaskGroup]:
    """The tasks that the last look saw: ours, then the others; a side without tasks is left out."""
    ours: list[TaskRow] = []
    others: list[TaskRow] = []
    for task in deployment.observed.get("tasks", []):
        is_ours = bool(deployment.task_definition_arn) and task["task_definition"] == deployment.task_definition_arn
        (ours if is_ours else others).append(_task_row(task))
    groups = []
    for title, rows in ((f"New, {deployment.release.version}", ours), (_old_title(deployment), others)):
        if rows:
            running = sum(row.last_status == "RUNNING" for row in rows)
            groups.append(TaskGroup(title, f"{running} of {len(rows)} running", rows))
    return groups


def _old_title(deployment: Deployment) -> str:
    return f"Old, {deployment.previous_release.version}" if deployment.previous_release else "Others"


def _task_row(task: Mapping[str, Any]) -> TaskRow:
    exits = [
        f"{container['name']} ended with exit code {container['exit_code']}"
        for container in task.get("containers", [])
        if container.get("exit_code") is not None
    ]
    target = task.get("target") or {}
    reasons = [task.get("stopped_reason") or target.get("description") or "", *exits]
    health = task.get("health_status", "")
    return TaskRow(
        id=task["arn"].rsplit("/", 1)[-1],
        zone=task.get("zone", ""),
        last_status=task["last_status"],
        # ECS says UNKNOWN where no container has a health check of its own: that is no finding.
        health="" if health == "UNKNOWN" else health,
        target=target.get("state", ""),
        reason=". ".join(reason for reason in reasons if reason),
        since=parse_datetime(task.get("stopped_at") or task.get("started_at") or task.get("created_at") or ""),
    )


def traffic_of(deployment: Deployment) -> dict[str, int] | None:
    """The share of running tasks on each side, in percent; None before anything was seen."""
    running = [task for task in deployment.observed.get("tasks", []) if task["last_status"] == "RUNNING"]
    if not running or not deployment.task_definition_arn:
        return None
    new = sum(task["task_definition"] == deployment.task_definition_arn for task in running)
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
    verdict, ended = deployment.verdict, deployment.is_finished
    proved = deployment.state == "succeeded"
    open_state = "not_yet" if not ended else "superseded"
    return [
        ProofLine(
            "succeeded" if proved else open_state,
            "The ECS deployment that we started is successful",
            str(verdict.get("service_deployment", "")) or ("not reached" if ended else "not yet"),
        ),
        ProofLine(
            "succeeded" if proved else open_state,
            "Every running task carries our image digest",
            str(verdict.get("tasks", "")) or ("not reached" if ended else "not yet"),
        ),
    ]
