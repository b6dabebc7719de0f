"""A plan that waits was made of what is there: drift ends it, the rest of an apply that stopped on the way does not."""

import pytest

from controlplane.core.actors import Actor
from controlplane.lib import clock
from environments_app.models import Environment, Run
from environments_app.schema import canonical
from environments_app.services import configs
from tests import factories
from tests.run_helpers import approve_and_apply, plan, text_of
from tests.sandbox_fixture import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]


def waiting(environment: Environment, memory_mib: int) -> Run:
    """A run of a new configuration that waits for approval."""
    document = canonical(environment.config_version.config)
    document["services"]["api"]["memory_mib"] = memory_mib
    newest = environment.config_versions.latest("number").number
    configs.save_config(Actor.slipway("test"), environment, document, based_on=newest, reason="a test")
    environment.__dict__.pop("config_version", None)
    run = plan(environment)
    assert run.state == "awaiting_approval", text_of(run)
    return run


def keep_logs_for(sandbox: SandboxProcess, days: int) -> None:
    """What somebody does in the AWS console."""
    logs = sandbox.client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix="/slipway/small/")["logGroups"]:
        logs.put_retention_policy(logGroupName=group["logGroupName"], retentionInDays=days)


def test_drift_supersedes_and_a_half_made_apply_does_not(environment: Environment, sandbox: SandboxProcess) -> None:
    made = approve_and_apply(plan(environment))
    assert made.state == "applied", text_of(made)
    waits = waiting(environment, 1024)
    assert plan(environment, "drift").state == "no_changes"
    waits.refresh_from_db()
    assert waits.state == "awaiting_approval", "what is not applied is no drift"

    keep_logs_for(sandbox, 1)
    assert plan(environment, "drift").state == "drifted"
    waits.refresh_from_db()
    assert waits.state == "superseded"

    # As if an apply had stopped on the way: what differs may be its own, and the run that mends it waits.
    stopped = factories.run(environment, factories.member(environment.system, "developer"))
    Run.objects.filter(pk=stopped.pk).update(state="failed", applying_at=clock.now(), finished_at=clock.now())
    mend = waiting(environment, 2048)
    drift = plan(environment, "drift")
    assert drift.state == "drifted", text_of(drift)
    assert "the last apply stopped on the way" in text_of(drift)
    mend.refresh_from_db()
    assert mend.state == "awaiting_approval"
