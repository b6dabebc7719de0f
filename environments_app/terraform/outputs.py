"""The outputs that releases, logs and alarms are made of, as infrastructure/terraform/stack/outputs.tf states them.

Foreign Terraform may have outputs of the same names that mean something else: those are kept out of the way.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

Text = Annotated[str, Field(min_length=1)]


class TaskTemplate(BaseModel):
    """A task definition without images."""

    family: Text
    container_definitions: list[dict[str, Any]] = Field(min_length=1)


class Balancer(BaseModel):
    """Where the traffic of a service goes."""

    target_group_arn: Text
    container_name: Text
    container_port: int = Field(ge=1, le=65535)


class Service(BaseModel):
    """What the release controller needs of a service; more may stand beside it."""

    cluster_name: Text
    service_name: Text
    task_template: TaskTemplate
    desired_count: int = Field(ge=0)
    alarm_names: list[str]
    load_balancer: Balancer | None = None


class Alarms(BaseModel):
    """Names of alarms in CloudWatch, by key."""

    names: dict[str, str]


_SHAPES: Mapping[str, TypeAdapter[Any]] = {
    "services": TypeAdapter(dict[str, Service]),
    "alarms": TypeAdapter(Alarms),
}


def usable(outputs: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The outputs without those that have the name and not the shape, and what to say of each that was left out."""
    kept, words = dict(outputs), []
    for name, shape in _SHAPES.items():
        if kept.get(name) is None:
            continue
        try:
            shape.validate_python(kept[name])
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in (name, *first["loc"]))
            words.append(
                f"the output {name} is not used: {where}: {first['msg']} (docs/own-terraform.md has its shape)"
            )
            del kept[name]
    return kept, words
