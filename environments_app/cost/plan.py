"""Reads the JSON of `terraform show -json PLAN` into priced-able resources and the links between them.

Format: https://developer.hashicorp.com/terraform/internals/json-format (format_version 0.2 and 1.x).
Attributes that are only known after apply are absent from `planned_values`, so links between resources
are followed through the configuration's `references`, across module variables and outputs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Side = Literal["before", "applied", "after"]
"""What was; what the apply leaves behind; what there is once every service was released as the plan wants it.

Resources are the same on the last two: only what services run differs (`releases.py`).
"""

_KEY = re.compile(r'\[("(?:[^"\\]|\\.)*"|\d+)\]')
_MODULE_STEP = re.compile(rf"module\.([\w-]+)((?:{_KEY.pattern})?)")
_AVAILABILITY_ZONE = re.compile(r"^([a-z]{2}(?:-[a-z]+)+-\d)[a-z]$")
_REGION_NAME = re.compile(r"^[a-z]{2}(?:-[a-z]+)+-\d$")


class PlanError(ValueError):
    """The document is not a Terraform plan that can be priced; the message says why, in one line."""


@dataclass(frozen=True)
class Resource:
    """One managed resource instance as it is (before) or as it is planned to be (after)."""

    address: str
    type: str
    name: str
    module: str  # address of the module instance that holds it, "" for the root
    index: str | int | None
    values: Mapping[str, Any]
    region: str | None = None
    expressions: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """The attribute's value, or `default` where it is unset or only known after apply.

        In a state the provider writes many unset strings as "".
        """
        value = self.values.get(name)
        return default if value is None or value == "" else value

    def block(self, name: str) -> Mapping[str, Any]:
        """The first block of that name, empty where there is none."""
        return next(iter(self.blocks(name)), {})

    def blocks(self, name: str) -> list[Mapping[str, Any]]:
        """All blocks of that name."""
        return [block for block in self.values.get(name) or [] if isinstance(block, Mapping)]


@dataclass(frozen=True)
class Output:
    """A root output before and after; None where there is none. Parts that are only known after apply are absent."""

    before: Any
    after: Any
    is_unknown: bool  # nothing of it is known before the apply


class Stack:
    """The resources of one side of a plan, how they refer to each other, and the plan's root outputs."""

    def __init__(
        self,
        resources: Iterable[Resource],
        configuration: _Configuration,
        side: Side = "after",
        outputs: Mapping[str, Output] | None = None,
    ) -> None:
        self.resources = {resource.address: resource for resource in resources}
        self.side = side
        self.outputs = outputs or {}
        self._configuration = configuration

    def of_type(self, *types: str) -> list[Resource]:
        """Every resource of one of these types."""
        return [resource for resource in self.resources.values() if resource.type in types]

    def referred(self, resource: Resource, attribute: str, *types: str) -> list[Resource]:
        """The resources of these types that `attribute` of `resource` refers to.

        Found in the configuration's references first; where that leads nowhere (locals are not part of a
        plan's JSON), by a value that is the other's id, ARN or name. Among the instances of a counted
        resource, the one that the reference names by its key or by `each`/`count` is meant, else all.
        """
        targets = self._configuration.targets(resource, attribute)
        found = [other for other in self.of_type(*types) if _config_address(other) in targets]
        if found:
            found = [other for other in found if _shares_instance(resource.module, other.module)] or found
            meant = [other for other in found if targets[_config_address(other)] & _keys(other)]
            return meant or found
        wanted = set(_strings(resource.values.get(attribute)))
        found = [other for other in self.of_type(*types) if wanted & _identities(other)]
        return [other for other in found if other.module == resource.module] or found

    def referring(self, resource: Resource, attribute: str, *types: str) -> list[Resource]:
        """The resources of these types whose `attribute` refers to `resource`."""
        return [other for other in self.of_type(*types) if resource in self.referred(other, attribute, resource.type)]


def read_plan(plan: Mapping[str, Any], side: Side = "after") -> Stack:
    """One side of the plan: what is planned to exist, or what existed before. Raises PlanError."""
    if not isinstance(plan, Mapping) or not isinstance(plan.get("planned_values"), Mapping):
        raise PlanError("this is not the JSON of `terraform show -json PLANFILE`: it has no planned_values")
    configuration = _Configuration(plan)
    state = plan["planned_values"] if side != "before" else (plan.get("prior_state") or {}).get("values") or {}
    try:
        resources = [_resource(raw, module, configuration) for raw, module in _managed(state.get("root_module"))]
        outputs = {name: _output(change) for name, change in (plan.get("output_changes") or {}).items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise PlanError(f"the plan's {side} values are not in Terraform's format: {error!r}") from error
    return Stack(resources, configuration, side, outputs)


def _managed(module: Mapping[str, Any] | None) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every managed resource of a module and of its children, with the address of its module."""
    if not module:
        return
    address = module.get("address", "")
    for raw in module.get("resources", []):
        if raw.get("mode", "managed") == "managed":
            yield raw, address
    for child in module.get("child_modules", []):
        yield from _managed(child)


def _output(change: Mapping[str, Any]) -> Output:
    # `planned_values` leaves an output out as soon as one part of it is unknown; `output_changes` has all of them.
    return Output(change.get("before"), change.get("after"), change.get("after_unknown") is True)


def _resource(raw: Mapping[str, Any], module: str, configuration: _Configuration) -> Resource:
    values = raw.get("values") or {}
    declared = configuration.declaration(module, raw["type"], raw["name"])
    region = (
        _explicit_region(values)
        or configuration.provider_region(declared.get("provider_config_key", ""), module)
        or _implied_region(values)
        or configuration.only_region
    )
    return Resource(
        address=raw["address"],
        type=raw["type"],
        name=raw["name"],
        module=module,
        index=raw.get("index"),
        values=values,
        region=region,
        expressions=declared.get("expressions") or {},
    )


def _explicit_region(values: Mapping[str, Any]) -> str | None:
    """The `region` argument that every resource has from provider 6 on."""
    region = values.get("region")
    return region if isinstance(region, str) and _REGION_NAME.match(region) else None


def _implied_region(values: Mapping[str, Any]) -> str | None:
    """The region in the resource's own ARN or availability zone."""
    arn = values.get("arn")
    if isinstance(arn, str) and arn.startswith("arn:") and arn.count(":") >= 5 and arn.split(":")[3]:
        return arn.split(":")[3]
    zone = values.get("availability_zone")
    match = _AVAILABILITY_ZONE.match(zone) if isinstance(zone, str) else None
    return match.group(1) if match else None


def _config_address(resource: Resource) -> str:
    """The address without instance keys, as the configuration knows it."""
    return ".".join([*(f"module.{name}" for name in _module_path(resource.module)), resource.type, resource.name])


def _module_path(module: str) -> tuple[str, ...]:
    """`module.a["x"].module.b` -> ("a", "b")."""
    return tuple(step.group(1) for step in _MODULE_STEP.finditer(module))


def _shares_instance(module: str, other: str) -> bool:
    """Whether both live under the same instance of the module steps that they have in common."""
    steps = [
        (a.groups(), b.groups())
        for a, b in zip(_MODULE_STEP.finditer(module), _MODULE_STEP.finditer(other), strict=False)
    ]
    return all(a == b for a, b in steps if a[0] == b[0])


def _keys(resource: Resource) -> set[str | int | None]:
    """The instance keys on the way to a resource: its own and those of its modules."""
    steps = (step.group(3) for step in _MODULE_STEP.finditer(resource.module))
    own = set() if resource.index is None else {resource.index}
    return own | {json.loads(key) for key in steps if key}


def _identities(resource: Resource) -> set[str]:
    values = (resource.values.get(name) for name in ("id", "arn", "arn_without_revision", "name", "family"))
    return {value for value in values if isinstance(value, str) and value}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


class _Configuration:
    """The `configuration` part of a plan: what refers to what, and which region a provider works in."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        configuration = plan.get("configuration") or {}
        self._root = configuration.get("root_module") or {}
        self._providers = configuration.get("provider_config") or {}
        self._variables = {name: variable.get("value") for name, variable in (plan.get("variables") or {}).items()}
        regions = {
            self._region_of(provider, ()) for key, provider in self._providers.items() if _is_aws(key, provider)
        } - {None}
        self.only_region = regions.pop() if len(regions) == 1 else None

    def declaration(self, module: str, type_: str, name: str) -> Mapping[str, Any]:
        """The resource block in the configuration, empty where it is gone from it."""
        for block in self._module(_module_path(module)).get("resources", []):
            if block.get("type") == type_ and block.get("name") == name and block.get("mode") == "managed":
                return dict(block)
        return {}

    def provider_region(self, key: str, module: str) -> str | None:
        """The region of the provider configuration that a resource uses, None where it cannot be told."""
        provider = self._providers.get(key)
        if provider is None:
            return None
        declared_in = provider.get("module_address", "")
        return self._region_of(provider, _module_path(declared_in))

    def targets(self, resource: Resource, attribute: str) -> dict[str, set[str | int | None]]:
        """The config addresses that an attribute refers to, followed through variables and outputs.

        Each with the instance keys that are meant, as far as they can be told.
        """
        references = _references(resource.expressions.get(attribute))
        own_key = any(reference.startswith(("each.", "count.")) for reference in references)
        targets: dict[str, set[str | int | None]] = {}
        named: dict[str, set[str | int | None]] = {}
        for target, key in self._follow(_module_path(resource.module), references, seen=set()):
            targets.setdefault(target, {resource.index} if own_key else set())
            if key is not None:
                named.setdefault(target, set()).add(key)
        return targets | named

    def _follow(
        self, path: tuple[str, ...], references: Iterable[str], seen: set[tuple[tuple[str, ...], str]]
    ) -> Iterator[tuple[str, str | int | None]]:
        """(config address, instance key that the reference itself names, or None)."""
        for reference in references:
            if (path, reference) in seen:
                continue
            seen.add((path, reference))
            parts = _KEY.sub("", reference).split(".")
            if parts[0] == "var" and path:
                call = self._module(path[:-1]).get("module_calls", {}).get(path[-1], {})
                expression = (call.get("expressions") or {}).get(parts[1])
                yield from self._follow(path[:-1], _references(expression), seen)
            elif parts[0] == "module" and len(parts) >= 3:
                child = (*path, parts[1])
                output = self._module(child).get("outputs", {}).get(parts[2], {})
                yield from self._follow(child, _references(output.get("expression")), seen)
            elif parts[0] not in {"var", "module", "local", "data", "each", "count", "path"} and len(parts) >= 2:
                key = _KEY.search(reference)
                address = ".".join([*(f"module.{name}" for name in path), parts[0], parts[1]])
                yield address, json.loads(key.group(1)) if key else None

    def _module(self, path: tuple[str, ...]) -> Mapping[str, Any]:
        module: Mapping[str, Any] = self._root
        for name in path:
            module = module.get("module_calls", {}).get(name, {}).get("module") or {}
        return module

    def _region_of(self, provider: Mapping[str, Any], path: tuple[str, ...]) -> str | None:
        value = self._constant(path, (provider.get("expressions") or {}).get("region"))
        return value if isinstance(value, str) and _REGION_NAME.match(value) else None

    def _constant(self, path: tuple[str, ...], expression: Any) -> Any:
        """The value of an expression that is a constant, or a variable that is one; else None."""
        if not isinstance(expression, Mapping):
            return None
        if "constant_value" in expression:
            return expression["constant_value"]
        names = {ref.split(".")[1] for ref in _references(expression) if ref.startswith("var.")}
        if len(names) != 1:
            return None
        name = names.pop()
        if not path:
            default = (self._root.get("variables") or {}).get(name, {}).get("default")
            return self._variables.get(name, default)
        call = self._module(path[:-1]).get("module_calls", {}).get(path[-1], {})
        passed = (call.get("expressions") or {}).get(name)
        if passed is not None:
            return self._constant(path[:-1], passed)
        return (self._module(path).get("variables") or {}).get(name, {}).get("default")


def _is_aws(key: str, provider: Mapping[str, Any]) -> bool:
    return provider.get("name", key) == "aws"


def _references(expression: Any) -> list[str]:
    """Every reference in an expression, or in the nested blocks of one."""
    if isinstance(expression, Mapping):
        own = expression.get("references")
        if isinstance(own, list):
            return [reference for reference in own if isinstance(reference, str)]
        return [reference for value in expression.values() for reference in _references(value)]
    if isinstance(expression, list):
        return [reference for value in expression for reference in _references(value)]
    return []
