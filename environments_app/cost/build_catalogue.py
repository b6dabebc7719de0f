"""Writes `prices.json` from the collected price facts.

    python -m environments_app.cost.build_catalogue PRICES.json PRICES_META.json

PRICES.json is `{REGION: {KEY: number}, "_meta": {...}}`, PRICES_META.json is
`{REGION: {KEY: {"unit", "source", "date", "confidence"}}}`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from environments_app.cost.catalogue import DEFAULT_FILE

FACTS = ("unit", "source", "date", "confidence")


def compact(prices: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The catalogue document: each distinct provenance once, each price pointing at its own."""
    provenance: dict[tuple[str, ...], int] = {}
    regions: dict[str, dict[str, list[list[Any]]]] = {}
    for region in sorted(set(prices) - {"_meta"}):
        regions[region] = {}
        for key, value in sorted(prices[region].items()):
            fact = tuple(facts[region][key][name] for name in FACTS)
            index = provenance.setdefault(fact, len(provenance))
            regions[region][key] = [[value, index]]
    return {
        "currency": prices["_meta"]["currency"],
        "hours_per_month": prices["_meta"]["hours_per_month"],
        "provenance": [list(fact) for fact in provenance],
        "regions": regions,
    }


def render(document: Mapping[str, Any]) -> str:
    """One line per price, so that a changed price is a one-line diff."""
    provenance = ",\n".join(json.dumps(fact) for fact in document["provenance"])
    regions = ",\n".join(
        f"{json.dumps(region)}:{{\n"
        + ",\n".join(f"{json.dumps(key)}:{json.dumps(seen, separators=(',', ':'))}" for key, seen in keys.items())
        + "\n}"
        for region, keys in document["regions"].items()
    )
    return (
        f'{{"currency":{json.dumps(document["currency"])},'
        f'"hours_per_month":{document["hours_per_month"]},\n'
        f'"provenance":[\n{provenance}\n],\n"regions":{{\n{regions}\n}}}}\n'
    )


def main(arguments: list[str]) -> None:
    """Rewrite the shipped catalogue from the two files named on the command line."""
    prices, facts = (json.loads(Path(name).read_text()) for name in arguments)
    DEFAULT_FILE.write_text(render(compact(prices, facts)))


if __name__ == "__main__":
    main(sys.argv[1:])
