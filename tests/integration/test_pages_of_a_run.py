"""The page of a run: how long its phases take, and what it hands out as a file."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.core.models import User
from controlplane.lib import clock
from environments_app.models import Environment, Run
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("shop"))


@pytest.fixture
def developer(environment: Environment) -> User:
    return factories.member(environment.system, "developer")


@pytest.fixture
def client(environment: Environment) -> Client:
    signed_in = Client()
    signed_in.force_login(factories.member(environment.system, "viewer"))
    return signed_in


def applied(environment: Environment, developer: User, minutes: int, kind: str = "apply") -> Run:
    """A run that was applied in so many minutes, an hour ago."""
    run = factories.run(environment, developer, kind)
    begun = clock.now() - timedelta(hours=1)
    Run.objects.filter(pk=run.pk).update(
        state="applied",
        created_at=begun,
        planning_at=begun,
        planned_at=begun + timedelta(seconds=30),
        applying_at=begun,
        finished_at=begun + timedelta(minutes=minutes),
    )
    return run


def applying(environment: Environment, developer: User) -> Run:
    run = factories.run(environment, developer)
    begun = clock.now() - timedelta(minutes=2, seconds=10)
    Run.objects.filter(pk=run.pk).update(
        state="applying", planning_at=begun, planned_at=begun, applying_at=begun, summary={"add": 1}
    )
    return run


def stages(client: Client, run: Run) -> str:
    line = re.search(r'<ol class="stages.*?</ol>', client.get(f"/runs/{run.pk}").content.decode(), re.S)
    assert line
    return " ".join(re.sub(r"<[^>]+>", " ", line[0]).split())


def test_a_phase_that_works_says_how_long_it_usually_takes(
    environment: Environment, developer: User, client: Client
) -> None:
    run = applying(environment, developer)
    assert "Apply 2 min so far Done" in stages(client, run)
    applied(environment, developer, 6)
    assert "Apply 2 min so far; about 6 min, by the last run Done" in stages(client, run)
    for minutes in (5, 60, 7, 4):
        applied(environment, developer, minutes)
    assert "Apply 2 min so far; about 6 min, by the last 5 runs Done" in stages(client, run)


def test_other_environments_and_kinds_say_nothing_about_this_run(
    environment: Environment, developer: User, client: Client
) -> None:
    run = applying(environment, developer)
    applied(environment, developer, 6, "speculative")
    applied(factories.environment(environment.system, "staging", tier="staging"), developer, 6)
    assert "about" not in stages(client, run)


def test_the_page_asks_as_often_with_a_long_history(environment: Environment, developer: User, client: Client) -> None:
    run = applying(environment, developer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/runs/{run.pk}").status_code == 200
        return len(captured)

    applied(environment, developer, 6)
    few = queries()
    for _ in range(6):
        applied(environment, developer, 6)
    assert queries() == few


def test_the_plans_summary_is_handed_out_as_a_file(environment: Environment, developer: User, client: Client) -> None:
    run = factories.planned_run(environment, developer)
    assert f'href="/runs/{run.pk}/summary.json"' in client.get(f"/runs/{run.pk}").content.decode()
    response = client.get(f"/runs/{run.pk}/summary.json")
    assert response.headers["Content-Disposition"].startswith('attachment; filename="plan-summary-')
    told = json.loads(response.content)
    assert told["summary"] == Run.objects.get(pk=run.pk).summary
    assert told["environment"] == "shop/development"
    assert len(told["digest"]) == 64


def test_there_is_no_file_before_there_is_a_plan(environment: Environment, developer: User, client: Client) -> None:
    run = factories.run(environment, developer)
    assert "summary.json" not in client.get(f"/runs/{run.pk}").content.decode()
    assert client.get(f"/runs/{run.pk}/summary.json").status_code == 404
