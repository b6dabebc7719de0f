"""Changing who must agree to changes: stricter at once, weaker only with a second admin's agreement."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import ApprovalRequest
from controlplane.core.policies import Capability
from controlplane.core.services import approvals, audit
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from environments_app import schema
from environments_app.models import Environment, ProtectionVersion
from environments_app.policies import weakenings
from environments_app.services import configs

AGREED = "environments_app.services.protections.on_agreed"
AGREEMENT_LIFETIME = timedelta(days=7)


def subject(environment: Environment) -> tuple[str, UUID]:
    """What admins agree about; there is one proposal at a time for an environment."""
    return ("protection", environment.pk)


@audit.refusals_of("protection.saved")
@transaction.atomic
def change(
    actor: Actor, environment: Environment, document: Mapping[str, Any], *, based_on: int, reason: str
) -> ProtectionVersion | ApprovalRequest | Refusal:
    """Saves a protection that is as strict as the standing one or stricter; asks for agreement with a weaker one.

    Refused: an invalid document (422, all problems), and another version than `based_on`, which the author had before
    their eyes, was saved meanwhile (409). An open proposal is superseded by whatever is saved or proposed next.
    """
    if (refusal := access.check(actor.user, environment.system, Capability.CONFIGURE)) is not None:
        return refusal
    try:
        wanted = schema.read_protection(document)
    except schema.ConfigInvalid as error:
        return configs.invalid(error, "protection")
    if not reason.strip():
        return Refusal("REASON_MISSING", "Say why the protection changes; it is written into the audit trail.", 422)
    Environment.objects.select_for_update().get(pk=environment.pk)
    standing = environment.protection_versions.latest("number")
    if standing.number != based_on:
        return Refusal(
            "STALE_VERSION",
            f"Version {standing.number} of the protection was saved meanwhile; you edited version {based_on}.",
            409,
            {"current": standing.number, "based_on": based_on},
        )
    weaker = weakenings(standing.rules, wanted)
    if not weaker:
        return configs.save_protection(actor, environment, wanted, reason=reason)
    asked = approvals.ask(
        actor,
        system=environment.system,
        environment=environment.slug,
        subject=subject(environment),
        title=f"Weaken the protection: {' '.join(weaker)}"[:200],
        bound={"protection_version": based_on, "reason": reason, **wanted.model_dump(mode="json")},
        required=1,
        requester=actor.user,
        expires_at=clock.now() + AGREEMENT_LIFETIME,
        on_complete=AGREED,
        capability=Capability.CONFIGURE,
    )
    audit.announce(
        "protection.awaiting_approval", environment.system, environment.slug, subject(environment), title=asked.title
    )
    return asked


def proposed(request: ApprovalRequest) -> schema.Protection:
    """The protection that a request asks agreement for."""
    return schema.read_protection({name: request.bound[name] for name in schema.Protection.model_fields})


def on_agreed(actor: Actor, environment_id: UUID) -> None:
    """Called by approvals, in their transaction, when a second admin agreed: exactly what was asked for is saved."""
    environment = Environment.objects.select_related("system").get(pk=environment_id)
    request = approvals.live_request(subject(environment))
    if request and request.requester and approvals.use(actor, subject(environment), request.bound):
        author = Actor.person(request.requester, actor.source)
        configs.save_protection(author, environment, proposed(request), reason=request.bound["reason"])


@transaction.atomic
def agree(actor: Actor, environment: Environment, digest: str, comment: str = "") -> ApprovalRequest | Refusal:
    """A second admin's yes to exactly what the digest binds; it is saved with it."""
    # The environment first, as everybody who saves a protection does: two orders of locks could wait for each other.
    Environment.objects.select_for_update().get(pk=environment.pk)
    outcome = approvals.approve(actor, subject(environment), digest, comment)
    environment.__dict__.pop("protection", None)
    return outcome


@audit.refusals_of("protection.withdrawn")
@transaction.atomic
def withdraw(actor: Actor, environment: Environment, reason: str = "") -> Environment | Refusal:
    """Ends the open proposal without saving it: its author takes it back, or another admin refuses it."""
    if (refusal := access.check(actor.user, environment.system, Capability.CONFIGURE)) is not None:
        return refusal
    if not approvals.supersede(actor, subject(environment), reason or "it was withdrawn", "refused"):
        return Refusal("NOTHING_PROPOSED", "No change of the protection waits for agreement.")
    return environment
