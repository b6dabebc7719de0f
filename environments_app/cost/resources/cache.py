"""ElastiCache: nodes by the hour, backups by the gigabyte."""

from __future__ import annotations

from decimal import Decimal

from environments_app.cost.model import Bill
from environments_app.cost.plan import Resource
from environments_app.cost.pricing import NotPriceable, Pricer, Pricing, bill


def cache_cluster(pricing: Pricing) -> Bill:
    """A Memcached cluster, a single Redis node, or one more node of a replication group."""
    group = None
    if not pricing.resource.get("engine"):
        group = pricing.referred("replication_group_id", "aws_elasticache_replication_group")
        if group is None:
            raise NotPriceable("its engine is that of a replication group outside this plan")
    node_type = pricing.resource.get("node_type") or (group.get("node_type") if group else None)
    engine = pricing.resource.get("engine") or _group_engine(group)
    return _nodes(pricing, engine, node_type, pricing.number("num_cache_nodes", 1))


def replication_group(pricing: Pricing) -> Bill:
    """Every node of every shard is charged alike."""
    return _nodes(pricing, _group_engine(pricing.resource), pricing.resource.get("node_type"), _count(pricing))


def _group_engine(group: Resource | None) -> str:
    return str(group.get("engine", "redis")) if group else "redis"


def _count(pricing: Pricing) -> Decimal:
    """Shards times (primary and replicas), or the plain number of nodes where there are no shards."""
    legacy = pricing.resource.block("cluster_mode")
    shards = pricing.resource.get("num_node_groups") or legacy.get("num_node_groups")
    if shards:
        replicas = pricing.resource.get("replicas_per_node_group", legacy.get("replicas_per_node_group") or 0)
        return Decimal(shards) * (1 + Decimal(replicas))
    for name in ("num_cache_clusters", "number_cache_clusters"):
        if pricing.resource.get(name):
            return pricing.number(name)
    return Decimal(1)


def _nodes(pricing: Pricing, engine: str, node_type: str | None, count: Decimal) -> Bill:
    if not node_type:
        raise NotPriceable("node_type is known only after apply")
    nodes = pricing.hourly(f"ElastiCache (on-demand, {node_type})", f"elasticache.{engine}.{node_type}.hour", count)
    if engine == "memcached" or not pricing.resource.get("snapshot_retention_limit"):
        return bill(nodes)
    stored = pricing.stated("snapshot_storage_size_gb")
    return bill(nodes, pricing.metered("Backup storage", stored, "GB", "elasticache.backup_gb_month"))


PRICERS: dict[str, Pricer] = {
    "aws_elasticache_cluster": cache_cluster,
    "aws_elasticache_replication_group": replication_group,
}
