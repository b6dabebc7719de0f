"""Users, systems (the scope of every permission), memberships and API tokens."""

import hashlib
import secrets
from uuid import uuid4

from django.contrib.auth.models import AbstractUser
from django.db import models

from controlplane.core.policies import Role
from controlplane.lib import clock

ROLE_CHOICES = [(role.value, role.value) for role in Role]


class User(AbstractUser):
    """A person or a service account. `timezone` is an IANA name; `theme` follows the browser unless set."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    timezone = models.CharField(max_length=64, blank=True, help_text="IANA name, for example Europe/Lisbon.")
    theme = models.CharField(max_length=5, default="auto", choices=[(name, name) for name in ("auto", "light", "dark")])

    class Meta(AbstractUser.Meta):
        verbose_name = "user"
        verbose_name_plural = "users"


class System(models.Model):
    """A product that a team runs, in several environments. Permissions, tokens and audit are kept per system."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    external_id = models.UUIDField(
        default=uuid4, editable=False, help_text="Made by Slipway; roles in your accounts must ask for it."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """What a user may do in one system."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=ROLE_CHOICES)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "system"], name="one_role_per_user_and_system")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.system}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class ApiToken(models.Model):
    """A bearer token of a user; only its SHA-256 is kept. It can do at most what its user can."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    PREFIX = "slip_"

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @classmethod
    def issue(cls, user: User, name: str, *, plain: str | None = None) -> tuple["ApiToken", str]:
        """A new token and its plain text, which is shown once."""
        plain = plain or cls.PREFIX + secrets.token_urlsafe(32)
        return cls.objects.create(user=user, name=name, digest=_digest(plain), hint=plain[:8]), plain

    @classmethod
    def find(cls, plain: str) -> "ApiToken | None":
        """The valid token with this plain text, its user active."""
        token = cls.objects.select_related("user").filter(digest=_digest(plain), user__is_active=True).first()
        if token is None or (token.expires_at is not None and token.expires_at <= clock.now()):
            return None
        return token
