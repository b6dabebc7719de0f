"""The lines that the new tasks log while they are rolled out, taken over into the deployment's own output."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from controlplane.lib.aws import AwsError
from controlplane.lib.aws.logs import read_stream
from deployments_app.models import Deployment
from deployments_app.services import targets
from deployments_app.services.narration import tell_at

log = logging.getLogger(__name__)

WATCHED = frozenset({"rolling_out", "baking", "rolling_back"})
MOST_STREAMS = 10
"""Log streams that are read per deployment: GetLogEvents has a quota per account, and people read a few at most."""


def collect(account_key: str) -> None:
    """Takes over new lines of every deployment that is going on there; an error is only logged, it is no verdict."""
    going_on = Deployment.objects.filter(account_key=account_key, state__in=WATCHED).select_related(
        "environment__system"
    )
    for deployment in going_on:
        try:
            collect_one(deployment)
        except AwsError as error:
            log.warning("deployment %s: log lines are not read: %s", deployment.pk, error.message)


def collect_one(deployment: Deployment) -> int:
    """Takes over what one deployment's new tasks logged since the last time: how many lines. May raise AwsError."""
    account = targets.account_for(deployment.environment)
    positions: dict[str, str] = dict(deployment.log_positions)
    lines: list[tuple[int, str]] = []
    for group, stream, label in list(streams(deployment.rendered, deployment.observed))[:MOST_STREAMS]:
        events, positions[stream] = read_stream(account, group, stream, positions.get(stream, ""))
        lines += [(event.at_ms, f"{label} {event.text}") for event in events]
    if lines:
        _store(deployment, positions, sorted(lines, key=lambda line: line[0]))
    return len(lines)


def streams(rendered: Mapping[str, Any], observed: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(log group, stream, label) of each container of each new task that logs with awslogs; youngest tasks first.

    The stream's name is `prefix/container/task id` (ECS developer guide, awslogs).
    """
    tasks = [task for task in observed.get("tasks", []) if task["generation"] == "new"]
    for task in reversed(tasks):
        for container in rendered.get("containerDefinitions", []):
            driver = container.get("logConfiguration") or {}
            options = driver.get("options") or {}
            if driver.get("logDriver") == "awslogs" and options.get("awslogs-stream-prefix"):
                stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task['id']}"
                yield options["awslogs-group"], stream, f"{container['name']} {task['id'][:8]}"


@transaction.atomic
def _store(deployment: Deployment, positions: Mapping[str, str], lines: list[tuple[int, str]]) -> None:
    row = Deployment.objects.select_for_update().get(pk=deployment.pk)
    # Of two looks that read the same lines, the one that finds the position unchanged stores them.
    if row.log_positions == deployment.log_positions and row.state in WATCHED:
        Deployment.objects.filter(pk=row.pk).update(log_positions=dict(positions))
        tell_at(row.service_stream_id, lines)
