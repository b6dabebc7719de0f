"""Asking for deployments, approving them, and what gives way to what."""

import itertools
from datetime import timedelta

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent, LockHold
from controlplane.core.services import approvals
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from deployments_app import controller
from deployments_app.models import Deployment
from deployments_app.services import claims, deployments, targets
from environments_app import schema
from environments_app.models import ConfigVersion, Environment, Run
from environments_app.services import configs
from tests import factories
from tests.release_world import KEY, approve, asked, dispatched, outputs, person, provisioned, release, succeeded

pytestmark = pytest.mark.django_db


@pytest.fixture
def staging() -> Environment:
    made = factories.environment(factories.system("shop"), "staging", auto_deploy=True)
    provisioned(made, outputs())
    return made


@pytest.fixture
def production(staging: Environment) -> Environment:
    made = factories.environment(staging.system, "production", tier="production", required_release_approvals=1)
    provisioned(made, outputs(family="shop-production-api"))
    return made


# ---- By policy


def test_a_release_goes_by_itself_only_where_the_protection_says_so(production: Environment) -> None:
    what = release(production.system)
    assert dispatched(what) == {"staging": True, "production": False}
    deployment = Deployment.objects.get()
    assert (deployment.state, deployment.automatic, deployment.environment.slug) == ("queued", True, "staging")
    assert what.decisions["production"]["reason"]
    assert dispatched(what) == {"staging": True, "production": False}
    assert Deployment.objects.count() == 1, "asked twice, deployed once"


def test_where_nothing_is_provisioned_the_decision_says_what_to_do(staging: Environment) -> None:
    other = factories.environment(factories.system("new"), auto_deploy=True)
    what = release(other.system)
    assert dispatched(what) == {"development": False}
    assert "apply the infrastructure first" in what.decisions["development"]["reason"]


def test_a_newer_release_takes_the_place_of_one_that_waits(staging: Environment) -> None:
    first, second = release(staging.system), release(staging.system)
    dispatched(first)
    dispatched(second)
    states = {deployment.release_id: deployment.state for deployment in Deployment.objects.all()}
    assert states == {first.pk: "superseded", second.pk: "queued"}


def test_releases_in_any_order_of_arrival_leave_the_newest_waiting(staging: Environment) -> None:
    for order in itertools.permutations([1, 2, 3]):
        Deployment.objects.all().delete()
        for number in order:
            dispatched(release(staging.system, sequence=number))
        waiting = Deployment.objects.exclude(state="superseded")
        assert [deployment.release.sequence for deployment in waiting] == [3], order


def test_a_rollback_by_a_person_is_not_undone_by_a_machine(staging: Environment) -> None:
    old = succeeded(asked(staging))
    new = succeeded(asked(staging))
    back = deployments.rollback(person(staging, "operator"), deployments.find(new.pk))
    assert isinstance(back, Deployment)
    assert (back.kind, back.release_id, back.state) == ("rollback", old.release_id, "queued")
    what = release(staging.system)
    assert dispatched(what) == {"staging": False}
    succeeded(back)
    assert dispatched(release(staging.system)) == {"staging": False}
    succeeded(asked(staging, what))
    assert dispatched(release(staging.system)) == {"staging": True}, "a person went forward again"


def test_what_was_destroyed_runs_no_more(staging: Environment) -> None:
    succeeded(asked(staging))
    newest = succeeded(asked(staging))
    late = release(staging.system, sequence=0)
    destroy = factories.run(staging, factories.user(is_superuser=True), "destroy")
    assert targets.last_succeeded(staging, newest.service_id) == newest
    Run.objects.filter(pk=destroy.pk).update(state="applied", finished_at=clock.now())
    assert targets.last_succeeded(staging, newest.service_id) is None
    assert dispatched(late) == {"staging": True}, "what is gone is no newer release"
    again = succeeded(Deployment.objects.get(release=late))
    assert targets.last_succeeded(staging, newest.service_id) == again


def test_a_rollback_restores_the_whole_revision(staging: Environment) -> None:
    old = succeeded(asked(staging))
    changed = outputs()
    changed["services"]["api"]["task_template"]["cpu"] = "1024"
    provisioned(staging, changed)
    new = succeeded(asked(staging))
    assert new.rendered["cpu"] == "1024"
    back = deployments.rollback(person(staging, "operator"), new)
    assert isinstance(back, Deployment)
    assert back.rendered == old.rendered


# ---- By people


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("developer", True), ("operator", True)])
def test_asking_needs_a_role(staging: Environment, role: str, may: bool) -> None:
    outcome = deployments.request_deployment(person(staging, role), staging, release(staging.system))
    assert isinstance(outcome, Deployment) is may
    assert AuditEvent.objects.filter(action="deployment.requested", refused=True).exists() is not may


def test_the_same_release_is_not_brought_on_its_way_twice(staging: Environment) -> None:
    first = asked(staging)
    again = deployments.request_deployment(person(staging, "developer"), staging, first.release)
    assert isinstance(again, Refusal)
    assert again.details == {"deployment": str(first.pk)}


def test_another_systems_release_is_refused(staging: Environment) -> None:
    other = factories.environment(factories.system("other"))
    outcome = deployments.request_deployment(person(staging, "developer"), staging, release(other.system))
    assert isinstance(outcome, Refusal)
    assert outcome.code == "OTHER_SYSTEM"


def test_branches_bind_people_too(staging: Environment) -> None:
    rules = schema.Protection(branches=("main",))
    configs.save_protection(Actor.slipway("test"), staging, rules, reason="test")
    what = release(staging.system, branch="feature")
    outcome = deployments.request_deployment(person(staging, "developer"), staging, what)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "NOT_RELEASABLE"


def test_a_strategy_that_is_not_carried_out_is_refused(staging: Environment) -> None:
    outcome = deployments.request_deployment(person(staging, "developer"), staging, release(staging.system), "canary")
    assert isinstance(outcome, Refusal)
    assert outcome.status == 422


# ---- Ending what has not begun


@pytest.mark.parametrize(("own", "end"), [(True, "canceled"), (False, "rejected")])
def test_what_waits_for_approval_is_canceled_or_rejected(production: Environment, own: bool, end: str) -> None:
    requester = person(production, "developer")
    deployment = asked(production, actor=requester)
    ended = deployments.abort(requester if own else person(production, "approver"), deployment, "not today")
    assert isinstance(ended, Deployment)
    assert (ended.state, deployments.find(deployment.pk).reason) == (end, "not today")
    assert approvals.live_request(deployment.audit_subject) is None


def test_an_approved_one_that_has_not_begun_is_canceled(production: Environment) -> None:
    deployment = asked(production)
    approve(deployment, person(production, "approver"))
    ended = deployments.abort(person(production, "operator"), deployments.find(deployment.pk))
    assert isinstance(ended, Deployment)
    assert ended.state == "canceled"


def test_a_viewer_ends_nothing(staging: Environment) -> None:
    deployment = asked(staging)
    for verb in (deployments.abort, deployments.pause, deployments.promote, deployments.rollback):
        refused = verb(person(staging, "viewer"), deployment)
        assert isinstance(refused, Refusal)
        assert refused.status == 403


def test_a_paused_one_is_not_started_until_someone_goes_on(staging: Environment) -> None:
    deployment, operator = asked(staging), person(staging, "operator")
    assert isinstance(deployments.pause(operator, deployment), Deployment)
    controller.look(KEY)
    assert deployments.find(deployment.pk).state == "queued"
    assert isinstance(deployments.promote(operator, deployments.find(deployment.pk)), Deployment)
    controller.look(KEY)
    assert deployments.find(deployment.pk).state == "preparing"


@pytest.mark.parametrize("state", ["preparing", "rolling_out"])
def test_a_rolling_deployment_cannot_be_held_on_its_way(staging: Environment, state: str) -> None:
    deployment = asked(staging)
    Deployment.objects.filter(pk=deployment.pk).update(state=state)
    refused = deployments.pause(person(staging, "operator"), deployments.find(deployment.pk))
    assert isinstance(refused, Refusal)
    assert "aborted" in refused.message


def test_an_abort_while_it_runs_is_a_wish_for_the_next_look(staging: Environment) -> None:
    deployment = asked(staging)
    Deployment.objects.filter(pk=deployment.pk).update(state="rolling_out", due_at=clock.now() + timedelta(hours=1))
    aborted = deployments.abort(person(staging, "operator"), deployments.find(deployment.pk))
    assert isinstance(aborted, Deployment)
    assert aborted.state == "rolling_out"
    assert aborted.abort_requested_at
    assert aborted.due_at
    assert aborted.due_at <= clock.now()
    again = deployments.abort(person(staging, "operator"), aborted)
    assert isinstance(again, Refusal)


def test_an_abort_that_meets_success_is_carried_out(staging: Environment) -> None:
    deployment = asked(staging)
    Deployment.objects.filter(pk=deployment.pk).update(state="baking", due_at=clock.now())
    (claim,) = claims.claim_due(KEY)
    assert isinstance(deployments.abort(person(staging, "operator"), deployments.find(deployment.pk)), Deployment)

    def succeed() -> timedelta:
        claim.advance("succeeded", "succeeded")
        return timedelta(0)

    controller.guarded(claim, succeed)
    row = deployments.find(deployment.pk)
    assert (row.state, row.lease_until) == ("baking", None)
    assert row.due_at
    assert row.due_at <= clock.now(), "the next look comes at once and sees the wish"


def test_going_on_after_a_long_pause_leaves_time_for_the_proof(staging: Environment) -> None:
    deployment, operator = asked(staging), person(staging, "operator")
    Deployment.objects.filter(pk=deployment.pk).update(
        state="baking", bake_until=clock.now(), deadline_at=clock.now() + timedelta(minutes=1)
    )
    assert isinstance(deployments.pause(operator, deployments.find(deployment.pk)), Deployment)
    with clock.moved(timedelta(hours=8)):
        gone_on = deployments.promote(operator, deployments.find(deployment.pk))
        assert isinstance(gone_on, Deployment)
        assert gone_on.deadline_at
        assert gone_on.deadline_at > clock.now()


def test_a_region_that_is_saved_meanwhile_is_not_where_a_rollout_goes_on(staging: Environment) -> None:
    begun = asked(staging)
    controller.look(KEY)
    moved = {**factories.SMALL_CONFIG, "region": "eu-central-1"}
    saved = configs.save_config(Actor.slipway("test"), staging, moved, based_on=1, reason="test")
    assert isinstance(saved, ConfigVersion), saved
    assert targets.account_for(deployments.find(begun.pk)).region == "us-east-1"
    later = asked(Environment.objects.get(pk=staging.pk))
    assert targets.account_for(later).region == "eu-central-1"


# ---- The lock


def test_a_lock_that_is_taken_is_said_and_waited_for(staging: Environment) -> None:
    run = factories.run(staging, factories.user(is_superuser=True))
    LockHold.objects.create(
        environment_id=staging.pk, exclusive=True, holder_kind="run", holder_id=run.pk, who="olga", why="apply v3",
        fencing=1,
    )  # fmt: skip
    deployment = asked(staging)
    controller.look(KEY)
    waiting = deployments.find(deployment.pk)
    assert waiting.state == "queued"
    assert "olga" in waiting.reason
    assert "apply v3" in waiting.reason
    LockHold.objects.all().delete()
    with clock.moved(timedelta(minutes=1)):
        controller.look(KEY)
    assert deployments.find(deployment.pk).state == "preparing"
    assert LockHold.objects.get().holder_id == deployment.pk


def test_services_do_not_wait_for_each_other_but_one_waits_for_itself(staging: Environment) -> None:
    first = asked(staging)
    controller.look(KEY)
    assert deployments.find(first.pk).state == "preparing"
    Deployment.objects.filter(pk=first.pk).update(due_at=None)
    second = asked(staging)
    controller.look(KEY)
    waiting = deployments.find(second.pk)
    assert waiting.state == "queued"
    assert first.release.version in waiting.reason
