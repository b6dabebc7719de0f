"""One line of what is charged, and usage types in AWS's spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Billing's short names of regions; us-east-1 goes without one in most usage types.
PREFIXES = {
    "us-east-1": "USE1",
    "us-east-2": "USE2",
    "us-west-1": "USW1",
    "us-west-2": "USW2",
    "eu-west-1": "EU",
    "eu-west-2": "EUW2",
    "eu-west-3": "EUW3",
    "eu-central-1": "EUC1",
    "eu-north-1": "EUN1",
    "ap-southeast-1": "APS1",
    "ap-southeast-2": "APS2",
    "ap-northeast-1": "APN1",
    "ap-south-1": "APS3",
    "sa-east-1": "SAE1",
    "ca-central-1": "CAN1",
}


def usage_type(region: str, name: str, *, always: bool = False) -> str:
    """`USE2-BoxUsage:t3.micro`. `always`: also us-east-1 is named, as newer services do."""
    if region == "us-east-1" and not always:
        return name
    return f"{PREFIXES.get(region, region.upper())}-{name}"


@dataclass(frozen=True)
class Item:
    """What usage is told apart by. `tags`: pairs of key and value, sorted."""

    service: str
    usage_type: str
    unit: str
    region: str
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rate:
    """`quantity` units and `cost` dollars in every hour that it goes on."""

    item: Item
    quantity: Decimal
    cost: Decimal


def tags_of(given: Any) -> tuple[tuple[str, str], ...]:
    """From `{key: value}`, `[{"Key", "Value"}]` or `[{"key", "value"}]`; none from anything else."""
    if isinstance(given, Mapping):
        pairs: Iterable[tuple[Any, Any]] = given.items()
    elif isinstance(given, list | tuple):
        pairs = [(tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value"))) for tag in given]
    else:
        pairs = []
    return tuple(sorted((str(key), str(value or "")) for key, value in pairs if key))
