"""What a pricer works with: one resource, its stated use, the prices of its region, the rest of the stack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from environments_app.cost.catalogue import PriceCatalogue
from environments_app.cost.model import Bill, Component
from environments_app.cost.plan import Resource, Stack

HOURS_PER_MONTH = Decimal(730)  # AWS's own convention: 8,760 hours a year over twelve months

Number = Decimal | int
Pricer = Callable[["Pricing"], Bill]


class NotPriceable(Exception):
    """Raised by a pricer that cannot tell what is charged; the message becomes the resource's note."""


@dataclass(frozen=True)
class Pricing:
    """One resource to be priced. Prices are those of its own region unless a call names another."""

    resource: Resource
    usage: Mapping[str, Any]
    stack: Stack
    catalogue: PriceCatalogue
    as_of: date | None = None

    def hourly(self, name: str, key: str, count: Number = 1, *, region: str | None = None) -> Component:
        """`count` of something that runs all month, charged by the hour."""
        return self.fixed(name, count * HOURS_PER_MONTH, "hours", key, region=region)

    def fixed(
        self, name: str, quantity: Number, unit: str, key: str, *, per: Number = 1, region: str | None = None
    ) -> Component:
        """A charge that follows from the configuration. `per`: catalogue units in one `unit`."""
        return self._component(name, Decimal(quantity), unit, key, per, region, usage_based=False)

    def metered(
        self,
        name: str,
        quantity: Number | None,
        unit: str,
        key: str,
        *,
        per: Number = 1,
        region: str | None = None,
    ) -> Component:
        """A charge for use; `quantity` None where no use is stated. `per`: catalogue units in one `unit`."""
        stated = None if quantity is None else Decimal(quantity)
        return self._component(name, stated, unit, key, per, region, usage_based=True)

    def tiered(
        self,
        name: str,
        quantity: Number | None,
        unit: str,
        tiers: Sequence[tuple[str, Number | None, str]],
        *,
        region: str | None = None,
    ) -> list[Component]:
        """A metered charge whose price falls with use.

        `tiers` are (label, size in `unit` or None for the rest, price key). Without stated use the first
        tier shows the price.
        """
        if quantity is None:
            label, _, key = tiers[0]
            return [self.metered(f"{name} ({label})", None, unit, key, region=region)]
        rest = Decimal(quantity)
        components: list[Component] = []
        for label, size, key in tiers:
            part = rest if size is None else min(rest, Decimal(size))
            if part or not components:
                components.append(self.metered(f"{name} ({label})", part, unit, key, region=region))
            rest -= part
        return components

    def stated(self, *path: str) -> Decimal | None:
        """A number from the usage file, by key or by nested keys; None where it is not stated."""
        value: Any = self.usage
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return None if value is None else decimal(value, f"usage of {self.resource.address}: {'.'.join(path)}")

    def stated_text(self, key: str) -> str | None:
        """A word from the usage file; None where it is not stated."""
        value = self.usage.get(key)
        return value if isinstance(value, str) else None

    def required(self, name: str) -> Any:
        """An attribute without which there is no price."""
        value = self.resource.get(name)
        if value is None:
            raise NotPriceable(f"{name} is known only after apply")
        return value

    def number(self, name: str, default: Number | None = None) -> Decimal:
        """A numeric attribute; without a default it is required."""
        value = self.required(name) if default is None else self.resource.get(name, default)
        return decimal(value, name)

    def referred(self, attribute: str, *types: str) -> Resource | None:
        """The one resource that an attribute refers to, None where there is none."""
        return next(iter(self.stack.referred(self.resource, attribute, *types)), None)

    def has_price(self, key: str) -> bool:
        """Whether the catalogue knows this price in the resource's region."""
        return self.catalogue.price(self.resource.region, key, self.as_of) is not None

    def _component(
        self,
        name: str,
        quantity: Decimal | None,
        unit: str,
        key: str,
        per: Number,
        region: str | None,
        *,
        usage_based: bool,
    ) -> Component:
        price = self.catalogue.price(region or self.resource.region, key, self.as_of)
        unit_price = None if price is None else price.value * per
        return Component(name, quantity, unit, unit_price, usage_based, price)


def bill(*parts: Component | Iterable[Component], note: str = "") -> Bill:
    """A bill of components and lists of components, in order."""
    components: list[Component] = []
    for part in parts:
        if isinstance(part, Component):
            components.append(part)
        else:
            components.extend(part)
    return Bill(tuple(components), note=note)


def costs_nothing(_: Pricing) -> Bill:
    """Costs nothing by itself."""
    return Bill()


def decimal(value: Any, what: str) -> Decimal:
    """A number out of a plan or a usage file; NotPriceable where it is none."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise NotPriceable(f"{what} is not a number") from None


def scaled(quantity: Decimal | None, divisor: Number) -> Decimal | None:
    """A stated quantity in a bigger unit, None where none is stated."""
    return None if quantity is None else quantity / divisor
