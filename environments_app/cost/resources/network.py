"""Load balancers, NAT gateways, addresses and endpoints."""

from __future__ import annotations

from decimal import Decimal

from environments_app.cost.model import Bill, Component
from environments_app.cost.pricing import HOURS_PER_MONTH, Pricer, Pricing, bill

OWN_POOL = "ipv4pool-"  # how the ids of brought address ranges begin
ADDRESS_USERS = ("aws_nat_gateway", "aws_eip_association")
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600

# What one capacity unit carries, by AWS's definition of LCU and NLCU (TCP):
# https://aws.amazon.com/elasticloadbalancing/pricing/. Both carry 1 GB an hour.
NEW_CONNECTIONS_PER_SECOND = {"alb": 25, "nlb": 800}
ACTIVE_CONNECTIONS = {"alb": 3000, "nlb": 100_000}
RULE_EVALUATIONS_PER_SECOND = 1000


def load_balancer(pricing: Pricing) -> Bill:
    """Application, network or gateway load balancer: by the hour and by capacity units."""
    kind = pricing.resource.get("load_balancer_type", "application")
    prefix = {"application": "alb", "network": "nlb", "gateway": "gwlb"}.get(kind, kind)
    capacity = pricing.metered(
        "Load balancer capacity units",
        _capacity_units(pricing, prefix),
        "LCU",
        f"{prefix}.lcu_hour",
        per=HOURS_PER_MONTH,
    )
    internal = pricing.resource.get("internal", False)
    note = "" if internal else "its public IPv4 addresses, one per zone or more, are charged beside it"
    return bill(pricing.hourly(f"{kind.capitalize()} load balancer", f"{prefix}.hour"), capacity, note=note)


def _capacity_units(pricing: Pricing, prefix: str) -> Decimal | None:
    """The month's average units: the dimension that needs most. None where no use is stated.

    `processed_bytes_gb` and `new_connections` are totals of the month, `active_connections` and
    `rule_evaluations` (per second) are averages.
    """
    loads: list[Decimal] = []
    processed = pricing.stated("processed_bytes_gb")
    if processed is not None:
        loads.append(processed / HOURS_PER_MONTH)
    created = pricing.stated("new_connections")
    if created is not None and prefix in NEW_CONNECTIONS_PER_SECOND:
        loads.append(created / SECONDS_PER_MONTH / NEW_CONNECTIONS_PER_SECOND[prefix])
    active = pricing.stated("active_connections")
    if active is not None and prefix in ACTIVE_CONNECTIONS:
        loads.append(active / ACTIVE_CONNECTIONS[prefix])
    rules = pricing.stated("rule_evaluations")
    if rules is not None and prefix == "alb":
        loads.append(rules / RULE_EVALUATIONS_PER_SECOND)
    return max(loads, default=None)


def classic_load_balancer(pricing: Pricing) -> Bill:
    """By the hour and by the gigabyte."""
    processed = pricing.stated("monthly_data_processed_gb")
    return bill(
        pricing.hourly("Classic load balancer", "clb.hour"),
        pricing.metered("Data processed", processed, "GB", "clb.gb"),
    )


def nat_gateway(pricing: Pricing) -> Bill:
    """By the hour and by the gigabyte; its Elastic IP is a resource of its own."""
    processed = pricing.stated("monthly_data_processed_gb")
    return bill(pricing.hourly("NAT gateway", "nat.hour"), pricing.metered("Data processed", processed, "GB", "nat.gb"))


def elastic_ip(pricing: Pricing) -> Bill:
    """Every public IPv4 address is charged, idle or in use (AWS, effective 2024-02-01); brought ones are not."""
    if pricing.resource.get("public_ipv4_pool", "amazon").startswith(OWN_POOL):
        return Bill(note="an address of your own pool is not charged")
    return bill(_public_address(pricing))


def _public_address(pricing: Pricing) -> Component:
    in_use = (
        any(pricing.resource.get(name) for name in ("instance", "network_interface", "association_id"))
        or pricing.stack.referred(pricing.resource, "instance", "aws_instance")
        or pricing.stack.referring(pricing.resource, "allocation_id", *ADDRESS_USERS)
    )
    if in_use:
        return pricing.hourly("Public IPv4 address (in use)", "public_ipv4.in_use_hour")
    return pricing.hourly("IP address (if unused)", "eip.idle_hour")


def vpc_endpoint(pricing: Pricing) -> Bill:
    """Gateway endpoints are free; interface endpoints are charged per zone and by the gigabyte."""
    kind = pricing.resource.get("vpc_endpoint_type", "Gateway")
    if kind == "Gateway":
        return Bill()
    processed = pricing.stated("monthly_data_processed_gb")
    if kind == "GatewayLoadBalancer":
        return bill(
            pricing.hourly("Endpoint (GatewayLoadBalancer)", "vpc_endpoint.gwlb_hour"),
            pricing.metered("Data processed", processed, "GB", "vpc_endpoint.gwlb_gb"),
        )
    return bill(
        pricing.hourly(f"Endpoint ({kind})", "vpc_endpoint.interface_hour_per_az", _zones(pricing)),
        pricing.metered("Data processed (first 1PB)", processed, "GB", "vpc_endpoint.interface_gb_first_1pb"),
    )


def _zones(pricing: Pricing) -> int:
    """One network interface per subnet; AWS needs at least one."""
    subnets = pricing.resource.get("subnet_ids")
    if subnets is None:
        subnets = pricing.stack.referred(pricing.resource, "subnet_ids", "aws_subnet")
    return max(1, len(subnets))


def transit_gateway_attachment(pricing: Pricing) -> Bill:
    """By the hour and by the gigabyte."""
    processed = pricing.stated("monthly_data_processed_gb")
    return bill(
        pricing.hourly("Transit gateway attachment", "transit_gateway.attachment_hour"),
        pricing.metered("Data processed", processed, "GB", "transit_gateway.gb"),
    )


PRICERS: dict[str, Pricer] = {
    "aws_alb": load_balancer,
    "aws_ec2_transit_gateway_vpc_attachment": transit_gateway_attachment,
    "aws_eip": elastic_ip,
    "aws_elb": classic_load_balancer,
    "aws_lb": load_balancer,
    "aws_nat_gateway": nat_gateway,
    "aws_vpc_endpoint": vpc_endpoint,
}
