"""Who works on a run: claimed by compare-and-swap, kept by a heartbeat, told apart from a lost worker."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from controlplane.core.actors import Actor
from controlplane.core.services import audit, locks
from controlplane.core.services.transitions import move
from controlplane.lib import clock, process, queue
from controlplane.lib.database import AWAY
from controlplane.lib.errors import Refusal, SlipwayError
from environments_app import policies
from environments_app.holders import holder_is_alive, this_machine
from environments_app.models import Run
from environments_app.services import runs

log = logging.getLogger(__name__)
RUNNER = Actor.slipway("runner")
HEARTBEAT_SHARE = 3
"""A heartbeat extends the lease when less than two thirds of it are left."""


class ClaimLost(SlipwayError):
    """Another worker has taken over, or a person decided meanwhile: whoever gets this stops at once."""

    def __init__(self) -> None:
        super().__init__("CLAIM_LOST", "This worker was taken for dead and its claim has passed on.")


def _lease() -> timedelta:
    return timedelta(seconds=settings.SLIPWAY_LEASE_SECONDS)


class Claim:
    """The right to work on a run, held by one attempt; an apply also holds the environment's lock (`fencing`).

    `began_apply` says that Terraform may have changed something: then only Terraform's own end is a known outcome.
    """

    def __init__(self, run: Run, fencing: int | None = None) -> None:
        self.run, self.attempt, self.fencing = run, run.attempt, fencing
        self.began_apply = False
        self._lease_until = clock.now() + _lease()
        self._renew_at = clock.now() + _lease() / HEARTBEAT_SHARE

    def _update(self, **values: object) -> None:
        mine = Run.objects.filter(pk=self.run.pk, attempt=self.attempt, state=self.run.state)
        if mine.update(**values) != 1:
            raise ClaimLost

    def holds_by(self, pid: int) -> None:
        """Records the process that holds the run."""
        self._update(holder_machine=this_machine(), holder_pid=pid, holder_started=process.started_at(pid))

    def heartbeat(self) -> None:
        """Keeps the lease; raises ClaimLost. Cheap: writes only when a third of the lease has passed."""
        now = clock.now()
        if now >= self._renew_at:
            with self.while_the_lease_lasts():
                self._update(lease_until=now + _lease())
                self._lease_until, self._renew_at = now + _lease(), now + _lease() / HEARTBEAT_SHARE

    @contextmanager
    def while_the_lease_lasts(self) -> Iterator[None]:
        """What is only asked or told inside is left out where the database is away, until the lease has passed.

        Nobody else may take the run before; a Terraform that changes something is not stopped for a restart.
        """
        try:
            yield
        except AWAY as error:
            if clock.now() >= self._lease_until:
                raise
            log.warning("run %s: the database is away, Terraform goes on: %r", self.run.pk, error)
            connection.close()

    def check(self) -> None:
        """Asked right before something irreversible: do claim and lock still stand? Raises ClaimLost."""
        self._update(lease_until=clock.now() + _lease())
        if self.fencing is not None and not locks.still_holds(runs.subject(self.run), self.fencing):
            raise ClaimLost

    def store(self, **values: object) -> None:
        """Writes fields of the run, if the claim still stands."""
        self._update(**values)
        for name, value in values.items():
            setattr(self.run, name, value)

    def wants_cancel(self) -> bool:
        with self.while_the_lease_lasts():
            return Run.objects.filter(pk=self.run.pk, cancel_requested_at__isnull=False).exists()
        return False


def _claim(run_id: str, state: str) -> Run | None:
    run = Run.objects.select_related("environment__system", "config_version", "stream").filter(pk=run_id).first()
    return run if run and run.state == state else None


def claim_plan(run_id: str) -> Claim | None:
    """Takes a queued run to plan it; None where somebody else did."""
    run = _claim(run_id, "queued")
    if run is None or not move(
        RUNNER,
        run,
        "planning",
        where={"attempt": run.attempt},
        attempt=run.attempt + 1,
        lease_until=clock.now() + _lease(),
        planning_at=clock.now(),
        holder_pid=None,
        cancel_requested_at=None,
    ):
        return None
    return Claim(run)


def claim_apply(run_id: str) -> Claim | Refusal | None:
    """Takes an approved run to apply it, with the environment's exclusive lock; a Refusal says who holds that."""
    run = _claim(run_id, "approved")
    if run is None:
        return None
    with transaction.atomic():
        actor = Actor("slipway", run.requester_name, None, "runner")
        hold = locks.acquire(actor, run.environment_id, runs.subject(run), run.title, exclusive=True)
        if isinstance(hold, Refusal):
            return hold
        moved = move(
            RUNNER,
            run,
            "applying",
            where={"attempt": run.attempt},
            attempt=run.attempt + 1,
            lease_until=clock.now() + _lease(),
            applying_at=clock.now(),
            holder_pid=None,
            cancel_requested_at=None,
        )
        if not moved:
            locks.release(runs.subject(run))
            return None
    return Claim(run, hold.fencing)


def claim_reconciliation(run_id: str) -> Claim | None:
    """Takes a run whose outcome is unknown, and whose reconciliation was ordered; None where somebody else did."""
    run = _claim(run_id, "outcome_unknown")
    if run is None or not run.reconcile_requested_by:
        return None
    free = Run.objects.filter(pk=run.pk, state=run.state, attempt=run.attempt, lease_until__lt=clock.now())
    taken = {"attempt": run.attempt + 1, "lease_until": clock.now() + _lease()}
    if free.update(**taken) != 1:
        return None
    run.attempt += 1
    return Claim(run)


@contextmanager
def each(row: object) -> Iterator[None]:
    """One row's trouble in a sweep is its own: it is logged, and the others go on."""
    try:
        yield
    except Exception:
        log.exception("the sweep could not treat %s; it is tried again", row)


def recover_lost() -> int:
    """Runs whose lease has passed and whose process is gone: plans are queued again, applies become unknown."""
    recovered = 0
    lost = Run.objects.filter(state__in=["planning", "applying"], lease_until__lt=clock.now())
    for run in lost.select_related("environment__system", "stream"):
        if holder_is_alive(run):
            log.warning("run %s: the worker is silent, but its Terraform process %s lives", run.pk, run.holder_pid)
            continue
        with each(run), transaction.atomic():
            recovered += _queue_again(run) if run.state == "planning" else end_unknown(run, "the worker was lost")
    return recovered


def _taken_from(run: Run) -> dict[str, Any]:
    """Only the attempt that was seen to be silent; a heartbeat in between wins."""
    return {"attempt": run.attempt, "lease_until": run.lease_until}


@transaction.atomic
def end_unknown(run: Run, reason: str, where: dict[str, Any] | None = None) -> bool:
    """An apply of which nobody saw the end: it keeps the lock and waits for its reconciliation.

    The attempt passes on, so that whoever wakes up later finds that it is not theirs any more.
    """
    done = move(
        RUNNER,
        run,
        "outcome_unknown",
        reason=reason,
        where=where or _taken_from(run),
        attempt=run.attempt + 1,
        lease_until=clock.now(),
        failure=policies.outcome_unknown(reason).to_json(),
    )
    if done:
        kind = "run.outcome_unknown"
        audit.announce(kind, run.audit_system, run.audit_environment, runs.subject(run), title=run.title)
    return done


def _queue_again(run: Run) -> bool:
    where, attempt = _taken_from(run), run.attempt + 1
    if run.cancel_requested_at:
        words = f"canceled by {run.cancel_requested_by}; its worker was lost"
        done = move(RUNNER, run, "canceled", reason=words, where=where, attempt=attempt, finished_at=clock.now())
        if done:
            runs.close(run)
        return done
    job_id = queue.new_job_id()
    if not move(RUNNER, run, "queued", reason="the worker was lost", where=where, attempt=attempt, job_id=job_id):
        return False
    queue.enqueue_on_commit(runs.QUEUE, runs.PLAN_JOB, str(run.pk), job_id=job_id)
    return True


def ring_again() -> int:
    """Runs that wait for a worker but whose job the queue does not know (Redis was lost): queued again."""
    paths = {"queued": runs.PLAN_JOB, "approved": runs.APPLY_JOB, "outcome_unknown": runs.RECONCILE_JOB}
    waiting = Run.objects.filter(state__in=paths).exclude(state="outcome_unknown", reconcile_requested_by="")
    waiting = waiting.exclude(state="outcome_unknown", lease_until__gt=clock.now())
    rung = 0
    for run_id, state, job_id in waiting.values_list("pk", "state", "job_id"):
        if not queue.is_known(runs.QUEUE, job_id):
            rung += queue.enqueue(runs.QUEUE, paths[state], str(run_id), job_id=job_id)
    return rung
