"""Releases and deployments for programs (design, section 9)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from controlplane.core.api import Log, actor_of, not_found, read_log, require, unless_refused
from controlplane.core.models import System
from controlplane.core.policies import Capability
from deployments_app import selectors
from deployments_app.models import Deployment, Release
from deployments_app.services import deployments
from environments_app.api import ApprovalState, Approve, Reason, find_environment

router = Router()
MOST_RELEASES = 100


class ImageOut(Schema):
    container: str
    repository: str
    tag: str
    digest: str


class DeploymentBrief(Schema):
    id: UUID
    environment: str
    state: str
    created_at: datetime
    finished_at: datetime | None


class ReleaseOut(Schema):
    """A release. `decisions`: by environment, whether it was deployed by itself, and why (not)."""

    id: UUID
    system: str
    service: str
    version: str
    commit: str
    branch: str
    run_url: str
    author: str
    sequence: int | None
    committed_at: datetime | None
    created_at: datetime
    evidence: dict[str, Any]
    images: list[ImageOut]
    decisions: dict[str, Any]
    deployments: list[DeploymentBrief]


class DeploymentAsked(Schema):
    release: UUID
    strategy: str | None = None


class DeploymentOut(Schema):
    """A deployment. `digest` is what an approval must name; `verdict` is the proof of success, empty until then."""

    id: UUID
    system: str
    environment: str
    service: str
    release: UUID
    version: str
    kind: str
    strategy: str
    state: str
    stage: str
    reason: str
    paused: bool
    unknown_since: datetime | None
    weights: dict[str, int]
    digests: dict[str, str]
    digest: str | None
    approvals: ApprovalState | None
    bound: dict[str, Any]
    changes: list[dict[str, str]]
    observed: dict[str, Any]
    observed_at: datetime | None
    verdict: dict[str, Any]
    failure: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def describe_release(release: Release, went: list[Deployment]) -> dict[str, Any]:
    """A release in ReleaseOut's shape."""
    return {
        **{
            name: getattr(release, name)
            for name in (
                "id", "version", "commit", "branch", "run_url", "author", "sequence", "committed_at", "created_at",
                "evidence", "decisions",
            )
        },
        "system": release.system.slug,
        "service": release.service.slug,
        "images": list(release.images.all()),
        "deployments": [
            {
                "id": deployment.pk,
                "environment": deployment.environment.slug,
                "state": deployment.state,
                "created_at": deployment.created_at,
                "finished_at": deployment.finished_at,
            }
            for deployment in went
        ],
    }  # fmt: skip


def describe(deployment: Deployment) -> dict[str, Any]:
    """A deployment in DeploymentOut's shape."""
    request = selectors.approval_of(deployment)
    return {
        **{
            name: getattr(deployment, name)
            for name in (
                "id", "kind", "strategy", "state", "stage", "reason", "paused", "unknown_since", "weights", "bound",
                "observed", "observed_at", "verdict", "failure", "created_at", "started_at", "finished_at",
            )
        },
        "system": deployment.environment.system.slug,
        "environment": deployment.environment.slug,
        "service": deployment.service.slug,
        "release": deployment.release_id,
        "version": deployment.release.version,
        "digests": deployment.release.digests,
        "digest": request.digest if request else None,
        "approvals": request
        and {
            "state": request.state,
            "required": request.required,
            "expires_at": request.expires_at,
            "given": [
                {"user": given.user.username, "at": given.at, "comment": given.comment}
                for given in request.approvals.all()
                if given.revoked_at is None
            ],
        },
        "changes": [change.to_json() for change in selectors.changes(deployment)],
    }  # fmt: skip


def _find_release(request: HttpRequest, release_id: UUID) -> Release:
    release = selectors.find_release(release_id)
    require(request, release.system if release else None, Capability.VIEW, "release")
    if release is None:
        raise not_found("release")
    return release


def _find(request: HttpRequest, deployment_id: UUID) -> Deployment:
    deployment = selectors.find_deployment(deployment_id)
    require(request, deployment.environment.system if deployment else None, Capability.VIEW, "deployment")
    if deployment is None:
        raise not_found("deployment")
    return deployment


@router.get("/releases", response=list[ReleaseOut])
def list_releases(request: HttpRequest, system: str, limit: int = 50) -> list[dict[str, Any]]:
    found = System.objects.filter(slug=system).first()
    of = require(request, found, Capability.VIEW)
    releases = list(
        selectors.releases_of(of).prefetch_related("deployments__environment")[: max(1, min(limit, MOST_RELEASES))]
    )
    return [describe_release(release, list(release.deployments.all())) for release in releases]


@router.get("/releases/{release_id}", response=ReleaseOut)
def get_release(request: HttpRequest, release_id: UUID) -> dict[str, Any]:
    release = _find_release(request, release_id)
    return describe_release(release, list(selectors.deployments_of_release(release)))


@router.post("/environments/{system}/{environment}/deployments", response={201: DeploymentOut})
def request_deployment(
    request: HttpRequest, system: str, environment: str, asked: DeploymentAsked
) -> Status[dict[str, Any]]:
    found = find_environment(request, system, environment, Capability.VIEW)
    release = _find_release(request, asked.release)
    made = unless_refused(deployments.request_deployment(actor_of(request), found, release, asked.strategy))
    return Status(201, describe(_find(request, made.pk)))


@router.get("/deployments/{deployment_id}", response=DeploymentOut)
def get_deployment(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    return describe(_find(request, deployment_id))


@router.get("/deployments/{deployment_id}/log", response=Log)
def get_deployment_log(
    request: HttpRequest, deployment_id: UUID, after: int = 0, source: str = "controller"
) -> dict[str, Any]:
    """Lines of the controller, or with `source=service` those of the new tasks' containers."""
    deployment = _find(request, deployment_id)
    stream = deployment.service_stream if source == "service" else deployment.stream
    return read_log(stream.pk if stream else None, bool(stream and stream.closed_at), after)


@router.post("/deployments/{deployment_id}/approve", response=DeploymentOut)
def approve_deployment(request: HttpRequest, deployment_id: UUID, given: Approve) -> dict[str, Any]:
    deployment = _find(request, deployment_id)
    unless_refused(deployments.approve(actor_of(request), deployment, given.digest, given.comment))
    return describe(_find(request, deployment_id))


@router.post("/deployments/{deployment_id}/revoke", response=DeploymentOut)
def revoke_deployment(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    unless_refused(deployments.revoke(actor_of(request), _find(request, deployment_id)))
    return describe(_find(request, deployment_id))


@router.post("/deployments/{deployment_id}/promote", response=DeploymentOut)
def promote_deployment(request: HttpRequest, deployment_id: UUID, why: Reason | None = None) -> dict[str, Any]:
    deployment = _find(request, deployment_id)
    unless_refused(deployments.promote(actor_of(request), deployment, why.reason if why else ""))
    return describe(_find(request, deployment_id))


@router.post("/deployments/{deployment_id}/pause", response=DeploymentOut)
def pause_deployment(request: HttpRequest, deployment_id: UUID, why: Reason | None = None) -> dict[str, Any]:
    deployment = _find(request, deployment_id)
    unless_refused(deployments.pause(actor_of(request), deployment, why.reason if why else ""))
    return describe(_find(request, deployment_id))


@router.post("/deployments/{deployment_id}/abort", response=DeploymentOut)
def abort_deployment(request: HttpRequest, deployment_id: UUID, why: Reason | None = None) -> dict[str, Any]:
    deployment = _find(request, deployment_id)
    unless_refused(deployments.abort(actor_of(request), deployment, why.reason if why else ""))
    return describe(_find(request, deployment_id))


@router.post("/deployments/{deployment_id}/rollback", response={201: DeploymentOut})
def roll_back_deployment(request: HttpRequest, deployment_id: UUID) -> Status[dict[str, Any]]:
    """Deploys the release that ran before; answers with that new deployment."""
    made = unless_refused(deployments.rollback(actor_of(request), _find(request, deployment_id)))
    return Status(201, describe(_find(request, made.pk)))
