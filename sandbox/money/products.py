"""The price list as the AWS Price List Service answers it: products with attributes and an on-demand price each.

Attribute names and values are those of AWS's offer files. A product is there where its own region's price is known.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from botocore.session import get_session

from sandbox.money.prices import price_list, regions
from sandbox.money.usage import usage_type

_OFFER = "JRTCKXETXF"  # AWS's code of on-demand terms
_HOURLY = "6YS6EN2CT7"  # and of what is charged by the unit
_PUBLISHED = "2025-07-04T00:00:00Z"
_ENGINES = {
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "aurora-mysql": "Aurora MySQL",
    "aurora-postgresql": "Aurora PostgreSQL",
}
_VOLUMES = {
    "gp2": "General Purpose",
    "gp3": "General Purpose",
    "io1": "Provisioned IOPS",
    "st1": "Throughput Optimized HDD",
    "sc1": "Cold HDD",
    "standard": "Magnetic",
}


@dataclass(frozen=True)
class Product:
    service: str
    family: str
    unit: str
    price: Decimal
    attributes: Mapping[str, str]

    @property
    def sku(self) -> str:
        """Sixteen characters that follow from what the product is."""
        text = "|".join([self.service, self.family, *(f"{key}={value}" for key, value in self.attributes.items())])
        return hashlib.sha256(text.encode()).hexdigest()[:16].upper()


@dataclass(frozen=True)
class _Kind:
    """What prices of one kind of key are: `attributes` are made from the region and the key's parts."""

    service: str
    family: str
    unit: str
    attributes: Callable[[str, re.Match[str]], dict[str, str]]
    per: int = 1  # units that the file's price is for


def _instance(region: str, key: re.Match[str]) -> dict[str, str]:
    return {
        "usagetype": usage_type(region, f"BoxUsage:{key[1]}"),
        "instanceType": key[1],
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "licenseModel": "No License required",
        "marketoption": "OnDemand",
        "operation": "RunInstances",
        **_machine(key[1]),
    }


def _machine(instance_type: str) -> dict[str, str]:
    """Virtual processors and memory, as moto's table of instance types has them."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # noqa: PLC0415  a large table, for this answer only

    held = INSTANCE_TYPES.get(instance_type)
    if not held:
        return {}
    memory = held["MemoryInfo"]["SizeInMiB"] / 1024
    return {"vcpu": str(held["VCpuInfo"]["DefaultVCpus"]), "memory": f"{memory:g} GiB"}


def _database(region: str, key: re.Match[str]) -> dict[str, str]:
    multi = key[3] == "multi_az_"
    return {
        "usagetype": usage_type(region, f"{'Multi-AZ' if multi else 'Instance'}Usage:{key[2]}"),
        "instanceType": key[2],
        "databaseEngine": _ENGINES[key[1]],
        "deploymentOption": "Multi-AZ" if multi else "Single-AZ",
        "licenseModel": "No license required",
        "operation": "CreateDBInstance",
    }


def _database_storage(region: str, key: re.Match[str]) -> dict[str, str]:
    multi = key[1] == "multi"
    return {
        "usagetype": usage_type(region, f"RDS:{'Multi-AZ-' if multi else ''}{key[2].upper()}-Storage"),
        "deploymentOption": "Multi-AZ" if multi else "Single-AZ",
        "volumeType": "General Purpose-GP3" if key[2] == "gp3" else _VOLUMES[key[2]],
        "databaseEngine": "Any",
    }


def _cache(region: str, key: re.Match[str]) -> dict[str, str]:
    return {
        "usagetype": usage_type(region, f"NodeUsage:{key[2]}"),
        "instanceType": key[2],
        "cacheEngine": key[1].title(),
        "operation": "CreateCacheCluster:0002",
    }


def _volume(region: str, key: re.Match[str]) -> dict[str, str]:
    return {
        "usagetype": usage_type(region, f"EBS:VolumeUsage.{key[1]}"),
        "volumeApiName": key[1],
        "volumeType": _VOLUMES[key[1]],
    }


_DERIVED: Sequence[tuple[str, _Kind]] = (
    (r"ec2\.linux\.([\w-]+\.\w+)\.hour", _Kind("AmazonEC2", "Compute Instance", "Hrs", _instance)),
    (r"ebs\.(gp2|gp3|io1|st1|sc1|standard)\.gb_month", _Kind("AmazonEC2", "Storage", "GB-Mo", _volume)),
    (
        r"rds\.([a-z-]+)\.(db\.\w+\.\w+)\.(single_az_|multi_az_|)hour",
        _Kind("AmazonRDS", "Database Instance", "Hrs", _database),
    ),
    (
        r"rds\.(single|multi)_az\.(gp2|gp3|io1)\.gb_month",
        _Kind("AmazonRDS", "Database Storage", "GB-Mo", _database_storage),
    ),
    (
        r"elasticache\.(redis|valkey|memcached)\.(cache\.\w+\.\w+)\.hour",
        _Kind("AmazonElastiCache", "Cache Instance", "Hrs", _cache),
    ),
)


@cache
def _kinds() -> Sequence[tuple[str, _Kind]]:
    """Those of `products.json`, whose attributes are the same everywhere, and those whose follow from the key."""
    stated = json.loads(Path(__file__).with_name("products.json").read_text())
    return (*((re.escape(each["key"]), _stated(each)) for each in stated), *_DERIVED)


def _stated(given: Mapping[str, Any]) -> _Kind:
    def make(region: str, key: re.Match[str]) -> dict[str, str]:
        usage = usage_type(region, given["usage"], always=given.get("always", False))
        return {"usagetype": usage, **given["attributes"]}

    return _Kind(given["service"], given["family"], given["unit"], make, given.get("per", 1))


@cache
def products() -> tuple[Product, ...]:
    return tuple(product for region in regions() for product in _products_of(region))


def _products_of(region: str) -> Iterator[Product]:
    for key, price in price_list(region).items():
        for pattern, kind in _kinds():
            if found := re.fullmatch(pattern, key):
                common = {
                    "servicecode": kind.service,
                    "location": _location(region),
                    "locationType": "AWS Region",
                    "regionCode": region,
                }
                attributes = common | kind.attributes(region, found)
                yield Product(kind.service, kind.family, kind.unit, price / kind.per, attributes)


def _location(region: str) -> str:
    """`US East (N. Virginia)`; the price list says EU where other services say Europe."""
    known = get_session().get_data("partitions")["partitions"][0]["regions"].get(region, {})
    return str(known.get("description", region)).replace("Europe", "EU")


def services() -> dict[str, list[str]]:
    """Service code -> the names of its products' attributes."""
    found: dict[str, set[str]] = {}
    for product in products():
        found.setdefault(product.service, {"productFamily", "termType"}).update(product.attributes)
    return {service: sorted(names) for service, names in sorted(found.items())}


def value_of(product: Product, field: str) -> str | None:
    if field == "productFamily":
        return product.family
    if field == "sku":
        return product.sku
    return "OnDemand" if field == "termType" else product.attributes.get(field)


_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda held, value: held.lower() == value.lower(),
    "EQUALS": lambda held, value: held.lower() == value.lower(),
    "CONTAINS": lambda held, value: value.lower() in held.lower(),
    "ANY_OF": lambda held, value: held.lower() in value.lower().split(","),
    "NONE_OF": lambda held, value: held.lower() not in value.lower().split(","),
}
FILTERS = tuple(_COMPARISONS)


def matches(product: Product, filters: Sequence[Mapping[str, str]]) -> bool:
    """Whether every filter (`Type`, one of FILTERS; `Field`; `Value`) holds."""
    for each in filters:
        held = value_of(product, each["Field"])
        if held is None or not _COMPARISONS[each["Type"]](held, each["Value"]):
            return False
    return True


def document(product: Product) -> dict[str, Any]:
    """The product as an element of PriceList, which the service answers as JSON text."""
    term, rate = f"{product.sku}.{_OFFER}", f"{product.sku}.{_OFFER}.{_HOURLY}"
    dimension = {
        "unit": product.unit,
        "endRange": "Inf",
        "beginRange": "0",
        "description": f"${product.price:f} per {product.unit} ({product.attributes['usagetype']})",
        "appliesTo": [],
        "rateCode": rate,
        "pricePerUnit": {"USD": f"{product.price:.10f}"},
    }
    on_demand = {
        "priceDimensions": {rate: dimension},
        "sku": product.sku,
        "effectiveDate": _PUBLISHED,
        "offerTermCode": _OFFER,
        "termAttributes": {},
    }
    return {
        "product": {
            "productFamily": product.family,
            "attributes": dict(product.attributes),
            "sku": product.sku,
        },
        "serviceCode": product.service,
        "terms": {"OnDemand": {term: on_demand}},
        "version": _PUBLISHED,
        "publicationDate": _PUBLISHED,
    }
