"""No Redis, a Redis that forgot, a full disk: each has a clear answer, and the work goes on afterwards."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from controlplane.core.models import System
from environments_app import jobs
from environments_app.models import Environment, Run
from environments_app.services import claims
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
REPOSITORY = Path(__file__).parents[2]


def asked(environment: Environment) -> Run:
    return factories.run(environment, factories.member(environment.system, "developer"), "speculative")


def test_a_run_that_redis_forgot_is_rung_again_and_planned(
    environment: Environment, redis_server: str, child_environ: dict[str, str]
) -> None:
    run = asked(environment)
    redis.Redis.from_url(redis_server).flushall()
    assert claims.ring_again() == 1
    assert claims.ring_again() == 0, "one that the queue knows is not rung twice"
    worker = [sys.executable, "manage.py", "rqworker", "terraform", "--burst"]
    done = subprocess.run(worker, cwd=REPOSITORY, env=child_environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    run.refresh_from_db()
    assert run.state == "planned", run.failure


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
