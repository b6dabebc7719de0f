"""What stands at the edge: DNS and the CDN, with one price list for the world (GLOBAL_REGION), and API gateways."""

from __future__ import annotations

from decimal import Decimal

from environments_app.cost.catalogue import GLOBAL_REGION
from environments_app.cost.model import Bill, Component
from environments_app.cost.pricing import Pricer, Pricing, bill, scaled

TEN_THOUSAND = 10_000
FREE_INVALIDATIONS = 1000
METRICS_REGION = "us-east-1"  # where CloudFront's metrics are

# CloudFront's tiers of a month's data transfer, in GB.
TRANSFER_TIERS = (
    ("first 10TB", 10 * 1024, "first_10tb"),
    ("next 40TB", 40 * 1024, "next_40tb"),
    ("next 100TB", 100 * 1024, "next_100tb"),
    ("next 350TB", 350 * 1024, "next_350tb"),
    ("next 524TB", 524 * 1024, "next_524tb"),
    ("next 4PB", 4096 * 1024, "next_4pb"),
    ("over 5PB", None, "over_5pb"),
)

# (key in a usage file, part of the price key, name)
EDGE_REGIONS = (
    ("us", "us", "US, Mexico, Canada"),
    ("europe", "europe", "Europe, Israel"),
    ("south_africa", "me_africa", "South Africa, Kenya, Middle East"),
    ("south_america", "south_america", "South America"),
    ("japan", "japan", "Japan"),
    ("australia", "australia", "Australia, New Zealand"),
    ("asia_pacific", "asia", "Hong Kong, Philippines, Asia Pacific"),
    ("india", "india", "India"),
)

# Region, or its first part, of an Origin Shield -> (key in a usage file, part of the price key)
SHIELD_REGIONS = {
    "us": ("us", "us"),
    "eu": ("europe", "europe"),
    "sa": ("south_america", "south_america"),
    "ap-northeast-1": ("japan", "japan"),
    "ap-northeast-2": ("south_korea", "asia"),
    "ap-south-1": ("india", "india"),
    "ap-southeast-1": ("singapore", "asia"),
    "ap-southeast-2": ("australia", "australia"),
}


def hosted_zone(pricing: Pricing) -> Bill:
    """By the month; queries are charged with the records. The price is that of the first 25 zones."""
    return bill(pricing.fixed("Hosted zone", 1, "months", "route53.zone_month", region=GLOBAL_REGION))


def dns_record(pricing: Pricing) -> Bill:
    """Queries by the million; an alias to an AWS resource answers for nothing."""
    if pricing.resource.blocks("alias"):
        return Bill()
    kinds = (
        ("Standard queries", "monthly_standard_queries", "route53.queries.standard_1m"),
        ("Latency based routing queries", "monthly_latency_based_queries", "route53.queries.latency_1m"),
        ("Geo DNS queries", "monthly_geo_queries", "route53.queries.geo_1m"),
    )
    return bill(
        [
            pricing.metered(name, queries, "1M queries", price, region=GLOBAL_REGION)
            for name, key, price in kinds
            for queries in [scaled(pricing.stated(key), 1_000_000)]
            if queries is not None or key == "monthly_standard_queries"
        ]
    )


def distribution(pricing: Pricing) -> Bill:
    """By use, and by the region of the world from which it is used."""
    spoken_of = [region for region in EDGE_REGIONS if _is_stated(pricing, region[0])] or [EDGE_REGIONS[0]]
    components: list[Component] = []
    for key, price, label in spoken_of:
        components += _regional(pricing, key, price, label)
    return bill(components, _shield(pricing), _certificate(pricing), _worldwide(pricing))


def _shield(pricing: Pricing) -> list[Component]:
    """Requests that pass Origin Shield, at the HTTP request price of the shield's region.

    https://aws.amazon.com/cloudfront/pricing/ lists them apart, with the same amounts.
    """
    shields = {
        shield["origin_shield_region"]
        for origin in pricing.resource.blocks("origin")
        for shield in origin.get("origin_shield") or []
        if shield.get("enabled") and shield.get("origin_shield_region")
    }
    components = []
    for region in sorted(shields):
        usage_key, price = SHIELD_REGIONS.get(region) or SHIELD_REGIONS.get(region.split("-")[0], (region, region))
        requests = scaled(pricing.stated("monthly_shield_requests", usage_key), TEN_THOUSAND)
        key = f"cloudfront.{price}.http_10k"
        name = f"Origin shield HTTP requests ({region})"
        components.append(pricing.metered(name, requests, "10k requests", key, region=GLOBAL_REGION))
    return components


def _certificate(pricing: Pricing) -> list[Component]:
    """A certificate on dedicated addresses ("vip") is charged by the month; SNI is free.

    It counts as use, since a usage file may state how many such certificates there are.
    """
    count = pricing.stated("custom_ssl_certificates")
    if count is None and pricing.resource.block("viewer_certificate").get("ssl_support_method") == "vip":
        count = Decimal(1)
    if count is None:
        return []
    key = "cloudfront.dedicated_ip_ssl_month"
    return [pricing.metered("Dedicated IP custom SSLs", count, "certificates", key, region=GLOBAL_REGION)]


def _is_stated(pricing: Pricing, region: str) -> bool:
    keys = ("data_transfer_to_internet_gb", "data_transfer_to_origin_gb", "http_requests", "https_requests")
    return any(pricing.stated(f"monthly_{key}", region) is not None for key in keys)


def _regional(pricing: Pricing, key: str, price: str, label: str) -> list[Component]:
    prefix = f"cloudfront.{price}"
    out = pricing.tiered(
        f"Data transfer out to internet, {label}",
        pricing.stated("monthly_data_transfer_to_internet_gb", key),
        "GB",
        [(tier, size, f"{prefix}.gb_{suffix}") for tier, size, suffix in TRANSFER_TIERS],
        region=GLOBAL_REGION,
    )
    return [
        *out,
        pricing.metered(
            f"Data transfer out to origin, {label}",
            pricing.stated("monthly_data_transfer_to_origin_gb", key),
            "GB",
            f"{prefix}.gb_to_origin",
            region=GLOBAL_REGION,
        ),
        *(
            pricing.metered(
                f"{scheme.upper()} requests, {label}",
                scaled(pricing.stated(f"monthly_{scheme}_requests", key), TEN_THOUSAND),
                "10k requests",
                f"{prefix}.{scheme}_10k",
                region=GLOBAL_REGION,
            )
            for scheme in ("http", "https")
        ),
    ]


def _worldwide(pricing: Pricing) -> list[Component]:
    """What is charged alike everywhere; each shows once the usage file speaks of it."""
    invalidations = pricing.stated("monthly_invalidation_requests")
    paid = None if invalidations is None else max(invalidations - FREE_INVALIDATIONS, Decimal(0))
    uses = (
        ("Invalidation requests (over 1k)", paid, "paths", "invalidation_path_over_1k"),
        (
            "Field level encryption requests",
            scaled(pricing.stated("monthly_encryption_requests"), TEN_THOUSAND),
            "10k requests",
            "field_encryption_10k",
        ),
        (
            "Real-time log requests",
            scaled(pricing.stated("monthly_log_lines"), 1_000_000),
            "1M lines",
            "realtime_log_1m_lines",
        ),
    )
    return [
        pricing.metered(name, quantity, unit, f"cloudfront.{key}", region=GLOBAL_REGION)
        for name, quantity, unit, key in uses
        if quantity is not None
    ]


def additional_metrics(pricing: Pricing) -> Bill:
    """Eight custom metrics per distribution (CloudFront developer guide, "Viewing additional CloudFront metrics")."""
    if not pricing.resource.blocks("monitoring_subscription"):
        return Bill()
    key = "cloudwatch.custom_metric_month_first_10k"
    return bill(pricing.fixed("Additional metrics", 8, "metrics", key, region=METRICS_REGION))


def rest_api(pricing: Pricing) -> Bill:
    """Requests by the million; the price is that of the region's first 333 million."""
    requests = scaled(pricing.stated("monthly_requests"), 1_000_000)
    return bill(pricing.metered("Requests", requests, "1M requests", "apigw.rest_1m_first_333m"))


def api_stage(pricing: Pricing) -> Bill:
    """Its cache, by the hour and by size."""
    if not pricing.resource.get("cache_cluster_enabled"):
        return Bill()
    size = pricing.resource.get("cache_cluster_size") or "0.5"
    return bill(pricing.hourly(f"Cache memory ({size} GB)", f"apigw.cache_{size}gb_hour"))


PRICERS: dict[str, Pricer] = {
    "aws_api_gateway_rest_api": rest_api,
    "aws_api_gateway_stage": api_stage,
    "aws_cloudfront_monitoring_subscription": additional_metrics,
    "aws_cloudfront_distribution": distribution,
    "aws_route53_record": dns_record,
    "aws_route53_zone": hosted_zone,
}
