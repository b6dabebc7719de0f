"""Reading environments and runs for pages and API."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from controlplane.core.models import ApprovalRequest, System
from environments_app.models import ConfigVersion, Environment, Run, StateVersion
from environments_app.schema.gaps import UNHEARD
from environments_app.states import ENDED_WELL


def find_environment(system: str, environment: str) -> Environment | None:
    return Environment.objects.select_related("system").filter(system__slug=system, slug=environment).first()


def find_run(run_id: UUID) -> Run | None:
    return Run.objects.select_related("environment__system", "config_version", "stream").filter(pk=run_id).first()


def runs_of(environment: Environment) -> QuerySet[Run]:
    """An environment's runs, newest first."""
    return Run.objects.filter(environment=environment).select_related("config_version")


def newest_state(environment: Environment) -> StateVersion | None:
    """What the environment's Terraform state held after the last apply; None before the first."""
    return StateVersion.objects.filter(environment=environment).select_related("run").first()


def last_applied(environment: Environment) -> Run | None:
    """The run that made what is there now; None before the first apply, and after a destroy."""
    changes = Run.objects.filter(environment=environment, kind__in=["apply", "destroy"], state="applied")
    last = changes.select_related("config_version").order_by("-finished_at").first()
    return last if last and last.kind == "apply" else None


def half_applied(environment: Environment) -> Run | None:
    """The newest change, where it ended badly after it had begun: what is there is partly its own."""
    begun = Run.objects.filter(environment=environment, kind__in=["apply", "destroy"], applying_at__isnull=False)
    newest = begun.exclude(finished_at=None).order_by("-finished_at").first()
    return newest if newest and newest.state in {"failed", "canceled"} else None


def newest_drift_run(environment: Environment) -> Run | None:
    """The last drift check that came to an end."""
    return Run.objects.filter(environment=environment, kind="drift", state__in=["drifted", "no_changes"]).first()


def finished_before(run: Run, most: int = 20) -> QuerySet[Run]:
    """The newest runs of the same kind and environment that came to a good end: with their times, no more."""
    ended = Run.objects.filter(environment_id=run.environment_id, kind=run.kind, state__in=ENDED_WELL)
    times = ended.filter(created_at__lt=run.created_at).order_by("-created_at")
    return times.only("state", "kind", "planning_at", "planned_at", "applying_at", "finished_at")[:most]


def approval_of(run: Run) -> ApprovalRequest | None:
    """The newest approval request of a run, in whatever state."""
    return _newest_request("run", run.pk)


def proposal_of(environment: Environment) -> ApprovalRequest | None:
    """The newest request to weaken the environment's protection, in whatever state."""
    return _newest_request("protection", environment.pk)


def _newest_request(kind: str, identifier: UUID) -> ApprovalRequest | None:
    requests = ApprovalRequest.objects.filter(subject_kind=kind, subject_id=identifier).order_by("-created_at")
    return requests.prefetch_related("approvals__user").select_related("system", "requester").first()


@dataclass(frozen=True)
class RouteFound:
    """One alert route of an environment's newest configuration."""

    system: str
    environment: str
    severity: str
    channel: str
    target: str

    @property
    def is_unheard(self) -> bool:
        """Whether nothing is sent there (`gaps.UNHEARD`)."""
        return self.channel in UNHEARD

    @property
    def text(self) -> str:
        """What a search looks in."""
        return f"{self.system}/{self.environment} {self.severity} {self.channel} {self.target}".lower()


def alert_routes(systems: Iterable[System], query: str = "") -> list[RouteFound]:
    """The alert routes of the systems' environments, by name; of those only the ones in which `query` occurs."""
    newest = ConfigVersion.objects.filter(environment=OuterRef("environment")).order_by("-number").values("pk")[:1]
    versions = ConfigVersion.objects.filter(environment__system__in=list(systems), pk=Subquery(newest))
    rows = versions.order_by("environment__system__slug", "environment__slug").values_list(
        "environment__system__slug", "environment__slug", "document__alert_routes"
    )
    found = [
        RouteFound(system, environment, route["severity"], route["channel"], route["target"])
        for system, environment, routes in rows
        for route in routes or ()
    ]
    wanted = query.lower()
    return [each for each in found if wanted in each.text]
