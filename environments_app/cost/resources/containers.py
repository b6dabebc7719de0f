"""ECS services on Fargate, and the registry their images come from.

Fargate charges vCPU and memory of running tasks, and ephemeral storage beyond 20 GB
(https://aws.amazon.com/fargate/pricing/). Tasks on EC2 cost nothing beside their instances.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from environments_app.cost.model import Bill, Component
from environments_app.cost.plan import Resource
from environments_app.cost.pricing import HOURS_PER_MONTH, NotPriceable, Pricer, Pricing, bill, decimal
from environments_app.cost.releases import ReleasedService, released_service

FARGATE_PROVIDERS = ("FARGATE", "FARGATE_SPOT")
INCLUDED_STORAGE_GB = 20


@dataclass(frozen=True)
class TaskSize:
    """What one task reserves."""

    vcpu: Decimal
    memory_gb: Decimal
    ephemeral_gb: Decimal
    platform: str  # "linux", "arm" or "windows"

    @classmethod
    def of(cls, definition: Resource) -> TaskSize:
        """From an aws_ecs_task_definition; NotPriceable where it has no task-level size."""
        return cls._read(
            definition.values,
            definition.block("runtime_platform"),
            definition.block("ephemeral_storage").get("size_in_gib"),
        )

    @classmethod
    def of_template(cls, template: Mapping[str, Any]) -> TaskSize:
        """From a task template of the stack's output; NotPriceable where its size is not known."""
        return cls._read(template, template.get("runtime_platform") or {}, template.get("ephemeral_storage_gib"))

    @classmethod
    def _read(cls, sizes: Mapping[str, Any], runtime: Mapping[str, Any], storage_gib: Any) -> TaskSize:
        platform = "linux"
        if str(runtime.get("operating_system_family") or "").startswith("WINDOWS"):
            platform = "windows"
        elif runtime.get("cpu_architecture") == "ARM64":
            platform = "arm"
        return cls(
            vcpu=_size(sizes.get("cpu"), "vcpu"),
            memory_gb=_size(sizes.get("memory"), "gb"),
            ephemeral_gb=decimal(storage_gib or INCLUDED_STORAGE_GB, "ephemeral_storage"),
            platform=platform,
        )


@dataclass(frozen=True)
class TaskCount:
    """How many tasks are expected, and between which bounds autoscaling keeps them."""

    expected: Decimal
    low: Decimal
    high: Decimal
    note: str


def ecs_service(pricing: Pricing) -> Bill:
    """Tasks at the expected count, with the range that autoscaling allows."""
    strategy = _strategy(pricing)
    if not any(provider["capacity_provider"] in FARGATE_PROVIDERS for provider in strategy):
        return Bill(note="its tasks run on instances that are priced by themselves")
    released = released_service(pricing.stack, pricing.resource)
    if released is not None:
        if not released.runs:
            return Bill(note="nothing runs until its first release")
        size, count = _released_tasks(pricing, released)
    else:
        definition = pricing.referred("task_definition", "aws_ecs_task_definition")
        if definition is None:
            raise NotPriceable("its task definition is not part of this plan")
        size, count = TaskSize.of(definition), _task_count(pricing, pricing.number("desired_count", 0))
    return Bill(
        components=_tasks(pricing, size, strategy, count.expected),
        low=_tasks(pricing, size, strategy, count.low),
        high=_tasks(pricing, size, strategy, count.high),
        note=count.note,
    )


def ecr_repository(pricing: Pricing) -> Bill:
    """Stored images by the gigabyte."""
    return bill(pricing.metered("Storage", pricing.stated("storage_gb"), "GB", "ecr.gb_month"))


def _strategy(pricing: Pricing) -> list[Mapping[str, Any]]:
    """Where the tasks run: the service's own capacity providers, its launch type, or its cluster's default."""
    service = pricing.resource
    own = service.blocks("capacity_provider_strategy")
    if own:
        return own
    launch_type = service.get("launch_type")
    if launch_type:
        return [{"capacity_provider": launch_type, "weight": 1}]
    for providers in pricing.stack.of_type("aws_ecs_cluster_capacity_providers"):
        default = providers.blocks("default_capacity_provider_strategy")
        if default and _same_cluster(pricing, providers):
            return default
    return [{"capacity_provider": "EC2", "weight": 1}]  # ECS's own default


def _same_cluster(pricing: Pricing, providers: Resource) -> bool:
    clusters = pricing.stack.referred(pricing.resource, "cluster", "aws_ecs_cluster")
    theirs = pricing.stack.referred(providers, "cluster_name", "aws_ecs_cluster")
    return any(cluster in theirs for cluster in clusters)


def _released_tasks(pricing: Pricing, released: ReleasedService) -> tuple[TaskSize, TaskCount]:
    """Size and count of tasks that come from a template: the definition in the plan is a mere placeholder."""
    if released.template is None:
        raise NotPriceable("what its tasks are made of is not in the stack's output")
    desired = decimal(released.desired_count, "desired_count")
    return TaskSize.of_template(released.template), _task_count(pricing, desired)


def _task_count(pricing: Pricing, desired: Decimal) -> TaskCount:
    bounds = _autoscaling_bounds(pricing)
    if bounds is None:
        note = "" if desired else "no tasks are desired"
        return TaskCount(desired, desired, desired, note)
    minimum, maximum, low, high = bounds
    expected = min(max(desired, minimum), maximum)
    return TaskCount(expected, low, high, f"{expected} tasks expected; autoscaling keeps {low} to {high}")


def _autoscaling_bounds(pricing: Pricing) -> tuple[Decimal, Decimal, Decimal, Decimal] | None:
    """(min, max) of the service's scalable target, then the widest (low, high) with scheduled actions."""
    targets = [t for t in pricing.stack.of_type("aws_appautoscaling_target") if _scales(pricing, t)]
    if not targets:
        return None
    minimum, maximum = (
        decimal(targets[0].get(f"{end}_capacity"), f"{targets[0].address} {end}_capacity") for end in ("min", "max")
    )
    lows, highs = [minimum], [maximum]
    for action in pricing.stack.of_type("aws_appautoscaling_scheduled_action"):
        if _scales(pricing, action) or targets[0] in pricing.stack.referred(
            action, "resource_id", "aws_appautoscaling_target"
        ):
            change = action.block("scalable_target_action")
            lows += [Decimal(change["min_capacity"])] if change.get("min_capacity") is not None else []
            highs += [Decimal(change["max_capacity"])] if change.get("max_capacity") is not None else []
    return minimum, maximum, min(lows), max(highs)


def _scales(pricing: Pricing, target: Resource) -> bool:
    """Whether an autoscaling resource speaks of this service: by its id if that is known, else by reference."""
    resource_id = target.get("resource_id")
    if isinstance(resource_id, str):
        return resource_id == f"service/{_cluster_name(pricing)}/{pricing.resource.get('name')}" or (
            _cluster_name(pricing) is None and resource_id.endswith(f"/{pricing.resource.get('name')}")
        )
    return pricing.resource in pricing.stack.referred(target, "resource_id", "aws_ecs_service")


def _cluster_name(pricing: Pricing) -> str | None:
    cluster = pricing.referred("cluster", "aws_ecs_cluster")
    if cluster is not None:
        return cluster.get("name")
    named = pricing.resource.get("cluster")
    return named.rsplit("/", 1)[-1] if isinstance(named, str) else None


def _tasks(
    pricing: Pricing, size: TaskSize, strategy: list[Mapping[str, Any]], count: Decimal
) -> tuple[Component, ...]:
    components: list[Component] = []
    for provider, tasks in _placement(strategy, count).items():
        if provider not in FARGATE_PROVIDERS:
            continue
        prefix = "fargate" + ("" if size.platform == "linux" else f".{size.platform}")
        label = ""
        if provider == "FARGATE_SPOT":
            prefix, label = f"{prefix}.spot", " (Spot)"
        components += [
            pricing.fixed(
                f"Per GB per hour{label}", tasks * size.memory_gb, "GB", f"{prefix}.gb_hour", per=HOURS_PER_MONTH
            ),
            pricing.fixed(
                f"Per vCPU per hour{label}", tasks * size.vcpu, "CPU", f"{prefix}.vcpu_hour", per=HOURS_PER_MONTH
            ),
        ]
        extra = size.ephemeral_gb - INCLUDED_STORAGE_GB
        if extra > 0:
            components.append(
                pricing.fixed(
                    f"Ephemeral storage over {INCLUDED_STORAGE_GB} GB{label}",
                    tasks * extra,
                    "GB",
                    "fargate.ephemeral_gb_hour",
                    per=HOURS_PER_MONTH,
                )
            )
    return tuple(components)


def _placement(strategy: list[Mapping[str, Any]], count: Decimal) -> dict[str, Decimal]:
    """Tasks by capacity provider: `base` first, the rest by `weight`, as a long-run share."""
    placed = {provider["capacity_provider"]: Decimal(0) for provider in strategy}
    rest = count
    for provider in strategy:
        base = min(rest, Decimal(provider.get("base") or 0))
        placed[provider["capacity_provider"]] += base
        rest -= base
    weights = sum(Decimal(provider.get("weight") or 0) for provider in strategy)
    if weights:
        for provider in strategy:
            placed[provider["capacity_provider"]] += rest * Decimal(provider.get("weight") or 0) / weights
    return {provider: tasks for provider, tasks in placed.items() if tasks or len(placed) == 1}


def _size(value: Any, unit: str) -> Decimal:
    """ECS writes sizes as CPU units or MiB ("256", 512) or with a unit ("1 vCPU", ".5 vCPU", "2 GB")."""
    match = re.fullmatch(r"\s*(\d*\.?\d+)\s*(vcpu|gb)?\s*", str(value), re.IGNORECASE)
    if match is None:
        raise NotPriceable("its task definition states no task-level cpu and memory")
    amount = Decimal(match.group(1))
    if match.group(2) is None:
        return amount / 1024
    if match.group(2).lower() != unit:
        raise NotPriceable(f"its task definition gives {value!r} where a size in {unit} belongs")
    return amount


PRICERS: dict[str, Pricer] = {
    "aws_ecr_repository": ecr_repository,
    "aws_ecs_service": ecs_service,
}
