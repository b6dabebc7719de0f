"""RDS, Aurora and DocumentDB.

Instances by the hour and by engine, class and Multi-AZ; storage, provisioned IOPS and backups by the month.
Sources: https://aws.amazon.com/rds/pricing/ and the RDS user guide's page on storage (gp3 baselines).
"""

from __future__ import annotations

from decimal import Decimal

from environments_app.cost.model import Bill, Component
from environments_app.cost.pricing import NotPriceable, Pricer, Pricing, bill, scaled

STORAGE_NAMES = {
    "gp2": "Storage (general purpose SSD, gp2)",
    "gp3": "Storage (general purpose SSD, gp3)",
    "io1": "Storage (provisioned IOPS SSD, io1)",
    "io2": "Storage (provisioned IOPS SSD, io2)",
    "magnetic": "Storage (magnetic)",
}
FREE_INSIGHTS_DAYS = 7

# A Multi-AZ instance of these engines runs a standby of the same class at the same rate.
STANDBY_AT_THE_SAME_RATE = ("postgres", "mysql", "mariadb")

# gp3 storage is striped, with a higher baseline, from this size on; SQL Server's never is.
GP3_STRIPED_FROM_GB = {"oracle": 200, "sqlserver": None}
GP3_BASELINE = (3000, 125)
GP3_STRIPED_BASELINE = (12000, 500)


def db_instance(pricing: Pricing) -> Bill:
    """A DB instance with its storage."""
    engine = _engine(pricing)
    class_ = str(pricing.required("instance_class"))
    multi_az = bool(pricing.resource.get("multi_az", False))
    instance, note = _instance(pricing, engine, class_, multi_az)
    return bill(
        instance,
        _storage(pricing, engine, "multi_az" if multi_az else "single_az"),
        _backup(pricing),
        _credits(pricing, class_, "rds.single_az.cpu_credits.vcpu_hour"),
        _insights(pricing, class_),
        note=note,
    )


def _engine(pricing: Pricing) -> str:
    """The engine; a read replica has its source's."""
    engine = pricing.resource.get("engine")
    if engine is None:
        source = pricing.referred("replicate_source_db", "aws_db_instance")
        engine = source.get("engine") if source else None
    if engine is None:
        raise NotPriceable("engine is known only after apply")
    if pricing.resource.get("license_model") == "bring-your-own-license":
        return f"{engine}.byol"
    return str(engine)


def _instance(pricing: Pricing, engine: str, class_: str, multi_az: bool) -> tuple[Component, str]:
    """The instance by the hour, and a note where a Multi-AZ rate had to be derived."""
    single, multi = (f"rds.{engine}.{class_}.{az}_hour" for az in ("single_az", "multi_az"))
    if not multi_az:
        return pricing.hourly(f"Database instance (on-demand, Single-AZ, {class_})", single), ""
    name = f"Database instance (on-demand, Multi-AZ, {class_})"
    if pricing.has_price(multi) or engine not in STANDBY_AT_THE_SAME_RATE:
        return pricing.hourly(name, multi), ""
    hours = pricing.hourly(name, single).quantity or Decimal(0)
    note = "Multi-AZ taken as two instances at the Single-AZ rate: no Multi-AZ rate is known for this class"
    return pricing.fixed(name, hours, "hours", single, per=2), note


def _storage(pricing: Pricing, engine: str, az: str) -> list[Component]:
    kind = _storage_type(pricing)
    size = pricing.resource.get("allocated_storage")
    if size is None:
        source = pricing.referred("replicate_source_db", "aws_db_instance")
        size = source.get("allocated_storage") if source else None
    if size is None:
        raise NotPriceable("allocated_storage is known only after apply")
    gigabytes = Decimal(size)
    name = STORAGE_NAMES.get(kind, f"Storage ({kind})")
    components = [pricing.fixed(name, gigabytes, "GB", f"rds.{az}.{kind}.gb_month")]
    iops = pricing.number("iops", 0)
    if kind in ("io1", "io2"):
        components.append(pricing.fixed("Provisioned IOPS", iops, "IOPS", f"rds.{az}.{kind}.iops_month"))
    if kind == "gp3":
        base_iops, base_throughput = _gp3_baseline(engine, gigabytes)
        extra_iops = iops - base_iops
        if extra_iops > 0:
            key = f"rds.{az}.gp3.iops_month_over_baseline"
            components.append(pricing.fixed("Provisioned GP3 IOPS (above baseline)", extra_iops, "IOPS", key))
        extra = pricing.number("storage_throughput", 0) - base_throughput
        if extra > 0:
            key = f"rds.{az}.gp3.mbps_month_over_baseline"
            components.append(pricing.fixed("Provisioned GP3 throughput (above baseline)", extra, "MBps", key))
    if kind == "magnetic":
        requests = scaled(pricing.stated("monthly_standard_io_requests"), 1_000_000)
        components.append(pricing.metered("I/O requests", requests, "1M requests", f"rds.{az}.magnetic.1m_io"))
    return components


def _storage_type(pricing: Pricing) -> str:
    """As the provider's default has it: io1 where IOPS are given, else gp2."""
    kind = pricing.resource.get("storage_type", "io1" if pricing.resource.get("iops") else "gp2")
    return "magnetic" if kind == "standard" else str(kind)


def _gp3_baseline(engine: str, gigabytes: Decimal) -> tuple[int, int]:
    """(IOPS, MB/s) that come with gp3 storage of this size."""
    striped_from = GP3_STRIPED_FROM_GB.get(engine.split("-")[0], 400)
    return GP3_STRIPED_BASELINE if striped_from and gigabytes >= striped_from else GP3_BASELINE


def _backup(pricing: Pricing) -> list[Component]:
    """Backups up to the size of the database are free; beyond it they are charged by the gigabyte."""
    stated = pricing.stated("additional_backup_storage_gb")
    if stated is None and pricing.resource.get("backup_retention_period", 0) == 0:
        return []
    keys = ("rds.single_az.backup.gb_month", "rds.backup.gb_month")
    key = next((key for key in keys if pricing.has_price(key)), keys[0])
    return [pricing.metered("Additional backup storage", stated, "GB", key)]


def _credits(pricing: Pricing, class_: str, key: str) -> list[Component]:
    """Burstable classes run in unlimited mode and charge the credits beyond their baseline."""
    if class_.split(".")[1] not in ("t3", "t4g"):
        return []
    return [pricing.metered("CPU credits", pricing.stated("monthly_cpu_credit_hrs"), "vCPU-hours", key)]


def _insights(pricing: Pricing, class_: str) -> list[Component]:
    """Performance Insights is free for seven days of history."""
    if not pricing.resource.get("performance_insights_enabled"):
        return []
    requests = scaled(pricing.stated("monthly_additional_performance_insights_requests"), 1000)
    api = pricing.metered("Performance Insights API", requests, "1000 requests", "rds.single_az.pi.1k_api")
    if pricing.resource.get("performance_insights_retention_period", 0) <= FREE_INSIGHTS_DAYS:
        return [api]
    history = pricing.fixed(
        f"Performance Insights Long Term Retention ({class_})",
        _vcpus(class_),
        "vCPU-month",
        f"rds.single_az.pi.ltr.{class_}.vcpu_month",
    )
    return [history, api]


def _vcpus(class_: str) -> int:
    """vCPUs by the naming rule of the m, r and t classes: two up to large, four for xlarge, N times that."""
    size = class_.rsplit(".", 1)[-1]
    multiple = size.removesuffix("xlarge")
    if multiple == size:
        return 2
    return 4 * int(multiple or 1)


def aurora_instance(pricing: Pricing) -> Bill:
    """A member of an Aurora cluster; its storage belongs to the cluster."""
    engine, class_ = (str(pricing.required(name)) for name in ("engine", "instance_class"))
    if class_ == "db.serverless":
        return _serverless_instance(pricing)
    key = f"rds.{engine}.{class_}.hour"
    if not pricing.has_price(key):
        key = f"rds.{engine}.{class_}.single_az_hour"
    return bill(
        pricing.hourly(f"Database instance (on-demand, {class_})", key),
        _credits(pricing, class_, f"rds.{engine}.cpu_credits.vcpu_hour"),
        _insights(pricing, class_),
    )


def _serverless_instance(pricing: Pricing) -> Bill:
    """Capacity units by the hour, between the bounds that the cluster sets."""
    cluster = pricing.referred("cluster_identifier", "aws_rds_cluster")
    bounds = cluster.block("serverlessv2_scaling_configuration") if cluster else {}
    optimized = cluster is not None and cluster.get("storage_type") == "aurora-iopt1"
    key = f"aurora.serverless_v2{'_io_optimized' if optimized else ''}_acu_hour"

    def capacity(units: Decimal) -> tuple[Component, ...]:
        return (pricing.hourly("Aurora serverless v2", key, units),)

    stated = pricing.stated("capacity_units_per_hr")
    if stated is not None:
        return Bill(capacity(stated))
    if bounds.get("min_capacity") is None or bounds.get("max_capacity") is None:
        raise NotPriceable("the capacity range of its cluster is not part of this plan")
    low, high = Decimal(str(bounds["min_capacity"])), Decimal(str(bounds["max_capacity"]))
    note = f"priced at its minimum of {low} capacity units; the maximum is {high}"
    return Bill(capacity(low), low=capacity(low), high=capacity(high), note=note)


def aurora_cluster(pricing: Pricing) -> Bill:
    """Storage, I/O and backups, all by use. A cluster with a class of its own is Multi-AZ RDS, not Aurora."""
    if pricing.resource.get("db_cluster_instance_class"):
        raise NotPriceable("no price is known for Multi-AZ DB clusters")
    optimized = pricing.resource.get("storage_type") == "aurora-iopt1"
    storage_key = "aurora.io_optimized_storage_gb_month" if optimized else "aurora.storage_gb_month"
    components = [pricing.metered("Storage", pricing.stated("storage_gb"), "GB", storage_key)]
    if not optimized:
        components.append(pricing.metered("I/O requests", _io_millions(pricing), "1M requests", "aurora.1m_io"))
    backup = pricing.stated("backup_snapshot_size_gb")
    return bill(components, pricing.metered("Backup storage", backup, "GB", "aurora.backup_gb_month"))


def _io_millions(pricing: Pricing) -> Decimal | None:
    rates = [pricing.stated(f"{kind}_requests_per_sec") for kind in ("read", "write")]
    known = [rate for rate in rates if rate is not None]
    return sum(known, Decimal(0)) * 730 * 3600 / 1_000_000 if known else None


def docdb_instance(pricing: Pricing) -> Bill:
    """A DocumentDB instance, with its cluster's storage as far as it is stated here."""
    class_ = str(pricing.required("instance_class"))
    requests = scaled(pricing.stated("monthly_io_requests"), 1_000_000)
    return bill(
        pricing.hourly(f"Database instance (on-demand, {class_})", f"docdb.{class_}.hour"),
        pricing.metered("Storage", pricing.stated("data_storage_gb"), "GB", "docdb.storage_gb_month"),
        pricing.metered("I/O requests", requests, "1M requests", "docdb.1m_io"),
        _credits(pricing, class_, "docdb.cpu_credits_vcpu_hour"),
    )


def docdb_cluster(pricing: Pricing) -> Bill:
    """Backups by use; storage and I/O are stated with the instances."""
    stored = pricing.stated("backup_storage_gb")
    return bill(pricing.metered("Backup storage", stored, "GB", "docdb.backup_gb_month"))


PRICERS: dict[str, Pricer] = {
    "aws_db_instance": db_instance,
    "aws_docdb_cluster": docdb_cluster,
    "aws_docdb_cluster_instance": docdb_instance,
    "aws_rds_cluster": aurora_cluster,
    "aws_rds_cluster_instance": aurora_instance,
}
