"""Root modules of one's own: from real git, planned, approved, applied, changed and destroyed in the sandbox."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent
from controlplane.lib import clock
from environments_app import jobs
from environments_app.execution import find_tools
from environments_app.models import ConfigVersion, Environment, Run, SourceReading, StateVersion
from environments_app.services import configs, runs, sources
from tests import factories
from tests.own_terraform_world import ROOTS, administrator, document, environment, repository, trust
from tests.run_helpers import approve_and_apply, approved, plan, text_of
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)
TEAMS = {"payments": {"owner": "anna"}, "search": {"owner": "ben", "settings": {"shards": "3"}}}
TOKEN = "correct-horse-battery-staple"


def change(made: Environment, **own: Any) -> ConfigVersion:
    made.__dict__.pop("config_version", None)
    saved = configs.save_config(
        Actor.slipway("test"), made, own, based_on=made.config_version.number, reason="a change"
    )
    assert isinstance(saved, ConfigVersion), saved
    return saved


@pytest.mark.long
def test_nested_modules_live_from_plan_to_destroy(
    sandbox: SandboxProcess,
    allowed: Path,
) -> None:
    sandbox.control("POST", "reset")
    sandbox.client("secretsmanager").create_secret(Name="teams/token", SecretString=TOKEN)
    code = repository(allowed / "code", like="nested_modules")
    own = {
        "path": "live/production",
        "variables": {"prefix": "shop", "teams": TEAMS},
        "secret_variables": {"token": {"name": "teams/token"}},
    }
    made = environment(code.source, **own)
    trust(made.system, code.source)

    run = plan(made)
    assert run.state == "awaiting_approval", text_of(run)
    assert run.summary["add"] == 2 + 3 + 1 + 1
    commit = run.bound["modules_revision"].split(":")[0]
    assert commit in text_of(run)
    reading = SourceReading.objects.get(system=made.system)
    assert [each["name"] for each in reading.variables] == ["prefix", "retention_days", "teams", "token"]

    # What is pushed after the approval is not what runs, and the output says so.
    (code.folder / "live/production/outputs.tf").write_text('output "other" {\n  value = "other"\n}\n')
    code.commit()
    applied = approve_and_apply(run)
    assert applied.state == "applied", text_of(applied)
    assert f"what was approved is applied: {commit}" in text_of(applied)
    state = StateVersion.objects.get(run=applied)
    assert state.outputs == {"log_groups": {"payments": "/teams/payments", "search": "/teams/search"}}
    ssm = sandbox.client("ssm")
    assert ssm.get_parameter(Name="/teams/search/shards")["Parameter"]["Value"] == "3"
    assert ssm.get_parameter(Name="/shop/token", WithDecryption=True)["Parameter"]["Value"] == TOKEN
    tags = sandbox.client("logs").list_tags_for_resource(
        resourceArn="arn:aws:logs:us-east-1:123456789012:log-group:/teams/payments"
    )["tags"]
    assert tags["slipway:environment"] == "production"

    code_again = plan(made)
    assert code_again.summary["output_changes"] == ["log_groups", "other"]
    assert plan(made, "drift").state == "no_changes", "what was pushed since the apply has not drifted"
    code_again.refresh_from_db()
    assert code_again.state == "awaiting_approval", "and does not end what waits for approval"
    runs.discard(Actor.person(factories.member(made.system, "approver")), code_again)
    shutil.copy(ROOTS / "nested_modules/live/production/outputs.tf", code.folder / "live/production/outputs.tf")
    code.commit()
    assert plan(made).state == "no_changes"

    changed = {**own, "variables": {"prefix": "shop", "teams": TEAMS, "retention_days": 30}}
    change(made, **document(code.source, **changed))
    second = approve_and_apply(plan(made))
    assert second.state == "applied", text_of(second)
    assert {(each["type"], each["action"]) for each in second.summary["changes"]} == {
        ("aws_cloudwatch_log_group", "update")
    }

    # A worker that was lost after its apply: what was pushed meanwhile is no part of the answer.
    (code.folder / "live/production/more.tf").write_text('resource "terraform_data" "more" {}\n')
    code.commit()
    Run.objects.filter(pk=second.pk).update(
        state="outcome_unknown",
        finished_at=None,
        lease_until=clock.now() - timedelta(seconds=1),
        cancel_requested_at=clock.now(),  # of the apply; how that ended is found out all the same
    )
    second.refresh_from_db()
    assert isinstance(runs.reconcile(Actor.person(factories.member(made.system, "operator")), second), Run)
    jobs.reconcile_run(str(second.pk))
    second.refresh_from_db()
    assert second.state == "applied", text_of(second)
    assert plan(made, "drift").state == "no_changes"

    end = approve_and_apply(plan(made, "destroy"))
    assert end.state == "applied", text_of(end)
    assert StateVersion.objects.get(run=end).resources == 0
    rows = json.dumps(
        [*Run.objects.values(), *StateVersion.objects.values(), *AuditEvent.objects.values()], default=str
    )
    assert TOKEN not in rows + "".join(text_of(each) for each in Run.objects.all())


@pytest.mark.long
def test_three_hundred_resources_from_a_folder(sandbox: SandboxProcess, allowed: Path) -> None:
    sandbox.control("POST", "reset")
    shutil.copytree(ROOTS / "three_hundred", allowed / "many")
    made = environment(str(allowed / "many"))
    trust(made.system, str(allowed / "many"), "")
    run = approve_and_apply(plan(made))
    assert run.state == "applied", text_of(run)
    assert StateVersion.objects.get(run=run).resources == 300
    assert plan(made).state == "no_changes"
    end = approve_and_apply(plan(made, "destroy"))
    assert end.state == "applied", text_of(end)
    assert sandbox.client("logs").describe_log_groups(logGroupNamePrefix="/many")["logGroups"] == []


def test_an_approved_plan_is_not_applied_once_its_source_is_not_trusted(
    sandbox: SandboxProcess,
    allowed: Path,
) -> None:
    sandbox.control("POST", "reset")
    code = repository(allowed / "code", like="three_hundred")
    made = environment(code.source, variables={"number": 1})
    trusted = trust(made.system, code.source)
    run = approved(made)
    assert sources.revoke(Actor.person(administrator()), trusted) == trusted
    jobs.apply_run(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.failure["code"]) == ("failed", "OUTDATED"), text_of(run)
    assert run.failure["cause"] == "changed since it was approved: modules_revision"
    assert sandbox.client("logs").describe_log_groups()["logGroups"] == []


@pytest.fixture
def telling_terraform(settings: Any) -> Iterator[None]:
    """The real terraform, behind a script that says who it runs as."""
    folder = Path(tempfile.mkdtemp(prefix="terraform-"))
    folder.chmod(0o755)
    script = folder / "terraform"
    script.write_text(f'#!/bin/sh\n[ "$1" != plan ] || echo "I am $(id -u)"\nexec {find_tools()[0]} "$@"\n')
    script.chmod(0o755)
    settings.SLIPWAY_TERRAFORM_BIN = str(script)
    find_tools.cache_clear()
    yield
    find_tools.cache_clear()
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run something as somebody else")
@pytest.mark.usefixtures("telling_terraform")
def test_it_runs_as_a_user_of_its_own_where_the_worker_is_root(
    sandbox: SandboxProcess, allowed: Path, settings: Any
) -> None:
    sandbox.control("POST", "reset")
    settings.SLIPWAY_TERRAFORM_USER = "61999"
    settings.SLIPWAY_TERRAFORM_WALLS = False  # the telling script runs programs of this machine
    code = repository(allowed / "code", like="three_hundred")
    made = environment(code.source, variables={"number": 1})
    trust(made.system, code.source)
    run = approve_and_apply(plan(made))
    assert run.state == "applied", text_of(run)
    assert "I am 61999" in text_of(run)
    bundled = plan(factories.environment())
    assert "I am 0" in text_of(bundled)
