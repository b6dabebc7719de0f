"""What happened (append-only, sealed into a hash chain) and what others must be told."""

from typing import Any
from uuid import uuid4

from django.db import models

from controlplane.core.models.people import System
from controlplane.lib import clock
from controlplane.lib.errors import SlipwayError


class AppendOnly(SlipwayError):
    """Somebody tried to change or delete history."""

    def __init__(self) -> None:
        super().__init__("APPEND_ONLY", "Audit events can only be added.")


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **values: Any) -> int:
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly

    def seal(self, event: "AuditEvent", **values: Any) -> int:
        """Writes the chain fields of an event that has none yet; the only update that exists."""
        return models.QuerySet.update(self.filter(pk=event.pk, position__isnull=True), **values)


class AuditEvent(models.Model):
    """Who did (or was refused) what, on what, from where, with the state before and after.

    Written in the transaction it tells of. `position`, `previous_hash` and `hash` are set by the sealing job.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    at = models.DateTimeField(default=clock.now, db_index=True)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    source = models.CharField(max_length=64, blank=True, help_text="Address of the client, or the name of the job.")
    request_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64, db_index=True)
    system = models.ForeignKey(System, null=True, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=40, blank=True)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    refused = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    position = models.BigIntegerField(null=True, unique=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "at"], name="audit_by_subject"),
            models.Index(fields=["system", "-at"], name="audit_by_system"),
            models.Index(fields=["at"], name="audit_unsealed", condition=models.Q(position__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} on {self.subject_kind} {self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly


class OutboxEvent(models.Model):
    """Something that people or other systems should be told; monitoring_app delivers it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=64)
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(max_length=40, blank=True)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="outbox_undelivered", condition=models.Q(delivered_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject_kind} {self.subject_id}"
