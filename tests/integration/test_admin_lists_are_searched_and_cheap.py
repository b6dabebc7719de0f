"""The admin's lists are searched, ask the database as often whatever their length, and show no secret."""

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, ApprovalRequest, AuditEvent, Membership, System
from environments_app import schema
from environments_app.models import BlueprintFile, ConfigVersion, Environment, ProtectionVersion, Run, Service
from environments_app.services import blueprints, protections
from tests import factories

pytestmark = pytest.mark.django_db
LISTS: list[type[Model]] = [
    *(System, Membership, ApiToken, AuditEvent, ApprovalRequest),
    *(Environment, Service, ConfigVersion, ProtectionVersion, BlueprintFile, Run),
]


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(factories.user("root", is_staff=True, is_superuser=True))
    return made


def fill(slug: str) -> str:
    """One row, at least, in every list; the plain text of its token."""
    environment = factories.environment(factories.system(slug), "live", required_approvals=2)
    person = factories.member(environment.system, "admin")
    factories.planned_run(environment, factories.member(environment.system, "developer"))
    protections.change(Actor.person(person), environment, {}, based_on=1, reason="test")
    text = blueprints.export(environment.system)
    blueprints.load(Actor.person(person), schema.read_blueprint(text))
    return ApiToken.issue(person, f"CI of {slug}")[1]


def address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_a_list_asks_as_often_however_long_it_is(client: Client, model: type[Model]) -> None:
    fill("shop")
    fill("blog")
    client.get(address(model))  # the session's own first queries
    with CaptureQueriesContext(connection) as few:
        assert client.get(address(model)).status_code == 200
    for number in range(4):
        fill(f"more-{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(address(model))
    assert len(many) == len(few)


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_every_list_is_searched_and_narrowed(client: Client, model: type[Model]) -> None:
    fill("shop")
    page = client.get(address(model), {"q": "nothing has this name"})
    assert page.status_code == 200
    assert page.context["cl"].result_count == 0
    assert admin.site.get_model_admin(model).list_filter


def test_a_token_is_ended_here_and_never_shown(client: Client) -> None:
    plain = fill("shop")
    token = ApiToken.objects.get()
    page = client.get(reverse("admin:core_apitoken_change", args=[token.pk])).content.decode()
    assert token.name in page
    assert plain not in page
    assert token.digest not in page


def test_nothing_is_deleted_in_bulk(client: Client) -> None:
    fill("shop")
    for model in LISTS:
        assert "delete_selected" not in client.get(address(model)).content.decode(), model
