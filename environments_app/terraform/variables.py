"""The variables that a root module declares, and what a configuration gives them: wrong before Terraform runs. Pure."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from environments_app.schema.own_terraform import OwnTerraform
from environments_app.schema.problems import Problem
from environments_app.terraform.language.blocks import Attribute, Block, Body
from environments_app.terraform.language.tokens import tokens_of
from environments_app.terraform.language.values import ANY, NotWrittenOut, Type, mismatches, type_of, value_of
from environments_app.terraform.plan import SENSITIVE


@dataclass(frozen=True)
class Variable:
    """A declared variable. `default`: as text, "" where there is none; `validations`: what they say when they fail."""

    name: str
    kind: Type
    description: str
    is_required: bool
    default: str
    is_sensitive: bool
    is_nullable: bool
    validations: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As a page shows it."""
        return {
            "name": self.name,
            "type": str(self.kind),
            "description": self.description,
            "required": self.is_required,
            "default": self.default,
            "sensitive": self.is_sensitive,
            "nullable": self.is_nullable,
            "validations": list(self.validations),
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "Variable":
        """What to_json wrote."""
        return cls(
            name=entry["name"],
            kind=type_of(tokens_of(entry["type"])),
            description=entry["description"],
            is_required=entry["required"],
            default=entry["default"],
            is_sensitive=entry["sensitive"],
            is_nullable=entry["nullable"],
            validations=tuple(entry["validations"]),
        )


def declared(root: Mapping[str, Body]) -> list[Variable]:
    """The variables of a root module's files, by name."""
    blocks = [block for body in root.values() for block in body.of_type("variable") if block.labels]
    return sorted((_variable(block) for block in blocks), key=lambda variable: variable.name)


def problems(own: OwnTerraform, variables: list[Variable]) -> list[Problem]:
    """What is wrong with the values that a configuration gives: unknown, missing, of another type, or in the open."""
    known = {variable.name: variable for variable in variables}
    found: list[Problem] = []
    for section in ("variables", "secret_variables"):
        for name in getattr(own, section):
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"{close[0]!r}, perhaps" if close else f"one of {', '.join(known)}" if known else "none at all"
                found.append(Problem(f"terraform.{section}.{name}", "the root module has no such variable", hint))
    for variable in variables:
        found += _given(own, variable)
    return found


def _given(own: OwnTerraform, variable: Variable) -> Iterator[Problem]:
    path = f"terraform.variables.{variable.name}"
    if variable.name in own.secret_variables:
        return
    if variable.name not in own.variables:
        if variable.is_required:
            section = "secret_variables" if variable.is_sensitive else "variables"
            what = f"a {variable.kind}" if not variable.is_sensitive else "where its value lies"
            about = f": {variable.description}" if variable.description else ""
            yield Problem(f"terraform.{section}.{variable.name}", "is missing", what + about)
        return
    value = own.variables[variable.name]
    if variable.is_sensitive:
        yield Problem(path, "a sensitive value in the open", f"terraform.secret_variables.{variable.name}")
    elif value is None and not variable.is_nullable:
        yield Problem(path, "may not be null", f"a {variable.kind}")
    else:
        for mismatch in mismatches(variable.kind, value):
            yield Problem(path + mismatch.where, mismatch.problem, mismatch.expected)


def _variable(block: Block) -> Variable:
    settings = block.body.attributes
    default, is_sensitive = settings.get("default"), _is_true(settings.get("sensitive"))
    return Variable(
        name=block.labels[0],
        kind=_kind(settings.get("type")),
        description=(settings["description"].literal or "").strip() if "description" in settings else "",
        is_required=default is None,
        default=SENSITIVE if default and is_sensitive else _default(default),
        is_sensitive=is_sensitive,
        is_nullable=not _is_false(settings.get("nullable")),
        validations=tuple(
            rule.body.attributes["error_message"].literal or "it has a rule of its own"
            for rule in block.body.of_type("validation")
            if "error_message" in rule.body.attributes
        ),
    )


def _kind(attribute: Attribute | None) -> Type:
    """The declared type; any where there is none or Terraform alone can tell."""
    try:
        return type_of(attribute.tokens) if attribute else ANY
    except (NotWrittenOut, RecursionError):
        return ANY


def _default(attribute: Attribute | None) -> str:
    if attribute is None:
        return ""
    try:
        return json.dumps(value_of(attribute.tokens), ensure_ascii=False)
    except (NotWrittenOut, RecursionError, ValueError):  # too deep, or a number of thousands of digits
        return "(known when it runs)"


def _is_true(attribute: Attribute | None) -> bool:
    return attribute is not None and [token.text for token in attribute.tokens] == ["true"]


def _is_false(attribute: Attribute | None) -> bool:
    return attribute is not None and [token.text for token in attribute.tokens] == ["false"]
