"""Real workers, really killed: plans are made again, applies become unknown and are reconciled, nothing runs twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import LockHold
from controlplane.core.services import approvals, output
from controlplane.lib.errors import Refusal
from controlplane.lib.process import started_at
from environments_app import jobs
from environments_app.models import Environment, Run
from environments_app.services import claims, runs
from tests import factories
from tests.sandbox_fixture import SandboxProcess, eventually

pytestmark = pytest.mark.django_db(transaction=True)
REPOSITORY = Path(__file__).parents[2]
Work = Callable[[str, Run], "subprocess.Popen[bytes]"]


@pytest.fixture
def environment(sandbox: SandboxProcess) -> Environment:
    sandbox.control("POST", "reset")
    return factories.environment(factories.system("small"))


@pytest.fixture
def work(child_environ: dict[str, str]) -> Iterator[Work]:
    """Runs a job of a run in a process of its own, as a worker does."""
    started: list[subprocess.Popen[bytes]] = []

    def start(job: str, run: Run) -> "subprocess.Popen[bytes]":
        code = f"from environments_app.jobs import {job}; {job}('{run.pk}')"
        process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "-v0", "-c", code], cwd=REPOSITORY, env=child_environ
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def reaches(run: Run, state: str, phase: str) -> None:
    """Waits until a Terraform process of this phase works on the run."""

    def look() -> bool:
        run.refresh_from_db()
        return run.state == state and run.progress.get("phase") == phase and bool(started_at(run.holder_pid or 0))

    eventually(look, seconds=60, why=f"{state}, {phase}")


def recovered(run: Run) -> Run:
    def look() -> bool:
        claims.recover_lost()
        run.refresh_from_db()
        return run.state not in {"planning", "applying"}

    eventually(look, seconds=30, why="the lost run is found")
    return Run.objects.select_related("environment__system", "config_version", "stream").get(pk=run.pk)


def asked(environment: Environment) -> Run:
    return factories.run(environment, factories.member(environment.system, "operator"))


def approved(environment: Environment) -> Run:
    run = asked(environment)
    jobs.plan_run(str(run.pk))
    request = approvals.live_request(runs.subject(run))
    assert request
    run.refresh_from_db()
    anna = factories.member(environment.system, "approver")
    assert not isinstance(runs.approve(Actor.person(anna), run, request.digest), Refusal)
    run.refresh_from_db()
    assert run.state == "approved"
    return run


def test_a_plan_is_queued_again_and_made(environment: Environment, work: Work) -> None:
    run = asked(environment)
    worker = work("plan_run", run)
    reaches(run, "planning", "plan")
    holder = run.holder_pid
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    run = recovered(run)
    assert run.state == "queued"
    assert not started_at(holder or 0)
    jobs.plan_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "awaiting_approval"


def test_an_apply_becomes_unknown_keeps_its_lock_and_is_reconciled(environment: Environment, work: Work) -> None:
    run = approved(environment)
    worker = work("apply_run", run)
    reaches(run, "applying", "apply")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    run = recovered(run)
    assert run.state == "outcome_unknown"
    assert run.failure["next_step"]
    assert LockHold.objects.filter(holder_id=run.pk).exists()
    jobs.apply_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "outcome_unknown", "an apply is never tried again by itself"

    operator = factories.member(environment.system, "operator")
    assert not isinstance(runs.reconcile(Actor.person(operator), run), Refusal)
    jobs.reconcile_run(str(run.pk), operator.username)
    run.refresh_from_db()
    assert run.state in {"applied", "failed"}
    assert not LockHold.objects.exists()

    after = approved(environment)
    jobs.apply_run(str(after.pk))
    after.refresh_from_db()
    assert after.state == "applied", "no surgery is needed"


def test_a_worker_that_sleeps_past_its_lease_does_no_harm(environment: Environment, work: Work) -> None:
    run = asked(environment)
    worker = work("plan_run", run)
    reaches(run, "planning", "plan")
    worker.send_signal(signal.SIGSTOP)
    run.refresh_from_db()
    attempt, holder = run.attempt, run.holder_pid or 0
    os.kill(holder, signal.SIGTERM)
    eventually(lambda: claims.holder_is_alive(run) is False, seconds=20, why="its Terraform process has ended")
    run = recovered(run)
    assert run.attempt > attempt
    worker.send_signal(signal.SIGCONT)
    worker.wait(30)
    run.refresh_from_db()
    assert run.state == "queued", "the worker that woke up wrote nothing"


def test_a_canceled_apply_says_what_was_done(environment: Environment, work: Work) -> None:
    run = approved(environment)
    worker = work("apply_run", run)
    reaches(run, "applying", "apply")
    operator = factories.member(environment.system, "operator")
    asked_at = runs.cancel(Actor.person(operator), run)
    assert not isinstance(asked_at, Refusal)
    worker.wait(90)
    run.refresh_from_db()
    assert run.state == "canceled"
    assert "changes were made" in run.failure["effect"] or "No change" in run.failure["effect"]
    assert run.stream_id
    assert any("nterrupt" in line.text for line in output.lines_after(run.stream_id, 0, 10_000))
