"""Trusting sources of foreign Terraform, taking the trust back, and what was read of a source."""

import re
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from controlplane.core.actors import Actor
from controlplane.core.models import System
from controlplane.core.services import audit
from controlplane.lib import clock, queue
from controlplane.lib.errors import Refusal
from environments_app.models import Environment, SourceReading, TrustedSource
from environments_app.schema.own_terraform import OwnTerraform
from environments_app.schema.problems import Problem
from environments_app.services.runs import QUEUE
from environments_app.terraform.variables import Variable, problems

READ_SOURCE_JOB = "environments_app.jobs.read_source"
_GLOB = re.compile(r"[A-Za-z0-9*?][\w./+*?-]*")
NOT_AN_ADMINISTRATOR = Refusal(
    "FORBIDDEN",
    "Foreign Terraform runs with the rights of the workers, which reach every system. Only an administrator of this "
    "installation (a superuser) may trust a source or take that back; ask one.",
    403,
)


def trust(actor: Actor, system: System, source: str, reference: str, reason: str) -> TrustedSource | Refusal:
    """An administrator's word that the source may be planned and applied for this system.

    `reference`: a glob over branches and tags, or a full commit id; "" for a folder.
    """
    source, reference, reason = source.strip(), reference.strip(), reason.strip()
    if (refusal := _why_not(actor, source, reference, reason)) is not None:
        return audit.record_refusal(actor, "source.trusted", refusal, subject=("system", system.pk), system=system)
    with transaction.atomic():
        trusted, created = TrustedSource.objects.get_or_create(
            system=system,
            source=source,
            reference=reference,
            revoked_at=None,
            defaults={"reason": reason, "trusted_by": actor.user, "trusted_by_name": actor.name},
        )
        if created:
            after = {"source": source, "reference": reference}
            subject = trusted.audit_subject
            audit.record(actor, "source.trusted", subject=subject, system=system, after=after, reason=reason)
            _have_it_read(system, source)
    return trusted


def _have_it_read(system: System, source: str) -> None:
    """Has the source read for the environments that name it, so that their variables are known before a plan."""
    for environment in Environment.objects.filter(system=system):
        own = environment.config_version.config.terraform
        if own is not None and own.source == source:
            queue.enqueue_on_commit(QUEUE, READ_SOURCE_JOB, str(environment.pk))


def _why_not(actor: Actor, source: str, reference: str, reason: str) -> Refusal | None:
    if actor.user is None or not actor.user.is_superuser:
        return NOT_AN_ADMINISTRATOR
    try:
        own = OwnTerraform(source=source)
    except ValidationError as error:
        wrong = error.errors()[0]
        return Refusal("SOURCE_INVALID", f"{wrong['msg']}. Right would be: {wrong['ctx'].get('expected', '')}.", 422)
    if own.is_repository and (not _GLOB.fullmatch(reference) or reference.startswith(("refs/", "pull/"))):
        return Refusal(
            "REFERENCE_INVALID", "Name a branch, a tag, a pattern of them (release/*), or a commit by its full id.", 422
        )
    if not own.is_repository and reference:
        return Refusal("REFERENCE_INVALID", "A folder has no references: leave the reference empty.", 422)
    if not reason:
        return Refusal("REASON_MISSING", "Say why the source is trusted; it is written into the audit trail.", 422)
    return None


def revoke(actor: Actor, trusted: TrustedSource) -> TrustedSource | Refusal:
    """Takes the trust back: from now on nothing of it is planned, and what was approved is not applied."""
    system = trusted.system
    if actor.user is None or not actor.user.is_superuser:
        subject = trusted.audit_subject
        return audit.record_refusal(actor, "source.revoked", NOT_AN_ADMINISTRATOR, subject=subject, system=system)
    with transaction.atomic():
        standing = TrustedSource.objects.filter(pk=trusted.pk, revoked_at=None)
        if not standing.update(revoked_at=clock.now(), revoked_by_name=actor.name):
            return Refusal("ALREADY_REVOKED", "This source is no longer trusted.")
        before = {"source": trusted.source, "reference": trusted.reference}
        audit.record(actor, "source.revoked", subject=trusted.audit_subject, system=system, before=before)
    trusted.refresh_from_db()
    return trusted


def is_trusted(system: System, source: str, reference: str | None) -> bool:
    """Whether an administrator's word stands for the source at this reference; None for a folder, which has none."""
    standing = TrustedSource.objects.filter(system=system, source=source, revoked_at=None)
    return any(trusted.covers(reference) for trusted in standing)


def untrusted(system: System, own: OwnTerraform) -> Refusal | None:
    """None where the source is trusted for the system at this reference; else why nothing of it is even fetched."""
    if is_trusted(system, own.source, own.reference):
        return None
    where = f"{own.source} at {own.reference}" if own.reference else own.source
    return Refusal(
        "SOURCE_NOT_TRUSTED",
        f"{where} is not trusted for {system.slug}, so nothing of it was fetched. An administrator of this "
        "installation can trust it on the system's page “Accounts and sources”; then plan again.",
    )


def reading_of(system: System, own: OwnTerraform) -> SourceReading | None:
    """What was last read of the source; None before that."""
    return SourceReading.objects.filter(system=system, **_key(own)).first()


def remember(
    system: System,
    own: OwnTerraform,
    *,
    commit: str = "",
    variables: Sequence[Variable] = (),
    refused: Sequence[str] = (),
    failure: str = "",
) -> None:
    """Keeps what a source holds, for the configuration's page and for the next change of the configuration."""
    values: dict[str, Any] = {
        "read_at": clock.now(),
        "commit": commit,
        "variables": [variable.to_json() for variable in variables],
        "refused": list(refused),
        "failure": failure,
    }
    SourceReading.objects.update_or_create(system=system, **_key(own), defaults=values)


def variable_problems(system: System, own: OwnTerraform) -> list[Problem]:
    """What is wrong with the variables, as far as the source was read before; the plan looks again."""
    reading = reading_of(system, own)
    if reading is None or reading.failure:
        return []
    return problems(own, [Variable.from_json(entry) for entry in reading.variables])


def _key(own: OwnTerraform) -> dict[str, Any]:
    return {"source": own.source, "reference": own.reference or "", "path": own.path}
