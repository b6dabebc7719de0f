"""AWS/RDS, AWS/ElastiCache and AWS/NATGateway: assumed figures, since nothing runs behind those resources.

They grow with the number of running service tasks, so that a scaled-out service shows. To rehearse a full database,
report a figure yourself (PutMetricData takes AWS's namespaces here): it counts instead of the assumed one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from moto.ec2.models import ec2_backends
from moto.elasticache.models import elasticache_backends
from moto.rds.models import rds_backends

from sandbox.metrics.readings import Reading, one

_GIB = 2**30
_CONNECTIONS_PER_TASK = 2
_BASE_MEMORY_GIB = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16}
_TIMES = re.compile(r"^(\d+)xlarge$")


def data_readings(account: str, region: str, running_tasks: int) -> Iterator[Reading]:
    """Of one account and region where so many service tasks run."""
    yield from _databases(account, region, running_tasks)
    yield from _caches(account, region, running_tasks)
    yield from _gateways(account, region, running_tasks)


def class_memory(instance_class: str) -> float:
    """Bytes that an instance class such as db.t4g.micro or db.r6g.2xlarge has, roughly."""
    family, _, size = instance_class.removeprefix("db.").removeprefix("cache.").partition(".")
    times = _TIMES.match(size)
    gib = 16 * int(times[1]) if times else _BASE_MEMORY_GIB.get(size, 8)
    return float(gib * (2 if family.startswith("r") else 1) * _GIB)


def _databases(account: str, region: str, tasks: int) -> Iterator[Reading]:
    for database in list(rds_backends[account][region].databases.values()):
        if database.status != "available":
            continue
        figures = {
            "CPUUtilization": (min(3 + 0.5 * tasks, 60.0), "Percent"),
            "DatabaseConnections": (float(_CONNECTIONS_PER_TASK * tasks), "Count"),
            "FreeStorageSpace": (0.8 * _GIB * float(database.allocated_storage or 20), "Bytes"),
            "FreeableMemory": (0.5 * class_memory(database.db_instance_class or ""), "Bytes"),
            "ReadLatency": (0.001, "Seconds"),
            "WriteLatency": (0.002, "Seconds"),
            "ReadIOPS": (float(tasks), "Count/Second"),
            "WriteIOPS": (float(tasks), "Count/Second"),
        }
        if database.is_replica:
            figures["ReplicaLag"] = (0.0, "Seconds")
        dimensions = {"DBInstanceIdentifier": str(database.db_instance_identifier)}
        yield from _assumed(account, region, "AWS/RDS", dimensions, figures)


def _caches(account: str, region: str, tasks: int) -> Iterator[Reading]:
    for cluster in list(elasticache_backends[account][region].cache_clusters.values()):
        figures = {
            "CPUUtilization": (min(2 + 0.1 * tasks, 40.0), "Percent"),
            "EngineCPUUtilization": (min(1 + 0.1 * tasks, 40.0), "Percent"),
            "DatabaseMemoryUsagePercentage": (10.0, "Percent"),
            "CurrConnections": (float(tasks), "Count"),
            "Evictions": (0.0, "Count"),
        }
        whole = {"CacheClusterId": str(cluster.cache_cluster_id)}
        for dimensions in (whole, {**whole, "CacheNodeId": "0001"}):
            yield from _assumed(account, region, "AWS/ElastiCache", dimensions, figures)


def _gateways(account: str, region: str, tasks: int) -> Iterator[Reading]:
    for gateway in list(ec2_backends[account][region].nat_gateways.values()):
        if gateway.state == "available":
            figures = {"BytesOutToDestination": (10_000.0 * tasks, "Bytes")}
            yield from _assumed(account, region, "AWS/NATGateway", {"NatGatewayId": gateway.id}, figures)


def _assumed(
    account: str, region: str, namespace: str, dimensions: Mapping[str, str], figures: Mapping[str, tuple[float, str]]
) -> Iterator[Reading]:
    for name, (value, unit) in figures.items():
        yield Reading(account, region, namespace, name, dimensions, one(value), unit, assumed=True)
