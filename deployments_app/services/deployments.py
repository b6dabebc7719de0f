"""Asking for deployments and deciding about them. The work itself is done by looks (jobs.py, controller.py)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from controlplane.core import access
from controlplane.core.actors import Actor
from controlplane.core.models import ApprovalRequest, User
from controlplane.core.policies import Capability
from controlplane.core.services import approvals, audit, locks, output
from controlplane.core.services.transitions import move
from controlplane.lib import clock, live
from controlplane.lib.errors import Refusal
from deployments_app import pace, policies
from deployments_app.models import Deployment, Release
from deployments_app.services import targets
from deployments_app.services.narration import tell
from deployments_app.states import DEPLOYMENT, IN_ROLLOUT, NOT_STARTED
from environments_app.models import Environment

APPROVED = "deployments_app.services.deployments.on_approved"
APPROVAL_LIFETIME = timedelta(hours=24)
_RELATED = (
    "environment__system",
    "service",
    "release__service",
    "release__system",
    "previous_release__service",
    "previous_release__system",
    "stream",
    "requester",
)


def find(deployment_id: UUID) -> Deployment:
    """The row with everything that the verbs read."""
    return Deployment.objects.select_related(*_RELATED).get(pk=deployment_id)


def author_of(release: Release) -> User | None:
    """The user who wrote the commit, as far as CI's name tells: by user name or by address."""
    if not release.author:
        return None
    users = User.objects.filter(is_active=True)
    return users.filter(username=release.author).first() or users.filter(email__iexact=release.author).first()


def _refused(actor: Actor, action: str, environment: Environment, refusal: Refusal, what: tuple[str, Any]) -> Refusal:
    return audit.record_refusal(
        actor, action, refusal, subject=what, system=environment.system, environment=environment.slug
    )


def _may(actor: Actor, deployment: Deployment, capability: Capability) -> Refusal | None:
    return access.check(actor.user, deployment.environment.system, capability)


def _words(state: str) -> str:
    return state.replace("_", " ")


@transaction.atomic
def request_deployment(
    actor: Actor,
    environment: Environment,
    release: Release,
    strategy: str | None = None,
    *,
    automatic: bool = False,
    kind: str = "release",
) -> Deployment | Refusal:
    """Brings a release on its way into an environment. `automatic`: by policy, so no person's role is asked.

    What waits there for the same service and has not begun gives way. Approvals are asked where the protection
    wants them; a rollback needs none.
    """
    targets.hold(environment)
    refusal = _why_not(actor, environment, release, automatic, kind)
    prepared = refusal if refusal is not None else targets.prepare(environment, release, strategy, kind)
    if isinstance(prepared, Refusal):
        return _refused(actor, "deployment.requested", environment, prepared, ("release", release.pk))
    supersede_waiting(actor, environment, release.service_id, f"{release.version} took its place")
    running = targets.last_succeeded(environment, release.service_id)
    deployment = Deployment.objects.create(
        environment=environment,
        service=release.service,
        release=release,
        kind=kind,
        strategy=prepared.strategy,
        automatic=automatic,
        requester=actor.user,
        requester_name=actor.name,
        account_key=targets.account_key(prepared.account),
        target=prepared.target,
        rendered=prepared.rendered,
        bound=prepared.bound,
        previous_release=running.release if running else None,
        cluster=prepared.target["cluster_name"],
        ecs_service=prepared.target["service_name"],
    )
    deployment.stream = output.open_stream(environment.system, deployment.audit_subject, "controller")
    deployment.service_stream = output.open_stream(environment.system, deployment.audit_subject, "service")
    deployment.save(update_fields=["stream", "service_stream"])
    audit.record(
        actor,
        "deployment.requested",
        subject=deployment.audit_subject,
        system=environment.system,
        environment=environment.slug,
        after={"state": deployment.state, "release": str(release.pk), "version": release.version, "kind": kind},
    )
    for topic in deployment.topics:
        live.ring_on_commit(topic, deployment.state)
    how = "by policy" if automatic else f"by {actor.name}"
    tell(deployment.stream_id, [f"{release.service.slug} {release.version} to {environment}, asked for {how}"])
    required = 0 if kind == "rollback" else environment.protection.rules.required_release_approvals
    if required == 0:
        _queue(actor, deployment)
    else:
        _ask(actor, deployment, required)
    return deployment


def _why_not(actor: Actor, environment: Environment, release: Release, automatic: bool, kind: str) -> Refusal | None:
    needed = Capability.OPERATE if kind == "rollback" else Capability.PLAN
    if not automatic and (refusal := access.check(actor.user, environment.system, needed)) is not None:
        return refusal
    if release.system_id != environment.system_id:
        return Refusal("OTHER_SYSTEM", f"This release belongs to {release.system}, not to {environment.system}.", 422)
    reason = policies.why_not_released(environment.protection.rules, policies.order_of(release))
    if reason is not None and kind != "rollback":
        return Refusal("NOT_RELEASABLE", reason)
    same = Deployment.objects.filter(environment=environment, release=release, state__in=DEPLOYMENT.active).first()
    if same is not None and same.state != "rolling_back":
        message = f"This release is already on its way to {environment} ({_words(same.state)})."
        return Refusal("ALREADY_ON_ITS_WAY", message, 409, {"deployment": str(same.pk)})
    return None


def _ask(actor: Actor, deployment: Deployment, required: int) -> None:
    environment, release = deployment.environment, deployment.release
    author = author_of(release)
    approvals.ask(
        actor,
        system=environment.system,
        environment=environment.slug,
        subject=deployment.audit_subject,
        title=f"Release {release.service.slug} {release.version}",
        bound=deployment.bound,
        required=required,
        requester=None if environment.protection.rules.requester_may_approve else deployment.requester,
        expires_at=clock.now() + APPROVAL_LIFETIME,
        on_complete=APPROVED,
        barred=[author.pk] if author and not environment.protection.rules.requester_may_approve else [],
    )
    tell(deployment.stream_id, [f"waiting for {required} approval{'s' * (required > 1)}"])
    audit.announce(
        "deployment.awaiting_approval",
        environment.system,
        environment.slug,
        deployment.audit_subject,
        title=str(deployment),
    )


def _queue(actor: Actor, deployment: Deployment) -> bool:
    return move(actor, deployment, "queued", due_at=clock.now(), reason="")


def on_approved(actor: Actor, deployment_id: UUID) -> None:
    """Called by approvals, in their transaction, when enough people agreed."""
    deployment = find(deployment_id)
    if deployment.state == "awaiting_approval" and _queue(actor, deployment):
        tell(deployment.stream_id, ["approved"])


@transaction.atomic
def approve(actor: Actor, deployment: Deployment, digest: str, comment: str = "") -> ApprovalRequest | Refusal:
    """One person's yes to exactly what the digest binds; what has changed meanwhile is superseded instead."""
    if deployment.state != "awaiting_approval":
        refusal = Refusal("NOT_WAITING", f"This deployment is {_words(deployment.state)}; nothing is to be approved.")
        return _refused(actor, "approval.refused", deployment.environment, refusal, deployment.audit_subject)
    if (changed := changed_inputs(deployment)) is not None:
        supersede(actor, deployment, changed)
        refusal = Refusal("OUTDATED", f"{changed} Deploy the release again.")
        return _refused(actor, "approval.refused", deployment.environment, refusal, deployment.audit_subject)
    return approvals.approve(actor, deployment.audit_subject, digest, comment)


def changed_inputs(deployment: Deployment) -> str | None:
    """What an approval binds and is not as it was, in a sentence; None where all is the same."""
    prepared = targets.prepare(deployment.environment, deployment.release, deployment.strategy, deployment.kind)
    if isinstance(prepared, Refusal):
        return prepared.message
    changed = sorted(name for name, value in prepared.bound.items() if deployment.bound.get(name) != value)
    return f"Changed since it was asked for: {', '.join(map(_words, changed))}." if changed else None


@audit.refusals_of("approval.revoked")
@transaction.atomic
def revoke(actor: Actor, deployment: Deployment) -> Deployment | Refusal:
    """Takes one's own approval back, as long as nothing has begun."""
    if deployment.state not in NOT_STARTED:
        return Refusal("TOO_LATE", f"This deployment is {_words(deployment.state)}; nothing can be revoked any more.")
    outcome = approvals.revoke(actor, deployment.audit_subject)
    if isinstance(outcome, Refusal):
        return outcome
    if deployment.state == "queued" and outcome.state == "open":
        move(actor, deployment, "awaiting_approval", reason="an approval was revoked", due_at=None)
    return deployment


@audit.refusals_of("deployment.abort_requested")
@transaction.atomic
def abort(actor: Actor, deployment: Deployment, reason: str = "") -> Deployment | Refusal:
    """Ends a deployment: what has not begun is canceled (or rejected by an approver), what runs is taken back."""
    own = actor.user is not None and actor.user.pk == deployment.requester_id
    waits = deployment.state in NOT_STARTED
    needed = (Capability.PLAN if own else Capability.APPROVE) if waits else Capability.OPERATE
    if (refusal := _may(actor, deployment, needed)) is not None:
        return refusal
    if waits:
        state = "rejected" if deployment.state == "awaiting_approval" and not own else "canceled"
        if not end_waiting(actor, deployment, state, reason or f"by {actor.name}"):
            return Refusal("TOO_LATE", "It has just begun. Look again, then abort it.")
        return deployment
    asked = Deployment.objects.filter(
        pk=deployment.pk, state__in=[*IN_ROLLOUT, "preparing"], abort_requested_at__isnull=True
    )
    # Due now: the wish is carried out by the next look, which alone may touch the service.
    if not asked.update(abort_requested_at=clock.now(), abort_requested_by=actor.name, due_at=clock.now()):
        return Refusal("NOT_RUNNING", f"This deployment is {_words(deployment.state)}; there is nothing to abort.")
    return _wished(actor, "deployment.abort_requested", deployment, reason, "abort")


@audit.refusals_of("deployment.paused")
@transaction.atomic
def pause(actor: Actor, deployment: Deployment, reason: str = "") -> Deployment | Refusal:
    """Holds a deployment where it waits: before it begins, or while it bakes."""
    if (refusal := _may(actor, deployment, Capability.OPERATE)) is not None:
        return refusal
    if deployment.state in {"preparing", "rolling_out"}:
        return Refusal("NOT_PAUSABLE", "ECS carries a rolling deployment out by itself; it can only be aborted.")
    pausable = Deployment.objects.filter(pk=deployment.pk, state__in=["queued", "baking"], paused_at__isnull=True)
    if not pausable.update(paused_at=clock.now(), paused_by=actor.name):
        return Refusal("NOT_PAUSABLE", f"This deployment is {_words(deployment.state)}; it cannot be paused.")
    return _wished(actor, "deployment.paused", deployment, reason, "paused")


@audit.refusals_of("deployment.promoted")
@transaction.atomic
def promote(actor: Actor, deployment: Deployment, reason: str = "") -> Deployment | Refusal:
    """Goes on: ends a pause, or the bake before its time. The proof of success is read all the same."""
    if (refusal := _may(actor, deployment, Capability.OPERATE)) is not None:
        return refusal
    now = clock.now()
    rows = Deployment.objects.filter(pk=deployment.pk)
    going_on = rows.filter(state="queued", paused_at__isnull=False).update(paused_at=None, paused_by="", due_at=now)
    # However long it was held: the proof gets its whole time from now on.
    going_on += rows.filter(state="baking").update(
        paused_at=None, paused_by="", bake_until=now, deadline_at=pace.deadline(now), due_at=now
    )
    if not going_on:
        return Refusal("NOTHING_TO_PROMOTE", f"This deployment is {_words(deployment.state)} and waits for nobody.")
    return _wished(actor, "deployment.promoted", deployment, reason, "promoted")


@transaction.atomic
def rollback(actor: Actor, deployment: Deployment) -> Deployment | Refusal:
    """Orders the way back after success: a deployment of its own, of the release that ran before."""
    environment = deployment.environment
    former = _way_back(actor, deployment)
    if isinstance(former, Refusal):
        return _refused(actor, "deployment.rollback_requested", environment, former, deployment.audit_subject)
    return request_deployment(actor, environment, former, kind="rollback")


def _way_back(actor: Actor, deployment: Deployment) -> Release | Refusal:
    if (refusal := _may(actor, deployment, Capability.OPERATE)) is not None:
        return refusal
    if deployment.state in IN_ROLLOUT:
        return Refusal("STILL_ROLLING_OUT", "It is still rolling out. Abort it: that takes it back.")
    running = targets.last_succeeded(deployment.environment, deployment.service_id)
    if running is None or running.pk != deployment.pk:
        return Refusal("NOT_RUNNING", "This deployment is not what runs now, so there is nothing to take back.")
    if deployment.previous_release is None:
        return Refusal("NOTHING_BEFORE", "This was the first release here; there is nothing to return to.")
    return deployment.previous_release


def _wished(actor: Actor, action: str, deployment: Deployment, reason: str, what: str) -> Deployment:
    environment = deployment.environment
    audit.record(
        actor,
        action,
        subject=deployment.audit_subject,
        system=environment.system,
        environment=environment.slug,
        before={"state": deployment.state},
        reason=reason,
    )
    live.ring_on_commit(f"deployment:{deployment.pk}", what)
    return find(deployment.pk)


@transaction.atomic
def end_waiting(actor: Actor, deployment: Deployment, state: str, reason: str) -> bool:
    """Ends a deployment that has not begun; False when it just did."""
    refused = deployment.state == "awaiting_approval" and state in {"rejected", "canceled"}
    done = move(actor, deployment, state, reason=reason, finished_at=clock.now(), due_at=None)
    if done:
        approvals.supersede(actor, deployment.audit_subject, reason, "refused" if refused else "superseded")
        Deployment.objects.filter(pk=deployment.pk).update(reason=reason[:300])
        tell(deployment.stream_id, [f"{_words(state)}: {reason}"])
        close(deployment)
    return done


def supersede(actor: Actor, deployment: Deployment, reason: str) -> bool:
    return end_waiting(actor, deployment, "superseded", reason)


def supersede_waiting(actor: Actor, environment: Environment, service_id: UUID, reason: str) -> int:
    """Ends what waits for the same service and has not begun; returns how many."""
    waiting = Deployment.objects.filter(environment=environment, service_id=service_id, state__in=NOT_STARTED)
    return sum(supersede(actor, deployment, reason) for deployment in waiting.select_related("environment__system"))


def unapproved() -> QuerySet[Deployment]:
    """Deployments whose approval ran out."""
    alive = ApprovalRequest.objects.filter(subject_kind="deployment", state__in=["open", "complete"])
    waiting = Deployment.objects.filter(state="awaiting_approval").exclude(pk__in=alive.values("subject_id"))
    return waiting.select_related("environment__system")


def cancel_unapproved(actor: Actor, deployment: Deployment) -> bool:
    return end_waiting(actor, deployment, "canceled", "nobody approved it in time")


def close(deployment: Deployment) -> None:
    """What every end has in common: output complete, lock free. The new tasks' last lines are still to be read."""
    if deployment.stream_id:
        output.close_stream(deployment.stream_id)
    if deployment.service_stream_id and not deployment.task_definition_arn:
        output.close_stream(deployment.service_stream_id)
    locks.release(deployment.audit_subject)
