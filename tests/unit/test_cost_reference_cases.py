"""Real plans with independently calculated bills (../shared/cost-cases): to the cent, or honestly unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from environments_app.cost.estimate import estimate
from tests.unit.cost_plans import SHARED, shared_folder

# Cases whose every price the catalogue knows.
EXACT = (
    "cloudfront_distribution",
    "cloudwatch_metric_alarm",
    "lb",
    "nat_gateway",
    "planjson_attach_before",
    "secretsmanager_secret",
    "sns_topic_subscription",
)
CASES = sorted(path.name for path in SHARED.glob("cost-cases/*")) or ["none"]


def read_case(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The estimate of a case, and what it should be."""
    folder: Path = shared_folder("cost-cases") / name
    usage = folder / "usage.yml"
    result = estimate(
        json.loads((folder / "plan.json").read_text()),
        usage=yaml.safe_load(usage.read_text()) if usage.exists() else None,
    )
    return result.to_json(), json.loads((folder / "expected.json").read_text())


@pytest.mark.parametrize("name", EXACT)
def test_the_bill_of_a_covered_case_is_right_to_the_cent(name: str) -> None:
    result, expected = read_case(name)
    assert result["total_monthly_cost"] == expected["total_monthly_cost"]
    for address, wanted in expected["resources"].items():
        for amount in ("monthly_cost", "fixed_monthly_cost"):
            assert result["resources"][address][amount] == pytest.approx(wanted[amount], abs=0.01), (address, amount)
    assert result["unknown"] == []


@pytest.mark.parametrize("name", CASES)
def test_a_resource_is_right_to_the_cent_or_says_that_its_cost_is_not_known(name: str) -> None:
    result, expected = read_case(name)
    for address, wanted in expected["resources"].items():
        got = result["resources"][address]
        if got["status"] == "unknown":
            assert got["monthly_cost"] is None, address
            assert address in result["unknown"]
        else:
            assert got["monthly_cost"] == pytest.approx(wanted["monthly_cost"], abs=0.01), address


@pytest.mark.parametrize("name", CASES)
def test_nothing_that_costs_money_is_called_free(name: str) -> None:
    result, expected = read_case(name)
    assert [a for a in expected["resources"] if result["resources"][a]["status"] == "free"] == []
