"""Blueprint files: loaded into systems and environments, and given back as they came."""

import hashlib
from dataclasses import dataclass
from typing import cast

from django.db import transaction

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import System
from controlplane.core.policies import Capability
from controlplane.core.services import audit
from controlplane.lib.errors import Refusal
from environments_app import schema
from environments_app.models import BlueprintFile, Environment
from environments_app.schema.export import render_blueprint, say_the_same
from environments_app.services import environments


@dataclass(frozen=True)
class Effect:
    """What loading a file does about one of its environments: it is made, or stays as people left it."""

    environment: schema.BlueprintEnvironment
    is_made: bool
    warnings: list[schema.Problem]


@transaction.atomic
def load(actor: Actor, blueprint: schema.Blueprint) -> System:
    """Makes the blueprint's system and the environments that are missing; what people changed since stays.

    The file is kept, so that `export` can give it back with its comments.
    """
    system, created = System.objects.get_or_create(
        slug=blueprint.system, defaults={"title": blueprint.title, "description": blueprint.description}
    )
    if created:
        audit.record(actor, "system.created", subject=("system", system.pk), system=system)
    reason = f"Blueprint {blueprint.source_document}"
    known = set(system.environments.values_list("slug", flat=True))
    for entry in blueprint.environments:
        if entry.name not in known:
            environments.make(
                actor,
                system,
                entry.name,
                tier=entry.tier,
                protection=entry.protection,
                document=entry.document,
                reason=reason,
            )
    BlueprintFile.objects.get_or_create(
        system=system,
        digest=hashlib.sha256(blueprint.text.encode()).hexdigest(),
        defaults={
            "text": blueprint.text,
            "environments": [entry.name for entry in blueprint.environments],
            "author_name": actor.name,
        },
    )
    return system


def effects(blueprint: schema.Blueprint) -> list[Effect]:
    """What loading would do, in the file's order; nothing is stored."""
    known = set(Environment.objects.filter(system__slug=blueprint.system).values_list("slug", flat=True))
    return [
        Effect(each, each.name not in known, schema.warnings(each.config, tier=each.tier))
        for each in blueprint.environments
    ]


def why_not(actor: Actor, blueprint: schema.Blueprint) -> Refusal | None:
    """Why the actor may not load this file: new systems are made by superusers, others belong to their admins."""
    system = System.objects.filter(slug=blueprint.system).first()
    if system is not None:
        return access.check(actor.user, system, Capability.CONFIGURE)
    if actor.user is not None and actor.user.is_superuser:
        return None
    return Refusal(
        "FORBIDDEN", f"There is no system {blueprint.system} that you administer; a superuser makes new ones.", 403
    )


def read(actor: Actor, text: str) -> schema.Blueprint | Refusal:
    """The blueprint that a text says, if the actor may load it; refused with all problems of the text."""
    try:
        blueprint = schema.read_blueprint(text)
    except schema.ConfigInvalid as error:
        problems = [{"path": p.path, "problem": p.problem, "expected": p.expected} for p in error.problems]
        return Refusal(
            "BLUEPRINT_INVALID", f"The file has problems. First: {error.problems[0]}", 422, {"problems": problems}
        )
    refusal = why_not(actor, blueprint)
    if refusal is not None:
        return audit.record_refusal(actor, "blueprint.loaded", refusal, subject=("blueprint", blueprint.system))
    return blueprint


def export(system: System) -> str:
    """A blueprint file of the system as it stands: the very file that was loaded, comments and all, while it still says
    what is; else one made anew."""
    source = ""
    for kept in system.blueprint_files.all():
        try:
            loaded = schema.read_blueprint(kept.text)
        except schema.ConfigInvalid:  # the schema asks for more than it did when the file was loaded
            continue
        if say_the_same(loaded, _describe(system, loaded.source_document)):
            return kept.text
        source = source or loaded.source_document
    return render_blueprint(_describe(system, source))


def _describe(system: System, source_document: str) -> schema.Blueprint:
    entries = [
        schema.BlueprintEnvironment(
            environment.slug,
            cast(schema.Tier, environment.tier),
            environment.protection.rules,
            environment.config_version.config,
            environment.config_version.document,
        )
        for environment in system.environments.order_by("created_at", "slug")
    ]
    return schema.Blueprint(system.slug, system.title, system.description, source_document, tuple(entries), "")
