"""CloudWatch: logs, alarms, dashboards, metrics."""

from __future__ import annotations

from environments_app.cost.model import Bill
from environments_app.cost.pricing import NotPriceable, Pricer, Pricing, bill, scaled

HIGH_RESOLUTION_BELOW_SECONDS = 60
METRICS_OF_AN_ANOMALY_ALARM = 3  # the metric, and the upper and lower bound of its band


def log_group(pricing: Pricing) -> Bill:
    """All by use: bytes written, kept, and read by Insights queries."""
    prefix = "cloudwatch.logs"
    if pricing.resource.get("log_group_class", "STANDARD") != "STANDARD":
        prefix = f"{prefix}.{pricing.resource.get('log_group_class').lower()}"
    return bill(
        pricing.metered("Data ingested", pricing.stated("monthly_data_ingested_gb"), "GB", f"{prefix}.ingest_gb"),
        pricing.metered("Archival Storage", pricing.stated("storage_gb"), "GB", f"{prefix}.storage_gb_month"),
        pricing.metered(
            "Insights queries data scanned",
            pricing.stated("monthly_data_scanned_gb"),
            "GB",
            f"{prefix}.insights_gb_scanned",
        ),
    )


def metric_alarm(pricing: Pricing) -> Bill:
    """Charged per metric that the alarm watches; more for periods under a minute; three per anomaly band."""
    queries = pricing.resource.blocks("metric_query")
    metrics = [metric for query in queries for metric in query.get("metric") or []]
    expressions = [str(query.get("expression") or "") for query in queries]
    if queries and not metrics:
        raise NotPriceable("a Metrics Insights query is charged by the metrics that it happens to match")
    watched = metrics or [pricing.resource.values]
    high = any((metric.get("period") or 60) < HIGH_RESOLUTION_BELOW_SECONDS for metric in watched)
    resolution, key = ("High resolution", "high_res") if high else ("Standard resolution", "standard")
    if any("ANOMALY_DETECTION_BAND" in expression for expression in expressions):
        price = "cloudwatch.alarm.high_res_anomaly_month" if high else "cloudwatch.alarm.standard_month"
        count = METRICS_OF_AN_ANOMALY_ALARM * len(watched)
        return bill(pricing.fixed(f"{resolution} anomaly detection", count, "alarms", price))
    return bill(pricing.fixed(resolution, len(watched), "alarm metrics", f"cloudwatch.alarm.{key}_month"))


def composite_alarm(pricing: Pricing) -> Bill:
    """A price of its own, whatever it combines."""
    return bill(pricing.fixed("Composite", 1, "alarms", "cloudwatch.alarm.composite_month"))


def dashboard(pricing: Pricing) -> Bill:
    """By the month, at list price: the account's three free dashboards are not taken off."""
    return bill(pricing.fixed("Dashboard", 1, "months", "cloudwatch.dashboard_month"))


def metric_filter(pricing: Pricing) -> Bill:
    """Each metric that it publishes is a custom metric, charged for the hours in which data arrives."""
    return bill(
        pricing.metered(
            "Custom metric",
            pricing.stated("monthly_custom_metrics"),
            "metrics",
            "cloudwatch.custom_metric_month_first_10k",
        )
    )


def trail(pricing: Pricing) -> Bill:
    """The first copy of management events is free; more copies, data events and insights go by use."""
    uses = [("Additional management event copies", "monthly_additional_management_events", "cloudtrail.mgmt_100k")]
    if pricing.resource.blocks("event_selector") or pricing.resource.blocks("advanced_event_selector"):
        uses.append(("Data events", "monthly_data_events", "cloudtrail.data_100k"))
    if pricing.resource.blocks("insight_selector"):
        uses.append(("Insight events", "monthly_insight_events", "cloudtrail.insight_100k"))
    return bill(
        [pricing.metered(name, scaled(pricing.stated(key), 100_000), "100k events", price) for name, key, price in uses]
    )


PRICERS: dict[str, Pricer] = {
    "aws_cloudtrail": trail,
    "aws_cloudwatch_composite_alarm": composite_alarm,
    "aws_cloudwatch_dashboard": dashboard,
    "aws_cloudwatch_log_group": log_group,
    "aws_cloudwatch_log_metric_filter": metric_filter,
    "aws_cloudwatch_metric_alarm": metric_alarm,
}
