"""The estimator: a plan in, an Estimate out. It reads nothing but its arguments and the price catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from environments_app.cost.catalogue import PriceCatalogue, default_catalogue
from environments_app.cost.model import Bill, Estimate, ResourceCost
from environments_app.cost.plan import Resource, Side, Stack, read_plan
from environments_app.cost.pricing import NotPriceable, Pricing
from environments_app.cost.resources import PRICERS
from environments_app.cost.usage import UsageFile

# Resources of Terraform's own utility providers exist in the state alone; nobody charges for them.
_STATE_ONLY = ("random_", "tls_", "null_", "time_", "local_", "terraform_", "archive_", "template_")


def estimate(
    plan: Mapping[str, Any],
    *,
    usage: Mapping[str, Any] | None = None,
    catalogue: PriceCatalogue | None = None,
    as_of: date | None = None,
    which: Side = "after",
) -> Estimate:
    """The monthly cost of one side of a plan (parsed `terraform show -json`).

    `usage` is a parsed usage file. Raises PlanError or UsageError for documents of another kind; a resource
    that cannot be priced is no error but an unknown.
    """
    catalogue = catalogue or default_catalogue()
    stated = UsageFile.from_document(usage)
    stack = read_plan(plan, which)
    return Estimate(
        currency=catalogue.currency,
        resources={
            address: _cost(resource, stated, stack, catalogue, as_of) for address, resource in stack.resources.items()
        },
    )


def estimate_change(
    plan: Mapping[str, Any],
    *,
    usage: Mapping[str, Any] | None = None,
    catalogue: PriceCatalogue | None = None,
    as_of: date | None = None,
) -> tuple[Estimate, Estimate]:
    """The monthly cost before and after a plan."""
    before, after = (
        estimate(plan, usage=usage, catalogue=catalogue, as_of=as_of, which=side) for side in ("before", "after")
    )
    return before, after


def _cost(
    resource: Resource, stated: UsageFile, stack: Stack, catalogue: PriceCatalogue, as_of: date | None
) -> ResourceCost:
    pricing = Pricing(resource, stated.of(resource.address, resource.type), stack, catalogue, as_of)
    return ResourceCost.of(resource.address, resource.type, _bill(pricing))


def _bill(pricing: Pricing) -> Bill:
    type_ = pricing.resource.type
    pricer = PRICERS.get(type_)
    if pricer is None:
        if type_.startswith(_STATE_ONLY):
            return Bill()
        return Bill(unknown=f"Slipway does not know how {type_} is charged")
    try:
        return pricer(pricing)
    except NotPriceable as reason:
        return Bill(unknown=str(reason))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        # A provider version with other shapes: one resource is unknown, the rest of the estimate stands.
        return Bill(unknown=f"its attributes have an unexpected shape: {error!r}")
