"""What a run leaves in the database: the plan that people decide about, its cost, and the state after an apply."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from controlplane.lib import clock
from controlplane.lib.aws import AwsError
from environments_app import ecs, policies
from environments_app.cost.estimate import estimate as estimate_side
from environments_app.cost.estimate import estimate_change
from environments_app.cost.model import delta, money
from environments_app.cost.plan import read_plan
from environments_app.cost.releases import next_release, running_definitions, with_running
from environments_app.execution import Execution, artefacts, current_inputs
from environments_app.models import StateVersion
from environments_app.terraform.outputs import usable
from environments_app.terraform.runner import Planned
from environments_app.terraform.state import read_identity
from environments_app.terraform.workspace import WorkspaceError

log = logging.getLogger(__name__)
SizesOf = Callable[[list[str]], Mapping[str, Mapping[str, Any]]]
"""Answers the sizes of tasks by the ARNs of their definitions, as ecs.task_size does; what it leaves out is unknown."""


def store_plan(execution: Execution, planned: Planned, inputs: dict[str, Any]) -> None:
    """Keeps the workspace as one encrypted artefact, and in the row what people decide about."""
    run = execution.run
    config = run.config_version.config
    summary = planned.summary.to_json()

    def sizes_of(definitions: list[str]) -> Mapping[str, Mapping[str, Any]]:
        sizes = {}
        for definition in definitions:
            try:
                sizes[definition] = ecs.task_size(execution.account, definition)
            except AwsError as error:
                execution.say(f"what {definition} costs now is not known: {error}")
        return sizes

    cost = estimate(planned.plan_json, sizes_of)
    found = policies.findings(summary, cost, config, tier=run.environment.tier)
    keeps = run.changes_the_world and not planned.summary.is_empty
    if keeps:
        try:
            artefacts().put(run.artefact_name, execution.workspace.archive())
        except OSError as error:
            raise WorkspaceError(execution.workspace.folder, error) from error
        execution.say(f"saved the plan, sha256 {planned.plan_sha256}")
    execution.claim.store(
        summary=summary,
        cost=cost,
        findings=[finding.to_json() for finding in found],
        bound=policies.bound_inputs(
            plan_sha256=planned.plan_sha256, lineage=planned.state.lineage, serial=planned.state.serial, **inputs
        ),
        has_artefact=keeps,
        planned_at=clock.now(),
    )


def estimate(plan_json: dict[str, Any], sizes_of: SizesOf) -> dict[str, Any]:
    """The monthly cost before, and after the apply and the releases that it asks for; and what each of them changes.

    `change` is `by_apply` plus `next_release.change`, which is None where one release's is not known. A failure of
    the estimator is shown, and never looks like $0.
    """
    today = clock.now().date()
    try:
        plan_json = with_running(plan_json, sizes_of(running_definitions(plan_json)))
        before, after = estimate_change(plan_json, as_of=today)
        applied = estimate_side(plan_json, as_of=today, which="applied")
        releases = next_release(read_plan(plan_json), applied, after)
    except Exception as error:
        log.exception("the cost estimate failed")
        return {"error": f"{type(error).__name__}: {error}"}
    change = delta(before, after)
    is_known = all(release.monthly_cost is not None for release in releases)
    return {
        "before": before.to_record(),
        "after": after.to_record(),
        "change": money(change.monthly_cost),
        "by_apply": money(delta(before, applied).monthly_cost),
        "next_release": {
            "change": money(delta(applied, after).monthly_cost) if is_known else None,
            "services": [release.to_json() for release in releases],
        },
        "by_resource": {address: money(amount) for address, amount in change.resources.items()},
        "uncertain": list(change.uncertain),
    }


def changed_since_approval(execution: Execution) -> list[str]:
    """Which bound inputs are not what they were: their names, empty when all is as approved."""
    run = execution.run
    lineage, serial, _ = read_identity(execution.account, execution.address)
    now = {
        **current_inputs(run),
        "plan_sha256": execution.workspace.plan_sha256(),
        "state_serial": serial,
        # Before the first apply there is no lineage; Terraform makes one up for the plan.
        **({"state_lineage": lineage} if lineage else {}),
    }
    return sorted(name for name, value in now.items() if run.bound[name] != value)


def record_state(execution: Execution, outputs: dict[str, Any]) -> None:
    """Keeps what the state holds now: the outputs are what releases are made of."""
    lineage, serial, resources = read_identity(execution.account, execution.address)
    run = execution.run
    if execution.own is not None:
        outputs, left_out = usable(outputs)
        for words in left_out:
            execution.say(words)
    values = {"lineage": lineage, "serial": serial, "resources": resources, "outputs": outputs}
    StateVersion.objects.update_or_create(run=run, defaults={"environment": run.environment, **values})


def state_is_recorded(execution: Execution, serial: int) -> bool:
    """Whether the newest recorded state is the one with this serial (an apply may have been lost before it was)."""
    newest = StateVersion.objects.filter(environment=execution.run.environment).first()
    return newest is not None and newest.serial >= serial
