"""A wrong password leaves a trace that names no password."""

import json

import pytest
from django.forms.models import model_to_dict
from django.test import Client

from controlplane.core.models import AuditEvent
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["ana", "nobody-we-know", "x" * 140])
def test_a_wrong_password_is_in_the_trail_without_it(name: str) -> None:
    factories.user("ana")
    answer = Client().post("/accounts/login/", {"login": name, "password": "a wrong long one"})
    assert answer.status_code == 200
    event = AuditEvent.objects.get(action="user.sign_in")
    assert (event.actor_name, event.actor_id, event.subject_kind) == ("nobody", None, "user")
    assert event.subject_id == name[:64]
    assert event.refused
    assert event.source == "127.0.0.1"
    assert "wrong long" not in json.dumps(model_to_dict(event), default=str)


def test_the_right_password_is_no_refusal() -> None:
    factories.user("ana")
    answer = Client().post("/accounts/login/", {"login": "ana", "password": "a good long one"})
    assert answer.status_code == 302
    assert not AuditEvent.objects.filter(refused=True).exists()


def test_a_superuser_reads_it_in_words() -> None:
    Client().post("/accounts/login/", {"login": "mallory", "password": "a wrong long one"})
    client = Client()
    client.force_login(factories.user("root", is_superuser=True))
    page = client.get("/audit?refused=1").content.decode()
    assert "Refused: sign-in" in page
    assert "mallory" in page
