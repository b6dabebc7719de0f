"""The demo's command says to people what README promises."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from controlplane.pages import demo


def test_people_see_accounts_and_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"username": "viewer", "password": "viewer-1234", "role": "viewer"}
    info: dict[str, Any] = {"url": "http://here", "accounts": [account], "tokens": {"viewer": "slip_abc"}}
    monkeypatch.setattr(demo, "info", lambda: info)
    said = StringIO()
    call_command("demo_info", stdout=said)
    assert "viewer-1234" in said.getvalue()
    assert "slip_abc" in said.getvalue()


@pytest.mark.django_db
def test_the_sign_in_page_names_the_command_that_works() -> None:
    page = Client().get("/accounts/login/", follow=True).content.decode()
    assert ".venv/bin/python manage.py demo_info" in page
