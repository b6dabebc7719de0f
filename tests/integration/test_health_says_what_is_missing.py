"""/healthz, /readyz and /metrics: open to probes, honest about what does not answer."""

import os
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from redis import Redis
from rq import Worker

from tests import factories

pytestmark = pytest.mark.django_db


def test_alive_without_redis() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_not_ready_without_redis(settings: Any) -> None:
    queues = {"default": {"URL": "redis://127.0.0.1:9/0"}}
    settings.RQ_QUEUES = {**django_settings.RQ_QUEUES, **queues}
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": True, "redis": False, "workers": False}


def test_ready_with_a_worker(redis_server: str) -> None:
    connection = Redis.from_url(redis_server)
    assert Client().get("/readyz").status_code == 503
    worker = Worker(["default"], connection=connection)
    worker.register_birth()
    try:
        answer = Client().get("/readyz")
    finally:
        worker.register_death()
    assert answer.status_code == 200, answer.json()
    assert os.environ["REDIS_URL"] == redis_server


def test_metrics_count_rows() -> None:
    environment = factories.environment()
    factories.planned_run(environment, factories.member(environment.system, "developer"))
    text = Client().get("/metrics").content.decode()
    assert 'slipway_runs{state="awaiting_approval"} 1.0' in text
    assert 'slipway_approval_requests{state="open"} 1.0' in text
    assert "slipway_redis_up" in text
