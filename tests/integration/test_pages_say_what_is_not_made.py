"""What a configuration asks for and this version does not make is said on the environment's page, before any plan."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.core.models import System
from environments_app.models import ConfigVersion, Environment
from environments_app.schema import canonical, load_blueprint, unprovisioned
from environments_app.services import configs
from tests import factories

pytestmark = pytest.mark.django_db
BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
BASE = "/environments/shop/development"


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("shop"))


def configured(environment: Environment, document: dict[str, Any]) -> None:
    saved = configs.save_config(Actor.slipway("test"), environment, document, based_on=1, reason="a test")
    assert isinstance(saved, ConfigVersion), saved


def on_ec2() -> dict[str, Any]:
    """The staging of programador-musical."""
    return canonical(load_blueprint(BLUEPRINTS / "programador-musical.yaml").environments[0].config)


def page(environment: Environment, path: str = BASE, role: str = "developer") -> str:
    client = Client()
    client.force_login(factories.member(System.objects.get(slug="shop"), role))
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(path).content.decode()).split())


def test_a_sound_configuration_has_no_such_notes(environment: Environment) -> None:
    said = page(environment)
    assert "fails" not in said
    assert "not made by this version" not in said


@pytest.mark.parametrize("path", [BASE, f"{BASE}/infrastructure"])
def test_a_configuration_that_no_plan_can_carry_out_says_so_first(environment: Environment, path: str) -> None:
    configured(environment, on_ec2())
    said = page(environment, path)
    for words in (
        "Every plan of configuration v2 fails",
        "this version makes Fargate services only",
        "Nothing is made, changed or charged.",
        "Set compute.launch_type to FARGATE",
        "Fails, as said above.",
    ):
        assert words in said
    assert said.index("Every plan of") < said.index("Fails, as said above.")


def test_who_may_configure_is_led_to_the_configuration(environment: Environment) -> None:
    configured(environment, on_ec2())
    assert "Edit the configuration" in page(environment, role="admin")
    assert "Edit the configuration" not in page(environment, role="viewer")


def test_what_plans_leave_out_is_said_with_what_that_means(environment: Environment) -> None:
    document = {**factories.SMALL_CONFIG, "schedule": {"start": "07:00", "stop": "22:00"}}
    configured(environment, document)
    said = page(environment)
    assert "Asked for, not made by this version 1" in said
    assert "Services run around the clock, and are charged for it. schedule" in said
    assert "Every plan of" not in said
    assert "no action" not in said


def test_of_the_reference_systems_only_the_one_on_ec2_cannot_be_planned() -> None:
    fails = {
        (path.stem, gap.path)
        for path in BLUEPRINTS.glob("*.yaml")
        for made in load_blueprint(path).environments
        for gap in unprovisioned(made.config)
        if gap.fails_plans
    }
    assert fails == {("programador-musical", "compute.launch_type")}


def test_tools_that_run_elsewhere_are_a_click_away(environment: Environment) -> None:
    assert "Elsewhere" not in page(environment)
    configured(environment, factories.SMALL_CONFIG | {"links": {"grafana": "https://grafana.example.com/d/shop"}})
    assert "Elsewhere opens the other tool Grafana https://grafana.example.com/d/shop" in page(environment)


def test_what_a_release_would_not_do_is_said(environment: Environment) -> None:
    document = canonical(load_blueprint(BLUEPRINTS / "tvmaze-ingestion.yaml").environments[1].config)
    configured(environment, document)
    said = page(environment)
    assert "Releases are rolled out as rolling updates only" in said
    assert "Slack and PagerDuty hear nothing" in said
