"""SNS and SQS: all by use, metered in chunks of 64 KB."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from environments_app.cost.model import Bill
from environments_app.cost.pricing import Pricer, Pricing, bill, scaled

CHUNK_KB = 64
MILLION = 1_000_000
FREE_TOPIC_REQUESTS = 1_000_000  # every account's first million a month


def sns_topic(pricing: Pricing) -> Bill:
    """Publishing beyond the account's free million; deliveries are charged with their subscriptions."""
    requests = _chunks(pricing)
    if pricing.resource.get("fifo_topic"):
        return bill(
            pricing.metered(
                "FIFO publish API requests", scaled(requests, MILLION), "1M requests", "sns.fifo_publish_1m"
            )
        )
    billed = None if requests is None else max(requests - FREE_TOPIC_REQUESTS, Decimal(0))
    return bill(pricing.metered("API requests (over 1M)", scaled(billed, MILLION), "1M requests", "sns.api_1m_over_1m"))


def sns_subscription(pricing: Pricing) -> Bill:
    """Deliveries over HTTP and e-mail are charged; to SQS, Lambda and Firehose only by those services."""
    protocol = pricing.required("protocol")
    millions = scaled(_chunks(pricing), MILLION)
    if protocol in ("http", "https"):
        return bill(pricing.metered("HTTP notifications", millions, "1M notifications", "sns.http_100k", per=10))
    if protocol in ("email", "email-json"):
        thousands = scaled(_chunks(pricing), 100_000)
        return bill(pricing.metered("Email notifications", thousands, "100k notifications", "sns.email_100k"))
    if protocol == "application":
        return bill(pricing.metered("Mobile push", millions, "1M notifications", "sns.mobile_push_1m"))
    if protocol == "firehose":
        return bill(pricing.metered("Firehose notifications", millions, "1M notifications", "sns.firehose_1m"))
    if protocol in ("sqs", "lambda"):
        return Bill()
    return Bill(unknown=f"the price of {protocol} deliveries depends on their destination")


def sqs_queue(pricing: Pricing) -> Bill:
    """Requests by the million."""
    key = "sqs.fifo_1m" if pricing.resource.get("fifo_queue") else "sqs.standard_1m"
    return bill(pricing.metered("Requests", scaled(_chunks(pricing), MILLION), "1M requests", key))


def _chunks(pricing: Pricing) -> Decimal | None:
    """Stated requests, each as often as it fills a chunk."""
    requests = pricing.stated("monthly_requests")
    if requests is None:
        return None
    size = pricing.stated("request_size_kb") or Decimal(CHUNK_KB)
    return requests * (size / CHUNK_KB).to_integral_value(ROUND_CEILING)


PRICERS: dict[str, Pricer] = {
    "aws_sns_topic": sns_topic,
    "aws_sns_topic_subscription": sns_subscription,
    "aws_sqs_queue": sqs_queue,
}
