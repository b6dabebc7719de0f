"""Your own Terraform: where it comes from, at which reference, with which variables."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, StringConstraints

from environments_app.schema.base import Section, wrong

_REPOSITORY = re.compile(r"(https://|ssh://([\w.-]+@)?)[\w.-]+(:\d+)?/[\w./~+-]+|[\w.-]+@[\w.-]+:[\w./~+-]+")
_ON_THIS_MACHINE = re.compile(r"(file://)?/[\w./~+-]+")
_REFERENCE = re.compile(r"[A-Za-z0-9][\w./+-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_PULL_REQUEST = re.compile(r"(refs|pull|merge-requests)/")


def _source(value: str) -> str:
    """Refuses everything that git would read as a command, a helper or a credential (gitremote-helpers(7))."""
    if "@" in value and value.startswith("https://"):
        raise wrong("the address holds credentials", "the address alone; git on the worker knows how to sign in")
    is_known = _REPOSITORY.fullmatch(value) or _ON_THIS_MACHINE.fullmatch(value)
    if not is_known or ".." in value.split("/") or "/-" in value:
        raise wrong(
            f"{value!r} is no source",
            "https://HOST/PATH, ssh://HOST/PATH, git@HOST:PATH, or a folder that the operator allows",
        )
    return value


def _reference(value: str) -> str:
    if _PULL_REQUEST.match(value):
        raise wrong(f"{value!r} may be anybody's: it is made by a pull request", "a branch, a tag or a commit")
    if not _REFERENCE.fullmatch(value) or ".." in value or "//" in value or value.endswith((".lock", "/", ".")):
        raise wrong(f"{value!r} is no reference", "the name of a branch or a tag, or a commit's full id")
    return value


def _inside(value: str) -> str:
    if value != "." and (not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", value) or {".", ".."} & set(value.split("/"))):
        raise wrong(f"{value!r} is no path inside the source", "a path such as live/production, or .")
    return value


def is_commit(reference: str) -> bool:
    """Whether it is a full commit id (SHA-1 or SHA-256)."""
    return _COMMIT.fullmatch(reference) is not None


VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=100)]


class SecretVariable(Section):
    """Where the value of a sensitive variable lies. It is read when a run begins and never stored."""

    store: Literal["secrets_manager", "parameter_store"] = Field(default="secrets_manager", description="Where it lies")
    name: Annotated[str, StringConstraints(pattern=r"^[\w/:.+=@-]+$", max_length=512)] = Field(
        description="Name or ARN in the store, in the environment's account and region"
    )


class OwnTerraform(Section):
    """A root module of your own in place of the bundled stack. An admin must have trusted source and reference."""

    source: Annotated[str, AfterValidator(_source)] = Field(
        max_length=300, description="Git repository (https or ssh), or a folder on the workers that the operator allows"
    )
    reference: Annotated[str, AfterValidator(_reference)] | None = Field(
        default=None, max_length=200, description="Branch, tag or full commit id; null: the source is a folder"
    )
    path: Annotated[str, AfterValidator(_inside)] = Field(
        default=".", max_length=200, description="Folder of the root module inside the source"
    )
    variables: dict[VariableName, JsonValue] = Field(
        default_factory=dict, description="Values of the root module's variables; never of sensitive ones"
    )
    secret_variables: dict[VariableName, SecretVariable] = Field(
        default_factory=dict, description="Where the values of its sensitive variables lie"
    )

    @property
    def is_repository(self) -> bool:
        return not self.source.startswith("/")
