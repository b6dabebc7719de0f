"""Stricter protections hold at once; weaker ones only when a second admin agrees to exactly what was asked for."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import example, given
from hypothesis import strategies as st

from controlplane.core.actors import Actor
from controlplane.core.models import ApprovalRequest, AuditEvent, System, User
from controlplane.core.policies import Capability
from controlplane.lib.errors import Refusal
from controlplane.pages.selectors import inbox
from deployments_app.policies import Order, why_not_released
from environments_app.models import Environment, ProtectionVersion
from environments_app.policies import weakenings
from environments_app.schema import Protection
from environments_app.services import protections
from tests import factories

globs = st.text("ab*?[]!", max_size=4)
evidence = st.dictionaries(st.sampled_from(["coverage", "scan"]), st.integers(0, 3).map(float))
protection = st.builds(
    Protection,
    required_approvals=st.integers(0, 3),
    required_release_approvals=st.integers(0, 3),
    auto_deploy=st.booleans(),
    branches=st.lists(globs, max_size=3).map(tuple),
    requester_may_approve=st.booleans(),
    required_evidence=evidence,
)


@given(protection)
def test_what_stays_is_not_weaker(one: Protection) -> None:
    assert weakenings(one, one) == []


@given(protection, protection, protection)
def test_steps_that_do_not_weaken_never_add_up_to_one_that_does(
    one: Protection, two: Protection, three: Protection
) -> None:
    if not weakenings(one, two) and not weakenings(two, three):
        assert weakenings(one, three) == []


@given(protection, protection, st.text("abc", max_size=4), evidence)
@example(Protection(branches=("a*",)), Protection(branches=("ab*", "a?")), "abc", {})
@example(Protection(branches=("a[ab]",)), Protection(branches=("a[ab]*",)), "abc", {})
def test_what_a_stricter_one_lets_in_the_old_one_lets_in_too(
    old: Protection, new: Protection, branch: str, attached: dict[str, float]
) -> None:
    if not weakenings(old, new):
        release = Order("c0ffee", branch, evidence=attached)
        if why_not_released(new, release) is None:
            assert why_not_released(old, release) is None
        assert new.required_approvals >= old.required_approvals
        assert new.required_release_approvals >= old.required_release_approvals
        assert new.auto_deploy <= old.auto_deploy
        assert new.requester_may_approve <= old.requester_may_approve


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ({"required_approvals": 2}, {"required_approvals": 1}, ["An apply needs 1 instead of 2 approvals."]),
        ({"required_release_approvals": 1}, {}, ["A release needs 0 instead of 1 approvals."]),
        ({}, {"auto_deploy": True}, ["Releases from CI deploy by themselves."]),
        ({}, {"requester_may_approve": True}, ["Who asks for a change may approve it."]),
        ({"branches": ("main",)}, {}, ["Any branch may be released."]),
        ({"branches": ("main",)}, {"branches": ("main", "dev")}, ["The branch dev may be released."]),
        ({"branches": ("release/*",)}, {"branches": ("release/1.*",)}, []),
        ({}, {"branches": ("main",)}, []),
        ({"required_evidence": {"scan": 0.0}}, {}, ["The evidence scan is not required."]),
        (
            {"required_evidence": {"coverage": 80.0}},
            {"required_evidence": {"coverage": 75.5}},
            ["The evidence coverage may be 75.5 instead of 80."],
        ),
        ({}, {"required_approvals": 3, "required_evidence": {"scan": 1.0}}, []),
    ],
)
def test_each_weakening_is_said(old: dict[str, Any], new: dict[str, Any], says: list[str]) -> None:
    assert weakenings(Protection(**old), Protection(**new)) == says


# ---- Saving


@pytest.fixture
def system(db: None) -> System:
    return factories.system("shop")


@pytest.fixture
def environment(system: System) -> Environment:
    return factories.environment(system, "live", tier="production", required_approvals=2)


@pytest.fixture
def anna(system: System) -> User:
    return factories.member(system, "admin", "anna")


@pytest.fixture
def berta(system: System) -> User:
    return factories.member(system, "admin", "berta")


def change(who: User, environment: Environment, based_on: int = 1, **wanted: Any) -> Any:
    return protections.change(Actor.person(who), environment, wanted, based_on=based_on, reason="a small team")


def agree(who: User, environment: Environment) -> ApprovalRequest | Refusal:
    digest = ApprovalRequest.objects.latest("created_at").digest
    return protections.agree(Actor.person(who), environment, digest)


def newest(environment: Environment) -> ProtectionVersion:
    return environment.protection_versions.latest("number")


def test_a_stricter_one_is_saved_at_once(environment: Environment, anna: User) -> None:
    saved = change(anna, environment, required_approvals=3)
    assert isinstance(saved, ProtectionVersion)
    assert (saved.number, saved.author, saved.rules.required_approvals) == (2, anna, 3)
    assert not ApprovalRequest.objects.exists()


def test_a_weaker_one_waits_for_another_admin(environment: Environment, anna: User, berta: User) -> None:
    asked = change(anna, environment, required_approvals=1)
    assert isinstance(asked, ApprovalRequest)
    assert newest(environment).number == 1
    assert [need.what for need in inbox(berta)] == [f"shop/live: {asked.title}"]
    assert not inbox(anna)

    assert not isinstance(agree(berta, environment), Refusal)

    saved = newest(environment)
    assert (saved.number, saved.author, saved.reason, saved.rules.required_approvals) == (2, anna, "a small team", 1)
    assert ApprovalRequest.objects.get().state == "used"
    trail = AuditEvent.objects.filter(subject_id=str(environment.pk)).values_list("action", "actor_name")
    assert {("approval.given", "berta"), ("protection.saved", "anna")} <= set(trail)


@pytest.mark.parametrize("role", ["viewer", "developer", "approver", "operator"])
def test_no_other_role_agrees_or_is_asked(environment: Environment, anna: User, role: str) -> None:
    other = factories.member(environment.system, role)
    change(anna, environment, required_approvals=1)
    refused = agree(other, environment)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.details["capability"]) == ("FORBIDDEN", Capability.CONFIGURE)
    assert not inbox(other)
    assert newest(environment).number == 1


def test_nobody_agrees_to_their_own(environment: Environment, anna: User) -> None:
    change(anna, environment, required_approvals=1)
    refused = agree(anna, environment)
    assert isinstance(refused, Refusal)
    assert refused.code == "SEPARATION_OF_DUTIES"


def test_a_superuser_does_not_count(environment: Environment, anna: User) -> None:
    root = factories.user("root", is_superuser=True)
    change(anna, environment, required_approvals=1)
    refused = agree(root, environment)
    assert isinstance(refused, Refusal)
    assert refused.code == "NOT_COUNTED"
    assert "only admins of shop do" in refused.message


def test_what_was_not_looked_at_is_not_agreed_to(environment: Environment, anna: User, berta: User) -> None:
    change(anna, environment, required_approvals=1)
    seen = ApprovalRequest.objects.get().digest
    change(anna, environment, required_approvals=0)
    refused = protections.agree(Actor.person(berta), environment, seen)
    assert isinstance(refused, Refusal)
    assert refused.code == "DIGEST_CHANGED"
    assert newest(environment).number == 1


def test_a_later_save_supersedes_what_waits(environment: Environment, anna: User, berta: User) -> None:
    change(anna, environment, required_approvals=1)
    change(berta, environment, required_approvals=4)
    assert ApprovalRequest.objects.get().state == "superseded"
    assert isinstance(agree(berta, environment), Refusal)
    assert newest(environment).rules.required_approvals == 4


def test_two_authors_collide_visibly(environment: Environment, anna: User, berta: User) -> None:
    change(anna, environment, required_approvals=3)
    refused = change(berta, environment, required_approvals=4)
    assert (refused.code, refused.status) == ("STALE_VERSION", 409)


def test_a_proposal_can_be_withdrawn_once(environment: Environment, anna: User, berta: User) -> None:
    change(anna, environment, required_approvals=1)
    assert not isinstance(protections.withdraw(Actor.person(berta), environment, "no"), Refusal)
    assert (ApprovalRequest.objects.get().state, ApprovalRequest.objects.get().reason) == ("refused", "no")
    again = protections.withdraw(Actor.person(anna), environment)
    assert isinstance(again, Refusal)
    assert again.code == "NOTHING_PROPOSED"


def test_who_may_not_configure_changes_nothing(environment: Environment) -> None:
    operator = factories.member(environment.system, "operator")
    refused = change(operator, environment, required_approvals=9)
    assert refused.code == "FORBIDDEN"
    assert AuditEvent.objects.get(action="protection.saved", refused=True).actor_name == operator.username


def test_a_wrong_one_is_refused_with_every_problem(environment: Environment, anna: User) -> None:
    refused = change(anna, environment, required_approvals=11, auto_deploy="yes", approvals=2)
    assert (refused.code, refused.status) == ("CONFIG_INVALID", 422)
    assert {each["path"] for each in refused.details["problems"]} == {"required_approvals", "auto_deploy", "approvals"}


def test_a_reason_is_asked_for(environment: Environment, anna: User) -> None:
    refused = protections.change(Actor.person(anna), environment, {}, based_on=1, reason=" ")
    assert isinstance(refused, Refusal)
    assert refused.code == "REASON_MISSING"


def test_the_operators_command_asks_nobody_and_says_what_it_weakens(environment: Environment) -> None:
    said = io.StringIO()
    call_command("set_protection", "shop", "live", required_approvals=1, reason="first set-up", stderr=said)
    assert said.getvalue() == "Weaker: An apply needs 1 instead of 2 approvals.\n"
    saved = newest(environment)
    assert (saved.rules.required_approvals, saved.author_name, saved.reason) == (1, "set_protection", "first set-up")
