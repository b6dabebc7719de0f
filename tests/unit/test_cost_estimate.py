"""Properties of every estimate: only what is known is counted, and nothing unknown ever looks like 0."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments_app.cost.estimate import estimate, estimate_change
from environments_app.cost.model import Bill, Component, Estimate, ResourceCost, Status, delta, money
from environments_app.cost.usage import UsageError, UsageFile
from tests.unit.cost_plans import plan_of, planned

amounts = st.decimals(min_value=0, max_value=10_000, places=4)
components = st.builds(
    Component,
    name=st.sampled_from(["hours", "storage", "requests"]),
    quantity=st.none() | amounts,
    unit=st.just("unit"),
    unit_price=st.none() | amounts,
    usage_based=st.booleans(),
)
bills = st.builds(
    Bill,
    components=st.lists(components, max_size=4).map(tuple),
    unknown=st.sampled_from(["", "", "", "a reason"]),
    low=st.none() | st.lists(components, max_size=2).map(tuple),
    high=st.none() | st.lists(components, max_size=2).map(tuple),
)
estimates = st.dictionaries(st.sampled_from("abcdef"), bills).map(
    lambda found: Estimate("USD", {a: ResourceCost.of(a, "aws_thing", bill) for a, bill in found.items()})
)


@given(estimates)
def test_the_total_is_the_sum_of_what_is_known(result: Estimate) -> None:
    known = [cost.monthly_cost for cost in result.resources.values() if cost.monthly_cost is not None]
    assert result.total_monthly_cost == sum(known, Decimal(0))
    low, high = result.range
    assert low <= result.total_monthly_cost <= high


@given(bills)
def test_a_charge_without_a_price_makes_the_resource_unknown(bill: Bill) -> None:
    cost = ResourceCost.of("a", "aws_thing", bill)
    unpriced = any(
        (component.quantity is not None or not component.usage_based)
        and (component.quantity is None or component.unit_price is None)
        for component in (*bill.components, *(bill.low or ()), *(bill.high or ()))
    )
    assert (cost.status is Status.UNKNOWN) == (unpriced or bool(bill.unknown))
    if cost.status in (Status.UNKNOWN, Status.USAGE_BASED):
        assert (cost.monthly_cost, cost.fixed_monthly_cost, cost.low, cost.high) == (None, None, None, None)


@given(estimates, estimates)
def test_the_way_back_costs_what_the_way_there_saved(before: Estimate, after: Estimate) -> None:
    there, back = delta(before, after), delta(after, before)
    assert there.monthly_cost == -back.monthly_cost
    assert there.uncertain == back.uncertain
    assert there.resources == {address: -change for address, change in back.resources.items()}
    assert not set(there.resources) & set(there.uncertain)


@given(st.decimals(min_value="0.0000000001", max_value=1_000_000, allow_nan=False))
def test_rounding_never_turns_a_cost_into_none(amount: Decimal) -> None:
    rounded = money(amount)
    assert rounded is not None
    assert rounded > 0
    assert abs(Decimal(rounded) - amount) <= Decimal("0.005000001")


def test_half_a_cent_is_rounded_up() -> None:
    assert (money(Decimal("16.425")), money(Decimal(0)), money(None)) == (16.43, 0.0, None)


UNKNOWN: dict[str, Any] = {"status": "unknown", "monthly_cost": None, "fixed_monthly_cost": None, "components": []}
FREE = {"status": "free", "monthly_cost": 0.0, "fixed_monthly_cost": 0.0, "components": []}
RATE = {"unit_price": 0.045}


def test_the_document_has_exactly_the_promised_shape() -> None:
    plan = plan_of(planned("aws_nat_gateway.a"), planned("aws_iam_role.b"), planned("aws_mystery.c"))
    assert json.loads(json.dumps(estimate(plan).to_json())) == {
        "currency": "USD",
        "total_monthly_cost": 32.85,
        "resources": {
            "aws_iam_role.b": FREE,
            "aws_mystery.c": UNKNOWN,
            "aws_nat_gateway.a": {
                "status": "priced",
                "monthly_cost": 32.85,
                "fixed_monthly_cost": 32.85,
                "components": [
                    {"name": "NAT gateway", "quantity": 730.0, "unit": "hours", **RATE, "monthly_cost": 32.85},
                    {"name": "Data processed", "quantity": None, "unit": "GB", **RATE, "monthly_cost": None},
                ],
            },
        },
        "unknown": ["aws_mystery.c"],
    }  # fmt: skip


def test_the_record_for_pages_adds_notes_and_ranges() -> None:
    record = estimate(plan_of(planned("aws_mystery.c"))).to_record()
    assert record["range"] == {"low": 0.0, "high": 0.0}
    assert record["resources"]["aws_mystery.c"]["note"] == "Slipway does not know how aws_mystery is charged"


def test_a_change_counts_both_sides_and_names_what_it_cannot_tell() -> None:
    plan = plan_of(
        planned("aws_nat_gateway.new"),
        planned("aws_mystery.c"),
        before=[planned("aws_secretsmanager_secret.old", arn="arn:aws:secretsmanager:us-east-1:1:secret:old")],
    )
    change = delta(*estimate_change(plan))
    assert change.resources == {
        "aws_nat_gateway.new": Decimal("32.85"),
        "aws_secretsmanager_secret.old": Decimal("-0.4"),
    }
    assert change.monthly_cost == Decimal("32.45")
    assert change.uncertain == ("aws_mystery.c",)


def test_the_narrowest_statement_of_use_wins() -> None:
    usage = UsageFile.from_document(
        {
            "resource_type_default_usage": {"aws_nat_gateway": {"monthly_data_processed_gb": 1, "x": 1}},
            "resource_usage": {
                "aws_nat_gateway.a[*]": {"monthly_data_processed_gb": 2, "y": 2},
                "aws_nat_gateway.a[0]": {"monthly_data_processed_gb": 3},
            },
        }
    )
    assert usage.of("aws_nat_gateway.a[0]", "aws_nat_gateway") == {"monthly_data_processed_gb": 3, "x": 1, "y": 2}
    assert usage.of('aws_nat_gateway.a["k"]', "aws_nat_gateway") == {"monthly_data_processed_gb": 2, "x": 1, "y": 2}
    assert usage.of("aws_nat_gateway.b", "aws_nat_gateway") == {"monthly_data_processed_gb": 1, "x": 1}


@pytest.mark.parametrize("document", ["text", ["list"], {"resource_usage": ["x"]}, {"resource_usage": {"a.b": 3}}])
def test_another_document_is_no_usage_file(document: Any) -> None:
    with pytest.raises(UsageError):
        UsageFile.from_document(document)
