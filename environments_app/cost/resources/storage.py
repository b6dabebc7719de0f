"""S3, EFS and AWS Backup: almost all by use."""

from __future__ import annotations

from environments_app.cost.model import Bill, Component
from environments_app.cost.pricing import Pricer, Pricing, bill, scaled

# (key of the class in a usage file, part of the price key, name)
S3_CLASSES = (
    ("standard", "standard", "Standard"),
    ("intelligent_tiering", "int", "Intelligent tiering"),
    ("standard_infrequent_access", "standard_ia", "Standard - infrequent access"),
    ("one_zone_infrequent_access", "onezone_ia", "One zone - infrequent access"),
    ("glacier_flexible_retrieval", "glacier", "Glacier flexible retrieval"),
    ("glacier_deep_archive", "deep_archive", "Glacier deep archive"),
)

# (name, unit, usage key, divisor, end of the price key)
S3_CHARGES = (
    ("Storage", "GB", "storage_gb", 1, "gb_month"),
    ("PUT, COPY, POST, LIST requests", "1k requests", "monthly_tier_1_requests", 1000, "put_1k"),
    ("GET, SELECT, and all other requests", "1k requests", "monthly_tier_2_requests", 1000, "get_1k"),
    ("Lifecycle transition", "1k requests", "monthly_lifecycle_transition_requests", 1000, "transition_1k"),
    ("Retrievals", "GB", "monthly_data_retrieval_gb", 1, "retrieval_gb"),
    ("Select data scanned", "GB", "monthly_select_data_scanned_gb", 1, "select_scanned_gb"),
    ("Select data returned", "GB", "monthly_select_data_returned_gb", 1, "select_returned_gb"),
)


def s3_bucket(pricing: Pricing) -> Bill:
    """By storage class: what is stored, requested, moved and retrieved.

    Standard always shows; another class shows once the usage file speaks of it.
    """
    components: list[Component] = []
    for usage_key, price_key, label in S3_CLASSES:
        for name, unit, key, divisor, suffix in S3_CHARGES:
            stated = scaled(pricing.stated(usage_key, key), divisor)
            price = f"s3.{price_key}.{suffix}"
            if stated is not None or (usage_key == "standard" and pricing.has_price(price)):
                components.append(pricing.metered(f"{label}: {name}", stated, unit, price))
    tags = scaled(pricing.stated("object_tags"), 10_000)
    if tags is not None:
        components.append(pricing.metered("Object tagging", tags, "10k tags", "s3.object_tagging_10k"))
    return bill(components or pricing.metered("Storage", None, "GB", "s3.standard.gb_month"))


def efs_file_system(pricing: Pricing) -> Bill:
    """Storage and infrequent access by use; provisioned throughput by the month."""
    zone = "onezone" if pricing.resource.get("availability_zone_name") else "standard"
    infrequent = "efs.onezone_ia_gb_month" if zone == "onezone" else "efs.ia_gb_month"
    components = [pricing.metered(f"Storage ({zone})", pricing.stated("storage_gb"), "GB", f"efs.{zone}_gb_month")]
    provisioned = pricing.number("provisioned_throughput_in_mibps", 0)
    if provisioned:
        components.append(pricing.fixed("Provisioned throughput", provisioned, "MBps", "efs.provisioned_mbps_month"))
    if pricing.resource.blocks("lifecycle_policy"):
        uses = (
            ("Storage (infrequent access)", "infrequent_access_storage_gb", infrequent),
            ("Read requests (infrequent access)", "monthly_infrequent_access_read_gb", "efs.ia_read_gb"),
            ("Write requests (infrequent access)", "monthly_infrequent_access_write_gb", "efs.ia_write_gb"),
        )
        components += [pricing.metered(name, pricing.stated(key), "GB", price) for name, key, price in uses]
    return bill(components)


def s3_replication(pricing: Pricing) -> Bill:
    """What crosses to the second region; what lies there is charged with its bucket."""
    return bill(
        pricing.metered("Data transfer to the copy", pricing.stated("monthly_data_gb"), "GB", "s3.replication_gb")
    )


def backup_vault(pricing: Pricing) -> Bill:
    """Backups by what they hold. AWS charges by the kind of what was backed up; no price is recorded yet."""
    return bill(pricing.metered("Backup storage", pricing.stated("storage_gb"), "GB", "backup.gb_month"))


PRICERS: dict[str, Pricer] = {
    "aws_backup_vault": backup_vault,
    "aws_efs_file_system": efs_file_system,
    "aws_s3_bucket": s3_bucket,
    "aws_s3_bucket_replication_configuration": s3_replication,
}
