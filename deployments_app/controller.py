"""The look: starts what is queued, lets the strategy decide about what was seen, and copes with what is in the way."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from controlplane.core.models import ApprovalRequest
from controlplane.core.services import approvals
from controlplane.lib import clock
from controlplane.lib.aws import AwsError
from controlplane.lib.errors import Refusal
from deployments_app import actions, observation, pace, policies, words
from deployments_app.models import Deployment
from deployments_app.services import claims, deployments, targets
from deployments_app.services.claims import Claim, ClaimLost, LockLost
from deployments_app.strategies import model, rolling
from deployments_app.strategies.model import DeploymentView, Observed

log = logging.getLogger(__name__)

LOCKED_SECONDS = 3.0
SHORTEST_BACKOFF, LONGEST_BACKOFF = timedelta(seconds=1), timedelta(minutes=1)


def look(account_key: str) -> int:
    """One step of every deployment that is due in this account and region; returns how many were looked at."""
    due = claims.claim_due(account_key)
    waiting = [claim for claim in due if claim.deployment.state == "queued"]
    going = [claim for claim in due if claim.deployment.state != "queued"]
    for claim in waiting:
        guarded(claim, partial(start, claim))
    seen = _observed(going)
    for claim in going:
        guarded(claim, partial(_take_step, claim, seen[claim.deployment.pk]))
    return len(due)


def _observed(due: list[Claim]) -> dict[UUID, Observed | Exception]:
    """What AWS shows of each, or why it shows nothing. What breaks the look at all together is found one by one."""
    if not due:
        return {}
    try:
        return {**observation.observe(due)}
    except Exception as error:
        if len(due) == 1:
            return {due[0].deployment.pk: error}
        log.warning("the look at %s deployments together failed, each is looked at alone: %r", len(due), error)
    seen: dict[UUID, Observed | Exception] = {}
    for claim in due:
        seen |= _observed([claim])
        claims.keep(due)
    return seen


def guarded(claim: Claim, work: Callable[[], timedelta]) -> None:
    """One deployment's trouble is its own: it never stops the look at the others."""
    row = claim.deployment
    had_failed = row.reason == words.LOOK_FAILED
    try:
        try:
            pause = work()
        except AwsError as error:
            pause = _aws_failed(claim, error, is_action=True)
        except LockLost as error:
            pause = _lock_lost(claim, error, had_failed)
        except ClaimLost:
            raise
        except Exception:
            log.exception("deployment %s: the look failed; it is tried again", row.pk)
            pause = _look_failed(claim)
        claim.put_back(pause)
    except ClaimLost:
        log.warning("deployment %s: look %s was overtaken and stops", row.pk, claim.fencing)
        # Where it was a person's wish and no other look, the next look carries it out at once.
        claim.put_back(actions.AT_ONCE)
    except Exception:
        log.exception("deployment %s: what its look met could not be written down; it is tried again", row.pk)
        claim.put_back(LONGEST_BACKOFF)


# ---- Starting


def start(claim: Claim) -> timedelta:
    """Begins a queued deployment, if its lock is free and it is still what was approved."""
    row = claim.deployment
    if row.paused:
        if row.unknown_since is not None:
            # Nothing is asked while it is held, so nothing is unanswered.
            claim.store(unknown_since=None, reason="")
            claims.ring(row)
        return pace.pause(rolling.LOOK_SECONDS)
    needed_approval = ApprovalRequest.objects.filter(subject_kind="deployment", subject_id=row.pk).exists()
    outdated = deployments.changed_inputs(row) if needed_approval else _refresh(claim)
    with transaction.atomic():
        _known_again(claim, row.reason == words.LOOK_FAILED)
        locked = claims.take_lock(row) if outdated is None else None
        if locked is not None:
            _tell_who_holds_it(claim, locked)
            return pace.pause(LOCKED_SECONDS)
        if outdated is None and needed_approval and not approvals.use(claims.CONTROLLER, row.audit_subject, row.bound):
            outdated = "Its approval does not stand any more."
        if outdated is not None:
            deployments.supersede(claims.CONTROLLER, row, outdated)
        else:
            claim.advance("preparing", "preparing", started_at=clock.now())
    return actions.AT_ONCE


def _refresh(claim: Claim) -> str | None:
    """Nobody had to approve it, so the newest protection and configuration count; a sentence where they forbid it."""
    row = claim.deployment
    rules, order = row.environment.protection.rules, policies.order_of(row.release)
    if row.kind != "rollback" and (held := policies.why_not_started(rules, order, automatic=row.automatic)):
        return held
    prepared = targets.prepare(row.environment, row.release, row.strategy, row.kind)
    if isinstance(prepared, Refusal):
        return prepared.message
    claim.store(
        target=prepared.target,
        rendered=prepared.rendered,
        bound=prepared.bound,
        cluster=prepared.target["cluster_name"],
        ecs_service=prepared.target["service_name"],
        account_key=targets.account_key(prepared.account),
    )
    return None


def _tell_who_holds_it(claim: Claim, locked: Refusal) -> None:
    if locked.message != claim.deployment.reason:
        claim.store(reason=locked.message[:300])
        claim.tell(f"waiting: {locked.message}")
        claims.ring(claim.deployment)


# ---- Stepping


def _take_step(claim: Claim, seen: Observed | Exception) -> timedelta:
    if isinstance(seen, AwsError):
        return _aws_failed(claim, seen, is_action=False)
    if isinstance(seen, Exception):
        raise seen
    with transaction.atomic():
        observation.record(claim, seen)
    row = claim.deployment
    had_failed = row.reason == words.LOOK_FAILED
    action = rolling.step(view_of(row), seen, clock.now())
    pause = actions.CARRY_OUT[type(action)](claim, seen, action)
    _known_again(claim, had_failed)
    claims.ring(row)
    return pause


def view_of(row: Deployment) -> DeploymentView:
    """The row as the strategy may know it."""
    abort = f"Aborted by {row.abort_requested_by}." if row.abort_requested_at else ""
    return DeploymentView(
        state=row.state,
        digests=row.release.digests,
        is_snapshot_taken=bool(row.snapshot),
        task_definition=row.task_definition_arn,
        previous=row.snapshot.get("previous", ""),
        intent=row.intent.get("call", ""),
        stage=row.stage,
        abort=abort,
        paused=row.paused,
        deadline_at=row.deadline_at,
        bake_until=row.bake_until,
        reason=row.failure.get("cause", "") or row.reason,
    )


# ---- When something is in the way


def _aws_failed(claim: Claim, error: AwsError, *, is_action: bool) -> timedelta:
    """AWS did not answer or said no, to a look or to an action of ours.

    A plain no ends what has changed nothing yet. Anything else is only unknown, for as long as it takes.
    """
    row = claim.deployment
    is_refused = error.permanent and error.answered
    if _is_untouched(row, is_order_refused=is_action and is_refused):
        if row.abort_requested_at:
            return _cancel(claim)
        if is_refused:
            return actions.end(claim, None, model.End("failed", "AWS_REFUSED", f"AWS refused. {error.message}."))
    reason = "" if row.reason == words.LOOK_FAILED else row.reason
    return _not_known(claim, f"AWS does not answer as it should: {error.message}", reason)


def _look_failed(claim: Claim) -> timedelta:
    """Slipway itself failed: what is now is as unknown as where AWS does not answer."""
    row = claim.deployment
    row.refresh_from_db()  # in memory is still what a transaction took back
    if not row.is_looked_after:
        raise ClaimLost
    if _is_untouched(row) and row.abort_requested_at:
        return _cancel(claim)
    return _not_known(claim, words.LOOK_FAILED, words.LOOK_FAILED)


def _is_untouched(row: Deployment, *, is_order_refused: bool = False) -> bool:
    """Whether the service is surely as it was.

    An UpdateService whose answer nobody read may have been carried out; only a look can tell.
    """
    return row.state == "preparing" and (row.intent.get("call") != rolling.UPDATE or is_order_refused)


def _cancel(claim: Claim) -> timedelta:
    why = f"Aborted by {claim.deployment.abort_requested_by}."
    return actions.end(claim, None, model.End("canceled", "ABORTED", why))


def _not_known(claim: Claim, why: str, reason: str) -> timedelta:
    """Tells, once, that nothing is known; the longer it lasts, the longer is the pause before the next look."""
    row, now = claim.deployment, clock.now()
    if row.unknown_since is None or row.reason != reason:
        with transaction.atomic():
            claim.store(unknown_since=row.unknown_since or now, reason=reason)
            claim.tell(f"not known for now, {why}")
            claims.ring(row)
    return min(max((now - (row.unknown_since or now)) / 2, SHORTEST_BACKOFF), LONGEST_BACKOFF)


def _known_again(claim: Claim, had_failed: bool) -> None:
    """Only after a whole step: where AWS answers to looks and to no order, the pauses grow as well.

    `had_failed`: whether it was Slipway, not AWS; the step may have put its own reason in that one's place.
    """
    row = claim.deployment
    if row.unknown_since is None:
        return
    with transaction.atomic():
        claim.store(unknown_since=None, reason="" if row.reason == words.LOOK_FAILED else row.reason)
        claim.tell("Slipway can go on" if had_failed else "AWS answers again")


def _lock_lost(claim: Claim, error: LockLost, had_failed: bool) -> timedelta:
    """A person broke the lock. What has not begun ends; a service that is changing is seen through all the same."""
    row = claim.deployment
    if row.state == "preparing":
        return actions.end(claim, None, model.End("failed", error.code, error.message))
    with transaction.atomic():
        _known_again(claim, had_failed)
        if (refusal := claims.take_lock(row)) is not None:
            claim.store(reason=refusal.message[:300])
        claims.ring(row)
    return pace.pause(LOCKED_SECONDS)
