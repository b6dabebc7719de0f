"""The jobs and sweeps of releases: what is due is found in the database, so a lost queue loses nothing."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from controlplane.lib import clock, queue
from deployments_app import controller, servicelogs
from deployments_app.models import Release
from deployments_app.services import claims, deployments, releases

log = logging.getLogger(__name__)

LOOKS = "looks"
LOOK_JOB = "deployments_app.jobs.look"
ROUNDS = 6
"""Steps that follow each other without a pause are taken in one job: prepare, register, order, first look."""
LOST_LOOK_SECONDS = 15
FORGOTTEN = timedelta(seconds=5)
"""How old a release is before the sweep asks the policies about it, because its job seems to be lost."""


@queue.job
def look(account_key: str) -> None:
    """Looks at everything that is due in one account and region, and again while steps follow at once."""
    for _ in range(ROUNDS):
        if not controller.look(account_key):
            break
    servicelogs.collect(account_key)


@queue.job
def dispatch_release(release_id: str) -> None:
    """Asks every environment's policy whether the release is deployed by itself."""
    releases.dispatch(UUID(release_id))


def look_id(account_key: str) -> str:
    """The job id of an account's looks: while it is queued or runs, no second one is queued.

    It changes every few seconds, so that a job of a worker that was killed does not stand in the way.
    """
    period = int(clock.now().timestamp() // LOST_LOOK_SECONDS)
    return str(uuid5(NAMESPACE_URL, f"slipway:look:{account_key}:{period}"))


def sweep_deployments() -> None:
    """Queues a look per account and region in which something is due, and what was lost or left behind."""
    for key in {*claims.due_keys(), *servicelogs.unread_keys()}:
        with _alone(f"look at {key}"):
            if not queue.is_known(LOOKS, look_id(key)):
                queue.enqueue(LOOKS, LOOK_JOB, key, job_id=look_id(key))
    forgotten = Release.objects.filter(dispatched_at__isnull=True, created_at__lt=clock.now() - FORGOTTEN)
    for release_id in forgotten.values_list("pk", flat=True)[:20]:
        with _alone(f"release {release_id}"):
            releases.dispatch(release_id)
    for deployment in deployments.unapproved():
        with _alone(f"deployment {deployment.pk}"):
            deployments.cancel_unapproved(claims.CONTROLLER, deployment)


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """One row's trouble is its own: it is logged, and the sweep goes on."""
    try:
        yield
    except Exception:
        log.exception("sweep: %s failed; the others go on", what)
