"""Which container instance takes a task, and which capacity provider. Pure.

Sources: the ECS developer guide (task placement, capacity provider strategies); the words are those of ECS's events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.ecs.placement import NoCapacity

FIRST_DYNAMIC_PORT, LAST_DYNAMIC_PORT = 32_768, 60_999
_DEFAULT_STRATEGY = ({"type": "spread", "field": "attribute:ecs.availability-zone"},)
_NO_INSTANCE = "was unable to place a task because no container instance met all of its requirements. Reason: {}"


@dataclass(frozen=True)
class InstanceView:
    """What is left on an instance: `cpu` in units, `memory` in MiB, `ports` of the host that are taken.

    `tasks`: how many it has; `siblings`: how many of them are of the same service or family.
    """

    id: str
    zone: str
    cpu: int
    memory: int
    ports: frozenset[int] = frozenset()
    tasks: int = 0
    siblings: int = 0


@dataclass(frozen=True)
class Need:
    """What a task takes of its instance; `ports` are those of the host that it must have."""

    cpu: int = 0
    memory: int = 0
    ports: frozenset[int] = frozenset()


def choose_instance(
    instances: Sequence[InstanceView],
    need: Need,
    strategy: Sequence[Mapping[str, Any]] = (),
    constraints: Iterable[Mapping[str, Any]] = (),
) -> InstanceView:
    """The instance that fits and that the strategy prefers (spread over zones where none is given).

    Of the constraints, `distinctInstance` is heeded. Raises NoCapacity, as ECS words it.
    """
    if not instances:
        raise _no_instance("RESOURCE:*", "No Container Instances were found in your cluster")
    distinct = any(each.get("type") == "distinctInstance" for each in constraints)
    fitting = [each for each in instances if _lacks(each, need) is None and not (distinct and each.siblings)]
    if not fitting:
        closest = min(instances, key=lambda each: (each.ports & need.ports != frozenset(), -each.memory, -each.cpu))
        resource, words = _lacks(closest, need) or ("MEMBER_OF", "encountered error: distinctInstance")
        raise _no_instance(f"RESOURCE:{resource}", f"The closest matching (container-instance {closest.id}) {words}")
    in_zone = {each.zone: sum(other.siblings for other in instances if other.zone == each.zone) for each in instances}
    return min(
        fitting,
        key=lambda each: (
            *(_rank(step, each, in_zone) for step in strategy or _DEFAULT_STRATEGY),
            each.siblings,
            each.tasks,
        ),
    )


def dynamic_port(taken: Iterable[int]) -> int:
    """A port of the host for a container that leaves the choice to Docker."""
    used = set(taken)
    for port in range(FIRST_DYNAMIC_PORT, LAST_DYNAMIC_PORT + 1):
        if port not in used:
            return port
    raise _no_instance("RESOURCE:PORTS", "there is no port left")


def choose_provider(strategy: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> str:
    """The provider of a group's next task: bases first, then by weight. `counts`: its tasks by provider."""
    for each in strategy:
        if counts.get(each["capacityProvider"], 0) < (each.get("base") or 0):
            return str(each["capacityProvider"])
    weighed = [each for each in strategy if each.get("weight")]
    if not weighed:
        return str(strategy[0]["capacityProvider"])
    least = min(
        weighed,
        key=lambda each: (counts.get(each["capacityProvider"], 0) - (each.get("base") or 0) + 1) / each["weight"],
    )
    return str(least["capacityProvider"])


@dataclass(frozen=True)
class ScalingSettings:
    """A capacity provider's managed scaling; `target` is the share of instances that is to be in use, 1-100."""

    target: int = 100
    least_step: int = 1
    most_step: int = 10_000


def wanted_instances(
    current: int, in_use: int, waiting: int, lowest: int, highest: int, settings: ScalingSettings
) -> int:
    """How many instances a provider's group should have for those in use and `waiting` more."""
    wanted = -(-(in_use + waiting) * 100 // settings.target)
    if wanted > current:
        step = min(max(wanted - current, settings.least_step), settings.most_step)
        return max(lowest, min(current + step, highest))
    return max(lowest, min(wanted, highest))


def _lacks(instance: InstanceView, need: Need) -> tuple[str, str] | None:
    if instance.ports & need.ports:
        return "PORTS", "is already using a port required by your task"
    if instance.cpu < need.cpu:
        return "CPU", "has insufficient CPU units available"
    if instance.memory < need.memory:
        return "MEMORY", "has insufficient memory available"
    return None


def _rank(step: Mapping[str, Any], instance: InstanceView, in_zone: Mapping[str, int]) -> int:
    kind, field = step.get("type"), str(step.get("field") or "")
    if kind == "spread":
        return in_zone[instance.zone] if "availability-zone" in field else instance.siblings
    if kind == "binpack":
        return instance.cpu if field.lower() == "cpu" else instance.memory
    return 0


def _no_instance(reason: str, words: str) -> NoCapacity:
    return NoCapacity(reason, _NO_INSTANCE.format(words))
