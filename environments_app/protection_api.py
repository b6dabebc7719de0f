"""An environment's protection for programs: stricter at once, weaker with a second admin's agreement."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from controlplane.core.api import actor_of, unless_refused
from controlplane.core.models import ApprovalRequest
from controlplane.core.policies import Capability
from environments_app import schema, selectors
from environments_app.api import ApprovalState, Approve, Reason, describe_approvals, find_environment
from environments_app.models import Environment
from environments_app.policies import weakenings
from environments_app.services import protections

router = Router()
HERE = "/environments/{system}/{environment}/protection"


class ProtectionIn(Schema):
    """`based_on` is the version that you edited; a newer one that was saved meanwhile answers 409."""

    protection: dict[str, Any]
    based_on: int
    reason: str = Field(max_length=300)


class Proposal(Schema):
    """A weaker protection that waits for a second admin. `digest` is what their agreement must name."""

    protection: schema.Protection
    weakens: list[str]
    requester: str | None
    reason: str
    digest: str
    approvals: ApprovalState


class ProtectionOut(Schema):
    """The protection that holds, and the open proposal, if there is one."""

    version: int
    author: str
    reason: str
    created_at: datetime
    protection: schema.Protection
    proposal: Proposal | None


def _describe(environment: Environment) -> dict[str, Any]:
    version, asked = environment.protection_versions.latest("number"), selectors.proposal_of(environment)
    return {
        "version": version.number,
        "author": version.author_name,
        "reason": version.reason,
        "created_at": version.created_at,
        "protection": version.rules,
        "proposal": _describe_proposal(version.rules, asked) if asked and asked.state == "open" else None,
    }


def _describe_proposal(standing: schema.Protection, asked: ApprovalRequest) -> dict[str, Any]:
    wanted = protections.proposed(asked)
    return {
        "protection": wanted,
        "weakens": weakenings(standing, wanted),
        "requester": asked.requester and asked.requester.get_username(),
        "reason": asked.bound["reason"],
        "digest": asked.digest,
        "approvals": describe_approvals(asked),
    }


@router.get(HERE, response=ProtectionOut)
def get_protection(request: HttpRequest, system: str, environment: str) -> dict[str, Any]:
    return _describe(find_environment(request, system, environment, Capability.VIEW))


@router.put(HERE, response={200: ProtectionOut, 202: ProtectionOut})
def put_protection(request: HttpRequest, system: str, environment: str, body: ProtectionIn) -> Status[dict[str, Any]]:
    """200: it holds. 202: it is weaker, and waits for a second admin."""
    found = find_environment(request, system, environment, Capability.CONFIGURE)
    outcome = unless_refused(
        protections.change(actor_of(request), found, body.protection, based_on=body.based_on, reason=body.reason)
    )
    return Status(202 if isinstance(outcome, ApprovalRequest) else 200, _describe(found))


@router.post(f"{HERE}/approve", response=ProtectionOut)
def approve_protection(request: HttpRequest, system: str, environment: str, given: Approve) -> dict[str, Any]:
    found = find_environment(request, system, environment, Capability.VIEW)
    unless_refused(protections.agree(actor_of(request), found, given.digest, given.comment))
    return _describe(found)


@router.post(f"{HERE}/withdraw", response=ProtectionOut)
def withdraw_protection(
    request: HttpRequest, system: str, environment: str, why: Reason | None = None
) -> dict[str, Any]:
    """Ends the open proposal: its author takes it back, or another admin refuses it."""
    found = find_environment(request, system, environment, Capability.VIEW)
    unless_refused(protections.withdraw(actor_of(request), found, why.reason if why else ""))
    return _describe(found)
