"""Asking for approvals and giving them: N of M, separated duties, bound to a digest, with an end."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.module_loading import import_string

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import Approval, ApprovalRequest, System, User
from controlplane.core.policies import Capability, Role, allows, lowest_role
from controlplane.core.services import audit
from controlplane.core.states import APPROVAL
from controlplane.lib import clock, live
from controlplane.lib.errors import Refusal
from controlplane.lib.states import compare_and_swap


def digest_of(bound: Mapping[str, Any]) -> str:
    """SHA-256 of the bound inputs in canonical JSON: what an approval is an approval of."""
    canonical = json.dumps(bound, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _move(actor: Actor, request: ApprovalRequest, new: str, reason: str = "") -> bool:
    old = request.state
    if not compare_and_swap(request, APPROVAL, old, new, reason=reason):
        return False
    audit.record(
        actor,
        f"approval.{new}",
        subject=(request.subject_kind, request.subject_id),
        system=request.system,
        environment=request.environment,
        before={"state": old, "digest": request.digest},
        after={"state": new, "digest": request.digest},
        reason=reason,
    )
    live.ring_on_commit(f"{request.subject_kind}:{request.subject_id}", new)
    live.ring_on_commit("inbox", new)
    return True


@transaction.atomic
def ask(
    actor: Actor,
    *,
    system: System,
    environment: str,
    subject: tuple[str, UUID],
    title: str,
    bound: Mapping[str, Any],
    required: int,
    requester: User | None,
    expires_at: datetime,
    on_complete: str,
    barred: Iterable[UUID] = (),
    capability: Capability = Capability.APPROVE,
) -> ApprovalRequest:
    """Opens a request for `required` approvals of exactly these inputs; an open one is superseded.

    Only a yes of members with `capability` counts.
    """
    supersede(actor, subject, "a new request took its place")
    request = ApprovalRequest.objects.create(
        system=system,
        environment=environment,
        subject_kind=subject[0],
        subject_id=subject[1],
        title=title,
        digest=digest_of(bound),
        bound=dict(bound),
        required=required,
        capability=capability.value,
        requester=requester,
        barred=[str(user_id) for user_id in barred],
        expires_at=expires_at,
        on_complete=on_complete,
    )
    audit.record(
        actor,
        "approval.asked",
        subject=subject,
        system=system,
        environment=environment,
        after={"digest": request.digest, "required": required},
    )
    live.ring_on_commit("inbox", "asked")
    if required == 0 and _move(actor, request, "complete", "nobody needs to agree"):
        import_string(on_complete)(actor, subject[1])
    return request


def live_request(subject: tuple[str, UUID]) -> ApprovalRequest | None:
    """The subject's open or complete request."""
    return ApprovalRequest.objects.filter(
        subject_kind=subject[0], subject_id=subject[1], state__in=["open", "complete"]
    ).first()


def standing(request: ApprovalRequest) -> list[Approval]:
    """The approvals that count now, oldest first: not revoked, of people who may still approve here."""
    given = request.approvals.filter(
        revoked_at__isnull=True,
        user__is_active=True,
        user__memberships__system=request.system_id,
        user__memberships__role__in=_counting_roles(request),
    )
    return list(given.select_related("user"))


@transaction.atomic
def use(actor: Actor, subject: tuple[str, UUID], bound: Mapping[str, Any]) -> bool:
    """Uses up the subject's complete request, right before it is acted on; False where it does not stand (any more)."""
    request = _locked(subject)
    if request is None or request.state != "complete" or request.digest != digest_of(bound):
        return False
    if len(standing(request)) < request.required:
        return False
    return _move(actor, request, "used", "it is being carried out")


def _locked(subject: tuple[str, UUID]) -> ApprovalRequest | None:
    """The subject's newest request, its row locked until the transaction ends."""
    requests = ApprovalRequest.objects.select_for_update().filter(subject_kind=subject[0], subject_id=subject[1])
    return requests.order_by("-created_at").first()


def why_not(user: User, request: ApprovalRequest) -> Refusal | None:
    """Why this user's yes cannot count; None where it can. Pages ask it before they offer the button."""
    if (refusal := access.check(user, request.system, Capability(request.capability))) is not None:
        return refusal
    if user.is_superuser and not _counts_as_member(user, request):
        return Refusal(
            "NOT_COUNTED",
            f"A superuser does not count towards approvals; only {_lowest_role(request)}s of {request.system} do.",
            403,
        )
    if request.requester_id == user.pk or str(user.pk) in request.barred:
        part = "You asked for this" if request.requester_id == user.pk else "You wrote this change"
        return Refusal("SEPARATION_OF_DUTIES", f"{part}, so someone else must approve.", 403)
    if request.state != "open":
        return Refusal("NOT_OPEN", f"This approval is {request.state}. {request.reason}".strip())
    if request.expires_at <= clock.now():
        return Refusal("APPROVAL_EXPIRED", "The time to approve this has run out. Plan again.")
    if request.approvals.filter(user=user, revoked_at__isnull=True).exists():
        return Refusal("ALREADY_APPROVED", "You have approved this already.")
    return None


def _counts_as_member(user: User, request: ApprovalRequest) -> bool:
    from_membership = user.memberships.filter(system=request.system).values_list("role", flat=True).first()
    return from_membership in _counting_roles(request)


def _counting_roles(request: ApprovalRequest) -> list[str]:
    return [role.value for role in Role if allows(role, Capability(request.capability))]


def _lowest_role(request: ApprovalRequest) -> str:
    return lowest_role(Capability(request.capability)).value


@transaction.atomic
def approve(actor: Actor, subject: tuple[str, UUID], digest: str, comment: str = "") -> ApprovalRequest | Refusal:
    """One person's yes to exactly `digest`. The last one that is needed calls the request's owner."""
    request = _locked(subject)
    if request is None or actor.user is None:
        return Refusal("NOTHING_TO_APPROVE", "Nothing waits for approval here.")
    refusal = why_not(actor.user, request)
    if refusal is None and digest != request.digest:
        refusal = Refusal(
            "DIGEST_CHANGED",
            "What you looked at is not what waits for approval any more. Look at it again.",
            409,
            {"digest": request.digest},
        )
    system, environment = request.system, request.environment
    if refusal is not None:
        return audit.record_refusal(
            actor, "approval.refused", refusal, subject=subject, system=system, environment=environment
        )
    Approval.objects.create(request=request, user=actor.user, comment=comment)
    audit.record(
        actor,
        "approval.given",
        subject=subject,
        system=system,
        environment=environment,
        after={"digest": digest},
        reason=comment,
    )
    live.ring_on_commit(f"{subject[0]}:{subject[1]}", "approved")
    if len(standing(request)) >= request.required and _move(actor, request, "complete"):
        import_string(request.on_complete)(actor, subject[1])
    return request


@transaction.atomic
def revoke(actor: Actor, subject: tuple[str, UUID]) -> ApprovalRequest | Refusal:
    """Takes the actor's own approval back; a complete request opens again."""
    request = _locked(subject)
    if request is not None and request.state not in {"open", "complete"}:
        return Refusal("TOO_LATE", f"This approval is {request.state}; it can no longer be taken back.")
    mine = request.approvals.filter(user=actor.user, revoked_at__isnull=True) if request and actor.user else None
    if request is None or mine is None or not mine.update(revoked_at=clock.now()):
        return Refusal("NOTHING_TO_REVOKE", "You have no approval here that could be taken back.")
    audit.record(
        actor,
        "approval.revoked",
        subject=subject,
        system=request.system,
        environment=request.environment,
        after={"digest": request.digest},
    )
    if request.state == "complete" and len(standing(request)) < request.required:
        _move(actor, request, "open", "an approval was revoked")
    return request


@transaction.atomic
def supersede(actor: Actor, subject: tuple[str, UUID], reason: str, state: str = "superseded") -> bool:
    """Ends the subject's live request, because what it was about changed (or was refused, used, expired)."""
    request = live_request(subject)
    return request is not None and _move(actor, request, state, reason)


def expire(actor: Actor) -> int:
    """Ends the requests whose time has run out; returns how many."""
    expired = 0
    overdue = ApprovalRequest.objects.filter(state__in=["open", "complete"], expires_at__lte=clock.now())
    for request in overdue.select_related("system"):
        with transaction.atomic():
            expired += _move(actor, request, "expired", "nobody acted on it in time")
    return expired
