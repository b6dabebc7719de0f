"""Deployments: one release on its way into one environment."""

from typing import Self
from uuid import UUID, uuid4

from django.db import models

from controlplane.core.models import OutputStream, System, User
from controlplane.lib import clock
from deployments_app.models.releases import Release
from deployments_app.states import DEPLOYMENT, LOOKED_AFTER
from environments_app.models import Environment, Run, Service


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    """Deployments, and which of them still count."""

    def standing(self) -> Self:
        """Those that succeeded and whose result was not destroyed since, with the whole environment."""
        destroyed = Run.objects.filter(
            environment=models.OuterRef("environment"),
            kind="destroy",
            state="applied",
            finished_at__gte=models.OuterRef("finished_at"),
        )
        return self.filter(~models.Exists(destroyed), state="succeeded")


class Deployment(models.Model):
    """A release on its way into an environment. Everything a look needs is in the row: no worker waits for it."""

    MACHINE = DEPLOYMENT
    KINDS = [(kind, kind) for kind in ("release", "rollback")]
    STRATEGIES = [(name, name) for name in ("rolling", "blue_green", "canary", "linear", "stepped")]

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="deployments")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="deployments")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deployments")
    kind = models.CharField(max_length=10, choices=KINDS, default="release")
    strategy = models.CharField(max_length=12, choices=STRATEGIES)
    state = models.CharField(max_length=20, default=DEPLOYMENT.initial)
    stage = models.CharField(max_length=40, blank=True, help_text="Where inside its state it is, in one word.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it waits or ended, in words.")
    automatic = models.BooleanField(default=False, help_text="Deployed by policy, without a person asking.")
    requester = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    requester_name = models.CharField(max_length=150)
    stream = models.OneToOneField(OutputStream, null=True, on_delete=models.PROTECT, related_name="+")
    service_stream = models.OneToOneField(OutputStream, null=True, on_delete=models.PROTECT, related_name="+")

    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True)
    rolling_out_at = models.DateTimeField(null=True)
    baking_at = models.DateTimeField(null=True)
    rolling_back_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    bake_until = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True, help_text="Taken back (or given up) when it is not done by then.")

    # People's wishes.
    paused_at = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=150, blank=True)
    abort_requested_at = models.DateTimeField(null=True)
    abort_requested_by = models.CharField(max_length=150, blank=True)

    # The look: when it is due, in which account, and who is at it. A look writes only under its own fencing number.
    account_key = models.CharField(max_length=60, help_text="account:region; looks are made per key.")
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fencing = models.PositiveIntegerField(default=0)
    unknown_since = models.DateTimeField(null=True, help_text="Since when AWS has not answered.")

    # What it is about to make of the service, and how ECS calls it.
    weights = models.JSONField(default=dict, help_text='Share of the new version in percent: {"new", "old"}.')
    bound = models.JSONField(default=dict, help_text="The inputs that an approval binds.")
    rendered = models.JSONField(default=dict, help_text="Arguments of RegisterTaskDefinition, without tags.")
    target = models.JSONField(default=dict, help_text="The stack's output of this service when it was prepared.")
    snapshot = models.JSONField(default=dict, help_text="What ran before: task definition, count, images, settings.")
    previous_release = models.ForeignKey(Release, null=True, on_delete=models.PROTECT, related_name="+")
    cluster = models.CharField(max_length=255, blank=True)
    ecs_service = models.CharField(max_length=255, blank=True)
    task_definition_arn = models.CharField(max_length=300, blank=True)
    service_deployment_arn = models.CharField(max_length=400, blank=True)
    intent = models.JSONField(default=dict, help_text='The call about to be made: {"call", "at", ...}.')
    observed = models.JSONField(default=dict, help_text="What the last look read.")
    observed_at = models.DateTimeField(null=True)
    log_positions = models.JSONField(default=dict, help_text="Read position by log stream.")
    verdict = models.JSONField(default=dict, help_text="The proof of success.")
    failure = models.JSONField(default=dict, help_text="code, cause, effect, next_step, details.")

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["environment", "service", "-created_at"], name="deployment_by_service"),
            models.Index(fields=["state", "account_key", "due_at"], name="deployment_due"),
        ]

    def __str__(self) -> str:
        return f"{self.release} to {self.environment}"

    @property
    def audit_system(self) -> System:
        return self.environment.system

    @property
    def audit_environment(self) -> str:
        return self.environment.slug

    @property
    def topics(self) -> list[str]:
        return [
            f"deployment:{self.pk}",
            f"release:{self.release_id}",
            f"environment:{self.environment_id}",
            "fleet",
        ]

    @property
    def audit_subject(self) -> tuple[str, UUID]:
        """How locks, approvals, outputs and the audit trail name it."""
        return ("deployment", self.pk)

    @property
    def is_finished(self) -> bool:
        return self.state in DEPLOYMENT.final

    @property
    def is_looked_after(self) -> bool:
        return self.state in LOOKED_AFTER

    @property
    def paused(self) -> bool:
        return self.paused_at is not None
