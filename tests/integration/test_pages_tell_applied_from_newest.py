"""A configuration that is not applied is never shown as what AWS has."""

import copy
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.core.models import User
from controlplane.lib import clock
from controlplane.lib.errors import Refusal
from environments_app import selectors
from environments_app.models import ConfigVersion, Environment, Run
from environments_app.services import configs, runs
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("shop"))


@pytest.fixture
def developer(environment: Environment) -> User:
    return factories.member(environment.system, "developer")


def text(person: User, path: str) -> str:
    client = Client()
    client.force_login(person)
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(path).content.decode()).split())


def ended(environment: Environment, person: User, kind: str, state: str, **values: Any) -> Run:
    run = factories.run(environment, person, kind)
    now = clock.now()
    ended = {"state": state, "planning_at": now, "planned_at": now, "finished_at": now, **values}
    Run.objects.filter(pk=run.pk).update(**ended)
    return run


def save(environment: Environment, **service: Any) -> None:
    document = copy.deepcopy(factories.SMALL_CONFIG)
    document["services"]["api"].update(service)
    newest = environment.config_version.number
    saved = configs.save_config(Actor.slipway("test"), environment, document, based_on=newest, reason="test")
    assert isinstance(saved, ConfigVersion), saved


LOOKED = {"add": 0, "change": 0, "destroy": 0, "replace": 0, "unchanged": 9, "drift": [], "changes": []}


def test_a_drift_check_says_which_configuration_it_compared(environment: Environment, developer: User) -> None:
    ended(environment, developer, "apply", "applied")
    drift = ended(environment, developer, "drift", "no_changes", summary=LOOKED)
    assert "is not applied" not in text(developer, f"/runs/{drift.pk}")
    save(environment, memory_mib=1024)
    page = text(developer, f"/runs/{drift.pk}")
    assert page.count("AWS is as configuration v1, applied last, says. v2 is not applied.") == 2


def test_after_a_destroy_nothing_can_have_drifted(environment: Environment, developer: User) -> None:
    ended(environment, developer, "apply", "applied")
    assert not isinstance(runs.request_run(Actor.person(developer), environment, "drift"), Refusal)
    ended(environment, factories.member(environment.system, "operator"), "destroy", "applied")

    refused = runs.request_run(Actor.person(developer), environment, "drift")

    assert isinstance(refused, Refusal)
    assert refused.code == "NOTHING_APPLIED"
    assert "Nothing is applied here, so nothing can have drifted." in text(developer, "/environments/shop/development")


def test_a_run_that_was_asked_for_earlier_and_applied_later_is_what_is_there(
    environment: Environment, developer: User
) -> None:
    waited = ended(environment, developer, "apply", "applied")
    ended(environment, factories.member(environment.system, "operator"), "destroy", "applied")
    Run.objects.filter(pk=waited.pk).update(finished_at=clock.now() + timedelta(minutes=1))

    assert selectors.last_applied(environment) == waited


def test_the_services_are_shown_as_they_are_applied(environment: Environment, developer: User) -> None:
    path = "/environments/shop/development"
    assert "configuration v1, not applied yet" in text(developer, path)
    ended(environment, developer, "apply", "applied")
    save(environment, memory_mib=1024)
    page = text(developer, path)
    assert "256 CPU units, 512 MiB 256 CPU units, 1024 MiB in v2, not applied" in page
    assert "configuration v1, applied last" in page
    ended(environment, developer, "apply", "applied")
    page = text(developer, path)
    assert "256 CPU units, 1024 MiB" in page
    assert "not applied" not in page


def test_after_a_destroy_nothing_is_applied(environment: Environment, developer: User) -> None:
    ended(environment, developer, "apply", "applied")
    operator = factories.member(environment.system, "operator")
    with clock.moved(timedelta(minutes=5)):
        ended(environment, operator, "destroy", "applied")
    assert "configuration v1, not applied yet" in text(developer, "/environments/shop/development")
