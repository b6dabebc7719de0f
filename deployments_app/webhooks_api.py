"""Where CI delivers releases: signed, read at most once, answered at once (design, section 9)."""

import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema, Status

from controlplane.core.actors import Actor
from controlplane.core.api import ApiRefused
from controlplane.core.models import System
from controlplane.core.services import audit
from controlplane.lib.errors import Refusal
from deployments_app import github, webhooks
from deployments_app.services import webhooks as deliveries
from deployments_app.services.webhooks import Accepted

log = logging.getLogger(__name__)
router = Router(auth=None)

LARGEST_BODY = 1024 * 1024
SIGNATURE = "X-Slipway-Signature-256"
DELIVERY = "X-Slipway-Delivery"


class ReleaseTaken(Schema):
    """`created` is false where the same delivery, body or digests were taken before."""

    release: UUID
    created: bool
    url: str


class Ignored(Schema):
    """A delivery that was understood and is about nothing that Slipway releases."""

    ignored: str


def _refuse(request: HttpRequest, source: str, slug: str, system: System | None, refusal: Refusal) -> ApiRefused:
    """Every refusal is in the audit trail and in the log. A stranger's is not filed under the system it names."""
    actor = Actor.webhook(source, source=str(request.META.get("REMOTE_ADDR", "")))
    log.warning("webhook %s for %.40r refused: %s %s", source, slug, refusal.code, refusal.message)
    audit.record_refusal(actor, "webhook.refused", refusal, subject=("webhook", slug[:40]), system=system)
    return ApiRefused(refusal)


def _verified(request: HttpRequest, source: str, slug: str, header: str) -> tuple[System, bytes]:
    """The system and the raw body of a signed request; nothing of the body is parsed before."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if not length.isdecimal():
        refusal = Refusal("LENGTH_REQUIRED", "Send the body's length (Content-Length).", 411)
        raise _refuse(request, source, slug, None, refusal)
    if int(length) > LARGEST_BODY:
        refusal = Refusal("BODY_TOO_LARGE", "The body is larger than 1 MiB.", 413, {"limit": LARGEST_BODY})
        raise _refuse(request, source, slug, None, refusal)
    body = request.body
    system = System.objects.filter(slug=slug).first()
    signed = deliveries.is_signed(system, body, request.headers.get(header, ""))
    if system is None or not signed:
        refusal = Refusal(
            "BAD_SIGNATURE",
            f"The signature is missing or does not fit, or there is no such system. Send {header}: sha256=<hex>, the "
            "HMAC-SHA256 of the raw body with the system's webhook secret.",
            401,
        )
        raise _refuse(request, source, slug, None, refusal)
    return system, body


def _delivery_id(request: HttpRequest, source: str, system: System, header: str) -> str:
    delivery = request.headers.get(header, "")
    if not webhooks.DELIVERY_ID.fullmatch(delivery):
        message = f"Send {header}: an id of this delivery, 1 to 100 visible ASCII characters."
        raise _refuse(request, source, system.slug, system, Refusal("DELIVERY_MISSING", message, 400))
    return delivery


def _take(
    request: HttpRequest,
    source: str,
    system: System,
    delivery: str,
    body: bytes,
    notice: webhooks.ReleaseNotice | Refusal,
) -> dict[str, Any]:
    actor = Actor.webhook(source, source=str(request.META.get("REMOTE_ADDR", "")))
    outcome: Accepted | Refusal
    if isinstance(notice, Refusal):
        outcome = notice
    else:
        outcome = deliveries.accept(actor, system, source, delivery, body, notice)
    if isinstance(outcome, Refusal):
        raise _refuse(request, source, system.slug, system, outcome)
    release = outcome.release
    url = f"{settings.SLIPWAY_PUBLIC_URL}/releases/{release.pk}"
    return {"release": release.pk, "created": outcome.created, "url": url}


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """The raw body's shape: it is verified before it is parsed, so the framework cannot know it."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.post("/ci/{slug:system}", response={202: ReleaseTaken}, openapi_extra=_described(webhooks.body_schema()))
def deliver(request: HttpRequest, system: str) -> Status[dict[str, Any]]:
    """A release, as any CI can say it. Signed with `X-Slipway-Signature-256`, named by `X-Slipway-Delivery`."""
    found, body = _verified(request, "ci", system, SIGNATURE)
    delivery = _delivery_id(request, "ci", found, DELIVERY)
    return Status(202, _take(request, "ci", found, delivery, body, webhooks.parse(body)))


@router.post(
    "/github/{slug:system}",
    response={200: Ignored, 202: ReleaseTaken | Ignored},
    openapi_extra=_described({"type": "object"}),
)
def deliver_github(request: HttpRequest, system: str) -> Status[dict[str, Any]]:
    """GitHub's own deliveries: a container package that was published is a release; a ping is answered."""
    found, body = _verified(request, "github", system, github.SIGNATURE)
    delivery = _delivery_id(request, "github", found, github.DELIVERY)
    event = request.headers.get(github.EVENT, "")
    if event == "ping":
        return Status(200, {"ignored": "ping"})
    notice = github.parse(event, body)
    if isinstance(notice, github.NotARelease):
        return Status(202, {"ignored": notice.why})
    return Status(202, _take(request, "github", found, delivery, body, notice))
