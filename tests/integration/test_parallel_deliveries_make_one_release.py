"""However many copies of one build are delivered at the same moment: it is one release, and every answer names it."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.lib import signing
from deployments_app.models import Release, WebhookDelivery
from deployments_app.services import webhooks
from tests import factories

SENDERS = 20
BODY = json.dumps(
    {
        "service": "api",
        "image": "registry.example.com/shop/api:1.4.2",
        "digest": f"sha256:{'a' * 64}",
        "commit": "c0ffee",
        "branch": "main",
        "run_url": "https://ci.example.com/1",
    }
).encode()


@pytest.mark.django_db(transaction=True)
def test_a_hundred_copies() -> None:
    secret = webhooks.issue_secret(Actor.slipway("test"), factories.environment(factories.system("shop")).system)
    start = Barrier(SENDERS)

    def deliver(sender: int) -> list[tuple[int, dict[str, Any]]]:
        try:
            start.wait()
            responses = [
                Client().post(
                    "/api/v1/webhooks/ci/shop",
                    BODY,
                    content_type="application/json",
                    headers={
                        "X-Slipway-Signature-256": signing.sign(secret, BODY),
                        "X-Slipway-Delivery": f"d-{(sender + number) % 3}",
                    },
                )
                for number in range(5)
            ]
            return [(response.status_code, response.json()) for response in responses]
        finally:
            connection.close()

    with ThreadPoolExecutor(SENDERS) as senders:
        answers = [answer for given in senders.map(deliver, range(SENDERS)) for answer in given]
    assert len(answers) == 100
    assert {status for status, _ in answers} == {202}
    assert sum(answer["created"] for _, answer in answers) == 1
    assert len({answer["release"] for _, answer in answers}) == 1
    assert (Release.objects.count(), WebhookDelivery.objects.count()) == (1, 1)
