"""The Terraform jobs: each takes an id, claims, calls the domain, records the end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from controlplane.core.actors import Actor
from controlplane.core.services import approvals, audit
from controlplane.core.services.transitions import move
from controlplane.lib import clock, queue
from controlplane.lib.errors import Refusal, SlipwayError
from environments_app import policies, schema
from environments_app.cost.estimate import estimate_change
from environments_app.cost.model import delta, money
from environments_app.execution import Execution, artefacts, current_inputs, executing
from environments_app.models import Run, StateVersion
from environments_app.services import claims, runs
from environments_app.services.claims import RUNNER, Claim, ClaimLost
from environments_app.terraform.runner import Planned, TerraformCanceled, TerraformFailed
from environments_app.terraform.state import read_identity, read_lock, remove_lock

log = logging.getLogger(__name__)


@queue.job
def plan_run(run_id: str) -> None:
    """Plans a queued run and stores what it would do; a run that is to be applied then asks for approval."""
    claim = claims.claim_plan(run_id)
    if claim is None:
        return
    with _ending_well(claim):
        with executing(claim) as execution:
            inputs = execution.make_workspace()
            planned = execution.runner.plan(claim.run.kind)
            _store_plan(execution, planned, inputs)
        _conclude_plan(claim, planned)


@queue.job
def apply_run(run_id: str) -> None:
    """Applies exactly the plan file that was approved, under the environment's exclusive lock."""
    claim = claims.claim_apply(run_id)
    if claim is None:
        return
    if isinstance(claim, Refusal):
        log.info("run %s waits: %s", run_id, claim.message)
        return
    run = claim.run
    with _ending_well(claim):
        with executing(claim) as execution:
            execution.restore_workspace()
            if changed := _changed_since_approval(execution):
                raise _Outdated(changed)
            approvals.supersede(RUNNER, runs.subject(run), "it is being applied", "used")
            execution.say(f"applying the saved plan, sha256 {run.bound['plan_sha256']}")
            execution.runner.init_again()
            claim.check()
            applied = execution.runner.apply(len(run.summary["changes"]))
            _record_state(execution, applied.outputs)
        _end(claim, "applied")
    runs.supersede_waiting(RUNNER, run.environment, "another run was applied", keep=run.pk)


@queue.job
def reconcile_run(run_id: str, ordered_by: str) -> None:
    """Finds out how a lost apply ended: frees the dead process's state lock, plans again, records the answer."""
    run = Run.objects.select_related("environment__system", "config_version", "stream").get(pk=run_id)
    if run.state != "outcome_unknown":
        return
    actor = Actor("slipway", f"reconciliation, ordered by {ordered_by}", None, "runner")
    claim = Claim(run)
    with executing(claim) as execution:
        if claims.holder_is_alive(run):
            execution.say("the Terraform process still lives; cancel it first")
            return
        if lock := read_lock(execution.account, execution.address):
            execution.say(f"freeing the state lock of the dead process ({lock.get('Who', 'unknown')})")
            remove_lock(execution.account, execution.address)
        execution.make_workspace()
        planned = execution.runner.plan("destroy" if run.kind == "destroy" else "speculative")
        _record_state(execution, {})
        left, total = len(planned.summary.changes), len(run.summary.get("changes", []))
        execution.say(f"{left} of {total} planned changes are still to be made")
    with transaction.atomic():
        if left == 0:
            move(actor, run, "applied", reason="reconciled: nothing is left to do", finished_at=clock.now(), failure={})
        else:
            failure = policies.apply_failure("WORKER_LOST", "The worker died while applying.", total - left, total)
            move(
                actor,
                run,
                "failed",
                reason=f"reconciled: {left} changes left",
                finished_at=clock.now(),
                failure=failure.to_json(),
            )
        runs.close(run)


@queue.job
def forget_artefact(run_id: str) -> None:
    """Deletes the saved plan of a finished run: it is the one place where secrets rest for a while."""
    artefacts().delete(f"run-{run_id}")
    Run.objects.filter(pk=run_id).update(has_artefact=False)


def sweep_runs() -> None:
    """Finds what was lost: silent workers, jobs that Redis forgot, approvals that ran out, plans that stayed behind."""
    claims.recover_lost()
    claims.ring_again()
    for run in Run.objects.filter(state__in=["awaiting_approval", "approved"]).select_related("environment__system"):
        if approvals.live_request(runs.subject(run)) is None:
            with transaction.atomic():
                if move(RUNNER, run, "discarded", reason="nobody approved it in time", finished_at=clock.now()):
                    runs.close(run)
    finished = Run.objects.filter(has_artefact=True, finished_at__isnull=False).exclude(state="outcome_unknown")
    for run_id in finished.values_list("pk", flat=True)[:20]:
        forget_artefact(str(run_id))


class _Outdated(SlipwayError):
    """What was approved is not what would run now."""

    def __init__(self, inputs: list[str]) -> None:
        super().__init__("OUTDATED", f"changed since it was approved: {', '.join(inputs)}", 409)


def _changed_since_approval(execution: Execution) -> list[str]:
    """Which bound inputs are not what they were: the names, empty when all is as approved."""
    run = execution.run
    request = approvals.live_request(runs.subject(run))
    if request is None or request.state != "complete" or request.digest != approvals.digest_of(run.bound):
        return ["approval"]
    lineage, serial, _ = read_identity(execution.account, execution.address)
    now = {
        **current_inputs(run),
        "plan_sha256": execution.workspace.plan_sha256(),
        "state_serial": serial,
        # Before the first apply there is no lineage; Terraform makes one up for the plan.
        **({"state_lineage": lineage} if lineage else {}),
    }
    return sorted(name for name, value in now.items() if run.bound[name] != value)


def _store_plan(execution: Execution, planned: Planned, inputs: dict[str, Any]) -> None:
    """Keeps the workspace as one encrypted artefact, and in the row what people decide about."""
    run = execution.run
    run_config = run.config_version.config
    summary = planned.summary.to_json()
    cost = _estimate(planned.plan_json)
    found = policies.findings(summary, cost, run_config, schema.warnings(run_config), tier=run.environment.tier)
    keeps = run.changes_the_world and not planned.summary.is_empty
    if keeps:
        artefacts().put(run.artefact_name, execution.workspace.archive())
        execution.say(f"saved the plan, sha256 {planned.plan_sha256}")
    execution.claim.store(
        summary=summary,
        cost=cost,
        findings=[finding.to_json() for finding in found],
        bound=policies.bound_inputs(
            plan_sha256=planned.plan_sha256,
            lineage=planned.state.lineage,
            serial=planned.state.serial,
            **inputs,
        ),
        has_artefact=keeps,
        planned_at=clock.now(),
    )


def _estimate(plan_json: dict[str, Any]) -> dict[str, Any]:
    """Before, after and change of the monthly cost. A failure of the estimator is shown, and never looks like $0."""
    try:
        before, after = estimate_change(plan_json, as_of=clock.now().date())
    except Exception as error:
        log.exception("the cost estimate failed")
        return {"error": f"{type(error).__name__}: {error}"}
    change = delta(before, after)
    return {
        "before": before.to_record(),
        "after": after.to_record(),
        "change": money(change.monthly_cost),
        "by_resource": {address: money(amount) for address, amount in change.resources.items()},
        "uncertain": list(change.uncertain),
    }


def _conclude_plan(claim: Claim, planned: Planned) -> None:
    run = claim.run
    if run.kind == "drift":
        _end(claim, "drifted" if planned.summary.changes else "no_changes")
    elif planned.summary.is_empty:
        _end(claim, "no_changes")
    else:
        with transaction.atomic():
            if not move(RUNNER, run, "planned", where={"attempt": claim.attempt}):
                raise ClaimLost
            if run.changes_the_world:
                runs.ask_for_approval(RUNNER, run)
            else:
                runs.close(run)


def _record_state(execution: Execution, outputs: dict[str, Any]) -> None:
    """Keeps what the state holds now: the outputs are what releases are made of."""
    lineage, serial, resources = read_identity(execution.account, execution.address)
    run = execution.run
    previous = StateVersion.objects.filter(environment=run.environment).first()
    StateVersion.objects.update_or_create(
        run=run,
        defaults={
            "environment": run.environment,
            "lineage": lineage,
            "serial": serial,
            "resources": resources,
            "outputs": outputs or (previous.outputs if previous and resources else {}),
        },
    )


def _end(claim: Claim, state: str, reason: str = "", failure: policies.Failure | None = None) -> None:
    """The run's end, once: state, time, failure; then its output is closed and its lock freed."""
    run = claim.run
    with transaction.atomic():
        ended = move(
            RUNNER,
            run,
            state,
            reason=reason,
            where={"attempt": claim.attempt},
            finished_at=clock.now(),
            failure=failure.to_json() if failure else {},
        )
        if not ended:
            raise ClaimLost
        runs.close(run)
        audit.announce(f"run.{state}", run.audit_system, run.audit_environment, runs.subject(run), title=run.title)


@contextmanager
def _ending_well(claim: Claim) -> Iterator[None]:
    """Turns whatever goes wrong inside into the run's recorded end; only a lost claim leaves the row alone."""
    try:
        yield
    except ClaimLost:
        log.warning("run %s: attempt %s was overtaken and stops", claim.run.pk, claim.attempt)
    except _Outdated as error:
        _end_applying(claim, "failed", error.code, error.message, [])
    except TerraformCanceled as error:
        by = Run.objects.values_list("cancel_requested_by", flat=True).get(pk=claim.run.pk)
        words = f"Canceled by {by}." + (" Terraform had to be killed." if error.ended.killed else "")
        _end_applying(claim, "canceled", error.code, words, [])
    except TerraformFailed as error:
        _end_applying(claim, "failed", error.code, error.message, error.diagnostics)
    except SlipwayError as error:
        _end_applying(claim, "failed", error.code, error.message, [])
    except Exception as error:
        log.exception("run %s failed", claim.run.pk)
        _end_applying(claim, "failed", "INTERNAL", f"Slipway itself failed: {type(error).__name__}.", [])


def _end_applying(claim: Claim, state: str, code: str, cause: str, details: list[str]) -> None:
    """Ends a run that went wrong in the words of its phase."""
    run = claim.run
    if run.state == "applying":
        done = int(run.progress.get("done", 0)) if run.progress.get("phase") == "apply" else 0
        failure = policies.apply_failure(code, cause, done, len(run.summary["changes"]), details)
    else:
        failure = policies.plan_failure(code, cause, details)
    try:
        _end(claim, state, cause, failure)
    except ClaimLost:
        log.warning("run %s: attempt %s was overtaken before its end was recorded", run.pk, claim.attempt)
