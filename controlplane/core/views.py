"""What every view needs: the person who acts, what their role allows, and words for an outcome.

A system in which somebody has no role does not exist for them (404); what their role does not allow is refused in
words (403).
"""

from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import ApprovalRequest, System, User
from controlplane.core.policies import Capability, Role
from controlplane.core.services import approvals, audit
from controlplane.lib.errors import Refusal

Outcome = TypeVar("Outcome")


def person(request: HttpRequest) -> User:
    """The signed-in user (the middleware lets nobody else in)."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def actor_of(request: HttpRequest) -> Actor:
    return Actor.person(person(request), source=request.META.get("REMOTE_ADDR", ""))


def role_or_404(request: HttpRequest, system: System) -> Role:
    """The user's role in the system; 404 for strangers."""
    role = access.role_of(person(request), system)
    if role is None:
        raise Http404
    return role


def require(request: HttpRequest, system: System, capability: Capability) -> None:
    """Raises PermissionDenied in the refusal's words, which the audit trail keeps; 404 for strangers."""
    role_or_404(request, system)
    if (refusal := access.check(person(request), system, capability)) is not None:
        audit.record_refusal(
            actor_of(request), f"page.{capability}", refusal, subject=("system", system.pk), system=system
        )
        raise PermissionDenied(refusal.message)


def tell(request: HttpRequest, outcome: Outcome | Refusal, done: str) -> Outcome | None:
    """Says what an action did, or why it was refused; the outcome where there is one."""
    if isinstance(outcome, Refusal):
        messages.error(request, outcome.message)
        return None
    messages.success(request, done)
    return outcome


def is_confirmed(request: HttpRequest, name: str) -> bool:
    """Whether the form repeats `name`, as dangerous actions ask; says so where it does not."""
    if request.POST.get("confirm", "").strip() == name:
        return True
    messages.error(request, f"Nothing was done: to go on, type {name} exactly.")
    return False


def reason_in(request: HttpRequest) -> str:
    """Why, as the form says. Beside Approve there is one field for both: the comment then says why not."""
    return (request.POST.get("reason") or request.POST.get("comment", "")).strip()[:300]


def approval_in(request: HttpRequest) -> tuple[str, str]:
    """The digest that the form approves, and the comment."""
    return request.POST.get("digest", ""), request.POST.get("comment", "").strip()[:500]


def decision(user: User, asked: ApprovalRequest | None) -> dict[str, Any]:
    """What a page shows of an approval: who has agreed, how many are missing, and what `user` can do about it."""
    standing = approvals.standing(asked) if asked else []
    return {
        "asked": asked,
        "standing": standing,
        "missing": max(0, asked.required - len(standing)) if asked else 0,
        "mine": next((approval for approval in standing if approval.user_id == user.pk), None),
        "why_not": approvals.why_not(user, asked) if asked else None,
    }
