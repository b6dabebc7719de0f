"""Task definitions: completed from the stack's template, and compared for people. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

DEPLOYMENT_TAG = "slipway:deployment"
"""Carries the deployment's id, so that a revision can be recognised after a crash."""

_FIELDS = {
    "cpu": "cpu",
    "memory": "memory",
    "network_mode": "networkMode",
    "requires_compatibilities": "requiresCompatibilities",
    "execution_role_arn": "executionRoleArn",
    "task_role_arn": "taskRoleArn",
    "volumes": "volumes",
}
"""The template's names (Terraform's) and those of RegisterTaskDefinition."""


class MissingImage(ValueError):
    """A container of the template has no image; the message names it."""


def render(template: Mapping[str, Any], images: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of RegisterTaskDefinition, without tags.

    template: the stack's output `task_template`; images: reference by digest, by container. Raises MissingImage.
    """
    containers = []
    for container in template["container_definitions"]:
        if container["name"] not in images:
            raise MissingImage(container["name"])
        containers.append({**container, "image": images[container["name"]]})
    rendered: dict[str, Any] = {"family": template["family"], "containerDefinitions": containers}
    rendered |= {ours: template[theirs] for theirs, ours in _FIELDS.items() if template.get(theirs)}
    if platform := template.get("runtime_platform"):
        rendered["runtimePlatform"] = {
            "operatingSystemFamily": platform["operating_system_family"],
            "cpuArchitecture": platform["cpu_architecture"],
        }
    if storage := template.get("ephemeral_storage_gib"):
        rendered["ephemeralStorage"] = {"sizeInGiB": storage}
    return rendered


def tags(deployment_id: object, release_id: object, system: str, environment: str) -> list[dict[str, str]]:
    """The tags that a revision of ours carries, in the shape of RegisterTaskDefinition."""
    named = {
        DEPLOYMENT_TAG: str(deployment_id),
        "slipway:release": str(release_id),
        "slipway:system": system,
        "slipway:environment": environment,
    }
    return [{"key": key, "value": value} for key, value in named.items()]


def comparable(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Of a described task definition what can be compared with a rendered one; the rest is ECS's bookkeeping."""
    kept = {"family", "containerDefinitions", "requiresCompatibilities", *_TASK_FIELDS}
    return {name: value for name, value in definition.items() if name in kept}


def images_of(definition: Mapping[str, Any]) -> dict[str, str]:
    """Image reference by container of a described or rendered task definition."""
    return {each["name"]: each.get("image", "") for each in definition.get("containerDefinitions", [])}


@dataclass(frozen=True)
class Change:
    """One difference of two task definitions. `sign`: + new, - gone, ~ changed; `where`: container or ""."""

    sign: str
    what: str
    before: str = ""
    after: str = ""
    where: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)


_TASK_FIELDS = {
    "cpu": "CPU units",
    "memory": "memory, MiB",
    "executionRoleArn": "execution role",
    "taskRoleArn": "task role",
    "networkMode": "network mode",
    "runtimePlatform": "platform",
    "ephemeralStorage": "ephemeral storage",
    "volumes": "volumes",
}
_CONTAINER_FIELDS = {
    "command": "command",
    "portMappings": "ports",
    "mountPoints": "mounts",
    "healthCheck": "health check",
    "cpu": "CPU units",
    "memory": "memory, MiB",
    "user": "user",
    "essential": "essential",
    "logConfiguration": "log driver",
    "stopTimeout": "stop timeout, s",
    "readonlyRootFilesystem": "read-only file system",
}


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What changes between two task definitions, images first. An empty `old`: everything of the new one is new.

    Both are in the names of the ECS API. What neither side says and ECS fills in by itself is no difference.
    """
    before = {each["name"]: each for each in old.get("containerDefinitions", [])}
    after = {each["name"]: each for each in new.get("containerDefinitions", [])}
    images, rest = [], []
    for name in [*after, *(name for name in before if name not in after)]:
        theirs, ours = before.get(name, {}), after.get(name, {})
        images += _compare("image", theirs.get("image"), ours.get("image"), name)
        for field, words in _CONTAINER_FIELDS.items():
            rest += _compare(words, theirs.get(field), ours.get(field), name)
        rest += _named("environment variable", theirs.get("environment"), ours.get("environment"), "value", name)
        rest += _named("secret", theirs.get("secrets"), ours.get("secrets"), "valueFrom", name)
    for field, words in _TASK_FIELDS.items():
        rest += _compare(words, old.get(field), new.get(field), "")
    return images + rest


def unreleased(template: Mapping[str, Any], running: Mapping[str, Any]) -> list[Change]:
    """What the applied `template` asks for and the `running` definition has not: the next deployment carries it out."""
    images = {container["name"]: "" for container in template["container_definitions"]} | images_of(running)
    return diff(running, render(template, images))


def _compare(what: str, before: Any, after: Any, where: str) -> list[Change]:
    # Lists that are empty on one side and absent on the other, and defaults that ECS adds, say the same.
    if _normal(before) == _normal(after):
        return []
    sign = "+" if before in (None, [], {}) else "-" if after in (None, [], {}) else "~"
    return [Change(sign, what, _text(before), _text(after), where)]


def _named(kind: str, before: Iterable[Any] | None, after: Iterable[Any] | None, key: str, where: str) -> list[Change]:
    old = {item["name"]: item[key] for item in before or ()}
    new = {item["name"]: item[key] for item in after or ()}
    changes = []
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            sign = "+" if name not in old else "-" if name not in new else "~"
            changes.append(Change(sign, f"{kind} {name}", old.get(name, ""), new.get(name, ""), where))
    return changes


def _normal(value: Any) -> Any:
    """The value without what is empty, numbers and their texts alike."""
    if isinstance(value, Mapping):
        return {key: _normal(item) for key, item in sorted(value.items()) if _normal(item) is not None}
    if isinstance(value, list):
        return [_normal(item) for item in value] or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value else None
    return value or None


def _text(value: Any) -> str:
    if value in (None, [], {}):
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in sorted(value.items()))
    if isinstance(value, list):
        return " ".join(_text(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
