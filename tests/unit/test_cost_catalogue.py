"""The price catalogue: what it knows, from when, and that it says None for the rest."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from environments_app.cost.build_catalogue import compact, render
from environments_app.cost.catalogue import DEFAULT_FILE, Price, PriceCatalogue, default_catalogue
from tests.unit.cost_plans import shared_folder


def observed(value: str, day: date | None) -> Price:
    return Price("nat.hour", "us-east-1", Decimal(value), "hour", "test", day, "golden")


def test_every_price_tells_where_it_comes_from() -> None:
    price = default_catalogue().price("us-east-1", "fargate.vcpu_hour")
    assert price is not None
    assert (price.value, price.unit, price.date) == (Decimal("0.04048"), "vCPU-hour", date(2025, 7, 4))
    assert (price.confidence, price.source) == ("golden", "golden:ecs_service")


@pytest.mark.parametrize(
    ("region", "key"), [("us-east-1", "no.such.thing"), ("mars-north-1", "nat.hour"), (None, "nat.hour")]
)
def test_a_price_that_is_not_there_is_none(region: str | None, key: str) -> None:
    assert default_catalogue().price(region, key) is None


@pytest.mark.parametrize(
    ("as_of", "value"),
    [
        (None, "3"),
        (date(2026, 1, 1), "3"),
        (date(2025, 6, 1), "2"),
        (date(2025, 1, 1), "2"),
        (date(2023, 1, 1), "1"),
    ],
)
def test_the_price_of_a_day_is_the_last_one_seen_until_then(as_of: date | None, value: str) -> None:
    seen = (observed("3", date(2025, 12, 31)), observed("1", date(2024, 1, 1)), observed("2", date(2025, 1, 1)))
    price = PriceCatalogue({("us-east-1", "nat.hour"): seen}).price("us-east-1", "nat.hour", as_of)
    assert price is not None
    assert price.value == Decimal(value)


def test_the_shipped_file_is_small_and_made_by_its_builder() -> None:
    assert DEFAULT_FILE.stat().st_size < 400_000
    assert render(json.loads(DEFAULT_FILE.read_text())) == DEFAULT_FILE.read_text()


def test_the_shipped_file_is_made_of_the_collected_facts() -> None:
    prices, facts = (
        json.loads((shared_folder("prices") / f"{name}.json").read_text()) for name in ("prices", "prices_meta")
    )
    assert json.loads(DEFAULT_FILE.read_text()) == compact(prices, facts)
