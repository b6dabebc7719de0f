"""Lost, slow or alive: a run is taken only from a worker that is silent, and whose process has ended."""

import os
from datetime import timedelta

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import LockHold
from controlplane.core.services import approvals
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from environments_app.models import Environment, Run
from environments_app.services import claims, runs
from environments_app.services.claims import Claim, ClaimLost
from tests import factories
from tests.interleave import before_the_first

pytestmark = pytest.mark.django_db
UPDATE_OF_A_RUN = "UPDATE environments_run SET"
LATER = timedelta(hours=1)


@pytest.fixture
def environment() -> Environment:
    return factories.environment()


@pytest.fixture
def planning(environment: Environment) -> Claim:
    run = factories.run(environment, factories.member(environment.system, "operator"))
    claim = claims.claim_plan(str(run.pk))
    assert claim
    return claim


@pytest.fixture
def applying(environment: Environment) -> Claim:
    run = factories.planned_run(environment, factories.member(environment.system, "operator"))
    request = approvals.live_request(runs.subject(run))
    assert request
    anna = factories.member(environment.system, "approver")
    assert not isinstance(runs.approve(Actor.person(anna), run, request.digest), Refusal)
    claim = claims.claim_apply(str(run.pk))
    assert isinstance(claim, Claim)
    return claim


@pytest.fixture(params=["planning", "applying"])
def claim(request: pytest.FixtureRequest) -> Claim:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Claim)
    return found


def state_of(claim: Claim) -> str:
    return Run.objects.values_list("state", flat=True).get(pk=claim.run.pk)


def test_a_silent_worker_without_a_process_has_lost_its_run(claim: Claim) -> None:
    was = claim.run.state
    with clock.moved(LATER):
        assert claims.recover_lost() == 1
        assert state_of(claim) == {"planning": "queued", "applying": "outcome_unknown"}[was]
        with pytest.raises(ClaimLost):
            claim.heartbeat()


def test_a_heartbeat_between_the_look_and_the_taking_wins(claim: Claim) -> None:
    was = claim.run.state
    with clock.moved(LATER):
        with before_the_first(UPDATE_OF_A_RUN, claim.heartbeat):
            assert claims.recover_lost() == 0
        assert state_of(claim) == was
        claim.check()


def test_a_silent_worker_whose_process_lives_keeps_its_run(claim: Claim) -> None:
    was = claim.run.state
    claim.holds_by(os.getpid())
    with clock.moved(LATER):
        assert claims.recover_lost() == 0
    assert state_of(claim) == was


def test_a_lock_is_not_broken_while_terraform_lives(applying: Claim, environment: Environment) -> None:
    operator = Actor.person(factories.member(environment.system, "operator"))
    applying.holds_by(os.getpid())
    with clock.moved(LATER):
        refused = runs.break_lock(operator, environment, "it hangs")
        assert isinstance(refused, Refusal)
        assert refused.code == "STILL_RUNNING"
        assert LockHold.objects.count() == 1

        Run.objects.filter(pk=applying.run.pk).update(holder_pid=None)
        assert runs.break_lock(operator, environment, "its machine is gone") == 1
        assert not LockHold.objects.exists()
        with pytest.raises(ClaimLost):
            applying.check()


def test_a_wish_to_cancel_that_came_too_late_does_not_cancel_what_follows(environment: Environment) -> None:
    run = factories.planned_run(environment, factories.member(environment.system, "operator"))
    Run.objects.filter(pk=run.pk).update(cancel_requested_at=clock.now(), state="approved")
    claim = claims.claim_apply(str(run.pk))
    assert isinstance(claim, Claim)
    assert not claim.wants_cancel()
