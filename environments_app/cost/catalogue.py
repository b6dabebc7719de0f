"""Prices as dated facts. A price that is not known is None; it is never 0 and never guessed.

The file `prices.json` is written by `build_catalogue.py`:
`{"currency", "hours_per_month", "provenance": [[unit, source, date, confidence], ...],
"regions": {REGION: {KEY: [[value, provenance index], ...]}}}`.
A key may have several values, each with the date on which it was observed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

DEFAULT_FILE = Path(__file__).with_name("prices.json")

# Services with one price list for the whole world; the catalogue files them under this region.
GLOBAL_REGION = "us-east-1"


@dataclass(frozen=True)
class Price:
    """One observed list price in the catalogue's currency, per `unit`."""

    key: str
    region: str
    value: Decimal
    unit: str
    source: str
    date: date | None  # when it was observed; None where the source does not say
    confidence: str


class PriceCatalogue:
    """Looks prices up by key and region, optionally as of a date."""

    def __init__(self, prices: Mapping[tuple[str, str], tuple[Price, ...]], currency: str = "USD") -> None:
        """`prices` maps (region, key) to every observation of that price, in any order."""
        self.currency = currency
        self._prices = {where: tuple(sorted(seen, key=_observed)) for where, seen in prices.items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> PriceCatalogue:
        """Build from the parsed file; numbers must have been parsed as Decimal."""
        provenance = [
            (unit, source, _parse_day(day), confidence) for unit, source, day, confidence in document["provenance"]
        ]
        return cls(
            {
                (region, key): tuple(
                    Price(key, region, Decimal(value), *provenance[index]) for value, index in observations
                )
                for region, keys in document["regions"].items()
                for key, observations in keys.items()
            },
            currency=document["currency"],
        )

    def price(self, region: str | None, key: str, as_of: date | None = None) -> Price | None:
        """The newest observation not later than `as_of`, else the earliest later one, else None.

        A price seen only after `as_of` is the best evidence there is for it; `Price.date` tells.
        """
        observations = self._prices.get((region or "", key))
        if not observations:
            return None
        if as_of is None:
            return observations[-1]
        known_by_then = [price for price in observations if _observed(price) <= as_of]
        return known_by_then[-1] if known_by_then else observations[0]


def _observed(price: Price) -> date:
    """A price without a date counts as known all along."""
    return price.date or date.min


def _parse_day(day: str) -> date | None:
    """An ISO date, or None where the source of the fact has none ("n/a")."""
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None


@cache
def default_catalogue() -> PriceCatalogue:
    """The catalogue that ships with Slipway, read once."""
    return PriceCatalogue.from_document(json.loads(DEFAULT_FILE.read_text(), parse_float=Decimal))
