"""Planning, applying and deploying each take the role that is set for them; looking at foreign code only reads."""

from typing import Any, get_args

import pytest

from controlplane.lib.errors import SlipwayError
from environments_app import schema
from environments_app.accounts import Work, account_of, aws_config_file, demand_reading_role
from tests import factories

pytestmark = pytest.mark.django_db
ONE = "arn:aws:iam::123456789012:role/one"


def role(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


@pytest.fixture(autouse=True)
def _real(settings: Any) -> None:
    settings.SLIPWAY_IN_SANDBOX = False
    settings.SLIPWAY_SANDBOX_URL = ""


def config(**roles: Any) -> schema.EnvironmentConfig:
    return schema.parse({**factories.SMALL_CONFIG, **roles})


@pytest.mark.parametrize("work", get_args(Work))
def test_each_has_its_own_and_the_old_setting_is_one_for_all(work: Work) -> None:
    made = factories.environment()
    assert account_of(made, config(), work).role_arn == ""
    assert account_of(made, config(account_role_arn=ONE), work).role_arn == ONE
    own = config(account_role_arn=ONE, account_roles={work: role(work)})
    assert account_of(made, own, work).role_arn == role(work)
    assert {account_of(made, own, other).role_arn for other in get_args(Work) if other != work} == {ONE}


def test_the_external_id_is_the_systems_and_terraform_refreshes_by_itself() -> None:
    made = factories.environment()
    account = account_of(made, config(account_roles={"plan": role("plan")}), "plan")
    assert account.external_id == str(made.system.external_id)
    written = aws_config_file(account, {"AWS_ACCESS_KEY_ID": "own"})
    assert f"role_arn = {role('plan')}\n" in written
    assert f"external_id = {made.system.external_id}\n" in written
    assert "source_profile = worker\n" in written


@pytest.mark.parametrize("roles", [{}, {"apply": role("same")}, {"plan": role("same"), "apply": role("same")}])
def test_looking_with_foreign_code_needs_a_role_that_only_reads(roles: dict[str, str]) -> None:
    with pytest.raises(SlipwayError, match=r"account_roles\.plan"):
        demand_reading_role(config(account_role_arn=ONE, account_roles=roles))
    demand_reading_role(config(account_role_arn=ONE, account_roles={"plan": role("plan")}))


def test_a_role_for_planning_that_is_the_one_for_everything_is_none_that_only_reads() -> None:
    with pytest.raises(SlipwayError, match=r"account_roles\.plan"):
        demand_reading_role(config(account_role_arn=ONE, account_roles={"plan": ONE}))


def test_in_the_sandbox_there_are_no_roles(settings: Any) -> None:
    settings.SLIPWAY_IN_SANDBOX = True
    demand_reading_role(config())
    assert account_of(factories.environment(), config(account_role_arn=ONE), "plan").role_arn == ""
