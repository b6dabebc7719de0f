"""AWS/Billing from the account book: what the month has cost so far. As in AWS, in us-east-1 only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from moto.ce.models import ce_backends

from sandbox.metrics.readings import Reading, one

REGION = "us-east-1"
_PARTITION = "aws"
_USD = {"Currency": "USD"}


def billing_readings(account: str, today: date) -> Iterator[Reading]:
    """EstimatedCharges of the month of `today`, whole and by service. AWS publishes it some times a day only."""
    charged: defaultdict[str, Decimal] = defaultdict(Decimal)
    book = ce_backends[account][_PARTITION].ledger
    for entry in book.between(today.replace(day=1), today + timedelta(days=1)):
        charged[entry.item.service] += entry.cost
    where = (account, REGION, "AWS/Billing", "EstimatedCharges")
    if charged:
        yield Reading(*where, _USD, one(float(sum(charged.values(), Decimal(0)))), "None")
    for service, cost in charged.items():
        yield Reading(*where, {"ServiceName": service, **_USD}, one(float(cost)), "None")
