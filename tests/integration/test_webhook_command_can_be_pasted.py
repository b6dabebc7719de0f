"""The command that the sandbox's pages show works as it stands in a shell, whatever the values contain."""

import json
import shutil
import subprocess

import pytest
from pytest_django.live_server_helper import LiveServer

from controlplane.core.actors import Actor
from deployments_app import selectors
from deployments_app.models import Release
from deployments_app.services import webhooks
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
DIGEST = f"sha256:{'e' * 64}"


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
def test_it_delivers_a_release(live_server: LiveServer) -> None:
    system = factories.environment(factories.system("shop")).system
    secret = webhooks.issue_secret(Actor.slipway("test"), system, plain='it\'s a $(secret) with "quotes" and \\')
    body = selectors.webhook_body(
        system, "api", "registry.example.com/api:1.0.0", DIGEST, commit="c0ffee", author='O\'Hara "$HOME" `id` é'
    )
    line = selectors.curl_line(f"{live_server.url}/api/v1/webhooks/ci/shop", secret, "d-1", body)
    answered = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=30)
    assert json.loads(answered.stdout)["created"] is True, answered
    assert Release.objects.get().author == 'O\'Hara "$HOME" `id` é'
