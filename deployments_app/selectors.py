"""Reading releases and deployments for pages and API, with the same few queries however many there are."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from controlplane.core.models import ApprovalRequest, System
from controlplane.lib import signing
from deployments_app import taskdefinition
from deployments_app.models import Deployment, Release
from deployments_app.states import DEPLOYMENT
from environments_app.models import Environment

_RELATED = ("environment__system", "service", "release__service", "release__system", "stream", "service_stream")


def find_release(release_id: UUID) -> Release | None:
    releases = Release.objects.select_related("system", "service").prefetch_related("images")
    return releases.filter(pk=release_id).first()


def find_deployment(deployment_id: UUID) -> Deployment | None:
    deployments = Deployment.objects.select_related(*_RELATED, "previous_release", "requester")
    return deployments.prefetch_related("release__images").filter(pk=deployment_id).first()


def releases_of(system: System) -> QuerySet[Release]:
    """A system's releases, newest first."""
    return Release.objects.filter(system=system).select_related("system", "service").prefetch_related("images")


def deployments_of(environment: Environment) -> QuerySet[Deployment]:
    """An environment's deployments, newest first."""
    return Deployment.objects.filter(environment=environment).select_related(*_RELATED)


def deployments_of_release(release: Release) -> QuerySet[Deployment]:
    """Where a release went, newest first."""
    return Deployment.objects.filter(release=release).select_related(*_RELATED)


@dataclass(frozen=True)
class Running:
    """What runs of a service in an environment, and what is on its way; either may be None."""

    service: str
    running: Deployment | None
    active: Deployment | None


def running_in(environment: Environment) -> list[Running]:
    """What runs and what is on its way, by service of the configuration; three queries."""
    mine = Deployment.objects.filter(environment=environment).select_related(*_RELATED)
    running: dict[str, Deployment] = {}
    for deployment in mine.filter(state="succeeded").order_by("finished_at"):
        running[deployment.service.slug] = deployment
    active: dict[str, Deployment] = {}
    for deployment in mine.filter(state__in=DEPLOYMENT.active).order_by("created_at"):
        active[deployment.service.slug] = deployment
    slugs = environment.config_version.config.services
    return [Running(slug, running.get(slug), active.get(slug)) for slug in slugs]


def approval_of(deployment: Deployment) -> ApprovalRequest | None:
    """The newest approval request of a deployment, in whatever state."""
    requests = ApprovalRequest.objects.filter(subject_kind="deployment", subject_id=deployment.pk)
    return requests.order_by("-created_at").prefetch_related("approvals__user").select_related("system").first()


@dataclass(frozen=True)
class Step:
    """One step of a deployment's time line. state: done, now, next, back or bad."""

    name: str
    state: str
    began: datetime | None = None
    ended: datetime | None = None


def steps(deployment: Deployment) -> list[Step]:
    """The time line, from the asking to the proof; where it was taken back, with the way back at its end."""
    row = deployment
    marks: list[tuple[str, datetime | None]] = [
        ("Asked", row.created_at),
        ("Preparing", row.started_at),
        ("Rolling out", row.rolling_out_at),
        ("Proving" if not row.bake_until or row.bake_until == row.baking_at else "Baking", row.baking_at),
    ]
    if row.rolling_back_at:
        marks = [*(mark for mark in marks if mark[1]), ("Rolling back", row.rolling_back_at)]
    last = max(index for index, (_, began) in enumerate(marks) if began)
    found = []
    for index, (name, began) in enumerate(marks):
        following = next((at for _, at in marks[index + 1 :] if at), row.finished_at)
        state = "next" if began is None else "done"
        if index == last and began is not None:
            state = _state_of_last(row)
        found.append(Step(name, state, began, following if began else None))
    if row.state == "succeeded":
        found.append(Step("Proved", "done", row.finished_at, row.finished_at))
    elif not row.is_finished and not row.rolling_back_at:
        found.append(Step("Proved", "next"))
    return found


def _state_of_last(row: Deployment) -> str:
    if not row.is_finished:
        return "now"
    return {"succeeded": "done", "failed": "bad", "rollback_failed": "bad"}.get(row.state, "back")


def changes(deployment: Deployment) -> list[taskdefinition.Change]:
    """What the new task definition changes against what ran before, images first."""
    before = deployment.snapshot.get("definition")
    if before is None:
        previous = (
            Deployment.objects.filter(
                environment_id=deployment.environment_id, service_id=deployment.service_id, state="succeeded"
            )
            .filter(finished_at__lt=deployment.created_at)
            .order_by("-finished_at")
            .first()
        )
        before = previous.rendered if previous else {}
    return taskdefinition.diff(before, deployment.rendered)


def webhook_body(system: System, service: str, image: str, digest: str, **more: Any) -> str:
    """A delivery's JSON, in the words of the generic webhook."""
    document = {"service": service, "image": image, "digest": digest, "branch": "main", **more}
    return json.dumps(document, separators=(",", ":"))


def curl_line(url: str, secret: str, delivery: str, body: str) -> str:
    """A signed delivery as one command that can be pasted into a shell: openssl signs what curl sends.

    For the sandbox's pages only: the secret is part of it.
    """
    quoted, key = _shell(body), _shell(secret)
    signature = f"$(printf %s {quoted} | openssl dgst -sha256 -hmac {key} | sed 's/^.* //')"
    return (
        f"curl -sS -X POST {_shell(url)} -H 'Content-Type: application/json' "
        f"-H {_shell('X-Slipway-Delivery: ' + delivery)} "
        f'-H "X-Slipway-Signature-256: {signing.PREFIX}{signature}" -d {quoted}'
    )


def _shell(text: str) -> str:
    """The text as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"
