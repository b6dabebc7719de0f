"""One environment as the API tells of it: everything that joins the apps."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from ninja import Router, Schema

from controlplane.core import access
from controlplane.core.api import actor_of
from controlplane.core.policies import Capability
from controlplane.pages.fleet import newest_of_each_service
from deployments_app.models import Deployment
from deployments_app.selectors import unreleased
from environments_app import selectors
from environments_app.api import describe_locks, find_environment
from environments_app.models import ConfigVersion, Environment, Run

router = Router()


class EnvironmentListed(Schema):
    system: str
    environment: str
    tier: str
    config_version: int


@router.get("/environments", response=list[EnvironmentListed])
def list_environments(request: HttpRequest) -> list[dict[str, Any]]:
    """Every environment that the token may see, by name; config_version is the newest, applied or not."""
    newest = ConfigVersion.objects.filter(environment=OuterRef("pk")).order_by("-number").values("number")
    seen = Environment.objects.filter(system__in=access.visible_systems(actor_of(request).user))
    listed = seen.annotate(newest=Subquery(newest[:1])).filter(newest__isnull=False).select_related("system")
    return [
        {"system": e.system.slug, "environment": e.slug, "tier": e.tier, "config_version": e.newest}
        for e in listed.order_by("system__slug", "slug")
    ]


@router.get("/environments/{system}/{environment}")
def get_environment(request: HttpRequest, system: str, environment: str) -> dict[str, Any]:
    """Configuration version, lock, running versions, health, alarms and cost.

    What nobody knows is said as "unknown" or null, never as good and never as 0.
    """
    found = find_environment(request, system, environment, Capability.VIEW)
    return {
        "system": found.system.slug,
        "environment": found.slug,
        "tier": found.tier,
        "config_version": found.config_version.number,
        "protection": found.protection.document,
        "locks": describe_locks(found),
        "running": _running(found),
        "infrastructure": _infrastructure(found),
        "cost": _cost(found),
        "alarms": {"state": "unknown", "names": _alarm_names(found)},
    }


def _running(environment: Environment) -> dict[str, Any]:
    """By service: the release that was proved last, and what was applied since and waits to be released."""
    state = selectors.newest_state(environment)
    running: dict[str, Any] = dict.fromkeys(environment.config_version.config.services)
    standing = newest_of_each_service(Deployment.objects.standing().filter(environment=environment))
    for deployment in standing.prefetch_related("release__images"):
        release = deployment.release
        running[deployment.service.slug] = {
            "release": str(release.pk),
            "version": release.version,
            "commit": release.commit,
            "digests": {image.container: image.digest for image in release.images.all()},
            "since": deployment.finished_at,
            "deployment": str(deployment.pk),
            "unreleased": [change.to_json() for change in unreleased(deployment, state.outputs if state else {})],
        }
    return running


def _infrastructure(environment: Environment) -> dict[str, Any]:
    state, drift = selectors.newest_state(environment), selectors.newest_drift_run(environment)
    return {
        "applied_at": state.created_at if state else None,
        "run": str(state.run_id) if state else None,
        "state_serial": state.serial if state else None,
        "resources": state.resources if state else None,
        "outputs": state.outputs if state else {},
        "drift": {"state": drift.state, "checked_at": drift.finished_at} if drift else {"state": "unknown"},
    }


def _cost(environment: Environment) -> dict[str, Any]:
    """The estimate of what was applied last, with the releases that it asks for made."""
    applied = Run.objects.filter(environment=environment, kind="apply", state="applied").first()
    after = applied.cost.get("after") if applied else None
    return {
        "monthly": after["total_monthly_cost"] if after else None,
        "range": after["range"] if after else None,
        "unknown": after["unknown"] if after else [],
        "estimated_by": str(applied.pk) if applied and after else None,
    }


def _alarm_names(environment: Environment) -> list[str]:
    state = selectors.newest_state(environment)
    alarms = (state.outputs.get("alarms") or {}) if state else {}
    return sorted((alarms.get("names") or {}).values())
