"""Real workers, really killed: plans are made again, applies become unknown and are reconciled, nothing runs twice."""

import json
import os
import signal
from subprocess import Popen

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import LockHold
from controlplane.core.services import output
from controlplane.lib.errors import Refusal
from controlplane.lib.process import started_at
from environments_app import accounts, jobs
from environments_app.holders import holder_is_alive
from environments_app.models import Environment, Run, StateVersion
from environments_app.services import runs
from tests import factories
from tests.run_helpers import Work, approved, asked, reaches, recovered
from tests.sandbox_fixture import SandboxProcess, eventually

pytestmark = pytest.mark.django_db(transaction=True)


def lost(run: Run, worker: Popen[bytes]) -> Run:
    """The run, queued again after its worker was killed in the middle of the plan."""
    reaches(run, "planning", "plan")
    holder = run.holder_pid
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    run = recovered(run)
    assert run.state == "queued"
    assert not started_at(holder or 0)
    return run


class StateLock:
    """The lock of an environment's state, as a Terraform leaves it that was killed before it could give it back."""

    def __init__(self, run: Run, sandbox: SandboxProcess) -> None:
        account = accounts.account_of(run.environment, run.config_version.config, "plan")
        address = accounts.state_address(run.environment, account)
        self.s3 = sandbox.client("s3")
        self.where = {"Bucket": address.bucket, "Key": f"{address.key}.tflock"}

    def leave(self, operation: str) -> None:
        lock = {"ID": "1", "Operation": operation, "Who": "somebody@gone", "Created": "2026-01-01T00:00:00Z"}
        self.s3.put_object(Body=json.dumps(lock), **self.where)

    def operation(self) -> str:
        return str(json.loads(self.s3.get_object(**self.where)["Body"].read())["Operation"])


def test_a_plan_is_queued_again_and_made(environment: Environment, work: Work, sandbox: SandboxProcess) -> None:
    run = asked(environment)
    run = lost(run, work("plan_run", run))
    StateLock(run, sandbox).leave("OperationTypePlan")
    jobs.plan_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "awaiting_approval", run.failure


def test_the_lock_of_an_apply_is_nobodys_to_take(environment: Environment, work: Work, sandbox: SandboxProcess) -> None:
    run = asked(environment)
    run = lost(run, work("plan_run", run))
    lock = StateLock(run, sandbox)
    lock.leave("OperationTypeApply")
    work("plan_run", run)
    reaches(run, "planning", "plan")
    assert lock.operation() == "OperationTypeApply", "whoever holds it may be writing the state"


@pytest.mark.long
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
    jobs.reconcile_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "failed", "it was killed in the middle"
    made = StateVersion.objects.get(run=run).resources
    assert ("changes were made" in run.failure["effect"]) == (made > 0), (made, run.failure)
    assert not LockHold.objects.exists()

    after = approved(environment)
    jobs.apply_run(str(after.pk))
    after.refresh_from_db()
    assert after.state == "applied", f"no surgery is needed: {after.failure}"
    assert StateVersion.objects.get(run=after).outputs["services"]["api"]["task_template"]


def test_a_worker_that_sleeps_past_its_lease_does_no_harm(environment: Environment, work: Work) -> None:
    run = asked(environment)
    worker = work("plan_run", run)
    reaches(run, "planning", "plan")
    worker.send_signal(signal.SIGSTOP)
    run.refresh_from_db()
    attempt, holder = run.attempt, run.holder_pid or 0
    os.kill(holder, signal.SIGTERM)
    eventually(lambda: holder_is_alive(run) is False, seconds=20, why="its Terraform process has ended")
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
