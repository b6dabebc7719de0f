"""Environments and runs for programs (design, section 9)."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from controlplane.core.api import Log, actor_of, not_found, read_log, require, unless_refused
from controlplane.core.models import ApprovalRequest
from controlplane.core.policies import Capability
from controlplane.core.services import locks
from environments_app import selectors
from environments_app.models import Environment, Run
from environments_app.services import runs

router = Router()


class RunAsked(Schema):
    kind: Literal["apply", "destroy", "drift", "speculative"] = "apply"
    title: str = Field(default="", max_length=200)


class RunCreated(Schema):
    id: UUID
    state: str


class ApprovalGiven(Schema):
    user: str
    at: datetime
    comment: str


class ApprovalState(Schema):
    state: str
    required: int
    expires_at: datetime
    given: list[ApprovalGiven]


class RunOut(Schema):
    """A run. `digest` is what an approval must name; `outcome` says what a finished run did."""

    id: UUID
    system: str
    environment: str
    kind: str
    state: str
    title: str
    config_version: int
    created_at: datetime
    finished_at: datetime | None
    progress: dict[str, Any]
    summary: dict[str, Any]
    cost: dict[str, Any]
    findings: list[dict[str, Any]]
    bound: dict[str, Any]
    digest: str | None
    approvals: ApprovalState | None
    outcome: dict[str, Any]


class Approve(Schema):
    digest: str
    comment: str = Field(default="", max_length=500)


class Reason(Schema):
    reason: str = Field(default="", max_length=300)


class LockBroken(Schema):
    freed: int


class DriftOut(Schema):
    checked_at: datetime | None
    run: UUID | None
    differs: list[dict[str, Any]]


def find_environment(request: HttpRequest, system: str, environment: str, capability: Capability) -> Environment:
    """The environment of a path, if the caller has the capability in its system."""
    found = selectors.find_environment(system, environment)
    require(request, found.system if found else None, capability, "environment")
    if found is None:
        raise not_found("environment")
    return found


def find_run(request: HttpRequest, run_id: UUID, capability: Capability = Capability.VIEW) -> Run:
    run = selectors.find_run(run_id)
    require(request, run.environment.system if run else None, capability, "run")
    if run is None:
        raise not_found("run")
    return run


def describe_approvals(request: ApprovalRequest) -> dict[str, Any]:
    """Who has agreed, in ApprovalState's shape."""
    return {
        "state": request.state,
        "required": request.required,
        "expires_at": request.expires_at,
        "given": [
            {"user": given.user.username, "at": given.at, "comment": given.comment}
            for given in request.approvals.all()
            if given.revoked_at is None
        ],
    }


def describe(run: Run) -> dict[str, Any]:
    """A run in RunOut's shape."""
    request = selectors.approval_of(run)
    return {
        "id": run.pk,
        "system": run.environment.system.slug,
        "environment": run.environment.slug,
        "kind": run.kind,
        "state": run.state,
        "title": run.title,
        "config_version": run.config_version.number,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "progress": run.progress,
        "summary": run.summary,
        "cost": run.cost,
        "findings": run.findings,
        "bound": run.bound,
        "digest": request.digest if request else None,
        "approvals": request and describe_approvals(request),
        "outcome": run.failure or ({"code": run.state.upper()} if run.is_finished else {}),
    }


@router.post("/environments/{system}/{environment}/runs", response={201: RunCreated})
def request_run(request: HttpRequest, system: str, environment: str, asked: RunAsked) -> Status[Run]:
    found = find_environment(request, system, environment, Capability.VIEW)
    run = unless_refused(runs.request_run(actor_of(request), found, asked.kind, asked.title))
    return Status(201, run)


@router.get("/runs/{run_id}", response=RunOut)
def get_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    return describe(find_run(request, run_id))


@router.get("/runs/{run_id}/log", response=Log)
def get_run_log(request: HttpRequest, run_id: UUID, after: int = 0) -> dict[str, Any]:
    run = find_run(request, run_id)
    return read_log(run.stream_id, bool(run.stream and run.stream.closed_at), after)


@router.post("/runs/{run_id}/approve", response=RunOut)
def approve_run(request: HttpRequest, run_id: UUID, given: Approve) -> dict[str, Any]:
    run = find_run(request, run_id)
    unless_refused(runs.approve(actor_of(request), run, given.digest, given.comment))
    return describe(find_run(request, run_id))


@router.post("/runs/{run_id}/revoke", response=RunOut)
def revoke_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    unless_refused(runs.revoke(actor_of(request), find_run(request, run_id)))
    return describe(find_run(request, run_id))


@router.post("/runs/{run_id}/discard", response=RunOut)
def discard_run(request: HttpRequest, run_id: UUID, why: Reason | None = None) -> dict[str, Any]:
    unless_refused(runs.discard(actor_of(request), find_run(request, run_id), why.reason if why else ""))
    return describe(find_run(request, run_id))


@router.post("/runs/{run_id}/cancel", response=RunOut)
def cancel_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    unless_refused(runs.cancel(actor_of(request), find_run(request, run_id)))
    return describe(find_run(request, run_id))


@router.post("/runs/{run_id}/reconcile", response=RunOut)
def reconcile_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    unless_refused(runs.reconcile(actor_of(request), find_run(request, run_id)))
    return describe(find_run(request, run_id))


@router.post("/environments/{system}/{environment}/lock/break", response=LockBroken)
def break_lock(request: HttpRequest, system: str, environment: str, why: Reason) -> dict[str, int]:
    found = find_environment(request, system, environment, Capability.VIEW)
    return {"freed": unless_refused(runs.break_lock(actor_of(request), found, why.reason))}


@router.get("/environments/{system}/{environment}/drift", response=DriftOut)
def get_drift(request: HttpRequest, system: str, environment: str) -> dict[str, Any]:
    run = selectors.newest_drift_run(find_environment(request, system, environment, Capability.VIEW))
    return {
        "checked_at": run.finished_at if run else None,
        "run": run.pk if run else None,
        "differs": run.summary["changes"] if run else [],
    }


def describe_locks(environment: Environment) -> list[dict[str, Any]]:
    """Who holds the environment's lock, since when and why."""
    return [
        {
            "who": hold.who,
            "why": hold.why,
            "since": hold.since,
            "holder": f"{hold.holder_kind}:{hold.holder_id}",
            "service": hold.service,
        }
        for hold in locks.holds(environment.pk)
    ]
