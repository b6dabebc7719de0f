"""Saving configuration and protection as new immutable versions."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.policies import Capability
from controlplane.core.services import approvals, audit
from controlplane.lib import live, queue
from controlplane.lib.errors import Refusal
from environments_app import schema
from environments_app.models import ConfigVersion, Environment, ProtectionVersion, Service
from environments_app.services import sources
from environments_app.services.runs import QUEUE, supersede_waiting


def invalid(error: schema.ConfigInvalid, what: str = "configuration") -> Refusal:
    """All problems of a document as one refusal."""
    problems = [{"path": p.path, "problem": p.problem, "expected": p.expected} for p in error.problems]
    count = len(problems)
    return Refusal(
        "CONFIG_INVALID",
        f"The {what} has {count} problem{'s' if count != 1 else ''}. First: {error.problems[0]}",
        422,
        {"problems": problems},
    )


@audit.refusals_of("config.saved")
@transaction.atomic
def save_config(
    actor: Actor, environment: Environment, document: Mapping[str, Any], *, based_on: int, reason: str
) -> ConfigVersion | Refusal:
    """A new version of the configuration. `based_on` is the version that the author had before their eyes.

    Refused: an invalid document (422), somebody saved in between (409), or somebody who is no admin would change a
    role or where Terraform comes from (403). An unchanged document makes no version.
    """
    try:
        config = schema.parse(document)
    except schema.ConfigInvalid as error:
        return invalid(error)
    if too_long := schema.name_problems(environment.system.slug, environment.slug, config):
        return invalid(schema.ConfigInvalid(too_long))
    Environment.objects.select_for_update().get(pk=environment.pk)
    newest = environment.config_versions.order_by("-number").first()
    number = newest.number if newest else 0
    if based_on != number:
        return Refusal(
            "STALE_VERSION",
            f"Version {number} was saved meanwhile; you edited version {based_on}. Compare the two and edit again.",
            409,
            {"current": number, "based_on": based_on},
        )
    digest = schema.digest(config)
    if newest and newest.digest == digest:
        return newest
    if (refusal := _only_admins(actor, environment, newest.config if newest else None, config)) is not None:
        return refusal
    if config.terraform and (found := sources.variable_problems(environment.system, config.terraform)):
        return invalid(schema.ConfigInvalid(found))
    version = ConfigVersion.objects.create(
        environment=environment,
        number=number + 1,
        document=schema.canonical(config),
        digest=digest,
        author=actor.user,
        author_name=actor.name,
        reason=reason,
    )
    for slug in config.services:
        Service.objects.get_or_create(system_id=environment.system_id, slug=slug)
    audit.record(
        actor,
        "config.saved",
        subject=("environment", environment.pk),
        system=environment.system,
        environment=environment.slug,
        before={"version": number, "digest": newest.digest if newest else ""},
        after={"version": version.number, "digest": digest},
        reason=reason,
    )
    if config.terraform:
        queue.enqueue_on_commit(QUEUE, sources.READ_SOURCE_JOB, str(environment.pk))
    supersede_waiting(actor, environment, f"configuration v{version.number} was saved")
    live.ring_on_commit(f"environment:{environment.pk}", "config")
    environment.__dict__.pop("config_version", None)
    return version


def _only_admins(
    actor: Actor, environment: Environment, before: schema.EnvironmentConfig | None, after: schema.EnvironmentConfig
) -> Refusal | None:
    """Roles, and where Terraform comes from, decide what Slipway can be made to do: an admin's word (design, 11)."""
    if actor.kind == "slipway" or _rights(before) == _rights(after):
        return None
    if access.may(actor.user, environment.system, Capability.CONFIGURE):
        return None
    return Refusal(
        "ADMINS_ONLY",
        "Only an admin of the system may change account_role_arn, account_roles, and the source, reference and path of "
        "your own Terraform. Leave them as they are, or ask an admin.",
        403,
    )


def _rights(config: schema.EnvironmentConfig | None) -> tuple[object, ...]:
    if config is None:
        return (None, schema.AccountRoles(), None)
    own = config.terraform
    code = (own.source, own.reference, own.path, own.secret_variables) if own else None
    return (config.account_role_arn, config.account_roles, code)


def find_version(environment: Environment, number: int) -> ConfigVersion | None:
    return environment.config_versions.filter(number=number).first()


def restore_config(
    actor: Actor, environment: Environment, number: int, *, based_on: int, reason: str
) -> ConfigVersion | Refusal:
    """What version `number` said, as a new version; refused as `save_config` refuses.

    An old document may have become invalid by a rule that was made since: its problems are said then.
    """
    old = find_version(environment, number)
    if old is None:
        return Refusal("NO_SUCH_VERSION", f"{environment} has no version {number}.", 404)
    return save_config(actor, environment, old.document, based_on=based_on, reason=reason)


@transaction.atomic
def save_protection(
    actor: Actor, environment: Environment, protection: schema.Protection, *, reason: str
) -> ProtectionVersion:
    """A new version of the protection; the standing one is returned where nothing changes.

    Asks nobody: who may save which is decided in services/protections. What waited for agreement is superseded.
    """
    Environment.objects.select_for_update().get(pk=environment.pk)
    newest = environment.protection_versions.order_by("-number").first()
    document = protection.model_dump(mode="json")
    if newest and newest.document == document:
        return newest
    version = ProtectionVersion.objects.create(
        environment=environment,
        number=(newest.number if newest else 0) + 1,
        document=document,
        author=actor.user,
        author_name=actor.name,
        reason=reason,
    )
    audit.record(
        actor,
        "protection.saved",
        subject=("environment", environment.pk),
        system=environment.system,
        environment=environment.slug,
        before=newest.document if newest else {},
        after=document,
        reason=reason,
    )
    supersede_waiting(actor, environment, f"protection v{version.number} was saved")
    approvals.supersede(actor, ("protection", environment.pk), f"protection v{version.number} was saved")
    live.ring_on_commit(f"environment:{environment.pk}", "protection")
    environment.__dict__.pop("protection", None)
    return version
