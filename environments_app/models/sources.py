"""Foreign Terraform: which sources are trusted, and what was read of those that environments name."""

from fnmatch import fnmatchcase
from uuid import UUID, uuid4

from django.db import models

from controlplane.core.models import System, User
from controlplane.lib import clock
from environments_app.schema.own_terraform import is_commit


class TrustedSource(models.Model):
    """An admin's word that Terraform from here may run for a system: with the rights of the workers.

    `reference` is a glob over branches and tags, or one commit's full id; "" where the source is a folder.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="trusted_sources")
    source = models.CharField(max_length=300)
    reference = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)
    trusted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    trusted_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by_name = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "source", "reference"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_standing_trust_per_source",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} at {self.reference or 'any time'}"

    @property
    def audit_subject(self) -> tuple[str, UUID]:
        return ("trusted_source", self.pk)

    @property
    def audit_system(self) -> System:
        return self.system

    @property
    def audit_environment(self) -> str:
        return ""

    def covers(self, reference: str | None) -> bool:
        """Whether a reference of this source is meant.

        A commit only where it is named itself: a host gives out the commits of forks under their ids, too.
        """
        if reference is None or is_commit(reference):
            return self.reference == (reference or "")
        return fnmatchcase(reference, self.reference)


class SourceReading(models.Model):
    """What a source last held at one reference and path: its commit, its variables, and what is refused there."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="source_readings")
    source = models.CharField(max_length=300)
    reference = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=200)
    read_at = models.DateTimeField(default=clock.now)
    commit = models.CharField(max_length=64, blank=True)
    variables = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    failure = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "source", "reference", "path"], name="one_reading_per_source")
        ]

    def __str__(self) -> str:
        return f"{self.source} at {self.reference}, {self.path}"
