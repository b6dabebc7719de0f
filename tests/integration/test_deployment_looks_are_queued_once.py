"""The sweep finds what is due in the database; losing Redis loses nothing."""

from datetime import timedelta

import django_rq
import pytest

from controlplane.core.actors import Actor
from controlplane.lib import clock
from deployments_app import jobs
from deployments_app.models import Deployment, Release
from deployments_app.services import deployments
from environments_app.models import Environment
from tests import factories
from tests.release_world import KEY, outputs, provisioned, release

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def environment() -> Environment:
    made = factories.environment(factories.system("shop"), "staging", auto_deploy=True)
    provisioned(made, outputs())
    return made


def asked(environment: Environment) -> Deployment:
    made = deployments.request_deployment(
        Actor.slipway("test"), environment, release(environment.system), automatic=True
    )
    assert isinstance(made, Deployment)
    return made


def test_one_look_is_queued_however_many_are_due(environment: Environment, redis_server: str) -> None:
    asked(environment)
    queue = django_rq.get_queue("looks")
    queue.empty()
    for _ in range(3):
        jobs.sweep_deployments()
    # Twice at most: the period may have changed between two sweeps.
    assert 1 <= len(queue.jobs) <= 2
    assert {tuple(job.args) for job in queue.jobs} == {(KEY,)}
    queue.empty()
    with clock.moved(timedelta(seconds=jobs.LOST_LOOK_SECONDS)):
        jobs.sweep_deployments()
        assert len(queue.jobs) == 1, "a look that was lost with its worker does not stand in the way"


def test_nothing_due_queues_nothing(environment: Environment, redis_server: str) -> None:
    deployment = asked(environment)
    Deployment.objects.filter(pk=deployment.pk).update(due_at=clock.now() + timedelta(hours=1))
    queue = django_rq.get_queue("looks")
    queue.empty()
    jobs.sweep_deployments()
    assert queue.jobs == []


def test_a_release_whose_job_was_lost_is_dispatched_by_the_sweep(environment: Environment) -> None:
    what = release(environment.system)
    jobs.sweep_deployments()
    assert not Release.objects.get(pk=what.pk).dispatched_at, "its job may still be on its way"
    with clock.moved(jobs.FORGOTTEN * 2):
        jobs.sweep_deployments()
    assert Release.objects.get(pk=what.pk).decisions["staging"]["deploys"]
    assert Deployment.objects.get().state == "queued"
