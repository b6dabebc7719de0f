"""The pages on which people compare and restore configurations, and change who must agree."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.core.actors import Actor
from controlplane.core.models import ApprovalRequest, System, User
from environments_app.models import ConfigVersion, Environment
from environments_app.services import configs, protections
from tests import factories

pytestmark = pytest.mark.django_db
HERE = "/environments/shop/live"


@pytest.fixture
def system() -> System:
    return factories.system("shop")


@pytest.fixture
def live(system: System) -> Environment:
    return factories.environment(system, "live", tier="production", required_approvals=2)


@pytest.fixture
def anna(system: System) -> User:
    return factories.member(system, "admin", "anna")


@pytest.fixture
def berta(system: System) -> User:
    return factories.member(system, "admin", "berta")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def save(environment: Environment, days: int, based_on: int) -> None:
    document = {**factories.SMALL_CONFIG, "logs": {"retention_days": days}}
    saved = configs.save_config(Actor.slipway("test"), environment, document, based_on=based_on, reason=f"{days} days")
    assert isinstance(saved, ConfigVersion)


# ---- Configuration


def test_an_old_version_is_restored_with_a_reason_and_what_it_changed_is_shown(live: Environment, anna: User) -> None:
    save(live, 90, based_on=1)
    client = signed_in(anna)
    assert "Restore as version 3" in text(client.get(f"{HERE}/configuration?version=1"))
    sent = {"version": "1", "based_on": "2", "reason": "too dear"}
    page = text(client.post(f"{HERE}/configuration/restore", sent, follow=True))
    assert "Version 1 is restored." in page
    assert "From v2 to v3" in page
    assert "<code>logs.retention_days</code>" in page
    assert (live.config_versions.count(), live.config_versions.latest("number").reason) == (3, "too dear")


def test_a_restore_without_a_reason_stores_nothing(live: Environment, anna: User) -> None:
    save(live, 90, based_on=1)
    sent = {"version": "1", "based_on": "2", "reason": " "}
    page = text(signed_in(anna).post(f"{HERE}/configuration/restore", sent, follow=True))
    assert "Say why it comes back" in page
    assert live.config_versions.count() == 2


def test_a_restore_that_collides_shows_what_was_saved_meanwhile(live: Environment, anna: User) -> None:
    save(live, 90, based_on=1)
    save(live, 365, based_on=2)
    sent = {"version": "1", "based_on": "2", "reason": "too dear"}
    page = text(signed_in(anna).post(f"{HERE}/configuration/restore", sent, follow=True))
    assert "Version 3 was saved meanwhile" in page
    assert "From v2 to v3" in page
    assert live.config_versions.count() == 3


@pytest.mark.parametrize("query", ["version=7", "version=x", "from=1&to=7", "from=1&to=99999999999999999999"])
def test_a_version_that_is_not_there_is_not_found(live: Environment, anna: User, query: str) -> None:
    assert signed_in(anna).get(f"{HERE}/configuration?{query}").status_code == 404


def test_who_may_only_look_is_offered_no_restore(live: Environment, system: System) -> None:
    save(live, 90, based_on=1)
    page = text(signed_in(factories.member(system, "operator")).get(f"{HERE}/configuration?version=1"))
    assert "Restore" not in page


def test_a_long_history_has_pages_and_costs_no_more_queries(live: Environment, anna: User) -> None:
    client = signed_in(anna)
    save(live, 90, based_on=1)
    client.get(f"{HERE}/configuration")  # the session's own first queries
    with CaptureQueriesContext(connection) as few:
        client.get(f"{HERE}/configuration")
    for number in range(2, 24):
        save(live, [30, 90][number % 2], based_on=number)
    with CaptureQueriesContext(connection) as many:
        page = text(client.get(f"{HERE}/configuration"))
    assert len(many) == len(few)
    assert "Page 1 of 2" in page
    assert ">v1</a>" in text(client.get(f"{HERE}/configuration?page=2"))


# ---- Protection


def fields(**values: Any) -> dict[str, Any]:
    """The form as its page sends it; flags are there or not."""
    return {"required_approvals": "2", "required_release_approvals": "0", "based_on": "1", "reason": "why", **values}


def test_a_stricter_protection_holds_at_once(live: Environment, anna: User) -> None:
    sent = fields(required_approvals="3", branches="main\nrelease/*", required_evidence="coverage=80")
    page = text(signed_in(anna).post(f"{HERE}/protection", sent, follow=True))
    assert "The protection holds from now on." in page
    rules = live.protection_versions.latest("number").rules
    assert (rules.required_approvals, rules.branches) == (3, ("main", "release/*"))
    assert rules.required_evidence == {"coverage": 80}


def test_a_weaker_protection_is_decided_by_another_admin(live: Environment, anna: User, berta: User) -> None:
    page = text(signed_in(anna).post(f"{HERE}/protection", fields(required_approvals="1"), follow=True))
    assert "Waits for another admin" in page
    assert "An apply needs 1 instead of 2 approvals." in page
    assert "You asked for this, so someone else must approve." in page
    assert live.protection_versions.count() == 1

    client, asked = signed_in(berta), ApprovalRequest.objects.get()
    address = f"/protections/{live.pk}"
    assert f'href="{address}"' in client.get("/inbox").content.decode()
    assert asked.digest in client.get(address).content.decode()
    unconfirmed = client.post(f"{HERE}/protection/approve", {"digest": asked.digest}, follow=True)
    assert "type live exactly" in text(unconfirmed)
    agreed = client.post(f"{HERE}/protection/approve", {"digest": asked.digest, "confirm": "live"}, follow=True)
    assert "You agreed; it holds from now on." in text(agreed)
    assert live.protection_versions.latest("number").rules.required_approvals == 1


def test_a_proposal_is_refused_with_a_word(live: Environment, anna: User, berta: User) -> None:
    protections.change(Actor.person(anna), live, {}, based_on=1, reason="small team")
    page = text(signed_in(berta).post(f"{HERE}/protection/withdraw", {"comment": "not now"}, follow=True))
    assert "Ended. Nothing was changed." in page
    assert (ApprovalRequest.objects.get().state, ApprovalRequest.objects.get().reason) == ("refused", "not now")


def test_every_problem_is_at_its_field_and_what_was_typed_stays(live: Environment, anna: User) -> None:
    sent = fields(required_approvals="many", required_release_approvals="11", reason="because of the audit")
    answer = signed_in(anna).post(f"{HERE}/protection", sent)
    page = text(answer)
    assert answer.status_code == 422
    assert "The protection has 2 problems" in page
    assert page.count('aria-invalid="true"') == 2
    assert 'value="many"' in page
    assert 'value="because of the audit"' in page


def test_a_protection_saved_meanwhile_is_not_overwritten(live: Environment, anna: User, berta: User) -> None:
    protections.change(Actor.person(berta), live, {"required_approvals": 5}, based_on=1, reason="stricter")
    answer = signed_in(anna).post(f"{HERE}/protection", fields(required_approvals="3"))
    assert answer.status_code == 409
    page = text(answer)
    assert "Version 2 of the protection was saved meanwhile" in page
    assert re.search(
        r"<code>Approvals of an apply</code></th> <td[^>]*><code>2</code></td> <td[^>]*><code>5</code>", page
    )
    assert 'name="required_approvals" value="3"' in page, "what was typed stays"
    assert live.protection_versions.latest("number").rules.required_approvals == 5


def test_who_may_not_change_it_reads_it(live: Environment, system: System) -> None:
    page = text(signed_in(factories.member(system, "viewer")).get(f"{HERE}/protection"))
    assert "an admin of shop changes them" in page
    assert "<button" not in page[page.index("Protection of") : page.index("</main>")]
