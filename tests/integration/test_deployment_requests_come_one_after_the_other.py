"""What comes together for one environment is decided about in turn; PostgreSQL needs a row lock for that."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from controlplane.core.actors import Actor
from deployments_app.models import Deployment, Release
from deployments_app.services import deployments, releases
from environments_app.models import Environment
from tests import factories
from tests.release_world import outputs, provisioned, release

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = Actor.slipway("test")


@pytest.fixture
def environment() -> Environment:
    made = factories.environment(factories.system("shop"), auto_deploy=True)
    provisioned(made, outputs())
    return made


def meanwhile(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Begins the second while the first's transaction is still open."""

    def run() -> None:
        try:
            second()
        finally:
            connection.close()

    other = threading.Thread(target=run)
    with transaction.atomic():
        first()
        other.start()
        other.join(0.5)
    other.join(30)
    assert not other.is_alive()


def queued() -> list[int | None]:
    return [deployment.release.sequence for deployment in Deployment.objects.filter(state="queued")]


def test_an_older_release_never_ends_on_top(environment: Environment) -> None:
    older, newer = release(environment.system, sequence=1), release(environment.system, sequence=2)
    meanwhile(
        lambda: deployments.request_deployment(ACTOR, environment, newer, automatic=True),
        lambda: releases.dispatch(older.pk),
    )
    assert queued() == [2]
    assert not Release.objects.get(pk=older.pk).decisions[environment.slug]["deploys"]


def test_of_two_requests_the_later_one_takes_the_place(environment: Environment) -> None:
    one, two = release(environment.system, sequence=1), release(environment.system, sequence=2)
    meanwhile(
        lambda: deployments.request_deployment(ACTOR, environment, one, automatic=True),
        lambda: deployments.request_deployment(ACTOR, environment, two, automatic=True),
    )
    assert queued() == [2]
