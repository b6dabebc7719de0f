"""The lines that the new tasks log while they are rolled out, taken over into the deployment's own output."""

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from controlplane.core.services import output
from controlplane.lib import clock
from controlplane.lib.aws import AwsError
from controlplane.lib.aws.logs import read_stream
from deployments_app.models import Deployment
from deployments_app.services import targets
from deployments_app.services.narration import tell_at
from deployments_app.states import DEPLOYMENT

log = logging.getLogger(__name__)

WATCHED = frozenset({"rolling_out", "baking", "rolling_back"})
MOST_STREAMS = 10
"""Log streams that are read per deployment: GetLogEvents has a quota per account, and people read a few at most."""
BUDGET_SECONDS = 3.0
"""How long one job may ask for lines."""
GIVE_UP = timedelta(minutes=1)
"""How long after its end a deployment's last lines are asked for where CloudWatch Logs does not answer."""


def _unread() -> QuerySet[Deployment]:
    """Deployments that have ended and whose last lines were not read yet."""
    return Deployment.objects.filter(state__in=DEPLOYMENT.final, service_stream__closed_at__isnull=True)


def unread_keys() -> list[str]:
    """The accounts and regions of deployments that have ended with lines unread."""
    return list(_unread().order_by().values_list("account_key", flat=True).distinct())


def collect(account_key: str) -> None:
    """Takes over new lines of every deployment that is going on there, and the last ones of those that have ended.

    An error is only logged: lines are no verdict. Nothing more is asked for once BUDGET_SECONDS are over, because
    the next look waits for this one's worker; whatever was not reached is as likely as all else to be first then.
    """
    until = monotonic() + BUDGET_SECONDS
    watched = (Deployment.objects.filter(state__in=WATCHED) | _unread()).filter(account_key=account_key)
    for deployment in watched.select_related("environment__system").order_by("?"):
        if monotonic() >= until:
            break
        try:
            is_drained = collect_one(deployment, until)
        except AwsError as error:
            log.warning("deployment %s: log lines are not read: %s", deployment.pk, error.message)
            is_drained = False
        is_given_up = deployment.finished_at is not None and deployment.finished_at < clock.now() - GIVE_UP
        if deployment.service_stream_id and deployment.is_finished and (is_drained or is_given_up):
            output.close_stream(deployment.service_stream_id)


def collect_one(deployment: Deployment, until: float) -> bool:
    """Takes over what one deployment's new tasks logged since the last time, and says whether that was all.

    Stops asking at `until` (monotonic seconds). May raise AwsError.
    """
    account = targets.account_for(deployment)
    positions: dict[str, str] = dict(deployment.log_positions)
    lines: list[tuple[int, str]] = []
    is_cut_short = False
    for group, stream, label in list(streams(deployment.rendered, deployment.observed))[:MOST_STREAMS]:
        if monotonic() >= until:
            is_cut_short = True
            break
        events, positions[stream] = read_stream(account, group, stream, positions.get(stream, ""))
        lines += [(event.at_ms, f"{label} {event.text}") for event in events]
    if lines:
        _store(deployment, positions, sorted(lines, key=lambda line: line[0]))
    return not lines and not is_cut_short


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
    if row.log_positions == deployment.log_positions:
        Deployment.objects.filter(pk=row.pk).update(log_positions=dict(positions))
        tell_at(row.service_stream_id, lines)
