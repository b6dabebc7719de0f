"""Secrets: names, stores and rules by which values are made. A value never stands in a configuration."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from environments_app.schema.base import Section


class Rotation(Section):
    """Automatic rotation by Secrets Manager: of generated values, and of the passwords of database and Redis.

    Other entries with the same password follow. Tasks see a new value once they are started anew.
    """

    interval_days: Annotated[int, Field(ge=1, le=1000)] = Field(description="Time between rotations, in days")


class Secret(Section):
    """One entry of Secrets Manager or Parameter Store.

    kind `generated`: a random string made inside AWS. `database_credentials`: JSON with username, password,
    host, port, dbname. `database_url`: a connection string composed from those. `redis_url`: likewise, for
    Redis. `plain`: `value` itself, which is not secret (Parameter Store only). `external`: an empty entry
    that a person fills by hand.
    """

    kind: Literal["generated", "database_credentials", "database_url", "redis_url", "plain", "external"] = Field(
        description="How its value is made"
    )
    store: Literal["secrets_manager", "parameter_store"] = Field(default="secrets_manager", description="Where it lies")
    path: Annotated[str, StringConstraints(pattern=r"^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")] | None = Field(
        default=None, description="Name in the store; null: SYSTEM/ENVIRONMENT/KEY"
    )
    description: str = Field(default="", description="What it is for, for people")
    length: Annotated[int, Field(ge=16, le=4096)] = Field(default=64, description="Length of a generated value")
    generation: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Raise it by one to have a new value made by the next apply"
    )
    value: str | None = Field(default=None, description="The value of a `plain` entry; never of a secret")
    rotation: Rotation | None = Field(default=None, description="Automatic rotation; null: by raising the generation")
