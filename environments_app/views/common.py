"""What every view needs: the person who acts, the things they may see, and words for an outcome.

A system in which somebody has no role does not exist for them (404); what their role does not allow is refused in
words (403).
"""

from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import System, User
from controlplane.core.policies import Capability, Role
from controlplane.core.services import audit
from controlplane.lib.errors import Refusal
from environments_app.models import Environment, Run

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


def environment_or_404(request: HttpRequest, system: str, environment: str) -> Environment:
    """The environment by its names, if the user has a role in its system."""
    found = Environment.objects.select_related("system").filter(system__slug=system, slug=environment).first()
    if found is None:
        raise Http404
    role_or_404(request, found.system)
    return found


def run_or_404(request: HttpRequest, run_id: UUID) -> Run:
    """The run, if the user has a role in its system."""
    found = Run.objects.select_related("environment__system", "config_version", "requester").filter(pk=run_id).first()
    if found is None:
        raise Http404
    role_or_404(request, found.environment.system)
    return found


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
