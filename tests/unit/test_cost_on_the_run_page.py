"""The page of a run says what the apply costs and what the next release then costs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from controlplane.core.models import ApiToken
from controlplane.pages.selectors import plan_in_words
from environments_app.models import Run
from tests import factories
from tests.unit.test_cost_of_releases import entry, record_of, stack_plan

pytestmark = pytest.mark.django_db


def planned(plan: dict[str, Any]) -> tuple[Run, Client]:
    """A run with the cost of this plan, and a browser of who asked for it."""
    environment = factories.environment(factories.system("shop"))
    developer = factories.member(environment.system, "developer")
    run = factories.planned_run(environment, developer)
    Run.objects.filter(pk=run.pk).update(cost=record_of(plan))
    client = Client()
    client.force_login(developer)
    run.refresh_from_db()
    return run, client


def page_of(plan: dict[str, Any]) -> str:
    """The text of the cost panel of a run with this plan."""
    run, client = planned(plan)
    html = client.get(f"/runs/{run.pk}").content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    return text[text.index("Cost a month") : text.index("Policy")]


def test_a_change_that_waits_for_a_release_is_not_said_to_cost_nothing() -> None:
    page = page_of(stack_plan(entry("256", "512"), entry("512", "1024")))
    assert "$18.02 → $36.04 +$18.02" in page
    assert "This apply changes $0.00" in page
    assert re.search(r"The next release then changes .* \+\$18\.02", page)
    assert "web cpu 256 → 512, memory 512 → 1024 +$18.02" in page


def test_a_first_release_is_named_with_what_it_starts() -> None:
    page = page_of(stack_plan(None, entry("512", "1024", desired=3), running=None))
    assert "This apply changes $0.00" in page
    assert "web, first release tasks 3, cpu 512, memory 1024 +$54.06" in page


def test_a_release_of_unknown_cost_is_unknown_and_so_is_the_sum_of_all() -> None:
    page = page_of(stack_plan(entry(), entry(cpu=None)))
    assert "web cpu 256 → unknown unknown" in page
    assert "takes this over with its own release. unknown" in page
    assert "$18.02 → ≥ $0.00 unknown This apply changes $0.00" in page
    assert "%" not in page, "a sum without the service is no share of one with it"
    assert "1 resource unknown" in page


def test_what_costs_the_same_is_told_too() -> None:
    containers = [{"name": "web", "command": ["serve"]}, {"name": "proxy"}]
    page = page_of(stack_plan(entry(), entry(desired=5, container_definitions=containers)))
    assert "containers web → web, proxy, settings of container web; its desired count 2 → 5 changes nothing" in page


def test_what_was_unknown_until_now_is_left_out_of_the_change_in_so_many_words() -> None:
    assert "1 resource unknown until now" in page_of(stack_plan(None, entry()))


def test_a_plan_that_asks_for_no_release_says_nothing_of_one() -> None:
    page = page_of(stack_plan(entry(), entry(), bounds_before=(1, 4), bounds=(3, 4)))
    assert "$18.02 → $27.03 +$9.01" in page
    assert "release" not in page


@pytest.mark.parametrize(
    ("will", "words"),
    [
        (entry("512", "1024"), "$18.02 to $36.04 a month, +$18.02 of it with the next release."),
        (entry(cpu=None), "a month, an unknown part of it with the next release, 1 resource unknown, not in the sum."),
        (entry(), "$18.02 to $18.02 a month."),
    ],
    ids=["bigger", "unknown", "as before"],
)
def test_the_inbox_says_in_one_sentence_what_the_release_brings(will: dict[str, Any], words: str) -> None:
    run, _ = planned(stack_plan(entry(), will))
    assert plan_in_words(run).endswith(words)


def test_the_api_gives_both_parts() -> None:
    run, _ = planned(stack_plan(entry(), entry("512", "1024")))
    assert run.requester
    _, token = ApiToken.issue(run.requester, "test")
    cost = Client().get(f"/api/v1/runs/{run.pk}", headers={"Authorization": f"Bearer {token}"}).json()["cost"]
    assert (cost["by_apply"], cost["next_release"]["change"]) == (0.0, 18.02)
    assert cost["next_release"]["services"][0]["service"] == "web"
