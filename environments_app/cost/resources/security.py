"""Secrets, keys, parameters and the web application firewall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from environments_app.cost.catalogue import GLOBAL_REGION
from environments_app.cost.model import Bill
from environments_app.cost.pricing import Pricer, Pricing, bill, scaled

# Managed groups that carry a subscription of their own on top of a rule's price.
EXTRA_PAID_GROUPS = {
    "AWSManagedRulesACFPRuleSet": "waf.fraud_control_month",
    "AWSManagedRulesATPRuleSet": "waf.fraud_control_month",
    "AWSManagedRulesBotControlRuleSet": "waf.bot_control_month",
}


def secret(pricing: Pricing) -> Bill:
    """Each secret by the month, each replica in its region alike; calls by ten thousand."""
    replicas = [replica["region"] for replica in pricing.resource.blocks("replica") if replica.get("region")]
    return bill(
        pricing.fixed("Secret", 1, "months", "secretsmanager.secret_month"),
        [
            pricing.fixed(f"Replica ({region})", 1, "months", "secretsmanager.secret_month", region=region)
            for region in replicas
        ],
        pricing.metered(
            "API requests",
            scaled(pricing.stated("monthly_requests"), 10_000),
            "10k requests",
            "secretsmanager.10k_api",
        ),
    )


def kms_key(pricing: Pricing) -> Bill:
    """Each key by the month; requests by ten thousand, dearer for asymmetric keys."""
    spec = pricing.resource.get("customer_master_key_spec", "SYMMETRIC_DEFAULT")
    kind = "" if spec == "SYMMETRIC_DEFAULT" or spec.startswith("HMAC") else "_asymmetric"
    requests = scaled(pricing.stated("monthly_requests"), 10_000)
    note = "each of its first two rotations adds a key's price" if pricing.resource.get("enable_key_rotation") else ""
    return bill(
        pricing.fixed("Customer master key", 1, "months", "kms.key_month"),
        pricing.metered("Requests", requests, "10k requests", f"kms.10k_requests{kind}"),
        note=note,
    )


def ssm_parameter(pricing: Pricing) -> Bill:
    """Standard parameters are free, advanced ones are charged by the month and by call."""
    tier = pricing.resource.get("tier", "Standard")
    if tier == "Standard":
        return Bill()
    if tier == "Intelligent-Tiering":
        return Bill(unknown="AWS chooses the tier of this parameter when it is written")
    calls = scaled(pricing.stated("monthly_api_throughput_requests"), 10_000)
    return bill(
        pricing.fixed("Parameter storage (advanced)", 1, "months", "ssm.parameter.advanced_month"),
        pricing.metered("API interactions (advanced)", calls, "10k interactions", "ssm.parameter.advanced_10k_api"),
    )


def certificate(pricing: Pricing) -> Bill:
    """Public certificates are free; one from a private authority is charged when it is issued."""
    if not pricing.resource.get("certificate_authority_arn"):
        return Bill()
    issued = pricing.stated("monthly_requests")
    return bill(pricing.metered("Certificate", issued, "requests", "acm.private_certificate"))


def web_acl(pricing: Pricing) -> Bill:
    """The ACL and each of its rules or groups by the month, requests by the million."""
    region = GLOBAL_REGION if pricing.resource.get("scope") == "CLOUDFRONT" else None
    kinds = [_rule_kind(rule) for rule in pricing.resource.blocks("rule")]
    counted = [
        ("Rules", "rule", "waf.rule_month"),
        ("Rule groups", "group", "waf.rule_group_month"),
        ("Managed rule groups", "managed", "waf.managed_rule_group_month"),
    ]
    extras = [
        (name, key)
        for rule in pricing.resource.blocks("rule")
        for name, key in EXTRA_PAID_GROUPS.items()
        if _managed_group(rule).get("name") == name
    ]
    return bill(
        pricing.fixed("Web ACL usage", 1, "months", "waf.acl_month", region=region),
        [
            pricing.fixed(name, kinds.count(kind), "rules" if kind == "rule" else "groups", key, region=region)
            for name, kind, key in counted
            if kind in kinds
        ],
        [pricing.fixed(f"Subscription ({name})", 1, "months", key, region=region) for name, key in extras],
        pricing.metered(
            "Requests",
            scaled(pricing.stated("monthly_requests"), 1_000_000),
            "1M requests",
            "waf.1m_requests",
            region=region,
        ),
    )


def _statement(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(rule.get("statement") or []), None) or {}


def _managed_group(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(_statement(rule).get("managed_rule_group_statement") or []), None) or {}


def _rule_kind(rule: Mapping[str, Any]) -> str:
    if _managed_group(rule):
        return "managed"
    return "group" if _statement(rule).get("rule_group_reference_statement") else "rule"


def user_pool(pricing: Pricing) -> Bill:
    """By the people who sign in during a month (tiers, and the account's free ones, are not known here)."""
    users = pricing.stated("monthly_active_users")
    return bill(pricing.metered("Monthly active users", users, "users", "cognito.monthly_active_user"))


PRICERS: dict[str, Pricer] = {
    "aws_acm_certificate": certificate,
    "aws_cognito_user_pool": user_pool,
    "aws_kms_external_key": kms_key,
    "aws_kms_key": kms_key,
    "aws_kms_replica_key": kms_key,
    "aws_secretsmanager_secret": secret,
    "aws_ssm_parameter": ssm_parameter,
    "aws_wafv2_web_acl": web_acl,
}
