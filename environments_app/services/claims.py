"""Who works on a run: claimed by compare-and-swap, kept by a heartbeat, told apart from a lost worker."""

import logging
import socket
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from controlplane.core.actors import Actor
from controlplane.core.services import audit, locks
from controlplane.core.services.transitions import move
from controlplane.lib import clock, process, queue
from controlplane.lib.errors import Refusal, SlipwayError
from environments_app import policies
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


def this_machine() -> str:
    """Names this machine and its boot: pids mean something only together with it."""
    return f"{socket.gethostname()[:40]}/{process.boot_id()}"


def _lease() -> timedelta:
    return timedelta(seconds=settings.SLIPWAY_LEASE_SECONDS)


class Claim:
    """The right to work on a run, held by one attempt."""

    def __init__(self, run: Run) -> None:
        self.run, self.attempt = run, run.attempt
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
            self._update(lease_until=now + _lease())
            self._renew_at = now + _lease() / HEARTBEAT_SHARE

    def check(self) -> None:
        """Asked right before something irreversible; raises ClaimLost."""
        self._update(lease_until=clock.now() + _lease())

    def store(self, **values: object) -> None:
        """Writes fields of the run, if the claim still stands."""
        self._update(**values)
        for name, value in values.items():
            setattr(self.run, name, value)

    def wants_cancel(self) -> bool:
        return Run.objects.filter(pk=self.run.pk, cancel_requested_at__isnull=False).exists()


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
        )
        if not moved:
            locks.release(runs.subject(run))
            return None
    return Claim(run)


def holder_is_alive(run: Run) -> bool:
    """Whether the process that holds the run is surely alive, on this machine."""
    if not run.holder_pid or run.holder_machine != this_machine():
        return False
    return process.started_at(run.holder_pid) == run.holder_started


def recover_lost() -> int:
    """Runs whose lease has passed and whose process is gone: plans are queued again, applies become unknown."""
    recovered = 0
    lost = Run.objects.filter(state__in=["planning", "applying"], lease_until__lt=clock.now())
    for run in lost.select_related("environment__system", "stream"):
        if holder_is_alive(run):
            log.warning("run %s: the worker is silent, but its Terraform process %s lives", run.pk, run.holder_pid)
            continue
        with transaction.atomic():
            same: dict[str, object] = {"attempt": run.attempt, "lease_until": run.lease_until}
            if run.state == "planning":
                done = _queue_again(run, same)
            else:
                failure = policies.OUTCOME_UNKNOWN.to_json()
                done = move(RUNNER, run, "outcome_unknown", reason="the worker was lost", where=same, failure=failure)
                if done:
                    audit.announce(
                        "run.outcome_unknown",
                        run.audit_system,
                        run.audit_environment,
                        runs.subject(run),
                        title=run.title,
                    )
            # Whoever wakes up later finds that its attempt has passed on.
            Run.objects.filter(pk=run.pk).update(attempt=F("attempt") + 1)
        recovered += done
    return recovered


def _queue_again(run: Run, same: dict[str, object]) -> bool:
    if run.cancel_requested_at:
        done = move(RUNNER, run, "canceled", reason="the worker was lost", where=same, finished_at=clock.now())
        runs.close(run)
        return done
    job_id = queue.new_job_id()
    if not move(RUNNER, run, "queued", reason="the worker was lost", where=same, job_id=job_id):
        return False
    queue.enqueue_on_commit(runs.QUEUE, runs.PLAN_JOB, str(run.pk), job_id=job_id)
    return True


def ring_again() -> int:
    """Runs that wait for a worker but whose job the queue does not know (Redis was lost): queued again."""
    rung = 0
    for run_id, state, job_id in Run.objects.filter(state__in=["queued", "approved"]).values_list(
        "pk", "state", "job_id"
    ):
        path = runs.PLAN_JOB if state == "queued" else runs.APPLY_JOB
        if not queue.is_known(runs.QUEUE, job_id):
            rung += queue.enqueue(runs.QUEUE, path, str(run_id), job_id=job_id)
    return rung
