"""Every page asks who is there: nobody signs in, strangers find nothing, members read why they may not."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from controlplane.core.models import ApprovalRequest, AuditEvent, System, User
from environments_app.models import Environment, Run
from tests import factories

pytestmark = pytest.mark.django_db

READ = ["viewer", "developer", "approver", "operator", "admin"]


@pytest.fixture
def system() -> System:
    return factories.system("shop")


@pytest.fixture
def environment(system: System) -> Environment:
    return factories.environment(system, "development")


@pytest.fixture
def waiting(environment: Environment, system: System) -> Run:
    """A planned run of somebody else's."""
    return factories.planned_run(environment, factories.member(system, "developer", "dev"))


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def pages(run: Run) -> list[str]:
    base = "/environments/shop/development"
    return [
        base,
        f"{base}/infrastructure",
        f"{base}/configuration",
        f"{base}/activity",
        f"/runs/{run.pk}",
        f"/output/{run.stream_id}.txt",
    ]


def posts(run: Run) -> list[str]:
    base = "/environments/shop/development"
    actions = ["approve", "revoke", "discard", "cancel", "reconcile"]
    return [f"{base}/runs", f"{base}/lock/break", *(f"/runs/{run.pk}/{action}" for action in actions)]


def test_nobody_is_sent_to_sign_in(waiting: Run) -> None:
    for path in ["/", "/inbox", "/environments", "/audit", "/settings", "/search", *pages(waiting)]:
        response = Client().get(path)
        assert (response.status_code, response.headers.get("Location", "")[:16]) == (302, "/accounts/login/"), path
    for path in posts(waiting):
        assert Client().post(path).headers["Location"].startswith("/accounts/login/"), path


def test_a_stranger_finds_nothing(waiting: Run) -> None:
    client = signed_in(factories.member(factories.system(), "admin"))
    for path in pages(waiting):
        assert client.get(path).status_code == 404, path
    for path in posts(waiting):
        assert client.post(path).status_code == 404, path
    for path in ["/", "/inbox", "/environments", "/audit", "/search?q=shop"]:
        assert "shop/development" not in client.get(path, follow=True).content.decode(), path


@pytest.mark.parametrize("role", READ)
def test_every_member_may_read(waiting: Run, system: System, role: str) -> None:
    client = signed_in(factories.member(system, role))
    for path in pages(waiting):
        assert client.get(path).status_code == 200, path


def test_a_viewer_changes_nothing_and_reads_why(waiting: Run, system: System) -> None:
    client = signed_in(factories.member(system, "viewer"))
    for path in posts(waiting):
        response = client.post(path, {"confirm": "development", "reason": "because"})
        assert response.status_code == 403, path
        assert "You are viewer of shop" in response.content.decode(), path
    assert Run.objects.get().state == "awaiting_approval"


def test_a_refusal_is_written_into_the_audit_trail(waiting: Run, system: System) -> None:
    signed_in(factories.member(system, "viewer", "curious")).post(f"/runs/{waiting.pk}/approve")
    event = AuditEvent.objects.get(refused=True)
    assert (event.actor_name, event.action, event.system) == ("curious", "page.approve", system)


def test_a_developer_plans_but_does_not_destroy(environment: Environment, system: System) -> None:
    client = signed_in(factories.member(system, "developer"))
    response = client.post("/environments/shop/development/runs", {"kind": "apply"})
    assert re.fullmatch(r"/runs/[0-9a-f-]{36}", response.headers["Location"])
    destroy = client.post("/environments/shop/development/runs", {"kind": "destroy", "confirm": "development"})
    assert destroy.status_code == 403
    assert [run.kind for run in Run.objects.all()] == ["apply"]


def test_an_unknown_kind_of_run_is_not_started(environment: Environment, system: System) -> None:
    signed_in(factories.member(system, "admin")).post("/environments/shop/development/runs", {"kind": "explode"})
    assert not Run.objects.exists()


def test_destroying_asks_for_the_name(environment: Environment, system: System) -> None:
    client = signed_in(factories.member(system, "operator"))
    client.post("/environments/shop/development/runs", {"kind": "destroy", "confirm": "developmen"})
    assert not Run.objects.exists()
    client.post("/environments/shop/development/runs", {"kind": "destroy", "confirm": "development"})
    assert Run.objects.get().kind == "destroy"


def test_who_asked_cannot_approve_and_the_button_says_so(waiting: Run) -> None:
    approver = User.objects.get(username="dev")
    approver.memberships.update(role="approver")
    client = signed_in(approver)
    page = client.get(f"/runs/{waiting.pk}").content.decode()
    assert "so someone else must approve" in page
    assert "/approve" not in page
    digest = ApprovalRequest.objects.get().digest
    client.post(f"/runs/{waiting.pk}/approve", {"digest": digest})
    assert Run.objects.get().state == "awaiting_approval"


def test_an_approver_approves_exactly_the_digest_of_the_page(waiting: Run, system: System) -> None:
    client = signed_in(factories.member(system, "approver"))
    page = client.get(f"/runs/{waiting.pk}").content.decode()
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found
    refused = client.post(f"/runs/{waiting.pk}/approve", {"digest": "0" * 64}, follow=True).content.decode()
    assert "Look at it again" in refused
    done = client.post(f"/runs/{waiting.pk}/approve", {"digest": found[1], "comment": "fine"}, follow=True)
    assert "You approved" in done.content.decode()
    assert Run.objects.get().state == "approved"


def test_production_asks_for_its_name_before_an_approval(system: System) -> None:
    production = factories.environment(system, "live", tier="production")
    run = factories.planned_run(production, factories.member(system, "developer"))
    client = signed_in(factories.member(system, "approver"))
    digest = ApprovalRequest.objects.get().digest
    answer = client.post(f"/runs/{run.pk}/approve", {"digest": digest}, follow=True).content.decode()
    assert "type live exactly" in answer
    assert Run.objects.get().state == "awaiting_approval"
    client.post(f"/runs/{run.pk}/approve", {"digest": digest, "confirm": "live"})
    assert Run.objects.get().state == "approved"


def test_a_lock_is_broken_by_an_operator_with_name_and_reason(environment: Environment, system: System) -> None:
    client = signed_in(factories.member(system, "operator"))
    path = "/environments/shop/development/lock/break"
    said = client.post(path, {"confirm": "development", "reason": ""}, follow=True).content.decode()
    assert "Say why the lock is broken" in said
    said = client.post(path, {"confirm": "development", "reason": "dead"}, follow=True).content.decode()
    assert "Nothing holds the lock" in said


def test_a_run_that_does_not_exist_is_not_found(system: System) -> None:
    assert signed_in(factories.member(system, "admin")).get(f"/runs/{uuid4()}").status_code == 404
