"""What the pages that join the apps read about people's decisions and about history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from controlplane.core import access
from controlplane.core.models import Approval, ApprovalRequest, AuditEvent, System, User
from controlplane.core.policies import Capability
from controlplane.pages import words
from deployments_app.models import Deployment, Release
from environments_app.models import Environment, Run, Service

MOST_WAITING = 100
MOST_FOUND = 10
PAGES = {
    "run": "environments:run",
    "deployment": "deployments:deployment",
    "release": "deployments:release",
    "protection": "environments:protection-by-id",
}


@dataclass(frozen=True)
class Need:
    """One thing that wants a person: what and where, its facts, since when, and the page where it is decided."""

    state: str
    what: str
    href: str
    action: str
    since: datetime | None = None
    who: str = ""
    lines: Sequence[str] = ()
    primary: bool = False


def page_of(kind: str, identifier: UUID | str) -> str:
    """The address of a subject's page; "" for a kind that has none."""
    return reverse(PAGES[kind], args=[identifier]) if kind in PAGES else ""


# ---- Inbox


def open_requests(user: User) -> list[ApprovalRequest]:
    """The approvals that this user could give now, oldest first."""
    asked = (
        ApprovalRequest.objects.filter(state="open")
        .filter(
            Q(capability=Capability.APPROVE, system__in=access.systems_where(user, Capability.APPROVE))
            | Q(capability=Capability.CONFIGURE, system__in=access.systems_where(user, Capability.CONFIGURE))
        )
        .exclude(requester=user)
        .exclude(pk__in=Approval.objects.filter(user=user, revoked_at__isnull=True).values("request"))
        .select_related("system", "requester")
        .prefetch_related("approvals")
        .order_by("created_at")[:MOST_WAITING]
    )
    return [request for request in asked if str(user.pk) not in request.barred]


def lost_runs(systems: Iterable[System]) -> list[Run]:
    """Applies of which nobody knows how they ended, oldest first."""
    lost = Run.objects.filter(state="outcome_unknown", environment__system__in=list(systems))
    return list(lost.select_related("environment__system").order_by("applying_at")[:MOST_WAITING])


def inbox_count(user: User) -> int:
    """How many things wait for this user."""
    return len(open_requests(user)) + len(lost_runs(access.systems_where(user, Capability.OPERATE)))


def inbox(user: User) -> list[Need]:
    """What needs this user's decision: what nobody knows first, then what waits for approval, oldest first."""
    needs = [lost_run_need(run) for run in lost_runs(access.systems_where(user, Capability.OPERATE))]
    requests = open_requests(user)
    by_kind = {kind: [r.subject_id for r in requests if r.subject_kind == kind] for kind in ("run", "deployment")}
    runs = Run.objects.in_bulk(by_kind["run"])
    deployments = Deployment.objects.select_related("release__service", "previous_release").in_bulk(
        by_kind["deployment"]
    )
    facts = {key: plan_in_words(run) for key, run in runs.items()}
    facts |= {key: deployment_in_words(deployment) for key, deployment in deployments.items()}
    return needs + [_request_need(request, facts.get(request.subject_id, "")) for request in requests]


def lost_run_need(run: Run) -> Need:
    return Need(
        state="outcome_unknown",
        what=f"{run.environment}: nobody knows how “{run.title}” ended",
        lines=["The worker was lost while applying. The environment stays locked until it is reconciled."],
        href=page_of("run", run.pk),
        action="Reconcile",
        since=run.applying_at,
        who=run.requester_name,
    )


def _request_need(request: ApprovalRequest, facts: str) -> Need:
    given = sum(approval.revoked_at is None for approval in request.approvals.all())
    lines = [facts] if facts else []
    lines.append(f"{given} of {words.plural(request.required, 'approval')}")
    return Need(
        state="awaiting_approval",
        what=f"{request.system.slug}/{request.environment}: {request.title}",
        lines=lines,
        href=page_of(request.subject_kind, request.subject_id),
        action="Review",
        since=request.created_at,
        who=request.requester.get_username() if request.requester else "Slipway",
        primary=True,
    )


def plan_in_words(run: Run) -> str:
    """ "+12 ~3 −1, 1 replacement. $61.20 to ≥ $74.85 a month, 2 resources unknown, not in the sum." """
    summary = run.summary
    if not summary:
        return "Not planned yet."
    text = f"+{summary['add']} ~{summary['change']} −{summary['destroy']}"
    if summary["replace"]:
        text += f", {words.plural(summary['replace'], 'replacement')}"
    if "after" not in run.cost:
        return f"{text}. The cost is unknown."
    before, after = (run.cost[side]["total_monthly_cost"] for side in ("before", "after"))
    unknown = run.cost["after"]["unknown"]
    by_use = any(cost.get("has_unstated_usage") for cost in run.cost["after"]["resources"].values())
    least = "≥ " if unknown or by_use else ""
    text += f". {words.money(before)} to {least}{words.money(after)} a month"
    release = run.cost.get("next_release", {}).get("change", 0)
    if release != 0:
        part = "an unknown part" if release is None else words.money(release, signed=True)
        text += f", {part} of it with the next release"
    if unknown:
        text += f", {words.plural(len(unknown), 'resource')} unknown, not in the sum"
    return f"{text}."


def deployment_in_words(deployment: Deployment) -> str:
    """ "api 1.8.3 to 1.9.0, rolling. Commit d3a90f7 of main." """
    release, previous = deployment.release, deployment.previous_release
    versions = f"{previous.version} to {release.version}" if previous else release.version
    text = f"{release.service.slug} {versions}, {deployment.strategy.replace('_', ' ')}."
    return f"{text} Commit {release.commit[:7]} of {release.branch}."


# ---- History


@dataclass(frozen=True)
class AuditFilter:
    """What the audit page was asked for; empty fields do not narrow."""

    system: str = ""
    actor: str = ""
    action: str = ""
    subject: str = ""
    refused: bool = False


def visible_events(user: User | None) -> QuerySet[AuditEvent]:
    """The events of the systems that the user sees, newest first; events without a system are for superusers."""
    events = AuditEvent.objects.select_related("system").order_by("-at")
    if user is not None and user.is_active and user.is_superuser:
        return events
    return events.filter(system__in=access.visible_systems(user))


def audit_events(user: User, wanted: AuditFilter) -> QuerySet[AuditEvent]:
    """What the audit page was asked for, of what the user sees."""
    events = visible_events(user)
    if wanted.system:
        events = events.filter(system__slug=wanted.system)
    if wanted.actor:
        events = events.filter(actor_name__icontains=wanted.actor)
    if wanted.action:
        events = events.filter(action__startswith=wanted.action)
    if wanted.subject:
        events = events.filter(subject_id__startswith=wanted.subject)
    if wanted.refused:
        events = events.filter(refused=True)
    return events


# ---- Search


@dataclass(frozen=True)
class Found:
    """One thing that a search found."""

    kind: str
    name: str
    href: str
    note: str = ""


def search(user: User, query: str) -> list[Found]:
    """Environments and services by name, releases by version or commit, all by the beginning of their id.

    Only what the user may see.
    """
    text = query.strip()
    if not text:
        return []
    systems = access.visible_systems(user)
    found = []
    system_part, _, environment_part = text.partition("/")
    environments = Environment.objects.filter(system__in=systems).select_related("system")
    by_name = Q(slug__icontains=text) | Q(system__slug__icontains=text) | Q(system__title__icontains=text)
    if environment_part:
        by_name = Q(system__slug__icontains=system_part, slug__icontains=environment_part)
    for environment in environments.filter(by_name)[:MOST_FOUND]:
        href = reverse("pages:environment", args=[environment.system.slug, environment.slug])
        found.append(Found("environment", str(environment), href, environment.tier))
    for service in Service.objects.filter(system__in=systems, slug__icontains=text).select_related("system")[
        :MOST_FOUND
    ]:
        href = f"{reverse('pages:environments')}#{service.system.slug}"
        found.append(Found("service", str(service), href))
    runs = Run.objects.filter(environment__system__in=systems).select_related("environment__system")
    for run in runs.filter(_starts_with("id", text) | Q(title__icontains=text))[:MOST_FOUND]:
        found.append(Found("run", f"{run.environment}: {run.title}", page_of("run", run.pk), run.state))
    releases = Release.objects.filter(system__in=systems).select_related("service__system")
    service_part, _, version_part = text.partition(" ")
    by_label = Q(version__icontains=text) | Q(commit__startswith=text) | Q(images__digest__contains=text)
    if version_part:
        by_label |= Q(service__slug__icontains=service_part, version__icontains=version_part.strip())
    for release in releases.filter(_starts_with("id", text) | by_label).distinct()[:MOST_FOUND]:
        found.append(Found("release", str(release), page_of("release", release.pk), release.branch))
    deployments = Deployment.objects.filter(environment__system__in=systems)
    for deployment in deployments.filter(_starts_with("id", text)).select_related(
        "environment__system", "release__service__system"
    )[:MOST_FOUND]:
        found.append(Found("deployment", str(deployment), page_of("deployment", deployment.pk), deployment.state))
    return found


def _starts_with(name: str, text: str) -> Q:
    """Rows whose UUID begins with `text`, as a range, so that the index serves it; nothing where it is no UUID."""
    digits = text.replace("-", "").lower()
    if not 4 <= len(digits) <= 32 or any(digit not in "0123456789abcdef" for digit in digits):
        return Q(pk__in=[])
    return Q(**{f"{name}__range": (UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))})
