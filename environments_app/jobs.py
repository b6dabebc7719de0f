"""The Terraform jobs: each takes an id, claims, calls the domain, records the end."""

import logging

from django.db import transaction

from controlplane.core.actors import Actor
from controlplane.core.services import approvals
from controlplane.core.services.transitions import move
from controlplane.lib import clock, queue
from controlplane.lib.errors import Refusal, SlipwayError
from environments_app import foreign, policies, selectors
from environments_app.execution import Execution, artefacts, current_inputs, executing
from environments_app.holders import holder_is_alive
from environments_app.models import Environment, Run
from environments_app.outcomes import Outdated, end, ending_well
from environments_app.recording import changed_since_approval, record_state, state_is_recorded, store_plan
from environments_app.services import claims, runs
from environments_app.services.claims import RUNNER, Claim, ClaimLost, each
from environments_app.terraform.runner import Planned
from environments_app.terraform.state import read_lock, remove_lock

log = logging.getLogger(__name__)


@queue.job
def plan_run(run_id: str) -> None:
    """Plans a queued run and stores what it would do; a run that is to be applied then asks for approval."""
    claim = claims.claim_plan(run_id)
    if claim is None:
        return
    with ending_well(claim):
        with executing(claim, "plan") as execution:
            inputs = execution.make_workspace()
            if claim.run.kind == "drift" and not _was_applied(claim.run, inputs["modules_revision"]):
                execution.say("these modules are not those of the last apply: what they make anew is no drift")
            if claim.run.kind == "drift" and selectors.half_applied(claim.run.environment):
                execution.say("the last apply stopped on the way: what it has made already shows as a difference here")
            if claim.run.attempt > 1:
                _free_lock_of_lost_plan(execution)
            planned = execution.runner.plan(claim.run.kind)
            execution.learn(planned.plan_json)
            if claim.run.kind == "drift" and planned.summary.is_empty and planned.plan_json.get("resource_drift"):
                execution.say("what Terraform calls drift above is AWS's own, or left to the release controller: none")
            store_plan(execution, planned, inputs)
            serial = planned.state.serial
            if planned.summary.is_empty and serial and not state_is_recorded(execution, serial):
                # An apply was lost before its outputs were read.
                record_state(execution, execution.runner.outputs())
        _conclude_plan(claim, planned)


def _free_lock_of_lost_plan(execution: Execution) -> None:
    """A plan that was killed with its worker may leave its state lock behind; the plan that follows would wait in vain.

    It is known to be dead, or this one were not queued again. A plan changes nothing, so its lock guards nothing once
    it is; that of an apply, and any while another run is at work, stays.
    """
    run = execution.run
    at_work = Run.objects.filter(environment=run.environment, state__in=["planning", "applying", "outcome_unknown"])
    lock = read_lock(execution.account, execution.address)
    if lock and lock.get("Operation") == "OperationTypePlan" and not at_work.exclude(pk=run.pk).exists():
        execution.say(f"freeing the state lock of the lost plan ({lock.get('Who', 'unknown')})")
        remove_lock(execution.account, execution.address)


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
    with ending_well(claim):
        with executing(claim, "apply") as execution:
            execution.restore_workspace()
            if changed := changed_since_approval(execution):
                raise Outdated(changed)
            if not approvals.use(RUNNER, runs.subject(run), run.bound):
                raise Outdated(["approval"])
            execution.say(f"applying the saved plan, sha256 {run.bound['plan_sha256']}")
            execution.runner.init_again()
            execution.learn(execution.runner.show())
            claim.check()
            claim.began_apply = True
            execution.runner.apply(len(run.summary["changes"]))
            record_state(execution, execution.runner.outputs())
        end(claim, "applied")
        runs.supersede_waiting(RUNNER, run.environment, "another run was applied", keep=run.pk)


@queue.job
def reconcile_run(run_id: str) -> None:
    """Finds out how a lost apply ended: frees the dead process's state lock, plans again, records the answer."""
    claim = claims.claim_reconciliation(run_id)
    if claim is None:
        return
    try:
        _reconcile(claim)
    except SlipwayError as error:
        failure = {**claim.run.failure, "details": [f"The reconciliation failed: {error.message}"]}
        claim.store(failure=failure, reconcile_requested_by="", lease_until=clock.now())


def _reconcile(claim: Claim) -> None:
    run = claim.run
    actor = Actor("slipway", f"reconciliation, ordered by {run.reconcile_requested_by}", None, "runner")
    if holder_is_alive(run):
        raise SlipwayError("STILL_RUNNING", "the Terraform process still lives; cancel it first", 409)
    with executing(claim, "apply", obeys_cancel=False) as execution:
        if lock := read_lock(execution.account, execution.address):
            execution.say(f"freeing the state lock of the dead process ({lock.get('Who', 'unknown')})")
            remove_lock(execution.account, execution.address)
        if execution.own:
            foreign.demand_trust(run.environment.system, execution.own)
        execution.restore_workspace()
        if (kept := execution.kept_state()) is not None:
            execution.say("pushing the state that Terraform could not save")
            execution.runner.push_state(kept)
        planned = execution.runner.plan("destroy" if run.kind == "destroy" else "speculative")
        record_state(execution, execution.runner.outputs())
        left, total = len(planned.summary.changes), len(run.summary.get("changes", []))
        execution.say(f"{left} of {total} planned changes are still to be made")
    artefacts().delete(execution.kept_state_name)
    if left == 0:
        end(claim, "applied", "reconciled: nothing is left to do", actor=actor)
        return
    failure = policies.apply_failure("WORKER_LOST", "Nobody saw how the apply ended.", max(0, total - left), total)
    end(claim, "failed", f"reconciled: {left} changes are left", failure, actor=actor)


@queue.job
def read_source(environment_id: str) -> None:
    """Reads the source of an environment's own Terraform, so that its variables are known before the first plan."""
    environment = Environment.objects.select_related("system").get(pk=environment_id)
    own = environment.config_version.config.terraform
    if own is not None:
        try:
            foreign.read(environment.system, own)
        except SlipwayError as error:
            log.info("the source of %s: %s", environment, error)


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
            with each(run), transaction.atomic():
                if move(RUNNER, run, "discarded", reason="nobody approved it in time", finished_at=clock.now()):
                    runs.close(run)
    finished = Run.objects.filter(has_artefact=True, finished_at__isnull=False).exclude(state="outcome_unknown")
    for run_id in finished.values_list("pk", flat=True)[:20]:
        with each(run_id):
            forget_artefact(str(run_id))


def _conclude_plan(claim: Claim, planned: Planned) -> None:
    """Where a planned run goes: it ends, or people decide about it."""
    run = claim.run
    if run.kind == "drift":
        end(claim, "drifted" if planned.summary.changes else "no_changes")
        own = _was_applied(run, run.bound["modules_revision"]) and not selectors.half_applied(run.environment)
        if planned.summary.changes and own:
            runs.supersede_waiting(RUNNER, run.environment, "drift was found")
    elif planned.summary.is_empty:
        end(claim, "no_changes")
    elif claim.wants_cancel():
        end(claim, "canceled", "canceled when it was planned")
    elif run.changes_the_world and (changed := _outdated(run)):
        end(claim, "superseded", f"changed while it was planned: {', '.join(changed)}")
    else:
        with transaction.atomic():
            if not move(RUNNER, run, "planned", where={"attempt": claim.attempt}):
                raise ClaimLost
            if run.changes_the_world:
                runs.ask_for_approval(RUNNER, run)
            else:
                runs.close(run)


def _was_applied(run: Run, revision: str) -> bool:
    """Whether these are the very modules of the last apply."""
    applied = selectors.last_applied(run.environment)
    return applied is not None and applied.bound["modules_revision"] == revision


def _outdated(run: Run) -> list[str]:
    return sorted(name for name, value in current_inputs(run).items() if run.bound[name] != value)
