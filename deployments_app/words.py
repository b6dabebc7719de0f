"""What ECS shows, said in words: why tasks failed, what changed since the last look. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from deployments_app.strategies.model import EventSeen, ServiceSeen, TaskSeen

_ELB_REASON = re.compile(r"\(task (?P<task>\w+)\).*is unhealthy in \(target-group .*due to \(reason (?P<reason>.*)\)")
_CODES = re.compile(r"Health checks failed with these codes: \[(?P<codes>[^\]]*)\]")
_STOPPED_BY_ECS = ("Scaling activity", "Service ")
"""How the reason of a stop begins that is no failure: the scheduler replaced the task, or the service went."""

LOOK_FAILED = "Slipway itself failed at the last look; it tries again. The cause is in the worker's log."
"""The reason of a deployment of which nothing is known, though AWS answers."""


def unhealthy_reasons(events: Sequence[EventSeen]) -> dict[str, str]:
    """Why the load balancer refused a task, by task id, from the service's events."""
    found = {}
    for event in events:
        if match := _ELB_REASON.search(event.message):
            found[match["task"]] = match["reason"]
    return found


def failure_of(task: TaskSeen, check: str, elb_reasons: Mapping[str, str]) -> str:
    """Why a task failed, as the end of "N tasks …"; "" where it did not fail.

    check: the request that the load balancer makes, such as "GET /up".
    """
    codes = sorted(
        f"{container.name} with code {container.exit_code}"
        for container in task.containers
        if container.exit_code not in (None, 0)
    )
    if "health check" in task.stopped_reason.lower():
        return _health_failure(task, check, elb_reasons.get(task.id, ""))
    if task.stop_code == "TaskFailedToStart":
        return f"could not start: {task.stopped_reason}"
    if task.stop_code == "EssentialContainerExited":
        ended = ", ".join(codes or [container.name for container in task.containers if container.exit_code == 0])
        return f"ended by themselves: {ended or task.stopped_reason}"
    if task.last_status != "STOPPED" and task.target is not None and task.target.state == "unhealthy":
        return _health_failure(task, check, task.target.description)
    if task.last_status == "STOPPED" and not task.stopped_reason.startswith(_STOPPED_BY_ECS):
        return f"stopped: {task.stopped_reason or task.stop_code or 'ECS gives no reason'}"
    return ""


def _health_failure(task: TaskSeen, check: str, reason: str) -> str:
    if "container health" in task.stopped_reason.lower():
        return "failed their container health check"
    if match := _CODES.search(reason):
        return f"failed their health check: {check} answered {match['codes']}"
    if reason:
        return f"failed their health check: {check}: {reason}"
    return f"failed their health check: {check}"


def cause(failures: Mapping[str, str], new_tasks: int, ecs_reason: str) -> str:
    """Why a rollout failed, in a sentence. failures: words by task id; new_tasks: how many were started."""
    total = max(new_tasks, len(failures))
    counted = Counter(failures.values()).most_common()
    parts = [f"{count} of {total} new tasks {words}" for words, count in counted]
    if not parts:
        return ecs_reason or "ECS gives no reason."
    return "; ".join(parts).rstrip(".") + "."


def task_lines(before: Mapping[str, Mapping[str, Any]], tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """What became of tasks since the last look. Both in the shape of Deployment.observed["tasks"]."""
    lines = []
    for task in tasks:
        old = before.get(task["id"], {})
        if task["state"] != old.get("state"):
            where = f" in {task['zone']}" if task["zone"] and not old else ""
            what = f"{task['generation']} task {task['id'][:8]}{where}: {task['state']}"
            lines.append(f"{what}, {task['reason']}" if task["state"] == "STOPPED" and task["reason"] else what)
        elif task["target"] != old.get("target") and task["target"]:
            lines.append(f"{task['generation']} task {task['id'][:8]}: {task['target']} behind the load balancer")
    return lines


def new_events(service: ServiceSeen, since: datetime, last_seen: str) -> list[EventSeen]:
    """The service's events after the one with the id `last_seen` (or after `since`), oldest first."""
    found = []
    for event in service.events:
        if event.id == last_seen or event.at < since:
            break
        found.append(event)
    return found[::-1]
