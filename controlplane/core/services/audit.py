"""Writing the audit trail, and sealing it into a hash chain."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent, OutboxEvent, System
from controlplane.lib import context
from controlplane.lib.errors import Refusal

SEAL_AT_MOST = 1000
P = ParamSpec("P")
R = TypeVar("R")


def record(
    actor: Actor,
    action: str,
    *,
    subject: tuple[str, object],
    system: System | None = None,
    environment: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    refused: bool = False,
) -> AuditEvent:
    """Appends one event; call it inside the transaction that it tells of."""
    return AuditEvent.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        source=actor.source,
        request_id=context.request_id(),
        action=action,
        system=system,
        environment=environment,
        subject_kind=subject[0],
        subject_id=str(subject[1]),
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
        refused=refused,
    )


def record_refusal(
    actor: Actor,
    action: str,
    refusal: Refusal,
    *,
    subject: tuple[str, object],
    system: System | None = None,
    environment: str = "",
) -> Refusal:
    """Appends that somebody was told no, and hands the refusal back."""
    record(
        actor,
        action,
        subject=subject,
        system=system,
        environment=environment,
        after={"code": refusal.code},
        reason=refusal.message,
        refused=True,
    )
    return refusal


class Audited(Protocol):
    """A row that the audit trail can name."""

    @property
    def audit_subject(self) -> tuple[str, UUID]: ...
    @property
    def audit_system(self) -> System: ...
    @property
    def audit_environment(self) -> str: ...


Row = TypeVar("Row", bound=Audited)
Verb = Callable[Concatenate[Actor, Row, P], R]


def refusals_of(action: str) -> Callable[[Verb[Row, P, R]], Verb[Row, P, R]]:
    """For verbs `(actor, row, ...)`: whatever they refuse is appended to the trail as a refused `action`.

    Outside the verb's own transaction, so that a verb may roll back what it began.
    """

    def decorate(verb: Verb[Row, P, R]) -> Verb[Row, P, R]:
        @wraps(verb)
        def run(actor: Actor, row: Row, *args: P.args, **kwargs: P.kwargs) -> R:
            outcome = verb(actor, row, *args, **kwargs)
            if isinstance(outcome, Refusal):
                record_refusal(
                    actor,
                    action,
                    outcome,
                    subject=row.audit_subject,
                    system=row.audit_system,
                    environment=row.audit_environment,
                )
            return outcome

        return run

    return decorate


def announce(kind: str, system: System, environment: str, subject: tuple[str, object], **payload: Any) -> None:
    """Writes an outbox row; monitoring_app tells those who want to know."""
    OutboxEvent.objects.create(
        kind=kind,
        system=system,
        environment=environment,
        subject_kind=subject[0],
        subject_id=str(subject[1]),
        payload=payload,
    )


def chain_hash(event: AuditEvent, position: int, previous: str) -> str:
    """SHA-256 over the event's content, its position and the hash before it."""
    content = [
        position,
        previous,
        str(event.pk),
        event.at.isoformat(),
        [event.actor_kind, str(event.actor_id), event.actor_name, event.source, event.request_id],
        [event.action, str(event.system_id), event.environment, event.subject_kind, event.subject_id],
        [event.refused, event.reason, event.before, event.after],
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def seal() -> int:
    """Chains the events that are not sealed yet, oldest first; returns how many."""
    with transaction.atomic():
        last = AuditEvent.objects.select_for_update().filter(position__isnull=False).order_by("-position").first()
        position, previous = (last.position or 0, last.hash) if last else (0, "")
        unsealed = list(AuditEvent.objects.filter(position__isnull=True).order_by("at", "pk")[:SEAL_AT_MOST])
        for event in unsealed:
            position += 1
            digest = chain_hash(event, position, previous)
            AuditEvent.objects.seal(event, position=position, previous_hash=previous, hash=digest)
            previous = digest
    return len(unsealed)


def verify() -> tuple[int, int, str]:
    """Walks the chain: (sealed events, unsealed tail, "" or what is wrong)."""
    sealed, previous, wrong = 0, "", ""
    for event in AuditEvent.objects.filter(position__isnull=False).order_by("position").iterator():
        sealed += 1
        if event.position != sealed:
            wrong = f"event {sealed} is missing"
        elif event.previous_hash != previous or event.hash != chain_hash(event, sealed, previous):
            wrong = f"event {sealed} ({event.pk}) was changed"
        if wrong:
            break
        previous = event.hash
    highest = AuditEvent.objects.aggregate(highest=Max("position"))["highest"] or 0
    if not wrong and highest != sealed:
        wrong = f"{highest - sealed} events are missing"
    return sealed, AuditEvent.objects.filter(position__isnull=True).count(), wrong
