"""The audit trail for programs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from controlplane.core.api import actor_of
from controlplane.core.models import AuditEvent
from controlplane.pages import selectors

router = Router()
PAGE = 100


class AuditEventOut(Schema):
    id: UUID
    at: datetime
    actor_kind: str
    actor_name: str
    source: str
    request_id: str
    action: str
    system: str | None
    environment: str
    subject_kind: str
    subject_id: str
    refused: bool
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    position: int | None
    hash: str

    @staticmethod
    def resolve_system(event: AuditEvent) -> str | None:
        return event.system.slug if event.system else None


class AuditFilter(Schema):
    system: str | None = None
    subject_id: str | None = None
    action: str | None = None
    refused: bool | None = None
    before: datetime | None = None


@router.get("", response=list[AuditEventOut])
def list_events(request: HttpRequest, wanted: Query[AuditFilter]) -> list[AuditEvent]:
    """The newest events of the systems that you may see, 100 at a time; `before` pages backwards.

    Events without a system (people, tokens, strangers' deliveries) are for superusers.
    """
    events = selectors.visible_events(actor_of(request).user)
    if wanted.system is not None:
        events = events.filter(system__slug=wanted.system)
    if wanted.subject_id is not None:
        events = events.filter(subject_id=wanted.subject_id)
    if wanted.action is not None:
        events = events.filter(action=wanted.action)
    if wanted.refused is not None:
        events = events.filter(refused=wanted.refused)
    if wanted.before is not None:
        events = events.filter(at__lt=wanted.before)
    return list(events[:PAGE])
