"""Small Terraform plans for the cost tests, in the shape of `terraform show -json`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from environments_app.cost.estimate import estimate
from environments_app.cost.model import ResourceCost

REGION = "us-east-1"

# The facts that were collected for the project; beside the repository's folder unless told otherwise.
SHARED = Path(os.environ.get("SLIPWAY_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def planned(address: str, *, index: str | int | None = None, **values: Any) -> dict[str, Any]:
    """A managed resource of `planned_values`; `address` is TYPE.NAME within its module."""
    type_, name = address.split(".")[-2:]
    key = "" if index is None else f"[{index}]" if isinstance(index, int) else f'["{index}"]'
    resource = {"address": address + key, "mode": "managed", "type": type_, "name": name, "values": values}
    return resource if index is None else resource | {"index": index}


def declared(address: str, **references: list[str]) -> dict[str, Any]:
    """A resource of `configuration` whose attributes refer to others."""
    type_, name = address.split(".")
    expressions = {attribute: {"references": found} for attribute, found in references.items()}
    return {
        "address": address,
        "mode": "managed",
        "type": type_,
        "name": name,
        "provider_config_key": "aws",
        "expressions": expressions,
    }


def plan_of(
    *resources: Mapping[str, Any],
    configuration: list[Mapping[str, Any]] | None = None,
    before: list[Mapping[str, Any]] | None = None,
    outputs: Mapping[str, Any] | None = None,
    region: str = REGION,
) -> dict[str, Any]:
    """A plan with these resources in its root module and one aws provider; `outputs` are its `output_changes`."""
    plan: dict[str, Any] = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": list(resources)}},
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": region}}}},
            "root_module": {
                "resources": configuration
                if configuration is not None
                else [declared(resource["address"].split("[")[0]) for resource in resources]
            },
        },
    }
    if outputs is not None:
        plan["output_changes"] = outputs
    if before is not None:
        plan["prior_state"] = {"values": {"root_module": {"resources": before}}}
    return plan


def cost_of(type_: str, usage: Mapping[str, Any] | None = None, *, region: str = REGION, **values: Any) -> ResourceCost:
    """The cost of one resource that stands alone in a plan."""
    address = f"{type_}.this"
    stated = {"resource_usage": {address: usage}} if usage else None
    return estimate(plan_of(planned(address, **values), region=region), usage=stated).resources[address]


def cents(amount: Decimal | None) -> Decimal | None:
    """An exact amount as a person would write it by hand."""
    return None if amount is None else amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def shared_folder(name: str) -> Path:
    """A folder of collected facts; skips the test where they are not on this machine."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not on this machine")
    return folder
