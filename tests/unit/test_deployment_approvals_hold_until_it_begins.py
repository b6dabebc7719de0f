"""Approvals and protections bind what a deployment was when it was asked for, until it begins."""

from datetime import timedelta
from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import LockHold
from controlplane.core.services import approvals
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from deployments_app import controller, jobs
from deployments_app.models import Deployment, Release
from deployments_app.services import deployments, releases
from environments_app import schema
from environments_app.models import Environment
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


def test_production_waits_for_someone_else(production: Environment) -> None:
    requester = person(production, "approver")
    deployment = asked(production, actor=requester)
    assert deployment.state == "awaiting_approval"
    own = approve(deployment, requester)
    assert isinstance(own, Refusal)
    assert own.code == "SEPARATION_OF_DUTIES"
    assert not isinstance(approve(deployment, person(production, "approver")), Refusal)
    assert deployments.find(deployment.pk).state == "queued"


def test_the_commits_author_does_not_count(production: Environment) -> None:
    author = factories.member(production.system, "approver", "anna")
    deployment = asked(production, release(production.system, author="anna"))
    refused = approve(deployment, Actor.person(author))
    assert isinstance(refused, Refusal)
    assert refused.code == "SEPARATION_OF_DUTIES"


def test_a_changed_input_supersedes_instead_of_being_approved(production: Environment) -> None:
    deployment = asked(production)
    changed = outputs(family="shop-production-api")
    changed["services"]["api"]["task_template"]["memory"] = "1024"
    provisioned(production, changed)
    refused = approve(deployment, person(production, "approver"))
    assert isinstance(refused, Refusal)
    assert refused.code == "OUTDATED"
    assert deployments.find(deployment.pk).state == "superseded"


def test_traffic_that_would_go_elsewhere_is_not_what_was_approved(production: Environment) -> None:
    routed = {"target_group_arn": "arn:group", "container_name": "api", "container_port": 8080}
    provisioned(production, outputs(family="shop-production-api", load_balancer=routed))
    deployment = asked(production)
    elsewhere = routed | {"container_name": "proxy"}
    provisioned(production, outputs(family="shop-production-api", load_balancer=elsewhere))

    refused = approve(deployment, person(production, "approver"))

    assert isinstance(refused, Refusal)
    assert refused.code == "OUTDATED"
    assert "load balancer" in refused.message


def test_what_changes_after_the_approval_is_not_started(production: Environment) -> None:
    deployment = asked(production)
    approve(deployment, person(production, "approver"))
    rules = schema.Protection(required_release_approvals=2)
    configs.save_protection(Actor.slipway("test"), production, rules, reason="test")
    controller.look(KEY)
    ended = deployments.find(deployment.pk)
    assert ended.state == "superseded"
    assert "protection version" in ended.reason
    assert approvals.live_request(deployment.audit_subject) is None


def test_an_approver_who_has_lost_the_role_does_not_count_any_more(production: Environment) -> None:
    deployment, approver = asked(production), factories.member(production.system, "approver")
    approve(deployment, Actor.person(approver))
    approver.memberships.update(role="viewer")
    controller.look(KEY)
    ended = deployments.find(deployment.pk)
    assert (ended.state, ended.reason) == ("superseded", "Its approval does not stand any more.")
    assert not LockHold.objects.exists()


def test_a_revoked_approval_holds_it_again(production: Environment) -> None:
    deployment = asked(production)
    approver = person(production, "approver")
    approve(deployment, approver)
    back = deployments.revoke(approver, deployments.find(deployment.pk))
    assert isinstance(back, Deployment)
    assert back.state == "awaiting_approval"
    controller.look(KEY)
    assert deployments.find(deployment.pk).state == "awaiting_approval"


def test_a_release_that_cannot_be_decided_about_does_not_hold_the_others(
    staging: Environment, production: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, good, unapproved = release(staging.system), release(staging.system), asked(production)
    decide = releases._decide

    def broken(what: Release, environment: Environment) -> None:
        if what == poisoned:
            raise ValueError("poison")
        decide(what, environment)

    monkeypatch.setattr(releases, "_decide", broken)
    with clock.moved(timedelta(days=2)):
        approvals.expire(Actor.slipway("test"))
        jobs.sweep_deployments()
    assert Release.objects.get(pk=good.pk).dispatched_at
    assert not Release.objects.get(pk=poisoned.pk).dispatched_at
    assert deployments.find(unapproved.pk).state == "canceled"


def test_an_approval_that_runs_out_cancels(production: Environment) -> None:
    deployment = asked(production)
    with clock.moved(timedelta(days=2)):
        approvals.expire(Actor.slipway("test"))
        jobs.sweep_deployments()
    assert deployments.find(deployment.pk).state == "canceled"


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"auto_deploy": True, "required_release_approvals": 1}, "nobody approved it"),
        ({"auto_deploy": True, "branches": ("release/*",)}, "Only release/* may be released here"),
        ({"auto_deploy": False}, "no longer deploys by itself"),
    ],
)
def test_a_stronger_protection_holds_what_waits_already(staging: Environment, rules: dict[str, Any], why: str) -> None:
    dispatched(release(staging.system))
    deployment = Deployment.objects.get()
    configs.save_protection(Actor.slipway("test"), staging, schema.Protection(**rules), reason="test")
    controller.look(KEY)
    ended = deployments.find(deployment.pk)
    assert ended.state == "superseded"
    assert why in ended.reason
    assert not LockHold.objects.exists()


def test_a_stronger_protection_does_not_hold_a_rollback(staging: Environment) -> None:
    succeeded(asked(staging))
    new = succeeded(asked(staging))
    back = deployments.rollback(person(staging, "operator"), new)
    assert isinstance(back, Deployment)
    rules = schema.Protection(required_release_approvals=2, branches=("release/*",))
    configs.save_protection(Actor.slipway("test"), staging, rules, reason="test")
    controller.look(KEY)
    assert deployments.find(back.pk).state == "preparing"
