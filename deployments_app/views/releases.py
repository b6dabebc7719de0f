"""The pages of releases: what is in one, where does it run, where may it go next."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import OuterRef, Prefetch, Subquery, UUIDField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from controlplane.core import access
from controlplane.core.policies import Capability
from controlplane.core.views import person, role_or_404
from deployments_app import selectors
from deployments_app.models import Deployment, Release
from deployments_app.taskdefinition import Change
from environments_app.models import ConfigVersion, Environment, StateVersion

PAGE = 30
ENDED = {
    "succeeded": "It ran here and does not any more.",
    "rolled_back": "It was taken back, and does not come again by itself. Deploy it by hand once the cause is mended.",
    "rollback_failed": "It failed and could not be taken back: look at what runs here before anything is deployed.",
    "failed": "It failed, and does not come again by itself. Deploy it by hand once the cause is mended.",
    "rejected": "It was refused, and does not come again by itself.",
    "canceled": "It was ended before it began, and does not come again by itself.",
    "superseded": "Something else took its place before it was through.",
}
"""What became of a release at a place where it does not run, by the end of its last deployment there."""


@dataclass(frozen=True)
class Place:
    """One environment as a place for a release: how it got on there, and what the environment's policy said.

    `running`: the deployment that brought it, where it runs; `newest`: the last one of this release, which may be
    another that did not get so far. `unreleased`: where it runs, what was applied since and waits for a deployment
    of the same release.
    """

    environment: Environment
    running: Deployment | None
    newest: Deployment | None
    decision: dict[str, Any]
    unreleased: list[Change]

    @property
    def note(self) -> str:
        """Why it is not here, as of now. The policy's answer is of the moment when the release arrived: it counts until
        a deployment has ended, or while nobody asked for one."""
        if self.newest is None or (self.is_on_its_way and self.newest.automatic):
            return str(self.decision.get("reason", ""))
        return "" if self.running or self.is_on_its_way else ENDED[self.newest.state]

    @property
    def is_on_its_way(self) -> bool:
        return self.newest is not None and not self.newest.is_finished


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every release of the systems that the user sees, newest first."""
    systems = access.visible_systems(person(request))
    wanted = request.GET.get("system", "")
    releases = Release.objects.filter(system__in=systems).select_related("system", "service")
    if wanted:
        releases = releases.filter(system__slug=wanted)
    newest_first = Deployment.objects.select_related("environment").order_by("-created_at")
    releases = releases.prefetch_related(Prefetch("deployments", queryset=newest_first))
    page = Paginator(releases, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "wanted": wanted,
        "systems": systems,
        "filters": f"system={wanted}&" if wanted in {system.slug for system in systems} else "",
    }
    return render(request, "deployments/releases.html", context)


@require_GET
def show(request: HttpRequest, release_id: UUID) -> HttpResponse:
    """What is in it, where does it run, where may it go next."""
    related = Release.objects.select_related("system", "service").prefetch_related("images", "deliveries")
    release = related.filter(pk=release_id).first()
    if release is None:
        raise Http404
    role = role_or_404(request, release.system)
    context = {
        "release": release,
        "system": release.system,
        "role": role,
        "may_deploy": access.may(person(request), release.system, Capability.PLAN),
        "deploy_fields": [("release", release.pk)],
        "places": places_of(release),
        "history": release.deployments.select_related("environment__system", "service")[:PAGE],
    }
    return render(request, "deployments/release.html", context)


def places_of(release: Release) -> list[Place]:
    """The environments whose configuration has the service, with how the release got on there."""
    here = Deployment.objects.standing().filter(environment=OuterRef("pk"), service=release.service)
    versions = ConfigVersion.objects.filter(environment=OuterRef("pk")).order_by("-number")
    states = StateVersion.objects.filter(environment=OuterRef("pk"))
    environments = (
        Environment.objects.filter(system=release.system)
        .select_related("system")
        .annotate(
            running=Subquery(here.order_by("-finished_at").values("pk")[:1], output_field=UUIDField()),
            document=Subquery(versions.values("document")[:1]),
            outputs=Subquery(states.values("outputs")[:1]),
        )
        .order_by("tier", "slug")
    )
    history = release.deployments.select_related("service").order_by("created_at")
    newest = {deployment.environment_id: deployment for deployment in history}
    by_id = {deployment.pk: deployment for deployment in history}
    return [
        Place(
            environment,
            running := by_id.get(environment.running),
            newest.get(environment.pk),
            release.decisions.get(environment.slug, {}),
            selectors.unreleased(running, environment.outputs or {}) if running else [],
        )
        for environment in environments
        if release.service.slug in environment.document.get("services", {})
    ]
