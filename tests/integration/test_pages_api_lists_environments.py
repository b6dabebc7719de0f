"""A program finds the environments that its token may see, and its mistakes named by its own words."""

from typing import Any

import pytest
from django.test import Client

from controlplane.core.models import ApiToken, User
from tests import factories

pytestmark = pytest.mark.django_db


def get(person: User, path: str) -> Any:
    _, token = ApiToken.issue(person, "test")
    return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})


def test_the_list_holds_what_the_token_may_see_and_nothing_else() -> None:
    shop, other = factories.system("shop"), factories.system("other")
    factories.environment(shop, "live", tier="production")
    factories.environment(shop)
    factories.environment(other)
    answer = get(factories.member(shop, "viewer"), "/environments")
    assert answer.status_code == 200
    assert answer.json() == [
        {"system": "shop", "environment": "development", "tier": "development", "config_version": 1},
        {"system": "shop", "environment": "live", "tier": "production", "config_version": 1},
    ]
    assert get(factories.user(), "/environments").json() == []


def test_without_a_token_the_answer_says_where_one_is_made() -> None:
    answer = Client().get("/api/v1/environments")
    assert answer.status_code == 401
    assert "Settings, API tokens" in answer.json()["error"]["message"]


def test_a_field_is_named_as_its_sender_names_it() -> None:
    environment = factories.environment(factories.system("shop"))
    _, token = ApiToken.issue(factories.member(environment.system, "developer"), "test")
    answer = Client().post(
        "/api/v1/environments/shop/development/runs",
        data={"kind": "explode"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    error = answer.json()["error"]
    assert error["details"]["problems"][0]["field"] == "kind"
    assert error["message"].startswith("kind: ")
