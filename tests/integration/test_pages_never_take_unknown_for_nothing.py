"""A cost that nobody knows is said to be unknown, on the fleet's sum too: never $0."""

import re

import pytest
from django.test import Client

from controlplane.core.models import System
from controlplane.lib import clock
from environments_app.models import Run, StateVersion
from tests import factories

pytestmark = pytest.mark.django_db


def applied(system: System, slug: str, monthly: float | None) -> None:
    environment = factories.environment(system, slug)
    run = factories.run(environment, factories.member(system, "developer"))
    cost = {"error": "boom"} if monthly is None else {"after": {"total_monthly_cost": monthly, "unknown": []}}
    Run.objects.filter(pk=run.pk).update(state="applied", cost=cost, finished_at=clock.now())
    StateVersion.objects.create(environment=environment, run=run)


def sum_on_fleet(system: System) -> str:
    client = Client()
    client.force_login(factories.member(system, "viewer"))
    bar = re.search(r"<div[^>]*><h2 id=.matrix.*?</div>", client.get("/").content.decode(), re.S)
    assert bar
    return " ".join(re.sub(r"<[^>]+>", " ", bar[0]).split())


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ([None], "unknown a month 1 environment unknown"),
        ([12.5, None, None], "≥ $12.50 a month 2 environments unknown"),
        ([12.5, 2.5], "$15.00 a month"),
    ],
)
def test_the_sum_says_what_it_does_not_know(costs: list[float | None], said: str) -> None:
    system = factories.system("shop")
    factories.environment(system, "never-applied")
    for number, monthly in enumerate(costs):
        applied(system, f"env-{number}", monthly)
    assert sum_on_fleet(system).endswith(f"estimated, once what is applied is released: {said}")


def test_before_anything_is_applied_there_is_no_sum() -> None:
    system = factories.system("shop")
    factories.environment(system, "never-applied")
    assert sum_on_fleet(system).endswith("costs are estimated by the first plan")
