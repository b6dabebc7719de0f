"""Trusted sources of foreign Terraform, for programs."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from controlplane.core.api import actor_of, not_found, require, unless_refused
from controlplane.core.models import System
from controlplane.core.policies import Capability
from environments_app.models import TrustedSource
from environments_app.services import sources

router = Router()


class TrustAsked(Schema):
    """`reference`: a branch, a tag, a pattern of them, or a full commit id; empty for a folder."""

    source: str = Field(max_length=300)
    reference: str = Field(default="", max_length=200)
    reason: str = Field(max_length=300)


class TrustOut(Schema):
    id: UUID
    source: str
    reference: str
    reason: str
    trusted_by_name: str
    created_at: datetime
    revoked_at: datetime | None
    revoked_by_name: str


def _system(request: HttpRequest, slug: str) -> System:
    return require(request, System.objects.filter(slug=slug).first(), Capability.VIEW)


@router.get("/systems/{system}/sources", response=list[TrustOut])
def list_sources(request: HttpRequest, system: str) -> list[TrustedSource]:
    return list(_system(request, system).trusted_sources.all())


@router.post("/systems/{system}/sources", response={201: TrustOut})
def trust_source(request: HttpRequest, system: str, asked: TrustAsked) -> Status[TrustedSource]:
    found = _system(request, system)
    trusted = sources.trust(actor_of(request), found, asked.source, asked.reference, asked.reason)
    return Status(201, unless_refused(trusted))


@router.post("/systems/{system}/sources/{source_id}/revoke", response=TrustOut)
def revoke_source(request: HttpRequest, system: str, source_id: UUID) -> TrustedSource:
    trusted = TrustedSource.objects.filter(pk=source_id, system=_system(request, system)).first()
    if trusted is None:
        raise not_found("source")
    revoked: TrustedSource = unless_refused(sources.revoke(actor_of(request), trusted))
    return revoked
