"""EC2: instances, volumes, and the groups that start them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from environments_app.cost.model import Bill, Component
from environments_app.cost.plan import Resource
from environments_app.cost.pricing import NotPriceable, Pricer, Pricing, bill, decimal, scaled

VOLUME_NAMES = {
    "gp2": "Storage (general purpose SSD, gp2)",
    "gp3": "Storage (general purpose SSD, gp3)",
    "io1": "Storage (provisioned IOPS SSD, io1)",
    "io2": "Storage (provisioned IOPS SSD, io2)",
    "sc1": "Storage (cold HDD, sc1)",
    "st1": "Storage (throughput optimized HDD, st1)",
    "standard": "Storage (magnetic)",
}
DEFAULT_ROOT_GB = 8  # of Amazon's own images
EKS_ROOT_GB = 20
EKS_DEFAULT_TYPE = "t3.medium"
GP3_IOPS, GP3_MBPS = 3000, 125  # come with every gp3 volume
DETAILED_METRICS = 7
OPERATING_SYSTEM_NAMES = {"linux": "Linux/UNIX", "windows": "Windows", "rhel": "RHEL", "suse": "SUSE"}


@dataclass(frozen=True)
class Machine:
    """What is alike in an instance, a launch template and a launch configuration."""

    instance_type: str
    volumes: tuple[Mapping[str, Any], ...]
    detailed_monitoring: bool
    credits: str  # "standard", "unlimited" or "" for the type's default
    tenancy: str
    spot: bool

    @classmethod
    def of(cls, source: Resource, instance_type: str | None = None, default_gb: int = DEFAULT_ROOT_GB) -> Machine:
        """From aws_instance, aws_launch_template or aws_launch_configuration."""
        chosen = instance_type or source.get("instance_type")
        if not chosen:
            raise NotPriceable("instance_type is known only after apply")
        monitoring = source.get("monitoring") or source.get("enable_monitoring")
        if isinstance(monitoring, list):
            monitoring = any(block.get("enabled") for block in monitoring)
        tenancy = source.get("tenancy") or source.get("placement_tenancy") or source.block("placement").get("tenancy")
        return cls(
            instance_type=chosen,
            volumes=_volumes(source, default_gb),
            detailed_monitoring=bool(monitoring),
            credits=str(source.block("credit_specification").get("cpu_credits") or ""),
            tenancy=str(tenancy or "default"),
            spot=bool(source.get("spot_price")) or source.block("instance_market_options").get("market_type") == "spot",
        )


def _volumes(source: Resource, default_gb: int) -> tuple[Mapping[str, Any], ...]:
    """The root volume, of the image's size unless stated, and the others."""
    if source.type == "aws_launch_template":
        mapped = [ebs for block in source.blocks("block_device_mappings") for ebs in block.get("ebs") or []]
        return tuple(mapped) or ({"volume_size": default_gb},)
    root = {"volume_size": default_gb} | {k: v for k, v in source.block("root_block_device").items() if v is not None}
    return (root, *source.blocks("ebs_block_device"))


def instance(pricing: Pricing) -> Bill:
    """One instance with its volumes; what it leaves open comes from its launch template."""
    template = pricing.referred("launch_template", "aws_launch_template")
    fallback = template.get("instance_type") if template else None
    machine = Machine.of(pricing.resource, pricing.resource.get("instance_type") or fallback)
    return bill(_machines(pricing, machine, Decimal(1)))


def autoscaling_group(pricing: Pricing) -> Bill:
    """Instances at the desired capacity, else the minimum, with the range that the group allows."""
    minimum, maximum = pricing.number("min_size", 0), pricing.number("max_size", 0)
    expected = min(max(pricing.number("desired_capacity", minimum), minimum), maximum)
    machine = Machine.of(*_launch_source(pricing))
    if machine.spot or _spot_share(pricing):
        raise NotPriceable(f"Spot capacity has no list price; {expected} instances of {machine.instance_type} expected")
    return Bill(
        components=_machines(pricing, machine, expected),
        low=_machines(pricing, machine, minimum),
        high=_machines(pricing, machine, maximum),
        note=f"{expected} instances expected; the group keeps {minimum} to {maximum}",
    )


def _launch_source(pricing: Pricing) -> tuple[Resource, str | None]:
    """The launch template or configuration of a group, and the type that overrides it."""
    source = (
        pricing.referred("launch_template", "aws_launch_template")
        or pricing.referred("mixed_instances_policy", "aws_launch_template")
        or pricing.referred("launch_configuration", "aws_launch_configuration")
    )
    if source is None:
        raise NotPriceable("its launch template is not part of this plan")
    policy = pricing.resource.block("mixed_instances_policy")
    template: Mapping[str, Any] = next(iter(policy.get("launch_template") or []), {})
    overrides = [o["instance_type"] for o in template.get("override") or [] if o.get("instance_type")]
    return source, next(iter(overrides), None)


def _spot_share(pricing: Pricing) -> bool:
    """Whether a mixed instances policy asks for anything but on-demand capacity."""
    policy = pricing.resource.block("mixed_instances_policy")
    distribution = next(iter(policy.get("instances_distribution") or []), None) or {}
    share = distribution.get("on_demand_percentage_above_base_capacity")
    return share is not None and share < 100


def eks_node_group(pricing: Pricing) -> Bill:
    """The instances of a managed node group."""
    scaling = pricing.resource.block("scaling_config")
    count = pricing.stated("instances")
    if count is None:
        count = decimal(scaling.get("desired_size"), "desired_size")
    if pricing.resource.get("capacity_type") == "SPOT":
        raise NotPriceable("Spot capacity has no list price")
    chosen = next(iter(pricing.resource.get("instance_types", [])), None)
    template = pricing.referred("launch_template", "aws_launch_template")
    if template is None and pricing.resource.blocks("launch_template"):
        raise NotPriceable("its launch template cannot be told from the plan")
    if template is not None:
        machine = Machine.of(template, chosen or template.get("instance_type") or EKS_DEFAULT_TYPE, EKS_ROOT_GB)
    else:
        size = pricing.resource.get("disk_size", EKS_ROOT_GB)
        machine = Machine(chosen or EKS_DEFAULT_TYPE, ({"volume_size": size},), False, "", "default", False)
    return bill(_machines(pricing, machine, count))


def _machines(pricing: Pricing, machine: Machine, count: Decimal) -> tuple[Component, ...]:
    """`count` instances all month, and their volumes."""
    system = pricing.stated_text("operating_system") or "linux"
    if machine.spot:
        raise NotPriceable("Spot capacity has no list price")
    if machine.tenancy != "default":
        raise NotPriceable(f"no price is known for {machine.tenancy} tenancy")
    if pricing.stated_text("reserved_instance_type"):
        raise NotPriceable("no price is known for reserved instances")
    key = f"ec2.{system}.{machine.instance_type}" + (".hour" if system == "linux" else "")
    label = OPERATING_SYSTEM_NAMES.get(system, system)
    components = [
        pricing.hourly(f"Instance usage ({label}, on-demand, {machine.instance_type})", key, count),
        *_cpu_credits(pricing, machine, count),
    ]
    if machine.detailed_monitoring:
        metrics = "ec2.detailed_monitoring.metric_month"
        components.append(pricing.fixed("EC2 detailed monitoring", DETAILED_METRICS * count, "metrics", metrics))
    for volume in machine.volumes:
        components += _volume(pricing, volume, count)
    return tuple(components)


def _cpu_credits(pricing: Pricing, machine: Machine, count: Decimal) -> list[Component]:
    """Credits beyond the baseline, of burstable types in unlimited mode: t3's default, but not t2's."""
    family = machine.instance_type.split(".")[0]
    default = "standard" if family == "t2" else "unlimited"
    if family not in ("t2", "t3", "t3a", "t4g") or (machine.credits or default) != "unlimited":
        return []
    hours, vcpus = pricing.stated("monthly_cpu_credit_hrs"), pricing.stated("vcpu_count")
    if hours is not None and vcpus is None:
        raise NotPriceable("the usage file states monthly_cpu_credit_hrs but no vcpu_count")
    used = None if hours is None or vcpus is None else hours * vcpus * count
    key = "ec2.cpu_credits.t3_linux_vcpu_hour"
    return [pricing.metered("CPU credits", used, "vCPU-hours", key)]


def volume(pricing: Pricing) -> Bill:
    """One EBS volume."""
    requests = scaled(pricing.stated("monthly_standard_io_requests"), 1_000_000)
    attributes = dict(pricing.resource.values) | {
        "volume_size": pricing.resource.get("size"),
        "volume_type": pricing.resource.get("type", "gp2"),
    }
    return bill(_volume(pricing, attributes, Decimal(1), requests))


def _volume(
    pricing: Pricing, attributes: Mapping[str, Any], count: Decimal, requests: Decimal | None = None
) -> list[Component]:
    """`count` volumes alike: size, and the IOPS and throughput beyond what the type includes."""
    kind = attributes.get("volume_type") or "gp2"
    size = attributes.get("volume_size")
    if size is None:
        raise NotPriceable("a volume's size is known only after apply")
    name = VOLUME_NAMES.get(kind, f"Storage ({kind})")
    components = [pricing.fixed(name, decimal(size, "volume size") * count, "GB", f"ebs.{kind}.gb_month")]
    iops = Decimal(attributes.get("iops") or 0)
    throughput = Decimal(attributes.get("throughput") or 0)
    if kind in ("io1", "io2"):
        components.append(pricing.fixed("Provisioned IOPS", iops * count, "IOPS", f"ebs.{kind}.iops_month"))
    if kind == "gp3" and iops > GP3_IOPS:
        extra = (iops - GP3_IOPS) * count
        components.append(pricing.fixed("Provisioned IOPS", extra, "IOPS", "ebs.gp3.iops_month_over_3000"))
    if kind == "gp3" and throughput > GP3_MBPS:
        extra = (throughput - GP3_MBPS) * count
        components.append(pricing.fixed("Throughput", extra, "Mbps", "ebs.gp3.mbps_month_over_125"))
    if kind == "standard":
        components.append(pricing.metered("I/O requests", requests, "1M request", "ebs.standard.1m_io"))
    return components


PRICERS: dict[str, Pricer] = {
    "aws_autoscaling_group": autoscaling_group,
    "aws_ebs_volume": volume,
    "aws_eks_node_group": eks_node_group,
    "aws_instance": instance,
}
