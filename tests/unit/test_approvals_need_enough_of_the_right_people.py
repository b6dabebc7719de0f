"""N of M, separated duties, bound to a digest, with an end."""

from datetime import timedelta

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent, Membership
from controlplane.core.services import approvals
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from environments_app.models import Environment, Run
from environments_app.services import runs
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return factories.environment(required_approvals=2)


@pytest.fixture
def run(environment: Environment) -> Run:
    return factories.planned_run(environment, factories.member(environment.system, "developer", "dora"))


def digest(run: Run) -> str:
    request = approvals.live_request(runs.subject(run))
    assert request
    return request.digest


def code(outcome: object) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def test_the_second_of_two_approvals_moves_the_run(run: Run, environment: Environment) -> None:
    for name, state in (("anna", "awaiting_approval"), ("otto", "approved")):
        person = factories.member(environment.system, "approver", name)
        assert not isinstance(runs.approve(Actor.person(person), run, digest(run)), Refusal)
        run.refresh_from_db()
        assert run.state == state


def test_the_same_person_counts_once(run: Run, environment: Environment) -> None:
    anna = factories.member(environment.system, "approver")
    assert runs.approve(Actor.person(anna), run, digest(run))
    assert code(runs.approve(Actor.person(anna), run, digest(run))) == "ALREADY_APPROVED"


def test_the_requester_never_counts_even_as_approver(run: Run) -> None:
    assert run.requester
    Membership.objects.filter(user=run.requester).update(role="admin")
    assert code(runs.approve(Actor.person(run.requester), run, digest(run))) == "SEPARATION_OF_DUTIES"


def test_roles_below_approver_are_refused_and_audited(run: Run, environment: Environment) -> None:
    for role in ("viewer", "developer"):
        person = factories.member(environment.system, role)
        assert code(runs.approve(Actor.person(person), run, digest(run))) == "FORBIDDEN"
    assert AuditEvent.objects.filter(action="approval.refused", refused=True).count() == 2


def test_a_superuser_does_not_count(run: Run) -> None:
    root = factories.user(is_superuser=True)
    assert code(runs.approve(Actor.person(root), run, digest(run))) == "NOT_COUNTED"


def test_another_digest_is_refused(run: Run, environment: Environment) -> None:
    anna = factories.member(environment.system, "approver")
    assert code(runs.approve(Actor.person(anna), run, "0" * 64)) == "DIGEST_CHANGED"


def test_time_runs_out(run: Run, environment: Environment) -> None:
    anna = factories.member(environment.system, "approver")
    with clock.moved(runs.PLAN_LIFETIME + timedelta(seconds=1)):
        assert code(runs.approve(Actor.person(anna), run, digest(run))) == "APPROVAL_EXPIRED"
        assert approvals.expire(Actor.slipway("scheduler")) == 1
    assert approvals.live_request(runs.subject(run)) is None


def test_a_revoked_approval_opens_the_request_again(run: Run, environment: Environment) -> None:
    anna, otto = (factories.member(environment.system, "approver") for _ in range(2))
    for person in (anna, otto):
        runs.approve(Actor.person(person), run, digest(run))
    run.refresh_from_db()
    assert runs.revoke(Actor.person(anna), run)
    run.refresh_from_db()
    assert run.state == "awaiting_approval"
    assert runs.approve(Actor.person(anna), run, digest(run))
    run.refresh_from_db()
    assert run.state == "approved"


@pytest.mark.parametrize("name", ["plan_sha256", "state_serial", "state_lineage", "config_version"])
def test_each_bound_input_alone_changes_the_digest(run: Run, name: str) -> None:
    assert approvals.digest_of({**run.bound, name: "something else"}) != approvals.digest_of(run.bound)


def test_a_new_configuration_supersedes_the_waiting_run(run: Run, environment: Environment) -> None:
    runs.supersede_waiting(Actor.slipway("test"), environment, "configuration v2 was saved")
    run.refresh_from_db()
    assert run.state == "superseded"
    anna = factories.member(environment.system, "approver")
    assert code(runs.approve(Actor.person(anna), run, "x")) == "NOT_WAITING"


def test_nobody_needed_goes_straight_on() -> None:
    environment = factories.environment(required_approvals=0)
    run = factories.planned_run(environment, factories.member(environment.system, "developer"))
    run.refresh_from_db()
    assert run.state == "approved"


def test_an_approved_run_can_still_be_refused(run: Run, environment: Environment) -> None:
    people = [factories.member(environment.system, "approver") for _ in range(2)]
    for person in people:
        runs.approve(Actor.person(person), run, digest(run))
    run.refresh_from_db()
    assert not isinstance(runs.discard(Actor.person(people[0]), run, "not today"), Refusal)
    run.refresh_from_db()
    assert run.state == "discarded"
    assert approvals.live_request(runs.subject(run)) is None


def test_an_approver_who_lost_the_role_does_not_count(run: Run, environment: Environment) -> None:
    anna, otto, olga = (factories.member(environment.system, "approver") for _ in range(3))
    runs.approve(Actor.person(anna), run, digest(run))
    Membership.objects.filter(user=anna).delete()
    runs.approve(Actor.person(otto), run, digest(run))
    run.refresh_from_db()
    assert run.state == "awaiting_approval"
    runs.approve(Actor.person(olga), run, digest(run))
    run.refresh_from_db()
    assert run.state == "approved"


def test_what_was_used_can_neither_be_used_again_nor_revoked(run: Run, environment: Environment) -> None:
    people = [factories.member(environment.system, "approver") for _ in range(2)]
    for person in people:
        runs.approve(Actor.person(person), run, digest(run))
    assert approvals.use(Actor.slipway("runner"), runs.subject(run), run.bound)
    assert not approvals.use(Actor.slipway("runner"), runs.subject(run), run.bound)
    assert code(approvals.revoke(Actor.person(people[0]), runs.subject(run))) == "TOO_LATE"


def test_what_changed_cannot_be_used(run: Run, environment: Environment) -> None:
    for person in [factories.member(environment.system, "approver") for _ in range(2)]:
        runs.approve(Actor.person(person), run, digest(run))
    assert not approvals.use(Actor.slipway("runner"), runs.subject(run), {**run.bound, "state_serial": 7})
    request = approvals.live_request(runs.subject(run))
    assert request
    people = approvals.standing(request)
    people[0].user.memberships.update(role="viewer")
    assert not approvals.use(Actor.slipway("runner"), runs.subject(run), run.bound)


def test_a_finding_that_refuses_holds_even_where_nobody_must_agree() -> None:
    environment = factories.environment(required_approvals=0)
    person = factories.member(environment.system, "developer")
    finding = {"title": "The cost could not be estimated", "detail": "", "refuses": True}
    run = factories.planned_run(environment, person, findings=[finding])
    run.refresh_from_db()
    assert run.state == "awaiting_approval"
