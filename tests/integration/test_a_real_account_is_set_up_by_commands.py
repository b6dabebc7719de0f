"""What the demo does for the sandbox, commands do for a real account: webhook secrets, protections; both audited."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from controlplane.core.models import AuditEvent
from controlplane.lib import signing
from environments_app.models import Environment
from tests import factories

pytestmark = pytest.mark.django_db

BODY = b'{"service": "unknown"}'


@pytest.fixture(autouse=True)
def real(settings: Any) -> None:
    settings.SLIPWAY_IN_SANDBOX = False


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("shop"), "live", tier="production")


def said(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip()


def deliver(secret: str) -> int:
    headers = {"X-Slipway-Signature-256": signing.sign(secret, BODY), "X-Slipway-Delivery": "1"}
    answer = Client().post("/api/v1/webhooks/ci/shop", BODY, content_type="application/json", headers=headers)
    return answer.status_code


# ---- issue_webhook_secret


def test_a_secret_is_printed_once_and_signs_deliveries(environment: Environment) -> None:
    secret = said("issue_webhook_secret", "shop")
    assert secret.startswith("whsec_")
    assert deliver("whsec_another") == 401
    assert deliver(secret) == 422, "signed well; there is no such service"
    event = AuditEvent.objects.get(action="webhook_secret.issued")
    assert (event.actor_name, event.system) == ("issue_webhook_secret", environment.system)
    assert secret not in str(event.__dict__)


def test_an_unknown_system_has_no_secret(environment: Environment) -> None:
    with pytest.raises(CommandError, match="no system shopp"):
        said("issue_webhook_secret", "shopp")


# ---- set_protection


def protect(*words: str) -> str:
    return said("set_protection", "shop", "live", *words, "--reason", "agreed in the review")


def test_what_is_named_changes_and_the_rest_stays(environment: Environment) -> None:
    before = environment.protection.document
    protect("--required-approvals", "2", "--branches", "main", "release/*", "--required-evidence", "coverage=80")
    protect("--auto-deploy", "--requester-may-approve")
    protect("--no-auto-deploy")
    protection = Environment.objects.get(pk=environment.pk).protection
    assert protection.number == 4
    assert protection.document == {
        **before,
        "required_approvals": 2,
        "branches": ["main", "release/*"],
        "required_evidence": {"coverage": 80.0},
        "auto_deploy": False,
        "requester_may_approve": True,
    }
    event = AuditEvent.objects.filter(action="protection.saved").latest("at")
    assert (event.actor_name, event.reason) == ("set_protection", "agreed in the review")
    assert event.after == protection.document


def test_the_same_again_makes_no_version(environment: Environment) -> None:
    protect("--required-approvals", "1")
    assert Environment.objects.get(pk=environment.pk).protection.number == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["set_protection", "shop", "live", "--required-approvals", "11", "--reason", "x"], "required_approvals"),
        (["set_protection", "shop", "liv", "--auto-deploy", "--reason", "x"], "no environment shop/liv"),
        (["set_protection", "shop", "live", "--auto-deploy"], "--reason"),
        (["set_protection", "shop", "live", "--required-evidence", "coverage", "--reason", "x"], "required-evidence"),
    ],
)
def test_a_wrong_command_changes_nothing(environment: Environment, words: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        said(*words)
    assert Environment.objects.get(pk=environment.pk).protection.number == 1
