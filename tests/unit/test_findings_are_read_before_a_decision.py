"""What stands under "Policy" when people decide about a plan."""

from typing import Any

import pytest

from environments_app import policies, schema
from tests.unit.schema_document import document

NO_CHANGES: dict[str, Any] = {"changes": []}


def titles(*, tier: str, cost: dict[str, Any] | None = None, summary: dict[str, Any] = NO_CHANGES) -> list[str]:
    config = schema.parse(document({"database.deletion_protection": False}))
    cost = {"after": {"total_monthly_cost": 1, "range": {"low": 1, "high": 1}, "unknown": []}} if cost is None else cost
    return [finding.title for finding in policies.findings(summary, cost, config, tier=tier)]


def test_production_is_held_to_more() -> None:
    more = set(titles(tier="production")) - set(titles(tier="development"))
    assert any("database.deletion_protection" in title for title in more), more


def test_lost_data_comes_first() -> None:
    lost = {"action": "delete", "type": "aws_db_instance", "address": "module.database[0].aws_db_instance.this"}
    assert titles(tier="development", summary={"changes": [lost]})[0] == "1 resource that keeps data would be lost"


@pytest.mark.parametrize(
    ("total", "high", "said"),
    [
        (260, 300, ["$10.00 a month over the budget: $260.00 expected, of $250.00"]),
        (240, 300, ["The upper bound is over the budget: $300.00 of $250.00"]),
        (250, 250, []),
        (250, None, []),
    ],
)
def test_a_plan_is_held_against_the_budget(total: float, high: float | None, said: list[str]) -> None:
    config = schema.parse(document({"budget": {"monthly_usd": 250}}))
    cost = {"after": {"total_monthly_cost": total, "range": {"low": 1, "high": high}, "unknown": []}}

    found = policies.findings(NO_CHANGES, cost, config, tier="production")

    assert [f"{finding.title}: {finding.detail}" for finding in found if "budget" in finding.title] == said


def test_a_cost_that_could_not_be_estimated_refuses_in_production_only() -> None:
    config = schema.parse(document())
    for tier in ("production", "development"):
        found = policies.findings(NO_CHANGES, {"error": "KeyError"}, config, tier=tier)
        assert [finding.refuses for finding in found if "cost" in finding.title] == [tier == "production"]
