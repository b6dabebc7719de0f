"""One system in which something is in every state that a page shows, for tests that look at all pages."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, User
from controlplane.core.services import audit, locks, output
from controlplane.lib import clock
from deployments_app.models import Deployment
from environments_app.models import Environment, Run, StateVersion
from environments_app.services import configs, protections
from tests import factories, release_world

FAILURE = {
    "code": "TERRAFORM_FAILED",
    "cause": "Terraform could not make the database",
    "effect": "3 of 7 changes were made.",
    "next_step": "Plan again.",
    "details": ["Error: creating RDS DB Instance\n\n  with aws_db_instance.main"],
}
LOG = ["Initializing the backend...", "\x1b[32mSuccess!\x1b[0m", "\x1b[90mgrey\x1b[0m", "Error: it did not work"]


@dataclass(frozen=True)
class PageWorld:
    """`reader` sees all of it and may do most; `pages` is what each page is called and where it is."""

    reader: User
    pages: dict[str, str]


def make() -> PageWorld:
    system = factories.system("shop")
    developer = factories.member(system, "developer", "dora")
    reader = factories.member(system, "admin", "ada")
    development = factories.environment(system)
    staging = factories.environment(system, "staging", tier="staging")
    live = factories.environment(system, "live", tier="production")
    ApiToken.issue(reader, "CI of shop")
    audit.record(
        Actor.person(reader), "run.requested", subject=("environment", live.pk), system=system, environment="live",
        after={"state": "queued"}, reason="A freeze is on.", refused=True,
    )  # fmt: skip

    changed = {**live.config_version.document, "logs": {"retention_days": 90}, "budget": {"monthly_usd": 120}}
    changed["alert_routes"] = [{"severity": "critical", "channel": "email", "target": "shop-on-call@example.com"}]
    configs.save_config(Actor.person(reader), live, changed, based_on=1, reason="Auditors ask for three months.")
    other_admin = Actor.person(factories.member(system, "admin", "ben"))
    weaker = {"required_approvals": 0, "branches": ["main", "release/*"]}
    protections.change(other_admin, live, weaker, based_on=1, reason="A freeze needs quick hands.")
    asked = factories.planned_run(live, developer)
    Run.objects.filter(pk=asked.pk).update(**_plan())
    failed = factories.run(staging, developer)
    applied = factories.run(development, developer)
    planning = factories.run(development, developer)
    _set(applied, "applied", progress={"phase": "apply", "done": 4, "total": 4}, finished_at=clock.now())
    StateVersion.objects.create(
        environment=development, run=applied, outputs={"load_balancer": "shop.example.com", "names": ["a", "b"]}
    )
    _set(planning, "planning", progress={"phase": "plan", "done": 3, "total": 9, "current": "aws_vpc.main"})
    _set(failed, "failed", failure=FAILURE, finished_at=clock.now())
    unknown = factories.run(live, developer)
    _set(unknown, "outcome_unknown", failure={**FAILURE, "code": "OUTCOME_UNKNOWN", "details": []})
    rolling, taken_back, waiting = _deployments(live, staging)
    locks.acquire(Actor.person(developer), live.pk, ("run", unknown.pk), "Apply configuration v1", exclusive=True)
    environment = "/environments/shop/live"
    return PageWorld(
        reader,
        {
            "fleet": "/",
            "inbox": "/inbox",
            "environments": "/environments",
            "search": "/search?q=shop",
            "environment": environment,
            "infrastructure": f"{environment}/infrastructure",
            "configuration": f"{environment}/configuration",
            "configuration, an old version": f"{environment}/configuration?version=1",
            "configuration, compared": f"{environment}/configuration?from=1&to=2",
            "new environment": "/environments/new",
            "blueprints": "/blueprints",
            "alert routes": "/alert-routes",
            "protection, with a proposal": f"{environment}/protection",
            "edit configuration": f"{environment}/configuration/edit",
            "edit configuration as YAML": f"{environment}/configuration/edit/yaml",
            "activity": f"{environment}/activity",
            "environment, applied": "/environments/shop/development",
            "run with a plan": f"/runs/{asked.pk}",
            "run, planning": f"/runs/{planning.pk}",
            "run, applied": f"/runs/{applied.pk}",
            "run, failed": f"/runs/{failed.pk}",
            "run, outcome unknown": f"/runs/{unknown.pk}",
            "releases": "/releases",
            "release": f"/releases/{rolling.release_id}",
            "deployment, rolling out": f"/deployments/{rolling.pk}",
            "deployment, rolled back": f"/deployments/{taken_back.pk}",
            "deployment, to be approved": f"/deployments/{waiting.pk}",
            "audit": "/audit",
            "settings": "/settings",
            "style": "/style",
            "not found": "/runs/00000000-0000-0000-0000-000000000000",
        },
    )


def _set(run: Run, state: str, **values: Any) -> None:
    stream = output.open_stream(run.environment.system, ("run", run.pk), "terraform")
    writer = output.OutputWriter(stream)
    for line in LOG:
        writer.line(line)
    writer.close()
    begun = clock.now() - timedelta(minutes=2)
    Run.objects.filter(pk=run.pk).update(state=state, stream=stream, planning_at=begun, **values)


def _plan() -> dict[str, Any]:
    """A plan with every kind of change, and an estimate with every kind of price."""
    actions = ["create", "update", "replace", "delete"]
    attribute = {"path": "port", "before": "80", "after": "8080", "forces_replacement": False}
    changes = [
        {"address": f"module.network.aws_thing.{action}", "module": "module.network", "type": "aws_thing",
         "name": action, "action": action, "reason": "", "create_first": False,
         "attributes": [attribute, {**attribute, "path": "arn", "forces_replacement": action == "replace"}]}
        for action in actions
    ]  # fmt: skip
    summary = {
        "add": 2, "change": 1, "destroy": 2, "replace": 1, "unchanged": 12, "output_changes": [],
        "changes": changes, "drift": [{**changes[1], "name": "elsewhere"}], "terraform_version": "1.9.8",
    }  # fmt: skip
    priced = {"status": "priced", "monthly_cost": 16.43, "has_unstated_usage": False, "components": []}
    resources = {
        changes[0]["address"]: priced,
        changes[1]["address"]: {**priced, "status": "unknown", "monthly_cost": None},
        changes[2]["address"]: {**priced, "status": "usage_based", "monthly_cost": None, "has_unstated_usage": True},
        changes[3]["address"]: {**priced, "status": "free", "monthly_cost": 0.0},
    }
    estimate = {
        "currency": "USD", "total_monthly_cost": 16.43, "resources": resources,
        "unknown": [changes[1]["address"]], "range": {"low": 10.0, "high": 40.0},
    }  # fmt: skip
    cost = {
        "before": {**estimate, "total_monthly_cost": 4.0, "resources": {}}, "after": estimate, "change": 12.43,
        "by_resource": {changes[0]["address"]: 16.43},
    }  # fmt: skip
    findings = [{"title": "1 resource that keeps data would be lost", "detail": "aws_thing", "refuses": True}]
    now = clock.now()
    return {"summary": summary, "cost": cost, "findings": findings, "planning_at": now, "planned_at": now}


def _deployments(live: Environment, staging: Environment) -> list[Deployment]:
    """One that rolls out with failing tasks, one that was taken back, one that waits for people."""
    task = {"generation": "new", "revision": "api:2", "zone": "us-east-1a", "state": "RUNNING", "health": "HEALTHY",
            "target": "healthy", "target_reason": "", "reason": "", "failed": False, "digests": {},
            "started_at": "2026-11-20T12:00:00+00:00", "stopped_at": None}  # fmt: skip
    tasks = [
        {**task, "id": "1" * 32, "generation": "old", "revision": "api:1"},
        {**task, "id": "2" * 32, "health": "UNHEALTHY", "target": "unhealthy"},
        {**task, "id": "3" * 32, "state": "STOPPED", "failed": True, "reason": "ended by itself with code 1"},
    ]
    release = release_world.release(live.system)
    now = clock.now()
    common = {"service": release.service, "release": release, "strategy": "rolling", "requester_name": "dora",
              "account_key": release_world.KEY, "started_at": now, "rolling_out_at": now}  # fmt: skip
    stream = output.open_stream(live.system, ("deployment", release.pk), "controller")
    rolling = Deployment.objects.create(
        environment=live, state="rolling_out", observed={"tasks": tasks}, observed_at=now, stream=stream, **common
    )
    taken_back = Deployment.objects.create(
        environment=staging, state="rolled_back", failure=FAILURE, finished_at=now, rolling_back_at=now, **common
    )
    other = factories.environment(live.system, "other", tier="production", required_release_approvals=1)
    release_world.provisioned(other, release_world.outputs())
    return [rolling, taken_back, release_world.asked(other)]
