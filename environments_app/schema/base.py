"""What every part of the schema is made of: the section base class and the shared field types."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A part of an environment's configuration: immutable, strict about types, closed to unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def wrong(problem: str, expected: str) -> PydanticCustomError:
    """A validation error that carries what would be right (read back in problems.py)."""
    return PydanticCustomError("slipway", "{problem}", {"problem": problem, "expected": expected})


def _cidr(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        raise wrong(f"{value!r} is not an IPv4 CIDR block", "a block such as 10.0.1.0/24") from None
    if str(network) != value:
        raise wrong(f"{value!r} is not the first address of its block", f"{network}")
    return value


def _absolute_path(value: str) -> str:
    if not value.startswith("/"):
        raise wrong(f"the path {value!r} does not begin with a slash", f"/{value}")
    return value


Cidr = Annotated[str, AfterValidator(_cidr), Field(description="IPv4 CIDR block")]
AbsolutePath = Annotated[str, StringConstraints(max_length=1024, pattern=r"^[^\s?#]*$"), AfterValidator(_absolute_path)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
DomainName = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}$", max_length=253)
]
EnvironmentVariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")]
DailyWindow = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
WeeklyWindow = Annotated[
    str,
    StringConstraints(
        pattern=r"^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d"
        r"-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d$"
    ),
]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"'<>]+$", max_length=500)]
Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[float, Field(gt=0, le=100)]
LogDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # fmt: skip
"""How long CloudWatch keeps logs: its own steps (PutRetentionPolicy in botocore's model)."""
Days = Annotated[int, Field(ge=1, le=3653)]
