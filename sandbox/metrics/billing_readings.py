"""AWS/Billing from the account book: what the running month has cost so far, all regions together.

CloudWatch keeps it in us-east-1 only ("Monitor your estimated charges" in its user guide); where AWS reports it several
times a day, here it is the account book's of the same minute. Names of services are those of billing's product codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from sandbox.metrics.readings import Reading, one
from sandbox.money.ledger import Ledger

_REGION = "us-east-1"
_CURRENCY = {"Currency": "USD"}
# Cost Explorer's names of services -> billing's.
_PRODUCTS = {
    "AWS Key Management Service": "awskms",
    "AWS Secrets Manager": "AWSSecretsManager",
    "Amazon ElastiCache": "AmazonElastiCache",
    "Amazon Elastic Compute Cloud - Compute": "AmazonEC2",
    "Amazon Elastic Container Service": "AmazonECS",
    "Amazon Elastic Load Balancing": "AWSELB",
    "Amazon Relational Database Service": "AmazonRDS",
    "Amazon Simple Storage Service": "AmazonS3",
    "Amazon Virtual Private Cloud": "AmazonVPC",
    "EC2 - Other": "AmazonEC2",
}


def billing_readings(account: str, ledger: Ledger, today: date) -> Iterator[Reading]:
    """Dollars of the month until today, in whole cents: of each service, and of all."""
    charges: dict[str, Decimal] = {}
    for entry in ledger.between(today.replace(day=1), today + timedelta(days=1)):
        product = _PRODUCTS.get(entry.item.service, entry.item.service)
        charges[product] = charges.get(product, Decimal(0)) + entry.cost
    for product, cost in charges.items():
        yield _charged(account, _CURRENCY | {"ServiceName": product}, cost)
    if charges:
        yield _charged(account, _CURRENCY, sum(charges.values(), Decimal(0)))


def _charged(account: str, dimensions: dict[str, str], cost: Decimal) -> Reading:
    return Reading(account, _REGION, "AWS/Billing", "EstimatedCharges", dimensions, one(float(round(cost, 2))), "None")
