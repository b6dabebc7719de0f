"""Approvals of a subject, bound to a digest of everything that they decide about."""

from uuid import uuid4

from django.db import models

from controlplane.core.models.people import System, User
from controlplane.core.policies import Capability
from controlplane.core.states import APPROVAL
from controlplane.lib import clock


class ApprovalRequest(models.Model):
    """Asks for `required` approvals of (`subject_kind`, `subject_id`, `digest`); see core/states.py for its life."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    title = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    bound = models.JSONField(default=dict, help_text="The inputs behind the digest, by name.")
    required = models.PositiveSmallIntegerField()
    capability = models.CharField(
        max_length=12,
        default=Capability.APPROVE.value,
        choices=[(which.value, which.value) for which in (Capability.APPROVE, Capability.CONFIGURE)],
        help_text="What somebody must be able to in the system for their yes to count.",
    )
    requester = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    barred = models.JSONField(default=list, help_text="Ids of further users who do not count: the commit's author.")
    state = models.CharField(max_length=12, default=APPROVAL.initial)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    on_complete = models.CharField(max_length=200, help_text="Called with the subject's id when it is complete.")

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=models.Q(state__in=["open", "complete"]),
                name="one_live_request_per_subject",
            )
        ]
        indexes = [models.Index(fields=["state", "system", "created_at"], name="approval_inbox")]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"


class Approval(models.Model):
    """One person's yes. Revoked ones stay as history."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="approvals")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    comment = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=clock.now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "user"], condition=models.Q(revoked_at__isnull=True), name="one_live_approval_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.request}"
