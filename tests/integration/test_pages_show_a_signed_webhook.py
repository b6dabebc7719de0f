"""The environment's page hands out signed deliveries: only in the sandbox, only to those who may release."""

import html
import json
import re
import shlex
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from controlplane.core.models import System
from controlplane.lib import clock, signing
from controlplane.pages import demo
from controlplane.pages.demo import Demo
from tests import factories

pytestmark = pytest.mark.django_db
PATH = "/environments/shop/development/webhook"
SECRET = "whsec_only-for-this-test"


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    """A system whose CI has built two images."""
    made = factories.system("shop")
    factories.environment(made)
    images = [
        {"image": f"local/shop/development/api:{tag}", "digest": f"sha256:{digit * 64}", "behaviour": behaviour}
        for tag, digit, behaviour in (("1.0.0", "a", "healthy"), ("1.1.0", "b", "unhealthy"))
    ]
    monkeypatch.setattr(demo, "read", lambda: Demo(webhook_secrets={"shop": SECRET}))
    monkeypatch.setattr(demo, "images", lambda system, services: images)
    return made


def signed_in(system: System, role: str) -> Client:
    client = Client()
    client.force_login(factories.member(system, role))
    return client


def commands(client: Client) -> list[str]:
    page = client.get(PATH).content.decode()
    return [html.unescape(found) for found in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.S)]


def test_each_command_posts_one_release_in_order(system: System) -> None:
    sent: list[dict[str, Any]] = []
    for command in commands(signed_in(system, "developer")):
        words = shlex.split(command)
        assert words[:4] == ["curl", "-sS", "-X", "POST"]
        assert words[4] == "http://testserver/api/v1/webhooks/ci/shop"
        sent.append(json.loads(words[words.index("-d") + 1]))
    assert [body["version"] for body in sent] == ["1.0.0", "1.1.0"]
    assert sent[0]["sequence"] < sent[1]["sequence"]
    assert {body["service"] for body in sent} == {"api"}
    assert sent[0]["commit"] != sent[1]["commit"]


def test_the_commands_stay_folded_and_say_what_a_known_release_does(system: System) -> None:
    page = signed_in(system, "developer").get(PATH).content.decode()
    assert "<details" in page
    assert not re.search(r"<details[^>]* open", page)
    assert "<code>&quot;created&quot;: false</code>" in page or '<code>"created": false</code>' in page


@pytest.mark.parametrize(
    ("branches", "branch"), [((), "main"), (("stable", "main"), "stable"), (("release/*",), "release/1")]
)
def test_the_commands_come_from_a_branch_that_is_let_in(system: System, branches: tuple[str, ...], branch: str) -> None:
    factories.environment(system, "production", tier="production", branches=branches)
    page = signed_in(system, "developer").get("/environments/shop/production/webhook").content.decode()
    sent = [shlex.split(html.unescape(found)) for found in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.S)]
    assert {json.loads(words[words.index("-d") + 1])["branch"] for words in sent} == {branch}


def test_a_page_that_is_loaded_later_offers_newer_releases(system: System) -> None:
    client = signed_in(system, "developer")
    before = _sequences(client)
    with clock.moved(timedelta(days=1)):
        after = _sequences(client)
    assert after[0] - before[0] >= timedelta(days=1).total_seconds()


def _sequences(client: Client) -> list[int]:
    lines = [shlex.split(command) for command in commands(client)]
    return [json.loads(words[words.index("-d") + 1])["sequence"] for words in lines]


def test_the_command_signs_what_it_sends(system: System) -> None:
    command = commands(signed_in(system, "developer"))[0]
    assert SECRET in command
    assert "openssl dgst -sha256 -hmac" in command
    assert signing.PREFIX in command


def test_a_viewer_gets_no_secret(system: System) -> None:
    response = signed_in(system, "viewer").get(PATH)
    assert response.status_code == 403
    assert SECRET not in response.content.decode()
    assert "webhook-lines" not in signed_in(system, "viewer").get("/environments/shop/development").content.decode()


def test_there_is_none_with_a_real_account(system: System, settings: Any) -> None:
    settings.SLIPWAY_IN_SANDBOX = False
    assert signed_in(system, "developer").get(PATH).status_code == 404


def test_a_system_without_a_demo_secret_says_how_to_get_one(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "read", Demo)
    response = signed_in(system, "developer").get(PATH)
    assert response.status_code == 200
    assert "load_demo" in response.content.decode()


def test_a_silent_sandbox_is_said(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise ConnectionRefusedError("connection refused")

    monkeypatch.setattr(demo, "images", refused)
    assert "The sandbox does not answer" in signed_in(system, "developer").get(PATH).content.decode()
