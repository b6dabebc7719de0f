"""What the pages that join the apps read: the inbox, the fleet, an environment's standing, search."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.urls import reverse

from controlplane.core import access
from controlplane.core.models import ApprovalRequest, AuditEvent, LockHold, System, User
from controlplane.core.policies import Capability
from environments_app.models import ConfigVersion, Environment, Run, StateVersion

MOST_WAITING = 100
LATELY = 12


@dataclass(frozen=True)
class Need:
    """One thing that wants a person: what, where, since when, and the page where it is decided."""

    state: str
    what: str
    href: str
    action: str
    since: datetime
    who: str = ""
    lines: Sequence[str] = ()
    primary: bool = False


def page_of(kind: str, identifier: UUID | str) -> str:
    """The address of a subject's page; "" for a kind that has none."""
    pages = {"run": "environments:run", "deployment": "deployments:deployment", "release": "deployments:release"}
    return reverse(pages[kind], args=[identifier]) if kind in pages else ""


# ---- Inbox


def open_requests(user: User) -> list[ApprovalRequest]:
    """The approvals that this user could give now, oldest first."""
    systems = access.systems_where(user, Capability.APPROVE)
    asked = (
        ApprovalRequest.objects.filter(state="open", system__in=systems)
        .exclude(requester=user)
        .exclude(approvals__in=user_approvals(user))
        .select_related("system", "requester")
        .prefetch_related("approvals")
        .order_by("created_at")[:MOST_WAITING]
    )
    return [request for request in asked if str(user.pk) not in request.barred]


def user_approvals(user: User) -> Any:
    """The user's approvals that stand, as a subquery."""
    return ApprovalRequest.approvals.rel.related_model.objects.filter(user=user, revoked_at__isnull=True)


def lost_runs(systems: Iterable[System]) -> list[Run]:
    """Applies of which nobody knows how they ended, oldest first."""
    lost = Run.objects.filter(state="outcome_unknown", environment__system__in=list(systems))
    return list(lost.select_related("environment__system").order_by("applying_at")[:MOST_WAITING])
