"""Deliveries from CI: their secrets, their signatures, and storing each once."""

import hashlib
import secrets
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from controlplane.core.actors import Actor
from controlplane.core.models import System
from controlplane.core.services import audit
from controlplane.lib import clock, context, crypto, signing
from controlplane.lib.errors import Refusal
from deployments_app.models import Release, WebhookDelivery, WebhookSecret
from deployments_app.services import releases
from deployments_app.webhooks import ReleaseNotice

PURPOSE = "webhook-secret"
PREFIX = "whsec_"
VALID_AT_ONCE = 2
"""The newest secrets that are taken: the one in use and the one that it is being changed for."""


@dataclass(frozen=True)
class Accepted:
    """A delivery's answer. `created`: whether this delivery made the release."""

    release: Release
    created: bool


@transaction.atomic
def issue_secret(actor: Actor, system: System, plain: str | None = None) -> str:
    """A new signing secret and its plain text, shown once; of the older ones the newest stays valid beside it."""
    plain = plain or PREFIX + secrets.token_urlsafe(32)
    made = WebhookSecret.objects.create(
        system=system, sealed=crypto.encrypt(plain.encode(), settings.SECRET_KEY, PURPOSE), hint=plain[:8]
    )
    valid = WebhookSecret.objects.filter(system=system, revoked_at__isnull=True).order_by("-created_at")
    outdated = [secret.pk for secret in valid[VALID_AT_ONCE:]]
    WebhookSecret.objects.filter(pk__in=outdated).update(revoked_at=clock.now())
    audit.record(actor, "webhook_secret.issued", subject=("webhook_secret", made.pk), system=system)
    return plain


@transaction.atomic
def revoke_secret(actor: Actor, secret: WebhookSecret) -> bool:
    """Ends a secret at once; False when it had ended."""
    if not WebhookSecret.objects.filter(pk=secret.pk, revoked_at__isnull=True).update(revoked_at=clock.now()):
        return False
    audit.record(actor, "webhook_secret.revoked", subject=("webhook_secret", secret.pk), system=secret.system)
    return True


@lru_cache(maxsize=1)
def _decoy() -> bytes:
    """Compared with where there is no secret, so that a stranger cannot tell systems apart by time."""
    return crypto.encrypt(secrets.token_urlsafe(32).encode(), settings.SECRET_KEY, PURPOSE)


def is_signed(system: System | None, body: bytes, given: str) -> bool:
    """Whether a valid secret of the system signed exactly these bytes. Takes as long for an unknown system."""
    stored = WebhookSecret.objects.filter(system=system, revoked_at__isnull=True).order_by("-created_at")
    sealed = [bytes(secret.sealed) for secret in stored[:VALID_AT_ONCE]]
    fits = False
    for position in range(VALID_AT_ONCE):
        known = position < len(sealed)
        plain = crypto.decrypt(sealed[position] if known else _decoy(), settings.SECRET_KEY, PURPOSE).decode()
        fits |= signing.verify(plain, body, given) and known
    return fits


@transaction.atomic
def accept(
    actor: Actor, system: System, source: str, delivery: str, body: bytes, notice: ReleaseNotice
) -> Accepted | Refusal:
    """Stores a verified delivery and its release, once: a repetition, under whatever id, gets the same release."""
    # One delivery of a system at a time: copies that arrive together find the first one stored.
    System.objects.select_for_update().get(pk=system.pk)
    body_sha256 = hashlib.sha256(body).hexdigest()
    same = WebhookDelivery.objects.filter(system=system).filter(
        Q(source=source, delivery=delivery) | Q(body_sha256=body_sha256)
    )
    known = same.select_related("release__service", "release__system").order_by("received_at").first()
    if known is not None:
        if known.body_sha256 != body_sha256:
            return Refusal(
                "DELIVERY_REUSED",
                f"The delivery {delivery} was taken before with another body. Send a new id with each release.",
                409,
                {"release": str(known.release_id)},
            )
        return Accepted(known.release, False)
    outcome = releases.create_release(actor, system, notice)
    if isinstance(outcome, Refusal):
        return outcome
    release, created = outcome
    WebhookDelivery.objects.create(
        system=system,
        source=source,
        delivery=delivery,
        body_sha256=body_sha256,
        release=release,
        outcome="created" if created else "known",
        request_id=context.request_id(),
    )
    return Accepted(release, created)
