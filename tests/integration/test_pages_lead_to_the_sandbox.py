"""Where the sandbox is the AWS, every page leads to the one that shows it; elsewhere nothing speaks of it."""

import pytest
from django.test import Client, override_settings

from tests import factories

pytestmark = pytest.mark.django_db


def front_page() -> str:
    client = Client()
    client.force_login(factories.user())
    return str(client.get("/", follow=True).content.decode())


def test_the_foot_leads_to_the_sandboxs_page() -> None:
    with override_settings(SLIPWAY_IN_SANDBOX=True, SLIPWAY_SANDBOX_URL="http://127.0.0.1:5999"):
        assert 'href="http://127.0.0.1:5999/_sandbox/"' in front_page()


def test_without_a_sandbox_nothing_leads_there() -> None:
    with override_settings(SLIPWAY_IN_SANDBOX=False, SLIPWAY_SANDBOX_URL=""):
        assert "/_sandbox/" not in front_page()
