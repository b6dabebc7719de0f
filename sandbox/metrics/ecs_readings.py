"""AWS/ECS and ECS/ContainerInsights from the tasks that run.

A task's figures follow from its image's behaviour, its age and the requests that it answers (sandbox/usage.py).
Container Insights are reported for clusters that have it on, per cluster, service and task definition family.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.capacity import reserved_by
from sandbox.ecs.model import WAITING, Container, Task
from sandbox.metrics.readings import Reading, one, spread
from sandbox.usage import usage

_DEFAULT_CPU, _DEFAULT_MEMORY = 256.0, 512.0  # of a container on EC2 capacity that reserves nothing


@dataclass(frozen=True)
class TaskUse:
    """`cpu` and `memory` used and reserved: CPU units and MiB."""

    task: Task
    cpu: float
    cpu_reserved: float
    memory: float
    memory_reserved: float


def ecs_readings(backend: EcsBackend, served: Mapping[str, int], now: float, seconds: float) -> Iterator[Reading]:
    """Of one account and region. `served`: requests by container in the last `seconds` sandbox seconds."""
    for cluster in list(backend.clusters.values()):
        tasks = [task for task in backend.all_tasks() if task.cluster_arn == cluster.arn]
        uses = [_use(task, served, now, seconds) for task in tasks if task.last_status == "RUNNING"]
        services = [each for each in list(backend.services.values()) if each.cluster_arn == cluster.arn]
        by_service: dict[str, list[TaskUse]] = {}
        for use in uses:
            by_service.setdefault(use.task.service or "", []).append(use)
        yield from _on_instances(backend, cluster.name, [use for use in uses if use.task.instance])
        for service in services:
            dimensions = {"ClusterName": cluster.name, "ServiceName": service.name}
            yield from _utilization(backend, dimensions, by_service.get(service.key, []))
        if _has_insights(cluster):
            yield from _insights(backend, cluster.name, services, tasks, uses, by_service)


def _use(task: Task, served: Mapping[str, int], now: float, seconds: float) -> TaskUse:
    cpu = memory = 0.0
    cpu_parts = [_reserved_cpu(task, each) for each in task.containers]
    memory_parts = [_reserved_memory(task, each) for each in task.containers]
    for container, reserved_cpu, reserved_memory in zip(task.containers, cpu_parts, memory_parts, strict=True):
        if container.last_status == "RUNNING":
            used = usage(
                container.behaviour,
                reserved_cpu=reserved_cpu,
                reserved_memory=reserved_memory,
                age=now - (task.running_since or now),
                requests=served.get(container.runtime_id, 0),
                seconds=seconds,
            )
            cpu, memory = cpu + used.cpu, memory + used.memory
    whole_cpu = float(task.cpu or 0) or sum(cpu_parts)
    whole_memory = float(task.memory or 0) or sum(memory_parts)
    return TaskUse(task, cpu, whole_cpu, memory, whole_memory)


def _reserved_cpu(task: Task, container: Container) -> float:
    own = float(container.definition.get("cpu") or 0)
    return own or float(task.cpu or 0) / len(task.containers) or _DEFAULT_CPU


def _reserved_memory(task: Task, container: Container) -> float:
    own = float(container.definition.get("memory") or container.definition.get("memoryReservation") or 0)
    return own or float(task.memory or 0) / len(task.containers) or _DEFAULT_MEMORY


def _has_insights(cluster: Any) -> bool:
    return any(
        each.get("name") == "containerInsights" and each.get("value") in ("enabled", "enhanced")
        for each in cluster.settings or []
    )


def _utilization(backend: EcsBackend, dimensions: Mapping[str, str], uses: list[TaskUse]) -> Iterator[Reading]:
    """Percent of what is reserved, task by task; nothing where no task runs, as in AWS."""
    if uses:
        cpu = spread([round(100 * use.cpu / use.cpu_reserved, 3) for use in uses])
        memory = spread([round(100 * use.memory / use.memory_reserved, 3) for use in uses])
        where = (backend.account_id, backend.region_name, "AWS/ECS")
        yield Reading(*where, "CPUUtilization", dimensions, cpu, "Percent")
        yield Reading(*where, "MemoryUtilization", dimensions, memory, "Percent")


def _on_instances(backend: EcsBackend, cluster: str, uses: list[TaskUse]) -> Iterator[Reading]:
    """Percent of the cluster's container instances; nothing where no task runs on one.

    Source: the developer guide ("Amazon ECS CloudWatch metrics"): by cluster alone, tasks on Fargate do not count.
    """
    cpu, memory = backend.registered_resources(cluster)
    if not (uses and cpu and memory):
        return
    reserved = [reserved_by(use.task) for use in uses]
    for name, share in (
        ("CPUUtilization", sum(use.cpu for use in uses) / cpu),
        ("CPUReservation", sum(each[0] for each in reserved) / cpu),
        ("MemoryUtilization", sum(use.memory for use in uses) / memory),
        ("MemoryReservation", sum(each[1] for each in reserved) / memory),
    ):
        where = (backend.account_id, backend.region_name, "AWS/ECS")
        yield Reading(*where, name, {"ClusterName": cluster}, one(round(100 * share, 3)), "Percent")


def _insights(
    backend: EcsBackend,
    cluster: str,
    services: list[Any],
    tasks: list[Task],
    uses: list[TaskUse],
    by_service: Mapping[str, list[TaskUse]],
) -> Iterator[Reading]:
    where = (backend.account_id, backend.region_name, "ECS/ContainerInsights")

    def count(name: str, dimensions: Mapping[str, str], number: float) -> Reading:
        return Reading(*where, name, dimensions, one(number), "Count")

    whole = {"ClusterName": cluster}
    yield count("ServiceCount", whole, len(services))
    yield count("TaskCount", whole, len(uses))
    yield from _resources(where, whole, uses)
    for service in services:
        dimensions = {"ClusterName": cluster, "ServiceName": service.name}
        mine = [task for task in tasks if task.service == service.key and task.meant_to_run]
        yield count("DesiredTaskCount", dimensions, service.desired_count)
        yield count("RunningTaskCount", dimensions, len(by_service.get(service.key, [])))
        yield count("PendingTaskCount", dimensions, sum(task.last_status in WAITING for task in mine))
        yield count("DeploymentCount", dimensions, len(service.rollouts))
        yield count("TaskSetCount", dimensions, 0)
        yield from _resources(where, dimensions, by_service.get(service.key, []))
    by_family: dict[str, list[TaskUse]] = {}
    for use in uses:
        family = use.task.task_definition_arn.rsplit("/", 1)[-1].split(":")[0]
        by_family.setdefault(family, []).append(use)
    for family, used in by_family.items():
        yield from _resources(where, {"ClusterName": cluster, "TaskDefinitionFamily": family}, used)


def _resources(
    where: tuple[str, str, str], dimensions: Mapping[str, str], uses: Iterable[TaskUse]
) -> Iterator[Reading]:
    """CPU units and megabytes, task by task; nothing where no task runs."""
    uses = list(uses)
    if uses:
        figures = (
            ("CpuUtilized", [use.cpu for use in uses], "None"),
            ("CpuReserved", [use.cpu_reserved for use in uses], "None"),
            ("MemoryUtilized", [use.memory for use in uses], "Megabytes"),
            ("MemoryReserved", [use.memory_reserved for use in uses], "Megabytes"),
        )
        for name, values, unit in figures:
            yield Reading(*where, name, dimensions, spread([round(value, 3) for value in values]), unit)
