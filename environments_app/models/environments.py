"""Systems' services and environments, with immutable versions of configuration and protection."""

from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.db import models

from controlplane.core.models import System, User
from controlplane.lib import clock
from controlplane.lib.errors import SlipwayError
from environments_app import schema


class Immutable(SlipwayError):
    """Versions are made, never changed."""

    def __init__(self) -> None:
        super().__init__("IMMUTABLE", "A version cannot be changed; save a new one.")


class Environment(models.Model):
    """One environment of a system. Behaviour follows its tier and its protection, never its name."""

    TIERS = [(tier, tier) for tier in ("development", "staging", "production")]

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="environments")
    slug = models.SlugField(max_length=40)
    tier = models.CharField(max_length=12, choices=TIERS)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["system__slug", "tier", "slug"]
        constraints = [models.UniqueConstraint(fields=["system", "slug"], name="one_environment_per_name")]

    def __str__(self) -> str:
        return f"{self.system.slug}/{self.slug}"

    @property
    def audit_subject(self) -> tuple[str, UUID]:
        return ("environment", self.pk)

    @property
    def audit_system(self) -> System:
        return self.system

    @property
    def audit_environment(self) -> str:
        return self.slug

    @cached_property
    def config_version(self) -> "ConfigVersion":
        """The newest configuration; every environment has one."""
        return self.config_versions.latest("number")

    @cached_property
    def protection(self) -> "ProtectionVersion":
        """The newest protection; every environment has one."""
        return self.protection_versions.latest("number")


class Service(models.Model):
    """A service of a system: what releases are made of. Its settings per environment are in the configuration."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="services")
    slug = models.SlugField(max_length=40)

    class Meta:
        ordering = ["system__slug", "slug"]
        constraints = [models.UniqueConstraint(fields=["system", "slug"], name="one_service_per_name")]

    def __str__(self) -> str:
        return f"{self.system.slug}/{self.slug}"


class BlueprintFile(models.Model):
    """A blueprint file as it was loaded, comments included: what an export gives back while it still says what is."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="blueprint_files")
    text = models.TextField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the text.")
    environments = models.JSONField(default=list, help_text="Names of the environments in it, in its order.")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["system", "digest"], name="one_row_per_blueprint_text")]

    def __str__(self) -> str:
        return f"blueprint of {self.system}, loaded by {self.author_name}"


class Version(models.Model):
    """What configuration and protection versions share: a number, an author, a reason, and never a change."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    number = models.PositiveIntegerField()
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=150)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable
        super().save(*args, **kwargs)


class ConfigVersion(Version):
    """One immutable version of an environment's configuration (environments_app/schema)."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="config_versions")
    document = models.JSONField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["environment", "number"], name="one_config_per_number")]

    def __str__(self) -> str:
        return f"{self.environment} v{self.number}"

    @cached_property
    def config(self) -> schema.EnvironmentConfig:
        """The typed configuration; it was valid when it was saved."""
        return schema.parse(self.document)


class ProtectionVersion(Version):
    """Who must agree to changes of an environment, and what happens by itself."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="protection_versions")
    document = models.JSONField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["environment", "number"], name="one_protection_per_number")]

    def __str__(self) -> str:
        return f"{self.environment} protection v{self.number}"

    @cached_property
    def rules(self) -> schema.Protection:
        """The typed protection; it was valid when it was saved."""
        return schema.read_protection(self.document)
