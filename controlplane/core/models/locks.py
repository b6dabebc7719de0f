"""The change lock of an environment: who holds it, since when and why."""

from uuid import uuid4

from django.db import models

from controlplane.lib import clock


class LockCounter(models.Model):
    """One row per environment; locked while holds change, it also counts the fencing numbers."""

    environment_id = models.UUIDField(primary_key=True)
    fencing = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.environment_id}: {self.fencing}"


class LockHold(models.Model):
    """A lock that is held now. Exclusive holds have no `service`; shared ones hold one service each."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    environment_id = models.UUIDField(db_index=True)
    service = models.CharField(max_length=40, blank=True, help_text="Empty: the whole environment.")
    exclusive = models.BooleanField()
    holder_kind = models.CharField(max_length=32)
    holder_id = models.UUIDField()
    who = models.CharField(max_length=150)
    why = models.CharField(max_length=200)
    since = models.DateTimeField(default=clock.now)
    fencing = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment_id", "service"], name="one_hold_per_service"),
            models.UniqueConstraint(fields=["holder_kind", "holder_id"], name="one_lock_per_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.holder_kind} {self.holder_id}, since {self.since:%H:%M}: {self.why}"
