"""The fleet: systems by environments, each cell with version, infrastructure, drift, change and cost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.urls import reverse

from controlplane.core import access
from controlplane.core.models import LockHold, System, User
from controlplane.pages import selectors, words
from controlplane.pages.selectors import Need, page_of
from deployments_app.models import Deployment
from deployments_app.states import DEPLOYMENT
from environments_app.models import ConfigVersion, Environment, Run, StateVersion
from environments_app.states import RUN

BUDGET_BAR = 72
"""Width of the budget bar's drawing."""


@dataclass(frozen=True)
class Change:
    """A change that is under way in an environment, or the last one if it did not end well."""

    kind: str
    name: str
    href: str
    state: str
    since: datetime
    reason: str = ""

    @property
    def is_active(self) -> bool:
        return self.state in (RUN.active if self.kind == "run" else DEPLOYMENT.active)


@dataclass(frozen=True)
class Cell:
    """One environment at a glance. What is None is not known or not there yet, and is said so."""

    environment: Environment
    services: Sequence[tuple[str, str]]
    config_number: int
    applied_number: int | None
    applied_at: datetime | None
    drift: tuple[str, int, datetime] | None
    changes: Sequence[Change]
    cost: float | None
    unpriced: int
    charges_by_use: bool
    budget: float | None
    locked_by: LockHold | None

    @property
    def applied_label(self) -> str:
        """Which configuration is applied, and how far the newest is ahead: "v3", "v3, v5 is newer"."""
        newer = f", v{self.config_number} is newer" if self.applied_number != self.config_number else ""
        return f"v{self.applied_number}{newer}"

    @property
    def budget_bar(self) -> float:
        """How much of the bar the cost fills."""
        if not self.budget or self.cost is None:
            return 0.0
        return round(min(1.0, self.cost / self.budget) * BUDGET_BAR, 1)

    @property
    def is_least(self) -> bool:
        """Whether more is charged than the cost says: unknown prices, or use that nobody stated."""
        return bool(self.unpriced) or self.charges_by_use

    @property
    def is_over_budget(self) -> bool:
        return bool(self.budget and self.cost is not None and self.cost > self.budget)


@dataclass(frozen=True)
class SystemRow:
    """A system with its cells in two columns, before production and production, one line each."""

    system: System
    service_count: int
    lines: Sequence[tuple[Cell | None, Cell | None]]


@dataclass(frozen=True)
class Fleet:
    """Everything that the home page says."""

    rows: Sequence[SystemRow]
    wrong: Sequence[Need]
    waits: Sequence[Need]

    @property
    def cells(self) -> list[Cell]:
        return [cell for row in self.rows for line in row.lines for cell in line if cell]

    @property
    def is_new(self) -> bool:
        """Whether nothing was applied or released yet, nor is about to be."""
        return not any(cell.applied_at or cell.changes or any(v for _, v in cell.services) for cell in self.cells)

    @property
    def known_cost(self) -> float | None:
        """What the applied environments cost a month once all that was applied is released, as far as that is known;
        None where of none it is."""
        known = [cell.cost for cell in self.cells if cell.cost is not None]
        return None if self.uncosted and not known else sum(known)

    @property
    def uncosted(self) -> int:
        """How many environments were applied and have no estimate: they are missing from the sum."""
        return sum(cell.applied_at is not None and cell.cost is None for cell in self.cells)

    @property
    def unpriced(self) -> int:
        return sum(cell.unpriced for cell in self.cells)

    @property
    def is_least(self) -> bool:
        return bool(self.uncosted) or any(cell.is_least for cell in self.cells)

    @property
    def under_way(self) -> int:
        return sum(change.is_active for cell in self.cells for change in cell.changes)

    @property
    def headline(self) -> str:
        """The page's answer: is anything wrong, does anything wait for me?"""
        if not self.rows:
            return "You have no role in any system yet."
        well = "Nothing is applied yet." if self.is_new else "Nothing is wrong."
        wrong = _sentence(len(self.wrong), well, "thing needs a look", "things need a look")
        waits = _sentence(len(self.waits), "Nothing waits for you.", "change waits for you", "changes wait for you")
        return f"{wrong} {waits}"


NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def _sentence(count: int, none: str, one: str, many: str) -> str:
    if not count:
        return none
    number = NUMBERS[count] if count < len(NUMBERS) else str(count)
    return f"{number} {one if count == 1 else many}."


def read_fleet(user: User) -> Fleet:
    """The fleet as this user may see it, in a constant number of queries."""
    systems = access.visible_systems(user)
    environments = list(Environment.objects.filter(system__in=systems).select_related("system"))
    cells = read_cells(environments)
    by_system: dict[UUID, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_system[cell.environment.system_id].append(cell)
    rows = [_system_row(system, by_system[system.pk]) for system in systems]
    # What nobody knows stands under "wrong" already.
    waits = [need for need in selectors.inbox(user) if need.state == "awaiting_approval"]
    return Fleet(rows, wrong_now(systems, cells), waits)


def _system_row(system: System, cells: Sequence[Cell]) -> SystemRow:
    order = {"development": 0, "staging": 1, "production": 2}
    ordered = sorted(cells, key=lambda cell: (order[cell.environment.tier], cell.environment.slug))
    before = [cell for cell in ordered if cell.environment.tier != "production"]
    production = [cell for cell in ordered if cell.environment.tier == "production"]
    services = {name for cell in cells for name, _ in cell.services}
    return SystemRow(system, len(services), list(zip_longest(before, production)))


def read_cells(environments: Sequence[Environment]) -> list[Cell]:
    """A cell for each environment."""
    ids = [environment.pk for environment in environments]
    configs = _newest(ConfigVersion, ids, "-number")
    states = _by_environment(
        StateVersion.objects.filter(pk__in=_newest_ids(StateVersion, "-created_at", ids))
        # Looked for as text, so that not every resource's cost is read from the database for one yes or no.
        .annotate(after=KeyTextTransform("after", "run__cost"))
        .annotate(charges_by_use=Q(after__regex='"has_unstated_usage": ?true'))
        .values(
            "environment_id",
            "created_at",
            "run__config_version__number",
            "run__cost__after__total_monthly_cost",
            "run__cost__after__unknown",
            "charges_by_use",
        )
    )
    drifts = _by_environment(
        Run.objects.filter(
            pk__in=_newest_ids(Run, "-finished_at", ids, kind="drift", finished_at__isnull=False)
        ).values("environment_id", "state", "finished_at", "summary__drift")
    )
    runs = _by_environment(
        Run.objects.filter(pk__in=_newest_ids(Run, "-created_at", ids, kind__in=["apply", "destroy"])).values(
            "environment_id", "pk", "state", "title", "created_at", "applying_at"
        )
    )
    newest = newest_of_each_service(Deployment.objects.filter(environment__in=ids))
    running = newest_of_each_service(Deployment.objects.standing().filter(environment__in=ids))
    deployments: dict[UUID, list[Deployment]] = defaultdict(list)
    for deployment in newest:
        deployments[deployment.environment_id].append(deployment)
    versions: dict[UUID, dict[str, str]] = defaultdict(dict)
    for deployment in running:
        versions[deployment.environment_id][deployment.service.slug] = deployment.release.version
    holds = {hold.environment_id: hold for hold in LockHold.objects.filter(environment_id__in=ids)}
    return [
        _cell(
            environment,
            configs[environment.pk],
            states.get(environment.pk),
            drifts.get(environment.pk),
            [
                *_run_change(runs.get(environment.pk), environment.pk in states),
                *_deployment_changes(deployments[environment.pk]),
            ],
            versions[environment.pk],
            holds.get(environment.pk),
        )
        for environment in environments
        if environment.pk in configs
    ]


def _cell(
    environment: Environment,
    version: ConfigVersion,
    state: Mapping[str, Any] | None,
    drift: Mapping[str, Any] | None,
    changes: Sequence[Change],
    versions: Mapping[str, str],
    hold: LockHold | None,
) -> Cell:
    config = version.config
    return Cell(
        environment=environment,
        services=[(name, versions.get(name, "")) for name in config.services],
        config_number=version.number,
        applied_number=state["run__config_version__number"] if state else None,
        applied_at=state["created_at"] if state else None,
        drift=(drift["state"], len(drift["summary__drift"] or []), drift["finished_at"]) if drift else None,
        changes=changes,
        cost=state["run__cost__after__total_monthly_cost"] if state else None,
        unpriced=len(state["run__cost__after__unknown"] or []) if state else 0,
        charges_by_use=bool(state and state["charges_by_use"]),
        budget=float(config.budget.monthly_usd) if config.budget else None,
        locked_by=hold,
    )


def _run_change(run: Mapping[str, Any] | None, was_applied: bool) -> list[Change]:
    if run is None or (run["state"] not in RUN.active and run["state"] not in {"failed", "canceled"}):
        return []
    href = page_of("run", run["pk"])
    reason = "" if was_applied or run["applying_at"] else "The last plan failed; nothing was ever applied."
    return [Change("run", words.short(run["pk"]), href, run["state"], run["created_at"], reason)]


def _deployment_changes(newest: Iterable[Deployment]) -> list[Change]:
    """What is under way or did not end well, of the newest deployment of each service."""
    return [
        Change(
            "deployment",
            f"{deployment.service.slug} {deployment.release.version}",
            page_of("deployment", deployment.pk),
            "unknown" if deployment.unknown_since and deployment.is_looked_after else deployment.state,
            deployment.created_at,
            deployment.failure.get("cause", ""),
        )
        for deployment in newest
        if not deployment.is_finished or deployment.state in {"failed", "rollback_failed", "rolled_back"}
    ]


def newest_of_each_service(deployments: QuerySet[Deployment]) -> QuerySet[Deployment]:
    """Of these deployments the newest of each service and environment."""
    later = deployments.filter(
        environment=OuterRef("environment"), service=OuterRef("service"), created_at__gt=OuterRef("created_at")
    )
    return deployments.filter(~Exists(later)).select_related("service", "release").order_by("service__slug")


def wrong_now(systems: Iterable[System], cells: Sequence[Cell]) -> list[Need]:
    """What is bad, then what is not known, then what costs more than it may."""
    failed = [
        Need(
            change.state,
            f"{cell.environment}: {_what_failed(change)}",
            change.href,
            "Look",
            since=change.since,
            lines=[change.reason or "The infrastructure is not as its configuration says."],
        )
        for cell in cells
        for change in cell.changes
        if change.state in {"failed", "rollback_failed", "rolled_back"}
    ]
    lost = [selectors.lost_run_need(run) for run in selectors.lost_runs(systems)]
    return failed + lost + [_over_budget(cell) for cell in cells if cell.is_over_budget]


def _over_budget(cell: Cell) -> Need:
    where = cell.environment
    return Need(
        "failed",
        f"{where}: over the budget",
        reverse("pages:environment", args=[where.system.slug, where.slug]),
        "Look",
        lines=[f"{words.money(cell.cost or 0)} a month, estimated, of {words.money(cell.budget or 0)}"],
    )


def _what_failed(change: Change) -> str:
    if change.kind == "run":
        return "the last run failed"
    ends = {"rollback_failed": "could not be taken back", "rolled_back": "was taken back"}
    return f"{change.name} {ends.get(change.state, 'failed')}"


def _newest_ids(model: Any, order: str, ids: Sequence[UUID], **where: Any) -> list[Any]:
    """The primary key of the first row of each environment in this order."""
    first = model.objects.filter(environment=OuterRef("pk"), **where).order_by(order).values("pk")[:1]
    found = Environment.objects.filter(pk__in=ids).annotate(first=Subquery(first)).values_list("first", flat=True)
    return [key for key in found if key]


def _newest(model: Any, ids: Sequence[UUID], order: str) -> dict[UUID, Any]:
    return {row.environment_id: row for row in model.objects.filter(pk__in=_newest_ids(model, order, ids))}


def _by_environment(rows: Iterable[Mapping[str, Any]]) -> dict[UUID, Mapping[str, Any]]:
    return {row["environment_id"]: row for row in rows}
