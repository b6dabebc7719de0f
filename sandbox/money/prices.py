"""List prices from `prices.json`: `{"currency", "fargate_spot_share", "regions": {REGION: {KEY: price}}}`.

A price that neither the region nor us-east-1 has is None; it is never guessed. The one exception is Fargate Spot, whose
price changes by the hour: the file's share of the on-demand price stands for it.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

HOURS_PER_MONTH = Decimal(730)  # AWS's own convention
_FALLBACK = "us-east-1"


@cache
def _document() -> Any:
    text = Path(__file__).with_name("prices.json").read_text()
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def price(region: str, key: str) -> Decimal | None:
    """US dollars for one of the units that the key names."""
    regions = _document()["regions"]
    found: Decimal | None = regions.get(region, {}).get(key, regions[_FALLBACK].get(key))
    return found


def spot_share() -> Decimal:
    share: Decimal = _document()["fargate_spot_share"]
    return share


def price_list(region: str) -> dict[str, Decimal]:
    """Every price of a region that the file knows by the region's own name."""
    return dict(_document()["regions"].get(region, {}))


def regions() -> list[str]:
    return list(_document()["regions"])
