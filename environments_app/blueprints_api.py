"""Systems as blueprint files and new environments, for programs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from controlplane.core.api import actor_of, require, unless_refused
from controlplane.core.models import System
from controlplane.core.policies import Capability
from environments_app import schema
from environments_app.services import blueprints, environments

router = Router()


class BlueprintIn(Schema):
    """`text` is the file, YAML with its comments."""

    text: str = Field(max_length=1024 * 1024)


class BlueprintLoaded(Schema):
    """What loading did: `made` by it, `kept` because it was there already."""

    system: str
    made: list[str]
    kept: list[str]


class EnvironmentIn(Schema):
    """`protection`: what is left out takes its default."""

    environment: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)
    tier: schema.Tier
    protection: dict[str, Any] = Field(default_factory=dict)
    config: dict[str, Any]
    reason: str = Field(min_length=1, max_length=300)


class EnvironmentMade(Schema):
    system: str
    environment: str
    tier: str
    config_version: int


def _system(request: HttpRequest, slug: str, capability: Capability) -> System:
    return require(request, System.objects.filter(slug=slug).first(), capability)


@router.get("/systems/{system}/blueprint", response={200: None})
def export_blueprint(request: HttpRequest, system: str) -> HttpResponse:
    """The system as a YAML file: the one that was loaded, while it still says what is, else one made anew."""
    text = blueprints.export(_system(request, system, Capability.VIEW))
    return HttpResponse(text, content_type="application/yaml; charset=utf-8")


@router.post("/blueprints", response={201: BlueprintLoaded})
def load_blueprint(request: HttpRequest, sent: BlueprintIn) -> Status[dict[str, Any]]:
    """Makes what is missing of a file; what exists stays as people left it."""
    blueprint = unless_refused(blueprints.read(actor_of(request), sent.text))
    effects = blueprints.effects(blueprint)
    system = blueprints.load(actor_of(request), blueprint)
    made, kept = ([e.environment.name for e in effects if e.is_made is wanted] for wanted in (True, False))
    return Status(201, {"system": system.slug, "made": made, "kept": kept})


@router.post("/systems/{system}/environments", response={201: EnvironmentMade})
def create_environment(request: HttpRequest, system: str, asked: EnvironmentIn) -> Status[dict[str, Any]]:
    made = unless_refused(
        environments.create(
            actor_of(request),
            _system(request, system, Capability.CONFIGURE),
            asked.environment,
            tier=asked.tier,
            protection=asked.protection,
            document=asked.config,
            reason=asked.reason,
        )
    )
    number = made.config_version.number
    return Status(201, {"system": system, "environment": made.slug, "tier": made.tier, "config_version": number})
