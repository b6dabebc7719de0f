"""Every pair of a deployment's states: an edge can be walked once, anything else is refused."""

import itertools

import pytest

from controlplane.lib.states import ForbiddenTransition, compare_and_swap
from deployments_app.models import Deployment
from deployments_app.states import BEFORE_ROLLOUT, DEPLOYMENT, IN_ROLLOUT, LOOKED_AFTER, NOT_STARTED
from tests import factories
from tests.release_world import outputs, provisioned, release

EDGES: dict[str, set[str]] = {
    "awaiting_approval": {"queued", "rejected", "canceled", "superseded", "failed"},
    "queued": {"preparing", "awaiting_approval", "canceled", "superseded", "failed"},
    "preparing": {"rolling_out", "canceled", "superseded", "failed"},
    "rolling_out": {"baking", "rolling_back", "failed", "superseded"},
    "baking": {"succeeded", "rolling_back", "failed", "superseded"},
    "rolling_back": {"rolled_back", "rollback_failed"},
    **{state: set() for state in ("succeeded", "rolled_back", "rollback_failed")},
    **{state: set() for state in ("failed", "superseded", "canceled", "rejected")},
}
"""Design, section 4, written down a second time."""


def test_the_table_is_the_designs() -> None:
    assert {state: set(following) for state, following in DEPLOYMENT.edges.items()} == EDGES


def test_named_sets_say_what_their_names_do() -> None:
    assert DEPLOYMENT.active == LOOKED_AFTER | {"awaiting_approval"}
    assert all(DEPLOYMENT.allows(state, "superseded") for state in NOT_STARTED)
    assert all(DEPLOYMENT.allows(state, "canceled") for state in BEFORE_ROLLOUT)
    assert all(DEPLOYMENT.allows(state, "rolling_back") for state in IN_ROLLOUT)
    assert not any(DEPLOYMENT.allows(state, "canceled") for state in IN_ROLLOUT)


@pytest.mark.django_db
def test_a_deployment_walks_only_its_edges() -> None:
    environment = factories.environment()
    provisioned(environment, outputs())
    deployment = Deployment.objects.create(
        environment=environment,
        service=environment.system.services.get(slug="api"),
        release=release(environment.system),
        strategy="rolling",
        requester_name="anna",
        account_key="own:us-east-1",
    )
    for old, new in itertools.product(sorted(DEPLOYMENT.states), repeat=2):
        Deployment.objects.filter(pk=deployment.pk).update(state=old)
        if new in EDGES[old]:
            assert compare_and_swap(deployment, DEPLOYMENT, old, new)
            assert not compare_and_swap(deployment, DEPLOYMENT, old, new), "the second one comes too late"
        else:
            with pytest.raises(ForbiddenTransition):
                compare_and_swap(deployment, DEPLOYMENT, old, new)
