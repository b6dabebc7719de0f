"""What a configuration asks for and this version does not make is said on the environment's page, before any plan."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.core.models import System
from environments_app.models import ConfigVersion, Environment
from environments_app.schema import canonical, load_blueprint
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


def page(environment: Environment, path: str = BASE, role: str = "developer") -> str:
    client = Client()
    client.force_login(factories.member(System.objects.get(slug="shop"), role))
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(path).content.decode()).split())


def test_a_sound_configuration_has_no_such_notes(environment: Environment) -> None:
    said = page(environment)
    assert "not made by this version" not in said


def test_what_plans_leave_out_is_said_with_what_that_means(environment: Environment) -> None:
    document = {**factories.SMALL_CONFIG, "backup": {"drill": "monthly"}}
    configured(environment, document)
    said = page(environment)
    assert "Asked for, not made by this version 1" in said
    assert "Nobody rehearses a restore by itself. backup.drill" in said
    assert "no action" not in said


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
