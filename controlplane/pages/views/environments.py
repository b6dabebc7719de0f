"""The environments: what runs there, what is changing, how it is made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from controlplane.core import access
from controlplane.core.models import AuditEvent
from controlplane.core.policies import Capability
from controlplane.core.services import locks
from controlplane.core.views import person
from controlplane.pages import fleet
from controlplane.pages.history import told
from deployments_app.models import Deployment, Release
from deployments_app.selectors import unreleased
from environments_app import schema, selectors
from environments_app.models import ConfigVersion, Environment, Service
from environments_app.schema.export import as_yaml
from environments_app.services import sources
from environments_app.views import applied, rules
from environments_app.views.lookup import environment_or_404
from environments_app.views.outputs import read_outputs
from environments_app.views.versions import chosen_versions, version_or_404

PAGE = 30
LATELY = 5
TABS = {
    "environment": "Overview",
    "infrastructure": "Infrastructure",
    "configuration": "Configuration",
    "activity": "Activity",
}


@dataclass(frozen=True)
class HeldBack:
    """A release that arrived and was not deployed, with the policy's reason."""

    pk: UUID
    service: Service
    version: str
    created_at: datetime
    reason: str


def _frame(request: HttpRequest, environment: Environment, here: str) -> dict[str, Any]:
    """What every tab shows: names, the user's rights, the tabs, the lock."""
    user, names = person(request), [environment.system.slug, environment.slug]
    role = access.role_of(user, environment.system)
    return {
        "environment": environment,
        "system": environment.system,
        "role": role,
        "may_plan": access.may(user, environment.system, Capability.PLAN),
        "may_configure": access.may(user, environment.system, Capability.CONFIGURE),
        "may_operate": access.may(user, environment.system, Capability.OPERATE),
        "destroy_fields": [("kind", "destroy")],
        "nothing_to_drift": selectors.last_applied(environment) is None,
        "holds": locks.holds(environment.pk),
        "cell": fleet.read_cells([environment])[0],
        "tabs": [
            {"name": name, "href": reverse(f"pages:{view}", args=names), "here": view == here}
            for view, name in TABS.items()
        ],
    }


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every system that the user sees, with its environments."""
    return render(request, "pages/environments.html", {"fleet": fleet.read_fleet(person(request))})


@require_GET
def overview(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """What runs here, what is changing, how it is made, how a release gets here."""
    found = environment_or_404(request, system, environment)
    state = selectors.newest_state(found)
    config, applied_config = found.config_version.config, applied.applied_version(found)
    deployments = Deployment.objects.filter(environment=found)
    running = {each.service.slug: each for each in fleet.newest_of_each_service(deployments.standing())}
    outputs = state.outputs if state else {}
    context = {
        **_frame(request, found, "environment"),
        "applied": applied_config,
        "service_rows": applied.service_rows(applied_config, found.config_version),
        "protection": found.protection,
        "rule_facts": rules.facts(found.protection.rules),
        "warnings": schema.warnings(config, tier=found.tier),
        "version": found.config_version,
        "not_made": schema.unprovisioned(config),
        "state": state,
        "outputs": read_outputs(outputs),
        "links": links_of(found.config_version.config),
        "runs": selectors.runs_of(found).only(
            "id", "state", "kind", "title", "created_at", "requester_name", "config_version__number"
        )[:LATELY],
        "drift": selectors.newest_drift_run(found),
        "versions": running,
        "unreleased": {name: unreleased(each, outputs) for name, each in running.items()},
        "held_back": held_back(found),
        "deployments": deployments.select_related("service", "release", "environment")[:LATELY],
    }
    return render(request, "environments/overview.html", context)


def links_of(config: schema.EnvironmentConfig) -> dict[str, str]:
    """Addresses of the tools that run elsewhere, by their names; only those that are given."""
    return config.links.model_dump(exclude_none=True) if config.links else {}


def held_back(environment: Environment) -> list[HeldBack]:
    """Of the system's newest releases those that this environment's policy did not deploy, and nobody did since."""
    newest = Release.objects.filter(system=environment.system).select_related("service")[:LATELY]
    deployed = Deployment.objects.filter(environment=environment, release__in=[release.pk for release in newest])
    gone_out = set(deployed.values_list("release_id", flat=True))
    found = []
    for release in newest:
        decision = release.decisions.get(environment.slug)
        if decision and not decision["deploys"] and release.pk not in gone_out:
            found.append(HeldBack(release.pk, release.service, release.version, release.created_at, decision["reason"]))
    return found


@require_GET
def infrastructure(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """Runs, outputs, drift and the lock."""
    found = environment_or_404(request, system, environment)
    page = Paginator(selectors.runs_of(found), PAGE).get_page(request.GET.get("page"))
    context = {
        **_frame(request, found, "infrastructure"),
        "page": page,
        "state": selectors.newest_state(found),
        "drift": selectors.newest_drift_run(found),
    }
    return render(request, "environments/infrastructure.html", context)


@require_GET
def configuration(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """The versions; one of them as YAML, or two compared setting by setting."""
    found = environment_or_404(request, system, environment)
    shown = version_or_404(found, request.GET.get("version", "")) or found.config_version
    context = {
        **_frame(request, found, "configuration"),
        **chosen_versions(request, found),
        "newest": found.config_version,
        "shown": shown,
        "yaml": as_yaml(shown.document),
        "protection": found.protection,
        "rule_facts": rules.facts(found.protection.rules),
        **_own_terraform(found, shown),
    }
    return render(request, "environments/configuration.html", context)


def _own_terraform(environment: Environment, version: ConfigVersion) -> dict[str, Any]:
    """The version's own Terraform: whether it is trusted, and what was last read of it."""
    own = version.config.terraform
    if own is None:
        return {"own": None}
    refusal = sources.untrusted(environment.system, own)
    return {
        "own": own,
        "untrusted": "" if refusal is None else refusal.message,
        "reading": sources.reading_of(environment.system, own),
    }


@require_GET
def activity(request: HttpRequest, system: str, environment: str) -> HttpResponse:
    """What happened here, newest first."""
    found = environment_or_404(request, system, environment)
    events = AuditEvent.objects.filter(system=found.system, environment=found.slug).order_by("-at")
    page = Paginator(events, PAGE).get_page(request.GET.get("page"))
    context = {**_frame(request, found, "activity"), "page": page, "rows": [told(event) for event in page]}
    return render(request, "environments/activity.html", context)
