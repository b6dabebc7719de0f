"""The estimate and its parts. Money is Decimal and exact inside; it is rounded only where it leaves.

Rounding of money: to the cent, half up; an amount that would become 0.00 keeps two significant digits,
so that a small cost is never shown as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from environments_app.cost.catalogue import Price

CENT = Decimal("0.01")


class Status(StrEnum):
    """What is known of a resource's cost."""

    PRICED = "priced"
    FREE = "free"
    USAGE_BASED = "usage_based"  # nothing is charged but use, and no use was given
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Component:
    """One line of a bill: `quantity` units a month at `unit_price` each.

    `quantity` is None for use that nobody has stated; `unit_price` is None where no price is known.
    """

    name: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    usage_based: bool = False
    price: Price | None = None  # the fact behind unit_price

    @property
    def monthly_cost(self) -> Decimal | None:
        """Exact; None where quantity or price is not known."""
        if self.quantity is None or self.unit_price is None:
            return None
        return self.quantity * self.unit_price

    @property
    def is_unpriced(self) -> bool:
        """Whether something is charged here, by an amount that cannot be told."""
        if self.usage_based and self.quantity is None:
            return False
        return self.monthly_cost is None


@dataclass(frozen=True)
class Bill:
    """What a pricer says of a resource.

    No components: it costs nothing by itself. `unknown` is a reason why no price can be told.
    `low` and `high` are the components at the ends of an autoscaling range.
    """

    components: tuple[Component, ...] = ()
    note: str = ""
    unknown: str = ""
    low: tuple[Component, ...] | None = None
    high: tuple[Component, ...] | None = None


@dataclass(frozen=True)
class ResourceCost:
    """The monthly cost of one resource. The three amounts are None unless they are known.

    `low` and `high` enclose `monthly_cost`; they differ from it only for something that scales by itself.
    """

    address: str
    type: str
    status: Status
    monthly_cost: Decimal | None
    fixed_monthly_cost: Decimal | None
    components: tuple[Component, ...] = ()
    note: str = ""
    low: Decimal | None = None
    high: Decimal | None = None

    @classmethod
    def of(cls, address: str, type_: str, bill: Bill) -> ResourceCost:
        """Judge a bill: one charge that cannot be priced makes the whole resource unknown."""
        every = (*bill.components, *(bill.low or ()), *(bill.high or ()))
        missing = sorted({component.name for component in every if component.is_unpriced})
        if bill.unknown or missing:
            reason = bill.unknown or f"no price is known for: {', '.join(missing)}"
            return cls(address, type_, Status.UNKNOWN, None, None, bill.components, reason)
        if not bill.components:
            return cls(address, type_, Status.FREE, Decimal(0), Decimal(0), (), bill.note, Decimal(0), Decimal(0))
        total = _sum(bill.components)
        if total is None:
            return cls(address, type_, Status.USAGE_BASED, None, None, bill.components, bill.note)
        low = total if bill.low is None else _sum(bill.low) or Decimal(0)
        high = total if bill.high is None else _sum(bill.high) or Decimal(0)
        fixed = _sum(tuple(c for c in bill.components if not c.usage_based))
        return cls(
            address, type_, Status.PRICED, total, fixed, bill.components, bill.note, min(low, total), max(high, total)
        )

    @property
    def has_unstated_usage(self) -> bool:
        """Whether use that costs money comes on top of `monthly_cost`."""
        return any(c.usage_based and c.quantity is None for c in self.components)

    def to_json(self) -> dict[str, Any]:
        """The shape that outsiders rely on."""
        return {
            "status": str(self.status),
            "monthly_cost": money(self.monthly_cost),
            "fixed_monthly_cost": money(self.fixed_monthly_cost),
            "components": [
                {
                    "name": component.name,
                    "quantity": number(component.quantity),
                    "unit": component.unit,
                    "unit_price": number(component.unit_price),
                    "monthly_cost": money(component.monthly_cost),
                }
                for component in self.components
            ],
        }


@dataclass(frozen=True)
class Estimate:
    """The monthly cost of one side of a plan. Totals count what is known and nothing else."""

    currency: str
    resources: Mapping[str, ResourceCost] = field(default_factory=dict)

    @property
    def total_monthly_cost(self) -> Decimal:
        """The exact sum of every known cost."""
        return sum((r.monthly_cost for r in self.resources.values() if r.monthly_cost is not None), Decimal(0))

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """The known cost with everything scaled in, and with everything scaled out."""
        return (
            sum((r.low for r in self.resources.values() if r.low is not None), Decimal(0)),
            sum((r.high for r in self.resources.values() if r.high is not None), Decimal(0)),
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """Addresses of what costs an amount that cannot be told, in order."""
        return tuple(sorted(a for a, r in self.resources.items() if r.status is Status.UNKNOWN))

    def to_json(self) -> dict[str, Any]:
        """The shape that `estimate_cost --json` prints and outsiders rely on."""
        return {
            "currency": self.currency,
            "total_monthly_cost": money(self.total_monthly_cost),
            "resources": {address: cost.to_json() for address, cost in sorted(self.resources.items())},
            "unknown": list(self.unknown),
        }

    def to_record(self) -> dict[str, Any]:
        """`to_json` and, for the pages, the range and each resource's type, note and range."""
        record = self.to_json()
        low, high = self.range
        record["range"] = {"low": money(low), "high": money(high)}
        for address, cost in self.resources.items():
            record["resources"][address] |= {
                "type": cost.type,
                "note": cost.note,
                "low": money(cost.low),
                "high": money(cost.high),
                "has_unstated_usage": cost.has_unstated_usage,
            }
        return record


@dataclass(frozen=True)
class Change:
    """What a plan does to the monthly cost.

    `monthly_cost` is exact as long as `uncertain` is empty: the addresses that are unknown on a side.
    """

    monthly_cost: Decimal
    resources: Mapping[str, Decimal]
    uncertain: tuple[str, ...]


def delta(before: Estimate, after: Estimate) -> Change:
    """The change of the known cost, in all and by resource (only where it differs).

    A resource that is unknown on either side is named as uncertain and left out of the sums,
    so that a price that appears or disappears never looks like a cost that does.
    """
    uncertain = tuple(sorted({*before.unknown, *after.unknown}))
    changes = {
        address: _known(after, address) - _known(before, address)
        for address in sorted({*before.resources, *after.resources} - set(uncertain))
    }
    changes = {address: change for address, change in changes.items() if change}
    return Change(sum(changes.values(), Decimal(0)), changes, uncertain)


def money(amount: Decimal | None) -> float | None:
    """An amount as a JSON number, rounded as the module states."""
    if amount is None:
        return None
    cents = amount.quantize(CENT, ROUND_HALF_UP)
    if cents or not amount:
        return float(cents)
    return float(f"{amount:.2g}")


def number(value: Decimal | None) -> float | None:
    """A quantity or a unit price as a JSON number, to ten decimals."""
    return None if value is None else round(float(value), 10)


def _known(estimate: Estimate, address: str) -> Decimal:
    cost = estimate.resources.get(address)
    return Decimal(0) if cost is None or cost.monthly_cost is None else cost.monthly_cost


def _sum(components: tuple[Component, ...]) -> Decimal | None:
    amounts = [c.monthly_cost for c in components if c.monthly_cost is not None]
    return sum(amounts, Decimal(0)) if amounts else None
