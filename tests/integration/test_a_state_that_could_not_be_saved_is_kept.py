"""Terraform makes resources and cannot write its state: the one record of them is kept, and pushed by reconciling."""

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import LockHold
from controlplane.lib.artefacts import ArtefactMissing
from controlplane.lib.errors import Refusal
from environments_app import jobs
from environments_app.execution import artefacts
from environments_app.models import Environment, Run, StateVersion
from environments_app.services import runs
from tests import factories
from tests.run_helpers import Work, approved, asked, reaches
from tests.sandbox_fixture import SandboxProcess, eventually

pytestmark = pytest.mark.django_db(transaction=True)


def has_made_something(run: Run) -> bool:
    run.refresh_from_db()
    return int(run.progress.get("done", 0)) > 0


@pytest.mark.long
def test_nothing_is_orphaned(environment: Environment, work: Work, sandbox: SandboxProcess) -> None:
    run = approved(environment)
    worker = work("apply_run", run)
    reaches(run, "applying", "apply")
    eventually(lambda: has_made_something(run), why="the first resource is made, so the state is locked already")
    sandbox.control(
        "POST",
        "faults",
        {"kind": "error", "service": "s3", "action": "PutObject", "code": "AccessDenied", "status": 403},
    )
    assert worker.wait(180) == 0
    sandbox.control("DELETE", "faults")
    run.refresh_from_db()
    assert run.state == "outcome_unknown", run.failure
    assert "could not save its state" in run.failure["cause"]
    assert LockHold.objects.filter(holder_id=run.pk).exists()
    name = f"{run.artefact_name}-errored-state"
    assert b'"resources"' in artefacts().get(name)

    operator = factories.member(environment.system, "operator")
    assert not isinstance(runs.reconcile(Actor.person(operator), run), Refusal)
    again = runs.reconcile(Actor.person(operator), run)
    assert isinstance(again, Refusal)
    assert again.code == "UNDER_WAY"
    jobs.reconcile_run(str(run.pk))
    run.refresh_from_db()
    assert run.state in {"applied", "failed"}, run.failure
    made = StateVersion.objects.get(run=run).resources
    assert made > 0
    assert not LockHold.objects.exists()
    with pytest.raises(ArtefactMissing):
        artefacts().get(name)

    # Terraform stopped where it could not save. What is left is exactly what was not made: nothing is made twice.
    rest = asked(environment)
    jobs.plan_run(str(rest.pk))
    rest.refresh_from_db()
    assert rest.summary["add"] == run.summary["add"] - made
    assert rest.summary["destroy"] == 0
