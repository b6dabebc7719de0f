"""Asking for runs and deciding about them. The work itself is in jobs.py."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import ApprovalRequest
from controlplane.core.policies import Capability
from controlplane.core.services import approvals, audit, locks, output
from controlplane.core.services.transitions import move
from controlplane.lib import clock, live, queue
from controlplane.lib.errors import Refusal
from environments_app import selectors
from environments_app.holders import holder_is_alive
from environments_app.models import Environment, Run

QUEUE = "terraform"
PLAN_JOB = "environments_app.jobs.plan_run"
APPLY_JOB = "environments_app.jobs.apply_run"
RECONCILE_JOB = "environments_app.jobs.reconcile_run"
APPROVED = "environments_app.services.runs.on_approved"
PLAN_LIFETIME = timedelta(hours=24)
TITLES = {
    "apply": "Apply configuration v{version}",
    "destroy": "Destroy everything",
    "drift": "Check for drift",
    "speculative": "Look what configuration v{version} would change",
}


def subject(run: Run) -> tuple[str, UUID]:
    return ("run", run.pk)


@audit.refusals_of("run.requested")
@transaction.atomic
def request_run(actor: Actor, environment: Environment, kind: str, title: str = "") -> Run | Refusal:
    """Queues a run of the environment's newest configuration. `kind`: apply, destroy, drift or speculative."""
    needed = Capability.OPERATE if kind == "destroy" else Capability.PLAN
    if (refusal := access.check(actor.user, environment.system, needed)) is not None:
        return refusal
    version = environment.config_version
    if kind == "drift":
        # Against what was applied last: a configuration that waits to be applied is no drift.
        applied = selectors.last_applied(environment)
        if applied is None:
            return Refusal("NOTHING_APPLIED", "Nothing is applied here, so nothing can have drifted.")
        version = applied.config_version
    run = Run.objects.create(
        environment=environment,
        kind=kind,
        title=title or TITLES[kind].format(version=version.number),
        config_version=version,
        requester=actor.user,
        requester_name=actor.name,
        job_id=queue.new_job_id(),
    )
    run.stream = output.open_stream(environment.system, subject(run), "terraform")
    run.save(update_fields=["stream"])
    audit.record(
        actor,
        "run.requested",
        subject=subject(run),
        system=environment.system,
        environment=environment.slug,
        after={"state": run.state, "kind": kind, "config_version": version.number},
    )
    for topic in run.topics:
        live.ring_on_commit(topic, run.state)
    queue.enqueue_on_commit(QUEUE, PLAN_JOB, str(run.pk), job_id=run.job_id)
    return run


@transaction.atomic
def ask_for_approval(actor: Actor, run: Run) -> None:
    """Moves a planned run to its decision; where nobody need agree, straight on."""
    environment = run.environment
    protection = environment.protection
    if not move(actor, run, "awaiting_approval"):
        return
    approvals.ask(
        actor,
        system=environment.system,
        environment=environment.slug,
        subject=subject(run),
        title=run.title,
        bound=run.bound,
        required=protection.rules.required_approvals,
        requester=None if protection.rules.requester_may_approve else run.requester,
        expires_at=clock.now() + PLAN_LIFETIME,
        on_complete=APPROVED,
    )
    audit.announce("run.awaiting_approval", environment.system, environment.slug, subject(run), title=run.title)


def refusing(run: Run) -> list[str]:
    """The titles of the findings that refuse the run: nothing runs while one stands."""
    return [finding["title"] for finding in run.findings if finding["refuses"]]


def on_approved(actor: Actor, run_id: UUID) -> None:
    """Called by approvals, in their transaction, when enough people agreed."""
    run = Run.objects.select_related("environment__system").get(pk=run_id)
    if refusing(run):
        return
    job_id = queue.new_job_id()
    if run.state == "awaiting_approval" and move(actor, run, "approved", job_id=job_id):
        queue.enqueue_on_commit(QUEUE, APPLY_JOB, str(run.pk), job_id=job_id)


def approve(actor: Actor, run: Run, digest: str, comment: str = "") -> ApprovalRequest | Refusal:
    """One person's yes to exactly what the digest binds."""
    if (refusal := _why_nothing_to_approve(run)) is None:
        return approvals.approve(actor, subject(run), digest, comment)
    return audit.record_refusal(
        actor,
        "approval.refused",
        refusal,
        subject=subject(run),
        system=run.audit_system,
        environment=run.audit_environment,
    )


def _why_nothing_to_approve(run: Run) -> Refusal | None:
    if run.state not in {"awaiting_approval", "approved"}:
        return Refusal("NOT_WAITING", f"This run is {run.state.replace('_', ' ')}; there is nothing to approve.")
    if titles := refusing(run):
        return Refusal("POLICY_REFUSES", f"A mandatory policy refuses this run: {titles[0]}.")
    return None


@audit.refusals_of("approval.revoked")
@transaction.atomic
def revoke(actor: Actor, run: Run) -> Run | Refusal:
    """Takes one's own approval back, as long as nothing runs."""
    if run.state not in {"awaiting_approval", "approved"}:
        return Refusal("TOO_LATE", f"This run is {run.state.replace('_', ' ')}; an approval can no longer be revoked.")
    outcome = approvals.revoke(actor, subject(run))
    if isinstance(outcome, Refusal):
        return outcome
    back = run.state == "approved" and outcome.state == "open"
    if back and not move(actor, run, "awaiting_approval", reason="an approval was revoked"):
        transaction.set_rollback(True)
        return Refusal("TOO_LATE", "It has just begun to be applied; an approval can no longer be revoked.")
    return run


@audit.refusals_of("run.discarded")
@transaction.atomic
def discard(actor: Actor, run: Run, reason: str = "") -> Run | Refusal:
    """Ends a run that no process works on; nothing is changed. Who asked for it may, and whoever may approve."""
    allowed = Capability.PLAN if actor.user and actor.user.pk == run.requester_id else Capability.APPROVE
    if (refusal := access.check(actor.user, run.environment.system, allowed)) is not None:
        return refusal
    if not run.can_discard or not move(actor, run, "discarded", reason=reason, finished_at=clock.now()):
        return Refusal("TOO_LATE", f"This run is {run.state.replace('_', ' ')}; it cannot be discarded.")
    approvals.supersede(actor, subject(run), reason or "the run was discarded", "refused")
    close(run)
    return run


@audit.refusals_of("run.cancel_requested")
@transaction.atomic
def cancel(actor: Actor, run: Run) -> Run | Refusal:
    """Asks the running Terraform to stop: acknowledged at once, done by the worker (interrupt, grace, kill)."""
    allowed = Capability.PLAN if actor.user and actor.user.pk == run.requester_id else Capability.OPERATE
    if (refusal := access.check(actor.user, run.environment.system, allowed)) is not None:
        return refusal
    asked = Run.objects.filter(pk=run.pk, state=run.state, cancel_requested_at__isnull=True)
    if not run.can_cancel or not asked.update(cancel_requested_at=clock.now(), cancel_requested_by=actor.name):
        return Refusal("NOT_RUNNING", f"This run is {run.state.replace('_', ' ')}; no process is there to be canceled.")
    audit.record(
        actor,
        "run.cancel_requested",
        subject=subject(run),
        system=run.environment.system,
        environment=run.environment.slug,
    )
    live.ring_on_commit(f"run:{run.pk}", "cancel")
    run.refresh_from_db()
    return run


@audit.refusals_of("run.reconcile_requested")
@transaction.atomic
def reconcile(actor: Actor, run: Run) -> Run | Refusal:
    """Orders the reconciliation of an apply whose worker died; the job records how it ended."""
    if (refusal := access.check(actor.user, run.environment.system, Capability.OPERATE)) is not None:
        return refusal
    if run.state != "outcome_unknown":
        return Refusal("NOT_UNKNOWN", f"This run is {run.state.replace('_', ' ')}; its outcome is known.")
    job_id = queue.new_job_id()
    ordered = Run.objects.filter(pk=run.pk, state=run.state, reconcile_requested_by="")
    if not ordered.update(job_id=job_id, reconcile_requested_by=actor.name):
        return Refusal("UNDER_WAY", "Its reconciliation was ordered already and is under way.")
    audit.record(
        actor,
        "run.reconcile_requested",
        subject=subject(run),
        system=run.environment.system,
        environment=run.environment.slug,
    )
    queue.enqueue_on_commit(QUEUE, RECONCILE_JOB, str(run.pk), job_id=job_id)
    live.ring_on_commit(f"run:{run.pk}", "reconcile")
    run.refresh_from_db()
    return run


@audit.refusals_of("lock.broken")
@transaction.atomic
def break_lock(actor: Actor, environment: Environment, reason: str) -> int | Refusal:
    """Frees every hold on the environment's lock, by a person who says why. Returns how many there were."""
    if (refusal := access.check(actor.user, environment.system, Capability.OPERATE)) is not None:
        return refusal
    standing = locks.holds(environment.pk)
    if not reason.strip():
        return Refusal("REASON_MISSING", "Say why the lock is broken; it is written into the audit trail.", 422)
    applying = Run.objects.filter(environment=environment, state="applying")
    if any(run.lease_until is None or run.lease_until > clock.now() or holder_is_alive(run) for run in applying):
        return Refusal(
            "STILL_RUNNING", "Terraform is applying right now. Cancel that run; the lock frees when it ends."
        )
    if not standing:
        return Refusal("NOT_LOCKED", "Nothing holds the lock of this environment.")
    for hold in standing:
        locks.release((hold.holder_kind, hold.holder_id))
        audit.record(
            actor,
            "lock.broken",
            subject=environment.audit_subject,
            system=environment.system,
            environment=environment.slug,
            before={
                "holder": f"{hold.holder_kind}:{hold.holder_id}",
                "since": hold.since.isoformat(),
                "why": hold.why,
            },
            reason=reason,
        )
    live.ring_on_commit(f"environment:{environment.pk}", "lock")
    return len(standing)


@transaction.atomic
def supersede_waiting(actor: Actor, environment: Environment, reason: str, keep: UUID | None = None) -> int:
    """Ends the runs whose plan was made of something that has changed since; returns how many."""
    ended = 0
    waiting = Run.objects.filter(environment=environment, state__in=["awaiting_approval", "approved"])
    if keep:
        waiting = waiting.exclude(pk=keep)
    for run in waiting.select_related("environment__system"):
        if move(actor, run, "superseded", reason=reason, finished_at=clock.now()):
            approvals.supersede(actor, subject(run), reason)
            close(run)
            ended += 1
    return ended


def close(run: Run) -> None:
    """What every end of a run has in common: the output is complete, the lock free, the saved plan forgotten."""
    if run.stream_id:
        output.close_stream(run.stream_id)
    locks.release(subject(run))
    if run.has_artefact:
        queue.enqueue_on_commit("default", "environments_app.jobs.forget_artefact", str(run.pk))
