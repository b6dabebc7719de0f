"""What is charged for at this moment, over all accounts and regions: tasks, databases, caches, balancers and so on.

Service names and usage types are those of Cost Explorer. What is charged by traffic is left out: local traffic is free.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.base_backend import BaseBackend
from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.elasticache.models import elasticache_backends
from moto.elbv2.models import elbv2_backends
from moto.kms.models import kms_backends
from moto.rds.models import rds_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from sandbox.money.prices import HOURS_PER_MONTH, price, spot_share
from sandbox.money.usage import Item, Rate, tags_of, usage_type

log = logging.getLogger(__name__)

_stumbled: set[Callable[[str, Any], Iterator[Rate]]] = set()
_FARGATE_CHARGED = ("PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING")  # from the pull to the end
_GIB = Decimal(2**30)


def rates(account: str) -> Iterator[Rate]:
    """Everything that an account is charged for by the hour or month. What cannot be read is logged once, and free."""
    for services, readers in _METERED:
        for region, backend in _regions(services, account):
            for reader in readers:
                yield from _alone(reader, region, backend)


def _alone(reader: Callable[[str, Any], Iterator[Rate]], region: str, backend: Any) -> list[Rate]:
    try:
        return list(reader(region, backend))
    except Exception:
        if reader not in _stumbled:
            _stumbled.add(reader)
            log.exception("%s of %s cannot be metered", reader.__name__, region)
        return []


def _regions(services: Any, account: str) -> Iterator[tuple[str, Any]]:
    """Only backends that exist already: looking must not make any."""
    if dict.__contains__(services, account):
        for region, backend in list(dict.items(services[account])):
            if isinstance(backend, BaseBackend):
                yield region, backend


def _rate(
    region: str, service: str, usage: str, unit: str, key: str, quantity: Decimal | int, tags: Any = (), *,
    share: Decimal = Decimal(1),
) -> Iterator[Rate]:  # fmt: skip
    """One rate, with no cost where the price is not known."""
    quantity = Decimal(quantity)
    each = (price(region, key) or Decimal(0)) * share
    if quantity:
        yield Rate(Item(service, usage, unit, region, tags_of(tags)), quantity, quantity * each)


def _monthly(
    region: str, service: str, usage: str, unit: str, key: str, count: Decimal | int, tags: Any = ()
) -> Iterator[Rate]:
    """What is priced by the month, an hour's part of it."""
    yield from _rate(region, service, usage, unit, key, Decimal(count) / HOURS_PER_MONTH, tags)


def _tasks(region: str, backend: Any) -> Iterator[Rate]:
    service = "Amazon Elastic Container Service"
    for task in backend.all_tasks():
        spot = task.capacity_provider == "FARGATE_SPOT"
        if task.last_status not in _FARGATE_CHARGED or not (spot or _on_fargate(task)) or not task.cpu:
            continue
        definition = backend.describe_task_definition(task.task_definition_arn)
        arm = ((definition.runtime_platform or {}).get("cpuArchitecture") or "X86_64") == "ARM64"
        name = f"{'SpotUsage-' if spot else ''}Fargate{'-ARM' if arm else ''}"
        key, share = f"fargate{'.arm' if arm else ''}", spot_share() if spot else Decimal(1)
        for unit, usage, part, amount in (
            ("vCPU-Hours", "vCPU-Hours:perCPU", "vcpu_hour", Decimal(task.cpu) / 1024),
            ("GB-Hours", "GB-Hours", "gb_hour", Decimal(task.memory or 0) / 1024),
        ):
            kind = usage_type(region, f"{name}-{usage}", always=True)
            yield from _rate(region, service, kind, unit, f"{key}.{part}", amount, task.tags, share=share)


def _on_fargate(task: Any) -> bool:
    return task.launch_type == "FARGATE" or task.capacity_provider == "FARGATE"


def _databases(region: str, backend: Any) -> Iterator[Rate]:
    service = "Amazon Relational Database Service"
    for held in list(backend.databases.values()):
        multi = bool(held.multi_az)
        zones = "multi_az" if multi else "single_az"
        kind = usage_type(region, f"{'Multi-AZ' if multi else 'Instance'}Usage:{held.db_instance_class}")
        key, count = f"rds.{held.engine}.{held.db_instance_class}.{zones}_hour", 1
        if multi and price(region, key) is None:  # a standby costs as much as the instance
            key, count = f"rds.{held.engine}.{held.db_instance_class}.single_az_hour", 2
        for rate in _rate(region, service, kind, "Hrs", key, count, held.tags):
            yield Rate(rate.item, Decimal(1), rate.cost)
        if "aurora" in held.engine:
            continue
        storage = held.storage_type or "gp2"
        name = usage_type(region, f"RDS:{'Multi-AZ-' if multi else ''}{storage.upper()}-Storage")
        gigabytes = Decimal(held.allocated_storage or 0)
        yield from _monthly(region, service, name, "GB-Mo", f"rds.{zones}.{storage}.gb_month", gigabytes, held.tags)


def _caches(region: str, backend: Any) -> Iterator[Rate]:
    for held in list(backend.cache_clusters.values()):
        kind = usage_type(region, f"NodeUsage:{held.cache_node_type}")
        key = f"elasticache.{held.engine}.{held.cache_node_type}.hour"
        count = int(getattr(held, "num_cache_nodes", None) or 1)
        tags = backend.tagging_service.get_tag_dict_for_resource(held.arn)
        yield from _rate(region, "Amazon ElastiCache", kind, "Hrs", key, count, tags)


def _balancers(region: str, backend: Any) -> Iterator[Rate]:
    for held in list(backend.load_balancers.values()):
        key = "nlb.hour" if held.type == "network" else "alb.hour"
        kind = usage_type(region, "LoadBalancerUsage")
        tags = backend.tagging_service.get_tag_dict_for_resource(held.arn)
        yield from _rate(region, "Amazon Elastic Load Balancing", kind, "Hrs", key, 1, tags)


def _gateways(region: str, backend: Any) -> Iterator[Rate]:
    for gateway in list(backend.nat_gateways.values()):
        if gateway.state == "available":
            kind = usage_type(region, "NatGateway-Hours")
            yield from _rate(region, "EC2 - Other", kind, "Hrs", "nat.hour", 1, gateway.get_tags())


def _addresses(region: str, backend: Any) -> Iterator[Rate]:
    for address in list(backend.addresses):
        name, key = "PublicIPv4:InUseAddress", "public_ipv4.in_use_hour"
        if not (address.association_id or address.eni):
            name, key = "PublicIPv4:IdleAddress", "eip.idle_hour"
        kind = usage_type(region, name)
        yield from _rate(region, "Amazon Virtual Private Cloud", kind, "Hrs", key, 1, address.get_tags())


def _endpoints(region: str, backend: Any) -> Iterator[Rate]:
    for endpoint in list(backend.vpc_end_points.values()):
        if str(endpoint.vpc_endpoint_type).lower() == "interface":
            kind, key = usage_type(region, "VpcEndpoint-Hours"), "vpc_endpoint.interface_hour_per_az"
            zones = len(endpoint.subnet_ids or []) or 1
            yield from _rate(region, "Amazon Virtual Private Cloud", kind, "Hrs", key, zones, endpoint.get_tags())


def _machines(region: str, backend: Any) -> Iterator[Rate]:
    for reservation in list(backend.reservations.values()):
        for machine in list(reservation.instances):
            if machine.state == "running":
                kind = usage_type(region, f"BoxUsage:{machine.instance_type}")
                key = f"ec2.linux.{machine.instance_type}.hour"
                service = "Amazon Elastic Compute Cloud - Compute"
                yield from _rate(region, service, kind, "Hrs", key, 1, machine.get_tags())


def _volumes(region: str, backend: Any) -> Iterator[Rate]:
    for volume in list(backend.volumes.values()):
        kind, key = usage_type(region, f"EBS:VolumeUsage.{volume.volume_type}"), f"ebs.{volume.volume_type}.gb_month"
        size = Decimal(volume.size or 0)
        yield from _monthly(region, "EC2 - Other", kind, "GB-Mo", key, size, volume.get_tags())


def _monitoring(region: str, backend: Any) -> Iterator[Rate]:
    kind, key = usage_type(region, "CW:AlarmMonitorUsage"), "cloudwatch.alarm.standard_month"
    for alarm in list(backend.alarms.values()):
        tags = backend.tagger.get_tag_dict_for_resource(alarm.alarm_arn)
        yield from _monthly(region, "AmazonCloudWatch", kind, "Alarms", key, 1, tags)


def _keys(region: str, backend: Any) -> Iterator[Rate]:
    for key in list(backend.keys.values()):
        if key.key_manager == "CUSTOMER" and key.key_state != "PendingDeletion":
            kind = f"{region}-KMS-Keys"
            tags = backend.tagger.get_tag_dict_for_resource(key.id)
            yield from _monthly(region, "AWS Key Management Service", kind, "Keys", "kms.key_month", 1, tags)


def _secrets(region: str, backend: Any) -> Iterator[Rate]:
    kind = usage_type(region, "AWSSecretsManager-Secrets", always=True)
    for secret in list(backend.secrets.values()):
        if not secret.deleted_date:
            key = "secretsmanager.secret_month"
            yield from _monthly(region, "AWS Secrets Manager", kind, "Secrets", key, 1, secret.tags)


def _buckets(_: str, backend: Any) -> Iterator[Rate]:
    for bucket in list(backend.buckets.values()):
        # What was deleted from a versioned bucket leaves a marker, which has no size.
        size = Decimal(sum(getattr(key, "size", 0) for key in list(bucket.keys.values()))) / _GIB
        region, service = bucket.region_name, "Amazon Simple Storage Service"
        tags = backend.tagger.get_tag_dict_for_resource(bucket.arn)
        kind = usage_type(region, "TimedStorage-ByteHrs")
        yield from _monthly(region, service, kind, "GB-Mo", "s3.standard.gb_month", size, tags)


_METERED: tuple[tuple[Any, tuple[Callable[[str, Any], Iterator[Rate]], ...]], ...] = (
    (ecs_backends, (_tasks,)),
    (rds_backends, (_databases,)),
    (elasticache_backends, (_caches,)),
    (elbv2_backends, (_balancers,)),
    (ec2_backends, (_gateways, _addresses, _endpoints, _machines, _volumes)),
    (cloudwatch_backends, (_monitoring,)),
    (kms_backends, (_keys,)),
    (secretsmanager_backends, (_secrets,)),
    (s3_backends, (_buckets,)),
)
