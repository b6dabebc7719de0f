"""Releases, and the signed deliveries that they come from."""

from collections.abc import Mapping
from uuid import uuid4

from django.db import models

from controlplane.core.models import System
from controlplane.lib import clock
from environments_app.models import Service


class WebhookSecret(models.Model):
    """A secret that CI signs deliveries with. Two may be valid at once, so that it can be changed without a gap.

    An HMAC needs the plain text, so it is kept encrypted instead of hashed; people see it once.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="webhook_secrets")
    sealed = models.BinaryField(editable=False)
    hint = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.system} ({self.hint}…)"


class Release(models.Model):
    """A version of a service: container images by digest. The same digests make the same release, once."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="releases")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="releases")
    digest_key = models.CharField(max_length=64, editable=False, help_text="SHA-256 over the containers' digests.")
    version = models.CharField(max_length=80, help_text="A label for people; the digests are what counts.")
    commit = models.CharField(max_length=64)
    branch = models.CharField(max_length=200)
    run_url = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=150, blank=True, help_text="Who wrote the commit, as CI names them.")
    sequence = models.BigIntegerField(null=True, help_text="CI's running number; orders releases.")
    committed_at = models.DateTimeField(null=True, help_text="When the commit was made; orders releases.")
    evidence = models.JSONField(default=dict, help_text="What CI attached: numbers by name (coverage, findings).")
    created_at = models.DateTimeField(default=clock.now)
    dispatched_at = models.DateTimeField(null=True, help_text="When every environment's policy was asked about it.")
    decisions = models.JSONField(default=dict, help_text="By environment: whether it was deployed by itself, and why.")

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["service", "digest_key"], name="one_release_per_digests")]
        indexes = [
            models.Index(fields=["system", "-created_at"], name="release_by_system"),
            models.Index(
                fields=["created_at"], name="release_undispatched", condition=models.Q(dispatched_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.version}"

    @property
    def digests(self) -> Mapping[str, str]:
        """Image digest by container."""
        return {image.container: image.digest for image in self.images.all()}


class ReleaseImage(models.Model):
    """One container's image. `repository` has neither tag nor digest."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="images")
    container = models.CharField(max_length=40)
    repository = models.CharField(max_length=300)
    tag = models.CharField(max_length=128, blank=True)
    digest = models.CharField(max_length=80)

    class Meta:
        ordering = ["container"]
        constraints = [models.UniqueConstraint(fields=["release", "container"], name="one_image_per_container")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The image by digest, as task definitions name it."""
        return f"{self.repository}@{self.digest}"


class WebhookDelivery(models.Model):
    """A delivery that was accepted: by its id and by its body it can be accepted only once."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="webhook_deliveries")
    source = models.CharField(max_length=12, help_text="ci or github.")
    delivery = models.CharField(max_length=100)
    body_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField(default=clock.now)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deliveries")
    outcome = models.CharField(max_length=20, help_text="created: a new release; known: one that existed.")
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-received_at"]
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["system", "source", "delivery"], name="one_delivery_per_id"),
            models.UniqueConstraint(fields=["system", "body_sha256"], name="one_delivery_per_body"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.delivery}: {self.outcome}"
