"""A real terraform against the real sandbox: planned, approved, exactly that file applied, planned again, destroyed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent, LockHold
from environments_app.execution import workspace_of
from environments_app.models import ConfigVersion, Environment, Run, StateVersion
from environments_app.services import configs
from tests.run_helpers import approve_and_apply, plan, text_of
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.long
def test_the_life_of_an_environment(environment: Environment, sandbox: SandboxProcess) -> None:
    run = plan(environment)
    assert run.state == "awaiting_approval", text_of(run)
    assert run.summary["add"] > 10
    assert run.bound["plan_sha256"] in text_of(run)
    assert run.cost["after"]["total_monthly_cost"] > 0
    assert not workspace_of(run).folder.exists()

    run = approve_and_apply(run)
    assert run.state == "applied", text_of(run)
    state = StateVersion.objects.get(run=run)
    assert state.resources == run.summary["add"]
    assert state.outputs["services"]["api"]["task_template"]["container_definitions"]
    assert not LockHold.objects.exists()
    bucket = sandbox.client("s3").get_bucket_versioning(Bucket="slipway-state-123456789012-us-east-1")
    assert bucket["Status"] == "Enabled"
    encryption = sandbox.client("s3").get_bucket_encryption(Bucket="slipway-state-123456789012-us-east-1")
    [rule] = encryption["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    history = AuditEvent.objects.filter(subject_id=str(run.pk), action__startswith="run.").order_by("at")
    states = [event.after["state"] for event in history if "state" in event.after]
    assert states == ["queued", "planning", "planned", "awaiting_approval", "approved", "applying", "applied"]

    again = plan(environment)
    assert again.state == "no_changes", json.dumps(again.summary)

    # An apply whose worker was lost before it read the outputs: the next plan finds them.
    outputs = state.outputs
    StateVersion.objects.all().delete()
    found = plan(environment)
    assert found.state == "no_changes"
    assert StateVersion.objects.get(run=found).outputs == outputs

    document: dict[str, Any] = {**environment.config_version.document, "logs": {"retention_days": 90}}
    saved = configs.save_config(Actor.slipway("test"), environment, document, based_on=1, reason="longer logs")
    assert isinstance(saved, ConfigVersion), saved
    change = plan(environment)
    assert change.state == "awaiting_approval", json.dumps(change.summary)
    assert {item["action"] for item in change.summary["changes"]} == {"update"}
    assert approve_and_apply(change).state == "applied", text_of(change)

    end = approve_and_apply(plan(environment, "destroy"))
    assert end.state == "applied", text_of(end)
    assert StateVersion.objects.get(run=end).resources == 0


def test_a_terraform_error_fails_the_run_in_words(environment: Environment, tmp_path: Path, settings: Any) -> None:
    shutil.copytree(settings.SLIPWAY_STACK_DIR, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform"))
    settings.SLIPWAY_STACK_DIR = tmp_path / "terraform"
    (tmp_path / "terraform/stack/broken.tf").write_text('resource "aws_vpc" "broken" {\n  cidr = "10.0.0.0/16"\n}\n')
    run = plan(environment)
    assert run.state == "failed"
    assert "Unsupported argument" in run.failure["cause"]
    assert any("broken.tf line 2" in words for words in run.failure["details"])
    assert run.failure["effect"] == "Nothing was changed: a plan only reads."
    assert "Unsupported argument" in text_of(run)


LEAKING = """
locals {
  password = sensitive("correct-horse-battery")
}

resource "terraform_data" "leaks" {
  input = local.password

  provisioner "local-exec" {
    command = "echo the password is $WORD"
    environment = {
      WORD = nonsensitive(local.password)
    }
  }
}
"""


def test_what_the_plan_marks_as_sensitive_never_rests(environment: Environment, tmp_path: Path, settings: Any) -> None:
    shutil.copytree(settings.SLIPWAY_STACK_DIR, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform"))
    settings.SLIPWAY_STACK_DIR = tmp_path / "terraform"
    (tmp_path / "terraform/stack/leaking.tf").write_text(LEAKING)
    run = approve_and_apply(plan(environment))
    assert run.state == "applied", text_of(run)
    said = [line for line in text_of(run).splitlines() if "the password is" in line]
    assert said, "the process did print it"
    rows = json.dumps(
        [*Run.objects.values(), *StateVersion.objects.values(), *AuditEvent.objects.values()], default=str
    )
    assert "correct-horse" not in rows + text_of(run)
