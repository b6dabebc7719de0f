"""Whatever an admin does to people is in the audit trail, and no password ever is."""

import pytest
from django.test import Client
from django.urls import reverse

from controlplane.core.models import AuditEvent, User
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


@pytest.fixture
def root() -> User:
    return factories.user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def client(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def change_password(client: Client, user: User, again: str = PASSWORD) -> None:
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    client.post(address, {"usable_password": "true", "password1": PASSWORD, "password2": again})


def test_a_new_password_for_somebody_else_is_told_without_the_password(client: Client, root: User) -> None:
    user = factories.user("victim")
    change_password(client, user)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    event = AuditEvent.objects.get(action="user.password_changed")
    assert (event.actor_id, event.subject_id, event.after) == (root.pk, str(user.pk), {"password": "changed"})
    assert PASSWORD not in str(event.__dict__)
    assert user.password not in str(event.__dict__)


def test_a_password_that_was_not_taken_is_not_told(client: Client) -> None:
    user = factories.user("victim")
    change_password(client, user, again="another one altogether")
    client.get(reverse("admin:auth_user_password_change", args=[user.pk]))
    user.refresh_from_db()
    assert not user.check_password(PASSWORD)
    assert not AuditEvent.objects.filter(action="user.password_changed").exists()


def test_a_password_that_is_taken_away_is_told(client: Client) -> None:
    user = factories.user("victim")
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    client.post(address, {"usable_password": "false", "unset-password": "1"})
    assert AuditEvent.objects.get(action="user.password_changed").after == {"password": "disabled"}
