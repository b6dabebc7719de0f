"""What runs only when it is called: functions, workflows, tables, event buses, configuration rules."""

from __future__ import annotations

import json
from decimal import ROUND_CEILING, Decimal

from environments_app.cost.model import Bill, Component
from environments_app.cost.pricing import HOURS_PER_MONTH, NotPriceable, Pricer, Pricing, bill, scaled

MILLION = 1_000_000
INCLUDED_EPHEMERAL_MB = 512
FREE_IN_STACKS = {
    "AWS::Cognito::UserPoolIdentityProvider",
    "AWS::ElastiCache::User",
}  # of what CloudFormation templates make
EXPRESS_BILLED_MS, EXPRESS_BILLED_MB = 100, 64  # durations and memory are rounded up to these


def lambda_function(pricing: Pricing) -> Bill:
    """Requests by the million, and memory for as long as they last."""
    requests, duration = pricing.stated("monthly_requests"), pricing.stated("request_duration_ms")
    seconds = None if requests is None or duration is None else requests * duration / 1000
    memory_gb = pricing.number("memory_size", 128) / 1024
    key = "lambda.arm_gb_second" if "arm64" in pricing.resource.get("architectures", []) else "lambda.x86_gb_second"
    components = [
        pricing.metered("Requests", scaled(requests, MILLION), "1M requests", "lambda.1m_requests"),
        pricing.metered("Duration", None if seconds is None else seconds * memory_gb, "GB-seconds", key),
    ]
    ephemeral = pricing.resource.block("ephemeral_storage").get("size") or INCLUDED_EPHEMERAL_MB
    extra_gb = Decimal(ephemeral - INCLUDED_EPHEMERAL_MB) / 1024
    if extra_gb:
        used = None if seconds is None else seconds * extra_gb
        components.append(pricing.metered("Ephemeral storage", used, "GB-seconds", "lambda.ephemeral_gb_second"))
    return bill(components)


def state_machine(pricing: Pricing) -> Bill:
    """Standard workflows by their transitions, express ones by requests, memory and duration."""
    if pricing.resource.get("type", "STANDARD") == "STANDARD":
        transitions = scaled(pricing.stated("monthly_transitions"), 1000)
        return bill(pricing.metered("Transitions", transitions, "1K transitions", "sfn.standard_1k_transitions"))
    requests = scaled(pricing.stated("monthly_requests"), MILLION)
    tiers = [
        ("first 1K", 1000, "sfn.express_gb_hour_first_1k"),
        ("next 4K", 4000, "sfn.express_gb_hour_next_4k"),
        ("over 5K", None, "sfn.express_gb_hour_over_5k"),
    ]
    return bill(
        pricing.metered("Requests", requests, "1M requests", "sfn.express_1m_requests"),
        pricing.tiered("Duration", _express_gb_hours(pricing), "GB-hours", tiers),
    )


def _express_gb_hours(pricing: Pricing) -> Decimal | None:
    names = ("monthly_requests", "workflow_duration_ms", "memory_mb")
    requests, duration, memory = (pricing.stated(name) for name in names)
    if requests is None or duration is None or memory is None:
        return None
    seconds = _round_up(duration, EXPRESS_BILLED_MS) / 1000
    return requests * seconds * _round_up(memory, EXPRESS_BILLED_MB) / 1024 / 3600


def _round_up(amount: Decimal, step: int) -> Decimal:
    return (amount / step).to_integral_value(ROUND_CEILING) * step


def dynamodb_table(pricing: Pricing) -> Bill:
    """Capacity provisioned by the hour or requests by use; storage, backups and streams by use."""
    if pricing.resource.blocks("replica"):
        raise NotPriceable("no price is known for replicated writes")
    uses = (
        ("Data storage", "GB", "storage_gb", "dynamodb.gb_month"),
        ("Point-In-Time Recovery (PITR) backup storage", "GB", "pitr_backup_storage_gb", "dynamodb.pitr_gb_month"),
        ("On-demand backup storage", "GB", "on_demand_backup_storage_gb", "dynamodb.backup_gb_month"),
        ("Table data restored", "GB", "monthly_data_restored_gb", "dynamodb.restore_gb"),
        (
            "Streams read request unit (sRRU)",
            "sRRUs",
            "monthly_streams_read_request_units",
            "dynamodb.stream_read_unit",
        ),
    )
    metered = [pricing.metered(name, pricing.stated(key), unit, price) for name, unit, key, price in uses]
    return bill(_dynamodb_capacity(pricing), metered)


def _dynamodb_capacity(pricing: Pricing) -> list[Component]:
    if pricing.resource.get("billing_mode", "PROVISIONED") == "PAY_PER_REQUEST":
        writes = pricing.stated("monthly_write_request_units")
        reads = pricing.stated("monthly_read_request_units")
        return [
            pricing.metered("Write request unit (WRU)", writes, "WRUs", "dynamodb.wru"),
            pricing.metered("Read request unit (RRU)", reads, "RRUs", "dynamodb.rru"),
        ]
    indexes = pricing.resource.blocks("global_secondary_index")
    capacity = {
        kind: pricing.number(f"{kind}_capacity", 0) + sum(Decimal(i.get(f"{kind}_capacity") or 0) for i in indexes)
        for kind in ("write", "read")
    }
    hours = HOURS_PER_MONTH
    return [
        pricing.fixed("Write capacity unit (WCU)", capacity["write"], "WCU", "dynamodb.wcu_hour", per=hours),
        pricing.fixed("Read capacity unit (RCU)", capacity["read"], "RCU", "dynamodb.rcu_hour", per=hours),
    ]


def event_bus(pricing: Pricing) -> Bill:
    """Custom events, by the million chunks of 64 KB that the usage file counts."""
    events = scaled(pricing.stated("monthly_custom_events"), MILLION)
    return bill(pricing.metered("Custom events published", events, "1M events", "eventbridge.custom_1m_events"))


def config_rule(pricing: Pricing) -> Bill:
    """Evaluations, in tiers of the account's month."""
    tiers = [
        ("first 100K", 100_000, "config.rule_eval_first_100k"),
        ("next 400K", 400_000, "config.rule_eval_next_400k"),
        ("over 500K", None, "config.rule_eval_over_500k"),
    ]
    stated = pricing.stated("monthly_rule_evaluations")
    return bill(pricing.tiered("Rule evaluations", stated, "evaluations", tiers))


def schedule(pricing: Pricing) -> Bill:
    """Calls of EventBridge Scheduler, by the million (the account's first 14 million a month are free)."""
    calls = scaled(pricing.stated("monthly_invocations"), MILLION)
    return bill(pricing.metered("Invocations", calls, "1M invocations", "scheduler.1m_invocations"))


def cloudformation_stack(pricing: Pricing) -> Bill:
    """What its template makes: functions, by use; a resource of another type that costs may be in it is unknown."""
    template = json.loads(pricing.required("template_body"))
    kinds = {resource["Type"]: resource.get("Properties", {}) for resource in template["Resources"].values()}
    if others := sorted(kinds.keys() - FREE_IN_STACKS - {"AWS::Lambda::Function"}):
        raise NotPriceable(f"its template makes {', '.join(others)}")
    if "AWS::Lambda::Function" not in kinds:
        return Bill()
    requests, duration = pricing.stated("monthly_requests"), pricing.stated("request_duration_ms")
    memory_gb = Decimal(kinds["AWS::Lambda::Function"].get("MemorySize", 128)) / 1024
    seconds = None if requests is None or duration is None else requests * duration / 1000
    return bill(
        pricing.metered("Requests", scaled(requests, MILLION), "1M requests", "lambda.1m_requests"),
        pricing.metered(
            "Duration", None if seconds is None else seconds * memory_gb, "GB-seconds", "lambda.x86_gb_second"
        ),
    )


PRICERS: dict[str, Pricer] = {
    "aws_cloudformation_stack": cloudformation_stack,
    "aws_cloudwatch_event_bus": event_bus,
    "aws_config_config_rule": config_rule,
    "aws_dynamodb_table": dynamodb_table,
    "aws_lambda_function": lambda_function,
    "aws_scheduler_schedule": schedule,
    "aws_sfn_state_machine": state_machine,
}
