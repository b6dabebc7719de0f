"""No Redis, a Redis that forgot, a full disk: each has a clear answer, and the work goes on afterwards."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import urllib3

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, System
from controlplane.lib import signing
from deployments_app.models import Release
from deployments_app.services import webhooks
from environments_app import jobs
from environments_app.models import Environment, Run
from environments_app.services import claims
from tests import factories
from tests.redis_fixture import OwnRedis
from tests.sandbox_fixture import eventually
from tests.server_fixture import WebProcess, child_environment, start_web

pytestmark = pytest.mark.django_db(transaction=True)
REPOSITORY = Path(__file__).parents[2]


def asked(environment: Environment) -> Run:
    return factories.run(environment, factories.member(environment.system, "developer"), "speculative")


def test_a_run_that_redis_forgot_is_rung_again_and_planned(environment: Environment, redis_server: str) -> None:
    run = asked(environment)
    redis.Redis.from_url(redis_server).flushall()
    assert claims.ring_again() == 1
    assert claims.ring_again() == 0, "one that the queue knows is not rung twice"
    worker = [sys.executable, "manage.py", "rqworker", "terraform", "--burst"]
    done = subprocess.run(worker, cwd=REPOSITORY, env=child_environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    run.refresh_from_db()
    assert run.state == "planned", run.failure


@pytest.fixture
def web(own_redis: OwnRedis) -> Iterator[WebProcess]:
    with start_web(REDIS_URL=own_redis.url) as process:
        yield process


@pytest.fixture
def program(own_redis: OwnRedis) -> Iterator[Callable[..., None]]:
    """Starts another of the product's own processes beside the web server."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> None:
        environ = child_environment() | {"REDIS_URL": own_redis.url}
        started.append(subprocess.Popen([sys.executable, "manage.py", *command], cwd=REPOSITORY, env=environ))

    yield start
    for process in started:
        process.kill()
        process.wait()


def post(web: WebProcess, path: str, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    head = {"Content-Type": "application/json", **given}
    answer = urllib3.request("POST", f"{web.url}/api/v1{path}", body=json.dumps(body), headers=head, timeout=20)
    return answer.status, answer.json()


def test_what_is_asked_for_while_redis_is_away_is_taken_and_done_when_it_is_back(
    environment: Environment, own_redis: OwnRedis, web: WebProcess, program: Callable[..., None]
) -> None:
    system = environment.system
    _, token = ApiToken.issue(factories.member(system, "developer"), "test")
    secret = webhooks.issue_secret(Actor.slipway("test"), system)
    program("run_scheduler")
    own_redis.kill()

    asked_for = {"kind": "speculative"}
    runs_path = f"/environments/{system.slug}/{environment.slug}/runs"
    status, run = post(web, runs_path, asked_for, Authorization=f"Bearer {token}")
    assert status == 201, run
    assert Run.objects.get().state == "queued"

    image = {"image": "registry.example.com/small/api", "digest": f"sha256:{'a' * 64}"}
    notice = {"service": "api", **image, "commit": "c0ffee", "branch": "main", "run_url": "https://ci.example.com/1"}
    signature = signing.sign(secret, json.dumps(notice).encode())
    signed = {"X_Slipway_Signature_256": signature, "X_Slipway_Delivery": "d-1"}
    status, delivered = post(web, f"/webhooks/ci/{system.slug}", notice, **signed)
    assert (status, delivered["created"]) == (202, True), delivered

    own_redis.start()
    program("rqworker", "terraform", "looks", "default", "--worker-class", "controlplane.lib.queue.Worker")
    is_planned = Run.objects.filter(state="planned").exists
    eventually(is_planned, seconds=90, why="the scheduler rings for the run and the worker plans it")
    decided = Release.objects.filter(pk=delivered["release"]).exclude(decisions={}).exists
    eventually(decided, seconds=30, why="the release is offered to the environments")


@pytest.fixture
def full_disk(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A folder for workspaces with 16 KiB."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], capture_output=True)
    if mount.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    settings.SLIPWAY_WORKSPACES_DIR = folder
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_fails_the_run_in_words(environment: Environment, full_disk: Path) -> None:
    run = asked(environment)
    jobs.plan_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.failure["code"] == "WORKSPACE_FAILED"
    assert "Free space" in run.failure["cause"]
    assert not list(full_disk.iterdir())


def test_a_sandbox_that_is_away_fails_the_run_in_words(environment: Environment, settings: Any) -> None:
    settings.SLIPWAY_SANDBOX_URL = "http://127.0.0.1:9"
    run = asked(environment)
    jobs.plan_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.failure["code"] == "AWS_ERROR"
    assert "127.0.0.1:9" in run.failure["cause"]
    assert System.objects.filter(slug="small").exists()
