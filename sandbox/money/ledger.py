"""The account book: what was used and what it cost, day by day. Plain data, kept in moto's Cost Explorer backend.

Days are those of the wall clock, as timestamps are; hours are the sandbox's: while its time passes 50 times as fast,
a task is charged for 50 hours in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sandbox.money.usage import Item, Rate


@dataclass(frozen=True)
class Entry:
    day: date
    item: Item
    quantity: Decimal
    cost: Decimal


@dataclass
class Ledger:
    days: dict[date, dict[Item, tuple[Decimal, Decimal]]] = field(default_factory=dict)  # quantity and cost

    def note(self, day: date, rates: Iterable[Rate], hours: Decimal) -> None:
        """So many sandbox hours at these rates."""
        book = self.days.setdefault(day, {})
        for rate in rates:
            quantity, cost = book.get(rate.item, (Decimal(0), Decimal(0)))
            book[rate.item] = (quantity + rate.quantity * hours, cost + rate.cost * hours)

    def between(self, start: date, end: date) -> Iterator[Entry]:
        """From `start` until the day before `end`."""
        for day, book in sorted(self.days.items()):
            if start <= day < end:
                for item, (quantity, cost) in book.items():
                    yield Entry(day, item, quantity, cost)
