"""Between Terraform's plan and the question to people, the world may change: nothing outdated is ever asked."""

from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.core.services import approvals
from controlplane.lib.errors import Refusal
from environments_app import jobs, schema
from environments_app.models import ConfigVersion, Environment, Run
from environments_app.services import configs, runs
from tests import factories
from tests.interleave import before_the_first
from tests.run_helpers import asked

pytestmark = pytest.mark.django_db(transaction=True)
STORING_THE_PLAN = "UPDATE environments_run SET summary"


def planned_while(run: Run, happens: Any) -> Run:
    with before_the_first(STORING_THE_PLAN, happens):
        jobs.plan_run(str(run.pk))
    run.refresh_from_db()
    assert approvals.live_request(runs.subject(run)) is None
    return run


def test_a_cancel_that_comes_after_terraform_has_ended_still_cancels(environment: Environment) -> None:
    run = asked(environment)
    operator = Actor.person(factories.member(environment.system, "operator"))

    def cancel() -> None:
        assert not isinstance(runs.cancel(operator, Run.objects.get(pk=run.pk)), Refusal)

    assert planned_while(run, cancel).state == "canceled"


def test_a_configuration_saved_meanwhile_supersedes_the_run(environment: Environment) -> None:
    document = {**environment.config_version.document, "logs": {"retention_days": 90}}

    def save() -> None:
        saved = configs.save_config(Actor.slipway("test"), environment, document, based_on=1, reason="longer logs")
        assert isinstance(saved, ConfigVersion)

    run = planned_while(asked(environment), save)
    assert run.state == "superseded"
    assert run.finished_at


def test_a_protection_saved_meanwhile_supersedes_the_run(environment: Environment) -> None:
    stronger = schema.Protection(required_approvals=2)

    def save() -> None:
        configs.save_protection(Actor.slipway("test"), environment, stronger, reason="two people")

    assert planned_while(asked(environment), save).state == "superseded"
