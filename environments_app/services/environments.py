"""Making environments: with a protection and a first configuration, so that there is never one without."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import System
from controlplane.core.policies import Capability
from controlplane.core.services import audit
from controlplane.lib.errors import Refusal, SlipwayError
from environments_app import schema
from environments_app.models import Environment
from environments_app.services import configs


@transaction.atomic
def create(
    actor: Actor,
    system: System,
    slug: str,
    *,
    tier: str,
    protection: Mapping[str, Any],
    document: Mapping[str, Any],
    reason: str,
) -> Environment | Refusal:
    """A new environment of a system, by an admin of it. Refused: a name that is taken, and invalid documents."""
    if (refusal := access.check(actor.user, system, Capability.CONFIGURE)) is not None:
        return audit.record_refusal(actor, "environment.created", refusal, subject=("system", system.pk), system=system)
    if Environment.objects.filter(system=system, slug=slug).exists():
        return Refusal("NAME_TAKEN", f"{system} has an environment {slug} already.")
    try:
        rules = schema.read_protection(protection)
    except schema.ConfigInvalid as error:
        return configs.invalid(error, "protection")
    try:
        config = schema.parse(document)
    except schema.ConfigInvalid as error:
        return configs.invalid(error)
    if too_long := schema.name_problems(system.slug, slug, config):
        return configs.invalid(schema.ConfigInvalid(too_long))
    return make(actor, system, slug, tier=tier, protection=rules, document=document, reason=reason)


@transaction.atomic
def make(
    actor: Actor,
    system: System,
    slug: str,
    *,
    tier: str,
    protection: schema.Protection,
    document: Mapping[str, Any],
    reason: str,
) -> Environment:
    """Makes an environment of what was checked before; raises SlipwayError where it was not."""
    environment = Environment.objects.create(system=system, slug=slug, tier=tier)
    audit.record(
        actor,
        "environment.created",
        subject=environment.audit_subject,
        system=system,
        environment=slug,
        after={"tier": tier},
        reason=reason,
    )
    configs.save_protection(actor, environment, protection, reason=reason)
    outcome = configs.save_config(actor, environment, document, based_on=0, reason=reason)
    if isinstance(outcome, Refusal):
        raise SlipwayError(outcome.code, f"{environment}: {outcome.message}", outcome.status)
    return environment
