"""Reading releases and deployments for pages and API, with the same few queries however many there are."""

import json
from collections.abc import Mapping
from itertools import starmap
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from controlplane.core.models import ApprovalRequest, System
from controlplane.lib import signing
from deployments_app import routing, taskdefinition
from deployments_app.models import Deployment, Release
from deployments_app.strategies.model import Balancer

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


def deployments_of_release(release: Release) -> QuerySet[Deployment]:
    """Where a release went, newest first."""
    return Deployment.objects.filter(release=release).select_related(*_RELATED)


def approval_of(deployment: Deployment) -> ApprovalRequest | None:
    """The newest approval request of a deployment, in whatever state."""
    requests = ApprovalRequest.objects.filter(subject_kind="deployment", subject_id=deployment.pk)
    return requests.order_by("-created_at").prefetch_related("approvals__user").select_related("system").first()


def changes(deployment: Deployment) -> list[taskdefinition.Change]:
    """What it changes against what ran before: the task definition, images first, and the way of the traffic."""
    asked = routing.balancers(deployment.target)
    before = deployment.snapshot.get("definition")
    if before is not None:
        had = deployment.snapshot.get("balancers")
        led = None if had is None else list(starmap(Balancer, had))
    else:
        previous = (
            Deployment.objects.standing()
            .filter(environment_id=deployment.environment_id, service_id=deployment.service_id)
            .filter(finished_at__lt=deployment.created_at)
            .order_by("-finished_at")
            .first()
        )
        before = previous.rendered if previous else {}
        led = routing.balancers(previous.target) if previous else None
    return taskdefinition.diff(before, deployment.rendered) + routing.changes(led, asked)


def unreleased(running: Deployment, outputs: Mapping[str, Any]) -> list[taskdefinition.Change]:
    """What was applied since the `running` deployment and is not released; `outputs`: of the environment's state."""
    service = (outputs.get("services") or {}).get(running.service.slug)
    if not service:
        return []
    waiting = taskdefinition.unreleased(service["task_template"], running.rendered)
    return waiting + routing.changes(routing.balancers(running.target), routing.balancers(service))


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
