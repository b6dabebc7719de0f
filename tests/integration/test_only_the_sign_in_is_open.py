"""Of allauth there are the sign-in and the sign-out, and nothing that sends mail or makes accounts."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "a good long one"
GONE = [
    *("", "signup/", "email/", "confirm-email/", "confirm-email/key/", "inactive/", "reauthenticate/"),
    *("password/reset/", "password/reset/done/", "password/reset/key/1-set-password/", "password/reset/key/done/"),
    *("password/change/", "password/set/", "login/code/", "login/code/confirm/", "2fa/"),
]


@pytest.mark.parametrize("path", GONE)
def test_there_is_nothing_else_for_nobody_and_for_somebody(path: str) -> None:
    somebody = Client()
    somebody.force_login(factories.user())
    for client in (Client(), somebody):
        for answer in (client.get(f"/accounts/{path}"), client.post(f"/accounts/{path}", {"email": "a@example.com"})):
            assert answer.status_code == 404


def test_the_two_are_all_that_is_routed() -> None:
    names = {str(name) for name in get_resolver().reverse_dict if str(name).startswith("account_")}
    assert names == {"account_login", "account_logout"}
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_signing_in_and_out_sends_no_mail() -> None:
    factories.user("anna", email="anna@example.com")
    client = Client()
    answer = client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert client.get("/accounts/login/").headers["Location"] == "/"
    assert client.get("/accounts/logout/").status_code == 200
    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"
    assert mail.outbox == []


def test_who_is_inactive_reads_why_they_cannot_sign_in() -> None:
    factories.user("gone", is_active=False)
    client = Client()
    answer = client.post("/accounts/login/", {"login": "gone", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain == [("/accounts/login/", 302)]
    assert "This account is inactive" in answer.content.decode()
    assert client.get("/").headers["Location"].startswith("/accounts/login/")
