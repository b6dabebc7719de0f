"""What the yes of people was bound to is read again before Terraform applies: where it differs, nothing runs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import LockHold
from controlplane.core.services import approvals
from controlplane.lib.artefacts import ArtefactMissing
from environments_app import jobs
from environments_app.accounts import account_of, state_address
from environments_app.execution import artefacts
from environments_app.models import Environment, Run
from environments_app.services import runs
from environments_app.terraform.state import StateAddress
from tests.run_helpers import approved
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stack(tmp_path: Path, settings: Any) -> Path:
    """A copy of the bundled stack that a test may change."""
    shutil.copytree(settings.SLIPWAY_STACK_DIR, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform"))
    settings.SLIPWAY_STACK_DIR = tmp_path / "terraform"
    return tmp_path / "terraform"


def address_of(run: Run) -> StateAddress:
    return state_address(run.environment, account_of(run.environment, run.config_version.config, "apply"))


def is_refused_for(run: Run, *inputs: str) -> None:
    """The apply ends before it begins, names what changed, and leaves nothing behind."""
    jobs.apply_run(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.failure["code"]) == ("failed", "OUTDATED"), run.failure
    assert run.failure["cause"] == f"changed since it was approved: {', '.join(inputs)}"
    assert "No change" in run.failure["effect"]
    assert not LockHold.objects.exists()
    jobs.forget_artefact(str(run.pk))
    with pytest.raises(ArtefactMissing):
        artefacts().get(run.artefact_name)


def test_a_state_that_somebody_else_has_changed(environment: Environment, sandbox: SandboxProcess) -> None:
    run = approved(environment)
    address = address_of(run)
    foreign = {"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "somebody", "resources": []}
    s3 = sandbox.client("s3")
    s3.put_object(Bucket=address.bucket, Key=address.key, Body=json.dumps(foreign).encode())
    calls_before = len(sandbox.control("GET", "calls?mutating=1"))
    is_refused_for(run, "state_lineage", "state_serial")
    assert json.loads(s3.get_object(Bucket=address.bucket, Key=address.key)["Body"].read()) == foreign
    assert len(sandbox.control("GET", "calls?mutating=1")) == calls_before


def test_modules_that_were_changed(environment: Environment, stack: Path) -> None:
    run = approved(environment)
    (stack / "stack/more.tf").write_text('output "more" {\n  value = "something"\n}\n')
    is_refused_for(run, "modules_revision")


def test_an_archive_whose_plan_is_another(environment: Environment) -> None:
    run = approved(environment)
    Run.objects.filter(pk=run.pk).update(bound={**run.bound, "plan_sha256": "0" * 64})
    is_refused_for(run, "plan_sha256")


def test_an_approval_that_does_not_stand_any_more(environment: Environment) -> None:
    run = approved(environment)
    approvals.supersede(Actor.slipway("test"), runs.subject(run), "it was a mistake")
    is_refused_for(run, "approval")
