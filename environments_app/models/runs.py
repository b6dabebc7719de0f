"""Terraform runs and what they left behind."""

from uuid import UUID, uuid4

from django.db import models

from controlplane.core.models import OutputStream, System, User
from controlplane.lib import clock
from environments_app.models.environments import ConfigVersion, Environment
from environments_app.states import CAN_BE_DISCARDED, HELD_BY_WORKER, RUN


class Run(models.Model):
    """One Terraform run: planned, decided about, applied. Everything a page shows of it is in the row."""

    MACHINE = RUN
    KINDS = [(kind, kind) for kind in ("apply", "destroy", "drift", "speculative")]

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=12, choices=KINDS)
    state = models.CharField(max_length=20, default=RUN.initial)
    title = models.CharField(max_length=200)
    config_version = models.ForeignKey(ConfigVersion, on_delete=models.PROTECT, related_name="runs")
    requester = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    requester_name = models.CharField(max_length=150)
    stream = models.OneToOneField(OutputStream, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    planning_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)
    applying_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    # The claim: who works on it. The holder is the process, not the worker: it is dead, or the run is alive.
    job_id = models.CharField(max_length=36, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    holder_machine = models.CharField(max_length=80, blank=True, help_text="Machine id and boot id.")
    holder_pid = models.PositiveIntegerField(null=True)
    holder_started = models.CharField(max_length=24, blank=True)

    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.CharField(max_length=150, blank=True)

    reconcile_requested_by = models.CharField(max_length=150, blank=True)

    # What the plan says, secrets masked, and what an approval binds.
    progress = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    bound = models.JSONField(default=dict)
    cost = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    failure = models.JSONField(default=dict)
    has_artefact = models.BooleanField(default=False)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["environment", "-created_at"], name="run_by_environment"),
            models.Index(fields=["state", "lease_until"], name="run_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.environment}: {self.title}"

    @property
    def audit_subject(self) -> tuple[str, UUID]:
        """How locks, approvals, outputs and the audit trail name it."""
        return ("run", self.pk)

    @property
    def audit_system(self) -> System:
        return self.environment.system

    @property
    def audit_environment(self) -> str:
        return self.environment.slug

    @property
    def topics(self) -> list[str]:
        return [f"run:{self.pk}", f"environment:{self.environment_id}", "fleet"]

    @property
    def artefact_name(self) -> str:
        return f"run-{self.pk}"

    @property
    def changes_the_world(self) -> bool:
        """Whether it asks for approval and is applied (speculative and drift runs only look)."""
        return self.kind in {"apply", "destroy"}

    @property
    def is_finished(self) -> bool:
        return self.state in RUN.final or (self.state == "planned" and not self.changes_the_world)

    @property
    def can_cancel(self) -> bool:
        return self.state in HELD_BY_WORKER and self.cancel_requested_at is None

    @property
    def can_discard(self) -> bool:
        return self.state in CAN_BE_DISCARDED and not self.is_finished


class StateVersion(models.Model):
    """What an environment's Terraform state held after a run: outputs (sensitive ones masked), how much there is."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="state_versions")
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="state_version")
    created_at = models.DateTimeField(default=clock.now)
    lineage = models.CharField(max_length=64, blank=True)
    serial = models.PositiveIntegerField(default=0)
    resources = models.PositiveIntegerField(default=0)
    outputs = models.JSONField(default=dict)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"state of {self.environment}, serial {self.serial}"
