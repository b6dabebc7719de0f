"""Events that belong to no system (people, tokens) are seen by superusers, on the page and through the API."""

from typing import Any

import pytest
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, User
from controlplane.core.services import audit
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    """An admin of one system, in which something happened; something else happened in no system, and in another's."""
    system, other = factories.system("shop"), factories.system("other")
    actor = Actor.slipway("test")
    audit.record(actor, "system.created", subject=("system", system.pk), system=system)
    audit.record(actor, "system.created", subject=("system", other.pk), system=other)
    audit.record(actor, "user.password_changed", subject=("user", "somebody"))
    return factories.member(system, "admin")


def api_tells(user: User, **wanted: Any) -> set[tuple[str, str | None]]:
    _, token = ApiToken.issue(user, "test")
    answer = Client().get("/api/v1/audit", wanted, headers={"Authorization": f"Bearer {token}"})
    return {(event["action"], event["system"]) for event in answer.json()}


def page_tells(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.get("/audit", {"action": "user."}).content.decode()


def test_a_superuser_sees_every_event(admin: User) -> None:
    root = factories.user("root", is_superuser=True)
    everything = {("system.created", "shop"), ("system.created", "other"), ("user.password_changed", None)}
    assert api_tells(root) == everything
    assert api_tells(root, action="user.password_changed") == {("user.password_changed", None)}
    assert api_tells(root, system="shop") == {("system.created", "shop")}
    assert "Changed a password" in page_tells(root)


def test_an_admin_of_a_system_sees_that_system(admin: User) -> None:
    assert api_tells(admin) == {("system.created", "shop")}
    assert "Changed a password" not in page_tells(admin)
