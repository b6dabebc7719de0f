"""What only a release changes: the parts of an ECS service that an apply leaves as they are.

Slipway's stack makes a service with a placeholder of a task definition and 0 tasks, and ignores both from then on
(infrastructure/terraform/modules/ecs_service). What its tasks are made of goes into the root output `services`,
from which the next release registers a revision; the first one also sets the desired count. Everything else,
autoscaling and the kind of capacity among it, takes effect with the apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from environments_app.cost.model import Estimate, ResourceCost, money
from environments_app.cost.plan import Output, Resource, Stack, read_plan

OUTPUT = "services"
_USUAL = {"ephemeral storage": "20 GiB", "architecture": "X86_64"}
"""What a task has where its template says nothing; not worth a word about a first release."""
_UNKNOWN: Mapping[str, Any] = {"cpu": None, "memory": None}
_NOTHING = Output(before=None, after=None, is_unknown=False)


@dataclass(frozen=True)
class ReleasedService:
    """An ECS service whose tasks come from releases, on one side of a plan.

    before, after: its entry in the output. waits: it was never released, so nothing runs yet.
    template: of the tasks on this side, None where the output does not tell.
    """

    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    waits: bool
    runs: bool
    template: Mapping[str, Any] | None
    desired_count: Any


@dataclass(frozen=True)
class Difference:
    """One thing that a release changes, in words; `before` is empty where there was nothing."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class ReleaseChange:
    """What the next release of a service changes. monthly_cost: exact, None where it is not known."""

    service: str
    address: str
    is_first: bool
    differences: tuple[Difference, ...]
    monthly_cost: Decimal | None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "monthly_cost": money(self.monthly_cost)}


def released_service(stack: Stack, service: Resource) -> ReleasedService | None:
    """How an aws_ecs_service of this side gets its tasks; None where Terraform itself decides what they are.

    Nobody but a release registers revisions of the template's family, and nothing but a release gives a service
    its first task: a service with neither waits for its first release.
    """
    output = stack.outputs.get(OUTPUT, _NOTHING)
    before, after = (_entry(side, service) for side in (output.before, output.after))
    if before is None and after is None and not (output.is_unknown and stack.side == "after"):
        return None
    waits = not service.get("desired_count") and not _runs_one_of(service, before, after)
    entry = after if stack.side == "after" else before
    return ReleasedService(
        before=before,
        after=after,
        waits=waits,
        runs=not waits or stack.side == "after",
        template=entry.get("task_template") if entry else None,
        desired_count=(entry or {}).get("desired_count") if waits else service.get("desired_count", 0),
    )


def running_definitions(plan: Mapping[str, Any]) -> list[str]:
    """The task definitions (ARNs) that released services run before a plan. Raises PlanError."""
    return sorted({service.get("task_definition") for service, _ in _running(plan)} - {None})


def with_running(plan: Mapping[str, Any], sizes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The plan with what runs in place of what was applied last, which perhaps was not released yet.

    `sizes`: cpu, memory, ephemeral_storage_gib and runtime_platform by task definition (ARN). What is missing there
    is not known, and so is its cost.
    """
    outputs = dict(plan.get("output_changes") or {})
    for service, before in _running(plan):
        found = sizes.get(service.get("task_definition"), _UNKNOWN)
        template = {**before.get("task_template", {}), **found}
        entries = outputs[OUTPUT]["before"].items()
        replaced = {key: {**before, "task_template": template} if item is before else item for key, item in entries}
        outputs[OUTPUT] = {**outputs[OUTPUT], "before": replaced}
    return {**plan, "output_changes": outputs}


def next_release(stack: Stack, applied: Estimate, after: Estimate) -> list[ReleaseChange]:
    """What the next release of each service changes, after the apply of a plan whose side "after" is `stack`.

    Only services of which something changes. The estimates are those of the plan's sides of the same names.
    """
    changes = []
    for service in stack.of_type("aws_ecs_service"):
        released = released_service(stack, service)
        if released is None:
            continue
        differences = tuple(_first(released) if released.waits else _differences(released))
        note = "" if released.waits else _unused_count(released, service)
        if differences or note:
            was, will = (estimate.resources.get(service.address) for estimate in (applied, after))
            changes.append(
                ReleaseChange(
                    service.get("name", service.address),
                    service.address,
                    released.waits,
                    differences,
                    _change(was, will),
                    note,
                )
            )
    return sorted(changes, key=lambda change: change.service)


def _running(plan: Mapping[str, Any]) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    """Every service that was released before a plan and has an entry in the output, with that entry."""
    stack = read_plan(plan, "before")
    for service in stack.of_type("aws_ecs_service"):
        released = released_service(stack, service)
        if released is not None and released.before is not None and not released.waits:
            yield service, released.before


def _entry(services: Any, service: Resource) -> Mapping[str, Any] | None:
    """The output's entry of a service, found by its name and, where both are known, its cluster."""
    for entry in services.values() if isinstance(services, Mapping) else ():
        if not isinstance(entry, Mapping) or entry.get("service_name") != service.get("name"):
            continue
        ours, theirs = service.get("cluster"), entry.get("cluster_arn")
        if ours is None or theirs is None or ours == theirs:
            return entry
    return None


def _runs_one_of(service: Resource, *entries: Mapping[str, Any] | None) -> bool:
    """Whether the service runs a revision that a release registered (`.../FAMILY:REVISION`), not the placeholder."""
    family = str(service.get("task_definition", "")).rpartition("/")[2].partition(":")[0]
    return family in {(entry.get("task_template") or {}).get("family") for entry in entries if entry}


def _first(released: ReleasedService) -> Iterator[Difference]:
    yield Difference("tasks", "", _word(released.desired_count))
    for what, size in _sizes(released.template or {}).items():
        if size != _USUAL.get(what):
            yield Difference(what, "", size)


def _differences(released: ReleasedService) -> Iterator[Difference]:
    old, new = ((entry or {}).get("task_template") or {} for entry in (released.before, released.after))
    was, will = _sizes(old), _sizes(new)
    for what in will:
        if was[what] != will[what]:
            yield Difference(what, was[what], will[what])
    theirs, ours = _containers(old), _containers(new)
    if theirs.keys() != ours.keys():
        yield Difference("containers", ", ".join(theirs), ", ".join(ours))
    for name in theirs:
        if name in ours and theirs[name] != ours[name]:
            yield Difference(f"settings of container {name}", "", "")


def _sizes(template: Mapping[str, Any]) -> dict[str, str]:
    """What Fargate charges by, in words."""
    storage, platform = template.get("ephemeral_storage_gib"), template.get("runtime_platform") or {}
    return {
        "cpu": _word(template.get("cpu")),
        "memory": _word(template.get("memory")),
        "ephemeral storage": f"{storage} GiB" if storage else _USUAL["ephemeral storage"],
        "architecture": str(platform.get("cpu_architecture") or _USUAL["architecture"]),
    }


def _word(value: Any) -> str:
    return "unknown" if value is None else str(value)


def _containers(template: Mapping[str, Any]) -> dict[str, Any]:
    return {container["name"]: container for container in template.get("container_definitions") or ()}


def _unused_count(released: ReleasedService, service: Resource) -> str:
    """Where the configured count was changed, although it is the first release's alone."""
    was, will = ((entry or {}).get("desired_count") for entry in (released.before, released.after))
    if None in (was, will) or was == will:
        return ""
    return f"its desired count {was} → {will} changes nothing: only a first release uses it"


def _change(was: ResourceCost | None, will: ResourceCost | None) -> Decimal | None:
    if was is None or will is None or was.monthly_cost is None or will.monthly_cost is None:
        return None
    return will.monthly_cost - was.monthly_cost
